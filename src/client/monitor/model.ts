// What the monitor shows, and what each key does to it.
//
// Promises: pure; whatever the keys, the selection is a row that is shown, if there is one, and the scroll position holds
// it. A key that must reach a service is an action for the caller.
// Read next: frame.ts (how it looks), keys.ts, ../../applets/sv/monitor.ts (who carries actions out).
import type { Bytes } from '../../abi/bytes.ts';
import { CONDITIONS, type Condition } from '../../formats/condition.ts';

/** A service as the table shows it; null: unknown. */
export interface Row {
  /** Its directory, by which it is known. */
  readonly key: Bytes;
  readonly name: Bytes;
  readonly condition: Condition;
  /** 0: no process. */
  readonly pid: number;
  /** Unix milliseconds of its present state. */
  readonly sinceMs: number | null;
  /** Percent of one processor. */
  readonly cpu: number | null;
  readonly memoryBytes: number | null;
  readonly processes: number | null;
  readonly starts: number | null;
  readonly lastEnd: Bytes;
}

export const SORTS = ['name', 'state', 'cpu', 'memory', 'starts', 'age'] as const;
export type Sort = (typeof SORTS)[number];

/** Text that fills the screen in place of the table. */
export interface Page {
  readonly kind: 'why' | 'logs' | 'graph' | 'help';
  readonly title: Bytes;
  readonly lines: readonly Bytes[];
  readonly top: number;
}

export interface Monitor {
  readonly size: readonly [rows: number, columns: number];
  readonly title: Bytes;
  /** By name. */
  readonly rows: readonly Row[];
  /** The key of the selected row; '' for none. */
  readonly selected: Bytes;
  /** The first row on the screen. */
  readonly top: number;
  readonly sort: Sort;
  readonly filter: Bytes;
  readonly mode: 'table' | 'filter' | 'kill';
  /** In mode `kill`: which service the question is about, whatever is selected by now. */
  readonly asked: Row | null;
  readonly page: Page | null;
  /** What was said last, in place of the keys. */
  readonly message: Bytes;
  /** The end of the log of the selected service. */
  readonly log: { readonly title: Bytes; readonly lines: readonly Bytes[] };
}

export const newMonitor = (title: Bytes): Monitor => ({
  size: [24, 80],
  title,
  rows: [],
  selected: '',
  top: 0,
  sort: 'name',
  filter: '',
  mode: 'table',
  asked: null,
  page: null,
  message: '',
  log: { title: '', lines: [] },
});

/** Lines that are no rows of the table: the title, the headings, the last line. */
const FRAME_LINES = 3;
/** A lower screen has no log below the table. */
const LEAST_FOR_LOG = 14;

/** Lines of the log and its title. */
export const logHeight = ({ size: [rows] }: Monitor): number =>
  rows < LEAST_FOR_LOG ? 0 : Math.min(9, Math.floor(rows / 3));

export const tableHeight = (monitor: Monitor): number =>
  Math.max(1, monitor.size[0] - FRAME_LINES - logHeight(monitor));

export const pageHeight = ({ size: [rows] }: Monitor): number => Math.max(1, rows - 2);

const matches = (filter: Bytes): ((row: Row) => boolean) => {
  const text = filter.toLowerCase();
  return ({ name, condition }) => name.toLowerCase().includes(text) || condition.includes(text);
};

const descending = (one: number | null, other: number | null): number => (other ?? -1) - (one ?? -1);

/** What needs somebody first. */
const BY_URGENCY: readonly Condition[] = ['failed', 'unsupervised', 'backoff', 'unready', 'finishing', 'stopping'];
const urgencyOf = ({ condition }: Row): number => {
  const at = BY_URGENCY.indexOf(condition);
  return at < 0 ? BY_URGENCY.length + CONDITIONS.indexOf(condition) : at;
};

