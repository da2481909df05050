// The classic usage line, and how an option is spelled. Both come from an applet's Help.
//
// Promises: pure. The usage line is the classic one, letter by letter, because programs compare it; it goes to standard
// error with an empty line behind it.
// Read next: applet.ts (Help), help.ts (the longer text, which lies in a cold part).
import type { Help } from './applet.ts';
import type { Bytes } from '../abi/bytes.ts';
import { baseName, type LetterOption, nameOf, type Option, type OptionTable } from './options.ts';

const listed = (table: OptionTable): readonly LetterOption[] =>
  table.filter((option) => option.letter !== undefined).filter((option) => option.unlisted === undefined);

/** `[-vP012] [-u user]`: flags in one cluster, then what takes a value. */
const optionSynopsis = (table: OptionTable): readonly string[] => {
  const letters = listed(table).filter((option) => option.value === undefined);
  const cluster = letters.map(({ letter, twice }) => (twice === true ? letter + letter : letter)).join('');
  const valued = listed(table).filter((option) => option.value !== undefined);
  return [...(cluster === '' ? [] : [`[-${cluster}]`]), ...valued.map(({ letter, value }) => `[-${letter} ${value}]`)];
};

/** What the usage line is made of. */
export type Usage = Pick<Help, 'operands' | 'usage' | 'options'>;

/** The usage line after the name, without options that are extras. */
export const synopsis = (help: Usage): string =>
  help.usage ?? [...optionSynopsis(help.options), help.operands].filter((part) => part !== '').join(' ');

/** What goes to standard error when a call is wrong: the line, and the empty one behind it. */
export const usageText = (calledAs: Bytes, help: Usage): Bytes => `usage: ${calledAs} ${synopsis(help)}\n\n`;

/** The same, followed by a line that points to --help. */
export const usageWithPointer = (argv0: Bytes, name: Bytes, help: Usage): Bytes =>
  `${usageText(baseName(argv0), help)}${name}: '${name} --help' explains the call\n`;

/** An option as it is typed. */
export const spelled = (option: Option): string => {
  const [dashes, joint] = option.letter === undefined ? ['--', '='] : ['-', ' '];
  return dashes + nameOf(option) + (option.value === undefined ? '' : joint + option.value);
};
