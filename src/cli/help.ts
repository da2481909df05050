// Words for people who ask: the classic usage line, and the longer text of --help. Both come from an applet's Help.
//
// Promises: pure. The usage line is the classic one, letter by letter, because programs compare it; it goes to standard
// error with an empty line behind it, --help goes to standard output.
// Read next: applet.ts (Help), completion.ts (from the same data).
import type { Applet, Help } from './applet.ts';
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

interface Row {
  readonly term: string;
  readonly text: string;
}

const WIDTH = 80;

/** `text` in lines of at most WIDTH, each but the first behind `indent` spaces, which the first has room for. */
const wrapped = (text: string, indent: number): string => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || indent + longer.length <= WIDTH) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
};

const paragraphs = (text: string): string =>
  text
    .split('\n\n')
    .map((paragraph) => `${wrapped(paragraph, 0)}\n`)
    .join('\n');

const rows = (list: readonly Row[]): string => {
  const width = Math.max(...list.map(({ term }) => term.length));
  return list.map(({ term, text }) => `  ${term.padEnd(width)}  ${wrapped(text, width + 4)}\n`).join('');
};

const section = (title: string, list: readonly Row[]): string =>
  list.length === 0 ? '' : `\n${title}:\n${rows(list)}`;

const exampleLines = (help: Help): string =>
  help.examples.length === 0
    ? ''
    : `\nExamples:\n${help.examples.map(({ command, text }) => `  ${command}\n      ${wrapped(text, 6)}\n`).join('')}`;

/** The text of --help. */
export const helpText = ({ name, summary, help }: Pick<Applet, 'name' | 'summary' | 'help'>): string =>
  `usage: ${wrapped(`${name} ${synopsis(help)}`, 7)}\n\n${name} - ${summary}\n\n${paragraphs(help.description)}` +
  section(
    'Options',
    help.options.map((option) => ({ term: spelled(option), text: option.text })),
  ) +
  (help.lists ?? []).map(({ title, rows: list }) => section(title, list)).join('') +
  exampleLines(help) +
  section(
    'Exit status',
    help.exitCodes.map(({ code, text }) => ({ term: code, text })),
  );
