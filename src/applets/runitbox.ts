// The multicall front: which program of the suite this call is for.
//
// Read next: ../main.ts (the table).
import { err } from '../cli/say.ts';
import type { Bytes } from '../host/calls.ts';
import type { Applet } from './applet.ts';

const NOT_FOUND = 127;

const baseName = (path: Bytes): Bytes => path.slice(path.lastIndexOf('/') + 1);

/** Runs the program that argv[0] names. Returns its exit code, 127 where there is none. */
export const multicall = (applets: readonly Applet[], argv: readonly Bytes[]): number => {
  const name = baseName(argv[0] ?? '');
  const applet = applets.find((each) => each.name === name);
  if (applet !== undefined) return applet.run(argv);
  err(`runitbox: applet not found: ${name}\n`);
  return NOT_FOUND;
};
