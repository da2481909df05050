// The table of the monitor: which columns fit, and one line for each service.
//
// Promises: pure; columns are as wide as their rows need, those that matter least go first where the terminal is narrow.
// Read next: frame.ts.
import type { Bytes } from '../../abi/bytes.ts';
import type { Condition } from '../../formats/condition.ts';
import { fitColumns, widthUpTo } from '../../formats/columns.ts';
import { spanText } from '../../formats/span.ts';
import type { Row } from './model.ts';

export type Style = 'plain' | 'bold' | 'dim' | 'red' | 'yellow' | 'green';

/** A piece of a line. */
export interface Span {
  readonly text: Bytes;
  readonly width: number;
  readonly style: Style;
}

export interface Line {
  readonly spans: readonly Span[];
  /** Shown in reverse, over the whole width. */
  readonly isReverse: boolean;
}

const UNITS = ['K', 'M', 'G', 'T'] as const;
const KIB = 1024;

/** `512K`, `1.2G` */
export const memoryText = (bytes: number): string => {
  let value = bytes / KIB;
  let unit = 0;
  for (; value >= KIB && unit < UNITS.length - 1; unit++) value /= KIB;
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)}${UNITS[unit]}`;
};

const cpuText = (percent: number): string => (percent < 99.95 ? percent.toFixed(1) : String(Math.round(percent)));

interface Column {
  readonly heading: string;
  readonly text: (row: Row, nowMs: number) => Bytes;
  readonly isNumber: boolean;
  /** A narrow terminal loses the highest first; 0 stays. */
  readonly goes: number;
}

const known = <T>(value: T | null, text: (value: T) => string): string => (value === null ? '-' : text(value));
const ofProcess = ({ pid }: Row, text: () => string): string => (pid === 0 ? '' : text());

const COLUMNS: readonly Column[] = [
  { heading: 'SERVICE', text: ({ name }) => name, isNumber: false, goes: 0 },
  { heading: 'STATE', text: ({ condition }) => condition, isNumber: false, goes: 0 },
  { heading: 'PID', text: ({ pid }) => (pid === 0 ? '' : String(pid)), isNumber: true, goes: 1 },
  {
    heading: 'FOR',
    text: ({ sinceMs }, nowMs) => (sinceMs === null ? '' : spanText((nowMs - sinceMs) / 1000)),
    isNumber: true,
    goes: 2,
  },
  { heading: 'CPU%', text: (row) => ofProcess(row, () => known(row.cpu, cpuText)), isNumber: true, goes: 3 },
  { heading: 'MEM', text: (row) => ofProcess(row, () => known(row.memoryBytes, memoryText)), isNumber: true, goes: 4 },
  { heading: 'PROCS', text: (row) => ofProcess(row, () => known(row.processes, String)), isNumber: true, goes: 6 },
  { heading: 'STARTS', text: ({ starts }) => known(starts, String), isNumber: true, goes: 5 },
  { heading: 'LAST END', text: ({ lastEnd }) => lastEnd, isNumber: false, goes: 7 },
];
const LAST = COLUMNS.length - 1;

/** What the last column wants at least. */
const LEAST_LAST = 8;
const LEAST_NAME = 7;
/** No cell but the last is wider. */
const CELL_MOST = 200;
const GAP = 2;
/** In front of each line: whether it is selected. */
const MARK = 2;

const STYLES: Readonly<Partial<Record<Condition, Style>>> = {
  running: 'green',
  ready: 'green',
  done: 'green',
  failed: 'red',
  unsupervised: 'red',
  unready: 'red',
  backoff: 'yellow',
  starting: 'yellow',
  waiting: 'yellow',
  stopping: 'yellow',
  finishing: 'yellow',
  reloading: 'yellow',
};

const blank = (width: number): Span => ({
  text: ' '.repeat(Math.max(0, width)),
  width: Math.max(0, width),
  style: 'plain',
});

/** A cell of exactly `width` columns. */
const cell = (text: Bytes, width: number, toRight: boolean, style: Style): readonly Span[] => {
  const fitted = fitColumns(text, width);
  const room = blank(width - fitted.width);
  const span = { ...fitted, style };
  return toRight ? [room, span] : [span, room];
};

/** The width of each column that is shown. */
export interface Layout {
  readonly columns: readonly { readonly at: number; readonly width: number }[];
}

/** Lays out `rows`, the widest of which decide, in so many columns of the terminal. */
export const layoutFor = (rows: readonly Row[], total: number, nowMs: number): Layout => {
  const widths = COLUMNS.map(({ heading, text }, at) =>
    at === LAST ? LEAST_LAST : Math.max(heading.length, ...rows.map((row) => widthUpTo(text(row, nowMs), CELL_MOST))),
  );
  widths[0] = Math.min(widths[0] as number, Math.max(LEAST_NAME, Math.floor(total / 3)));
  const left = COLUMNS.map((column, at) => ({ ...column, at, width: widths[at] as number }));
  const needed = (): number => left.reduce((sum, { width }) => sum + width + GAP, MARK - GAP);
  while (needed() > total) {
    const first = left.reduce((most, { goes }) => Math.max(most, goes), 0);
    if (first === 0) break;
    left.splice(
      left.findIndex(({ goes }) => goes === first),
      1,
    );
  }
  const [name] = left;
  if (needed() > total && name !== undefined) name.width = Math.max(1, name.width - (needed() - total));
  const spare = total - needed();
  return { columns: left.map(({ at, width }) => ({ at, width: at === LAST ? width + spare : width })) };
};

const lineOf = (layout: Layout, mark: string, cells: (column: Column) => readonly [Bytes, Style]): readonly Span[] =>
  layout.columns.flatMap(({ at, width }, place) => {
    const column = COLUMNS[at] as Column;
    const [text, style] = cells(column);
    const before = place === 0 ? { text: mark.padEnd(MARK), width: MARK, style: 'plain' as const } : blank(GAP);
    return [before, ...cell(text, width, column.isNumber, style)];
  });

export const headingLine = (layout: Layout): Line => ({
  spans: lineOf(layout, '', ({ heading }) => [heading, 'bold']),
  isReverse: false,
});

export const rowLine = (layout: Layout, row: Row, isSelected: boolean, nowMs: number): Line => ({
  spans: lineOf(layout, isSelected ? '>' : '', ({ heading, text }) => [
    text(row, nowMs),
    heading === 'STATE' ? (STYLES[row.condition] ?? 'plain') : 'plain',
  ]),
  isReverse: isSelected,
});
