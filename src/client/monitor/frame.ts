// The whole picture of the monitor: lines of styled text, from the model and the time.
//
// Promises: pure; exactly as many lines as the terminal has rows, none wider than the terminal, no control characters,
// whatever names, logs and messages hold. Read next: screen.ts (lines as bytes for the terminal).
import type { Bytes } from '../../abi/bytes.ts';
import { fitColumns } from '../../formats/columns.ts';
import { logHeight, type Monitor, type Page, pageHeight, shownRows, tableHeight } from './model.ts';
import { headingLine, layoutFor, type Line, rowLine, type Span, type Style } from './table.ts';

export const EMPTY: Line = { spans: [], isReverse: false };

const textLine = (text: Bytes, columns: number, style: Style = 'plain', isReverse = false): Line => ({
  spans: [{ ...fitColumns(text, columns), style }],
  isReverse,
});

/** A line that is no wider than the terminal. */
const cut = ({ spans, isReverse }: Line, columns: number): Line => {
  const left: Span[] = [];
  let room = columns;
  for (const { text, width, style } of spans) {
    const fitted = width <= room ? { text, width } : fitColumns(text, room);
    left.push({ ...fitted, style });
    room -= fitted.width;
  }
  return { spans: left, isReverse };
};

/** `3 backoff`, the states that somebody should look at. */
const countsText = ({ rows }: Monitor): Bytes =>
  (['failed', 'unsupervised', 'backoff', 'unready'] as const)
    .map((condition) => [rows.filter((row) => row.condition === condition).length, condition] as const)
    .filter(([count]) => count > 0)
    .map(([count, condition]) => `, ${count} ${condition}`)
    .join('');

const titleText = (monitor: Monitor): Bytes => {
  const { title, rows, sort, filter } = monitor;
  const count = `${rows.length} service${rows.length === 1 ? '' : 's'}`;
  const filtered = filter === '' ? '' : `  filter: ${filter} (${shownRows(monitor).length})`;
  return `${title}  ${count}${countsText(monitor)}  sort: ${sort}${filtered}`;
};

const KEYS = 'u up  d down  r restart  w why  l log  / filter  s sort  ? help  q quit';
const PAGE_KEYS = 'arrows, page keys: scroll  q back';

const lastText = (monitor: Monitor): Bytes => {
  if (monitor.page !== null) return PAGE_KEYS;
  if (monitor.mode === 'filter') return `/${monitor.filter}_`;
  if (monitor.mode === 'kill') return `send KILL to ${monitor.asked?.name ?? 'nobody'}? y/n`;
  return monitor.message === '' ? KEYS : monitor.message;
};

const padTo = (lines: readonly Line[], count: number): readonly Line[] => [
  ...lines.slice(0, count),
  ...Array.from({ length: Math.max(0, count - lines.length) }, () => EMPTY),
];

const logLines = (monitor: Monitor): readonly Line[] => {
  const height = logHeight(monitor);
  if (height === 0) return [];
  const [, columns] = monitor.size;
  const { title, lines } = monitor.log;
  const shown = lines.slice(-(height - 1)).map((line) => textLine(line, columns));
  return padTo([textLine(title === '' ? '--' : `-- ${title} --`, columns, 'dim'), ...shown], height);
};

const tableLines = (monitor: Monitor, nowMs: number): readonly Line[] => {
  const height = tableHeight(monitor);
  const [, columns] = monitor.size;
  const shown = shownRows(monitor);
  const visibleRows = shown.slice(monitor.top, monitor.top + height);
  const layout = layoutFor(visibleRows, columns, nowMs);
  const rows = visibleRows.map((row) => rowLine(layout, row, row.key === monitor.selected, nowMs));
  const none = monitor.rows.length === 0 ? 'no services' : 'no service matches the filter';
  return [headingLine(layout), ...padTo(rows.length === 0 ? [textLine(none, columns)] : rows, height)];
};

const pageLines = (monitor: Monitor, { lines, top }: Page): readonly Line[] => {
  const height = pageHeight(monitor);
  return padTo(
    lines.slice(top, top + height).map((line) => textLine(line, monitor.size[1])),
    height,
  );
};

/** The lines of the screen. */
export const frameOf = (monitor: Monitor, nowMs: number): readonly Line[] => {
  const [rows, columns] = monitor.size;
  const { page } = monitor;
  const title = textLine(page === null ? titleText(monitor) : page.title, columns, 'bold');
  const last = textLine(lastText(monitor), columns, page === null && monitor.mode === 'table' ? 'dim' : 'bold');
  const middle = page === null ? [...tableLines(monitor, nowMs), ...logLines(monitor)] : pageLines(monitor, page);
  const lines = [title, ...padTo(middle, Math.max(0, rows - 2)), last];
  return padTo(lines, rows).map((line) => cut(line, columns));
};
