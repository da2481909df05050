// Procfiles, as foreman has them: `name: command`, one a line. Pure.
import type { Bytes } from '../abi/bytes.ts';

export interface Entry {
  readonly name: Bytes;
  readonly command: Bytes;
}

const LINE = /^([A-Za-z0-9_-]+):\s*(.+)$/;

/** Its entries in order; a line that is none, an empty one or a comment is skipped, as foreman does. */
export const decodeProcfile = (text: Bytes): readonly Entry[] =>
  text.split(/\r?\n/).flatMap((line) => {
    const [, name, command] = LINE.exec(line) ?? [];
    return name === undefined || command === undefined ? [] : [{ name, command: command.trim() }];
  });