const COMPARE: Readonly<Record<Sort, ((one: Row, other: Row) => number) | null>> = {
  name: null,
  state: (one, other) => urgencyOf(one) - urgencyOf(other),
  cpu: (one, other) => descending(one.cpu, other.cpu),
  memory: (one, other) => descending(one.memoryBytes, other.memoryBytes),
  starts: (one, other) => descending(one.starts, other.starts),
  age: (one, other) => descending(one.sinceMs, other.sinceMs),
};

/** The rows that the filter leaves, in their order. */
export const shownRows = ({ rows, filter, sort }: Monitor): readonly Row[] => {
  const left = filter === '' ? rows : rows.filter(matches(filter));
  const compare = COMPARE[sort];
  return compare === null ? left : [...left].sort(compare);
};

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(value, most));

/** The selection and the scroll position after rows, filter, sort or size have changed; `wanted`: the place to select. */
const settle = (monitor: Monitor, wanted?: number): Monitor => {
  const shown = shownRows(monitor);
  const there = shown.findIndex(({ key }) => key === monitor.selected);
  const at = clamp(wanted ?? (there < 0 ? monitor.top : there), 0, Math.max(0, shown.length - 1));
  const height = tableHeight(monitor);
  const top = clamp(clamp(monitor.top, at - height + 1, at), 0, Math.max(0, shown.length - height));
  return { ...monitor, selected: shown[at]?.key ?? '', top };
};

const withPage = (monitor: Monitor, page: Page): Monitor => {
  const top = clamp(page.top, 0, Math.max(0, page.lines.length - pageHeight(monitor)));
  return { ...monitor, page: { ...page, top } };
};

export const resized = (monitor: Monitor, size: Monitor['size']): Monitor => {
  const settled = settle({ ...monitor, size });
  return settled.page === null ? settled : withPage(settled, settled.page);
};

export const selectedRow = (monitor: Monitor): Row | null =>
  monitor.rows.find(({ key }) => key === monitor.selected) ?? null;

/** A selection that is gone moves to the next row, which is said: a key is not meant for that. */
export const withRows = (monitor: Monitor, rows: readonly Row[]): Monitor => {
  const settled = settle({ ...monitor, rows });
  const lost = selectedRow(monitor);
  const isGone = lost !== null && !rows.some(({ key }) => key === lost.key);
  return isGone ? { ...settled, message: `${lost.name} is gone` } : settled;
};

/** Shows a page; a log that was at its end stays there. */
export const showPage = (monitor: Monitor, page: Omit<Page, 'top'>): Monitor => {
  const before = monitor.page?.kind === page.kind ? monitor.page : null;
  const end = Math.max(0, page.lines.length - pageHeight(monitor));
  const wasAtEnd = before === null || before.top >= before.lines.length - pageHeight(monitor);
  const top = page.kind === 'logs' && wasAtEnd ? end : (before?.top ?? 0);
  return withPage(monitor, { ...page, top });
};

/** What the monitor cannot do itself. */
export type Action =
  | { readonly kind: 'send'; readonly verb: string; readonly row: Row }
  | { readonly kind: 'open'; readonly page: 'why' | 'logs' | 'graph'; readonly row: Row }
  | { readonly kind: 'redraw' }
  | { readonly kind: 'quit' };

export interface Pressed {
  readonly monitor: Monitor;
  readonly action: Action | null;
}

const HELP: readonly string[] = [
  'arrows, j k    select a service',
  'page keys, home, end',
  '/              filter by name or state; Enter keeps it, Escape drops it',
  's              sort by name, state, CPU time, memory, starts, age',
  '',
  'u              up: start it, and start it again when it ends',
  'd              down: stop it',
  'r              restart',
  'R              reload its configuration',
  'K              kill it (asks)',
  '',
  'w              why: explain its state',
  'l, Enter       its log',
  'g              the graph of dependencies',
  '',
  'q              back, quit',
];

const VERBS: Readonly<Record<string, string>> = { u: 'up', d: 'down', r: 'restart', R: 'reload' };
const PAGES: Readonly<Record<string, 'why' | 'logs' | 'graph'>> = { w: 'why', l: 'logs', enter: 'logs', g: 'graph' };

