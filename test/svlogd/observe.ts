// What a log directory holds, as notes to be compared.
//
// Promises: every file is there with mode and bytes; nothing but time is made alike. Read next: masks.ts.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRotated, maskFiles, maskNames } from './masks.ts';

const read = (path: string): string => (lstatSync(path).isDirectory() ? 'a directory' : readFileSync(path, 'latin1'));

/** Rotated files in their order, then `current`: as the lines went by. */
const inOrder = (names: readonly string[]): readonly string[] => [
  ...names.filter(isRotated),
  ...names.filter((name) => !isRotated(name)),
];

/** One note a file, `DIR/NAME`: its mode and its bytes. `known`: names that stood there before. */
export const observeDir = (path: string, name: string, known: ReadonlySet<string>, stamped: boolean) => {
  const notes = new Map<string, string>();
  const names = inOrder(readdirSync(path, 'latin1').sort());
  const texts = names.map((one) => read(join(path, one)));
  // what stood there before, or was current then, was not stamped in this run
  const logs = names.map((one) => (isRotated(one) && !known.has(one) && !one.endsWith('.u')) || one === 'current');
  const masked = maskFiles(
    texts.filter((_, i) => logs[i]),
    stamped,
  ).values();
  const shown = maskNames(names, known);
  for (const [i, one] of names.entries()) {
    const text = logs[i] === true ? masked.next().value : texts[i];
    const mode = (lstatSync(join(path, one)).mode & 0o7777).toString(8);
    notes.set(`${name}/${shown[i]}`, `${mode} ${JSON.stringify(text)}`);
  }
  return notes;
};
