// Reads what valgrind's lackey tool says with --trace-mem=yes.
import { readFileSync } from 'node:fs';

/** The addresses that a run touches, ascending. */
export const touched = (traceFile: string): readonly number[] => {
  const lines = readFileSync(traceFile, 'utf8').matchAll(/^(?:I {2}| L | S | M )([0-9a-f]+),/gm);
  const addresses = new Set<number>();
  for (const [, at = ''] of lines) addresses.add(Number.parseInt(at, 16));
  return [...addresses].sort((a, b) => a - b);
};
