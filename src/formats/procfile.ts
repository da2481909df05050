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

/** Several commands, or one that replaces the shell already. What stands in a word is none: `$(x)`, `2>&1`, `${x}`. */
const COMPOUND = /[;|]|(?<![<>])&|(?<!\$)\(|^[{!]|^exec\s/;

/** The command for a shell that it replaces where it is one alone, so that signals reach it and not the shell. */
export const replacingShell = (command: Bytes): Bytes => {
  if (COMPOUND.test(command)) return command;
  // a variable in front would be taken for the program
  return /^\w+=/.test(command) ? `exec env ${command}` : `exec ${command}`;
};