/** How far a key moves; null: it is none that does. */
const stepOf = (key: string, page: number): number | null => {
  switch (key) {
    case 'up':
    case 'k':
      return -1;
    case 'down':
    case 'j':
      return 1;
    case 'page up':
      return -page;
    case 'page down':
    case ' ':
      return page;
    case 'home':
      return Number.NEGATIVE_INFINITY;
    case 'end':
    case 'G':
      return Number.POSITIVE_INFINITY;
    default:
      return null;
  }
};

const just = (monitor: Monitor, action: Action | null = null): Pressed => ({ monitor, action });

const pressInPage = (monitor: Monitor, page: Page, key: string): Pressed => {
  const step = key === 'g' ? Number.NEGATIVE_INFINITY : stepOf(key, pageHeight(monitor));
  if (step !== null) return just(withPage(monitor, { ...page, top: page.top + step }));
  if (key === 'q' || key === 'escape' || key === 'enter') return just({ ...monitor, page: null });
  return just(monitor, key === 'redraw' ? { kind: 'redraw' } : null);
};

const FILTER_MOST = 100;

const pressInFilter = (monitor: Monitor, key: string): Pressed => {
  const { filter } = monitor;
  if (key === 'enter') return just({ ...monitor, mode: 'table' });
  if (key === 'escape') return just(settle({ ...monitor, mode: 'table', filter: '' }));
  // a whole character of UTF-8
  if (key === 'backspace')
    return just(settle({ ...monitor, filter: filter.replace(/[^\x80-\xbf]?[\x80-\xbf]*$/, '') }));
  if (key.length > 1 || filter.length >= FILTER_MOST) return just(monitor);
  return just(settle({ ...monitor, filter: filter + key }));
};

const answerKill = (monitor: Monitor, key: string): Pressed => {
  const row = monitor.rows.find((one) => one.key === monitor.asked?.key) ?? null;
  const after = { ...monitor, mode: 'table', asked: null, message: 'nothing was sent' } as const;
  return key === 'y' && row !== null ? just(after, { kind: 'send', verb: 'kill', row }) : just(after);
};

const next = (sort: Sort): Sort => SORTS[(SORTS.indexOf(sort) + 1) % SORTS.length] as Sort;

const pressForRow = (monitor: Monitor, key: string): Pressed => {
  const row = selectedRow(monitor);
  const verb = VERBS[key];
  const page = PAGES[key];
  if (row === null) return just(monitor);
  if (verb !== undefined) return just(monitor, { kind: 'send', verb, row });
  if (page !== undefined) return just(monitor, { kind: 'open', page, row });
  return just(key === 'K' ? { ...monitor, mode: 'kill', asked: row } : monitor);
};

const pressInTable = (before: Monitor, key: string): Pressed => {
  const monitor = { ...before, message: '' };
  const step = stepOf(key, tableHeight(monitor));
  if (step !== null) {
    const at = shownRows(monitor).findIndex((row) => row.key === monitor.selected);
    return just(settle(monitor, at + step));
  }
  switch (key) {
    case 'q':
      return just(monitor, { kind: 'quit' });
    case 'redraw':
      return just(monitor, { kind: 'redraw' });
    case '/':
      return just({ ...monitor, mode: 'filter' });
    case 'escape':
      return just(settle({ ...monitor, filter: '' }));
    case 's':
      return just(settle({ ...monitor, sort: next(monitor.sort) }));
    case '?':
      return just(showPage(monitor, { kind: 'help', title: 'keys', lines: HELP }));
    default:
      return pressForRow(monitor, key);
  }
};

/** What a key does. */
export const press = (monitor: Monitor, key: string): Pressed => {
  if (monitor.page !== null) return pressInPage(monitor, monitor.page, key);
  if (monitor.mode === 'filter') return pressInFilter(monitor, key);
  return monitor.mode === 'kill' ? answerKill(monitor, key) : pressInTable(monitor, key);
};
