// The text of --help, for people who ask. It comes from an applet's Help.
//
// Promises: pure. Lies in a cold part (../cold-setup.ts).
// Read next: applet.ts (Help), usage.ts, completion.ts (from the same data).
import type { Applet, Help } from './applet.ts';
import { spelled, synopsis } from './usage.ts';

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
