// The table of `sv list`: one line a service, for people.
//
// Promises: no control character of a name, a status text or a reason reaches the terminal; a line is no longer than
// the terminal is wide where the columns before the last leave room. Pure.
// Read next: ../formats/snapshot.ts (the same facts as data).
import { visible } from '../cli/say.ts';
import type { Bytes } from '../abi/bytes.ts';
import { signalName } from '../abi/signals.ts';
import { conditionOfSnapshot, type Snapshot } from '../formats/snapshot.ts';
import { momentMs } from '../formats/moment.ts';
import { spanText } from '../formats/span.ts';
import type { LastEnd, SupervisorState } from '../formats/state.ts';

const HEADINGS = ['SERVICE', 'STATE', 'PID', 'FOR', 'STARTS', 'LAST END'] as const;
/** What the last column keeps on the narrowest terminal. */
const LEAST_WIDTH = 8;
const GAP = '  ';
const NOT_KNOWN = '-';

/** Characters, not bytes: those that continue one of UTF-8 take no room. */
const widthOf = (text: Bytes): number => text.replace(/[\x80-\xbf]/g, '').length;

/** A row: what stands in each column, and how wide that is. */
interface Row {
  readonly cells: readonly Bytes[];
  readonly widths: readonly number[];
}

const NOT_ASCII = /[\x80-\xff]/;

/** One test for a row: a replacement for each cell would cost more than to read the service. */
const rowOf = (cells: readonly Bytes[]): Row => ({
  cells,
  widths: NOT_ASCII.test(cells.join('')) ? cells.map(widthOf) : cells.map((cell) => cell.length),
});

/** At most `width` characters. */
const cut = (text: Bytes, width: number): Bytes =>
  (text.match(/[^\x80-\xbf][\x80-\xbf]*/g) ?? []).slice(0, width).join('');

const secondsFrom = (time: string, nowMs: number): number => (nowMs - (momentMs(time) ?? nowMs)) / 1000;

const howEnded = ({ code, signal, oom }: LastEnd): Bytes => {
  const end = signal === 0 ? `exit ${code}` : `signal ${signalName(signal)}`;
  return oom === null ? end : `${end} (${oom === true ? 'out of memory' : 'perhaps out of memory'})`;
};

/** How it ended last, and what comes next. */
export const lastEndText = (state: SupervisorState | null, nowMs: number): Bytes => {
  const parts: Bytes[] = [];
  if (state?.last != null) parts.push(`${howEnded(state.last)}, ${spanText(secondsFrom(state.last.at, nowMs))} ago`);
  if (state !== null && state.waiting.length > 0) parts.push(`waiting for ${state.waiting.map(visible).join(' ')}`);
  if (state?.next != null) parts.push(`next start in ${spanText(-secondsFrom(state.next, nowMs))}`);
  if (state?.reason != null) parts.push(visible(state.reason));
  return parts.join('; ');
};

const cellsOf = (snapshot: Snapshot, nowMs: number): readonly Bytes[] => {
  const { main, name, error } = snapshot;
  const condition = conditionOfSnapshot(snapshot);
  if (main === null) return [visible(name), condition, '', '', '', error === null ? '' : visible(error)];
  const { status, state } = main;
  const forSeconds = nowMs / 1000 - status.sec - status.nsec / 1e9;
  return [
    visible(name),
    condition,
    status.pid === 0 ? '' : String(status.pid),
    spanText(forSeconds),
    state === null ? NOT_KNOWN : String(state.starts),
    lastEndText(state, nowMs),
  ];
};

export interface ListStyle {
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** Columns of the terminal; null: no limit. */
  readonly width: number | null;
  readonly colour: boolean;
}

const [RED, YELLOW, GREEN, RESET] = ['\x1b[31m', '\x1b[33m', '\x1b[32m', '\x1b[0m'];
const COLOURS: Readonly<Record<string, string>> = {
  running: GREEN,
  ready: GREEN,
  done: GREEN,
  failed: RED,
  unsupervised: RED,
  unready: RED,
  backoff: YELLOW,
  starting: YELLOW,
  waiting: YELLOW,
  stopping: YELLOW,
  finishing: YELLOW,
  reloading: YELLOW,
};
const STATE_COLUMN = 1;

/** The columns' widths, and the room that those before the last take. */
interface Columns {
  readonly widths: readonly number[];
  readonly room: number;
}

const columnsOf = (rows: readonly Row[]): Columns => {
  const widths = HEADINGS.map((_, column) =>
    rows.reduce((most, row) => Math.max(most, row.widths[column] as number), 0),
  );
  return { widths, room: widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0) };
};

const rowText = (row: Row, { widths, room }: Columns, { width, colour }: ListStyle): Bytes => {
  const last = widths.length - 1;
  let line = '';
  for (let at = 0; at < last; at++) {
    const cell = row.cells[at] as Bytes;
    const paint = colour && at === STATE_COLUMN ? COLOURS[cell] : undefined;
    const text = cell + ' '.repeat((widths[at] as number) - (row.widths[at] as number));
    line += (paint === undefined ? text : paint + text + RESET) + GAP;
  }
  const cell = row.cells[last] as Bytes;
  return `${(line + (width === null ? cell : cut(cell, Math.max(LEAST_WIDTH, width - room)))).trimEnd()}\n`;
};

/** The whole table, headings first. */
export const listText = (snapshots: readonly Snapshot[], style: ListStyle): Bytes => {
  const rows = [rowOf(HEADINGS), ...snapshots.map((snapshot) => rowOf(cellsOf(snapshot, style.nowMs)))];
  const columns = columnsOf(rows);
  return rows.map((row) => rowText(row, columns, style)).join('');
};
