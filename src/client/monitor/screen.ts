// Lines as bytes for a terminal: only those that have changed.
//
// Promises: the terminal is left as it was found; each piece of a line behind characters beyond ASCII is put at its column,
// whatever the terminal thinks of their width. Pure.
// Read next: frame.ts.
import type { Bytes } from '../../abi/bytes.ts';
import type { Line, Style } from './table.ts';

/** The other screen, no cursor, no wrapping. */
export const ENTER: Bytes = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
export const LEAVE: Bytes = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';
export const CLEAR: Bytes = '\x1b[0m\x1b[2J';

const RESET = '\x1b[0m';
const REVERSE = '\x1b[7m';
const STYLES: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '\x1b[1m',
  dim: '\x1b[2m',
  red: '\x1b[31m',
  yellow: '\x1b[33m',
  green: '\x1b[32m',
};
const COLOURS: readonly Style[] = ['red', 'yellow', 'green'];
const BEYOND_ASCII = /[\x80-\xff]/;

const toColumn = (column: number): Bytes => `\x1b[${column + 1}G`;

const bytesOf = ({ spans, isReverse }: Line, columns: number, colour: boolean): Bytes => {
  let text = '';
  let column = 0;
  let isSure = true;
  const base = isReverse ? RESET + REVERSE : RESET;
  for (const span of spans) {
    if (span.text === '') continue;
    const style = colour || !COLOURS.includes(span.style) ? STYLES[span.style] : '';
    text += `${isSure ? '' : toColumn(column)}${style === '' ? span.text : style + span.text + base}`;
    column += span.width;
    isSure &&= !BEYOND_ASCII.test(span.text);
  }
  if (column >= columns) return base + text + RESET;
  const end = isSure ? '' : toColumn(column);
  return `${base}${text}${end}${isReverse ? ' '.repeat(columns - column) : ''}${RESET}\x1b[K`;
};

export interface Drawn {
  /** What each line shows. */
  readonly lines: readonly Bytes[];
  /** For the terminal: what brings it there. */
  readonly bytes: Bytes;
}

/** `before`: what the terminal shows; [] for nothing. */
export const draw = (lines: readonly Line[], columns: number, colour: boolean, before: readonly Bytes[]): Drawn => {
  const drawn = lines.map((line) => bytesOf(line, columns, colour));
  const bytes = drawn.map((line, at) => (line === before[at] ? '' : `\x1b[${at + 1};1H${line}`)).join('');
  return { lines: drawn, bytes };
};
