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

interface Row {
  readonly cells: readonly Bytes[];
  /** Some cell may have fewer characters than bytes. */
  readonly isWide: boolean;
}

const NOT_PLAIN = /[^ -~]/;

/** At most `width` characters. */
const cut = (text: Bytes, width: number): Bytes =>
  (text.match(/[^\x80-\xbf][\x80-\xbf]*/g) ?? []).slice(0, width).join('');

const secondsFrom = (time: string, nowMs: number): number => (nowMs - (momentMs(time) ?? nowMs)) / 1000;

/** A reason begins with the end that led to it, which stands in front already. */
const restOfReason = (reason: Bytes, { code, signal }: LastEnd): Bytes => {
  const end = signal === 0 ? `exit code ${code}` : `signal ${signalName(signal)}`;
  if (reason === end) return '';
  return reason.startsWith(`${end}, `) ? reason.slice(end.length + ', '.length) : reason;
};

const howEnded = ({ code, signal, oom }: LastEnd): Bytes => {
  const end = signal === 0 ? `exit ${code}` : `signal ${signalName(signal)}`;
  return oom === null ? end : `${end} (${oom === true ? 'out of memory' : 'perhaps out of memory'})`;
};

/** How it ended last, and what comes next. */
export const lastEndText = (state: SupervisorState | null, nowMs: number): Bytes => {
  if (state === null) return '';
  const parts: Bytes[] = [];
  if (state.last !== null) parts.push(`${howEnded(state.last)}, ${spanText(secondsFrom(state.last.at, nowMs))} ago`);
  if (state.waiting.length > 0) parts.push(`waiting for ${state.waiting.map(visible).join(' ')}`);
  if (state.next !== null) parts.push(`next start in ${spanText(-secondsFrom(state.next, nowMs))}`);
  const reason = state.reason === null || state.last === null ? state.reason : restOfReason(state.reason, state.last);
  if (reason !== null && reason !== '') parts.push(visible(reason));
  return parts.join('; ');
};

/** Few tests: one of each cell would cost more than to read the service. */
const rowOf = (snapshot: Snapshot, nowMs: number): Row => {
  const { main, name, error } = snapshot;
  const isPlain = !NOT_PLAIN.test(name);
  const shown = isPlain ? name : visible(name);
  const condition = conditionOfSnapshot(snapshot);
  if (main === null)
    return { cells: [shown, condition, '', '', '', error === null ? '' : visible(error)], isWide: true };
  const { status, state } = main;
  const pid = status.pid === 0 ? '' : String(status.pid);
  const span = spanText(nowMs / 1000 - status.sec - status.nsec / 1e9);
  if (state === null) return { cells: [shown, condition, pid, span, NOT_KNOWN, ''], isWide: !isPlain };
  const last = lastEndText(state, nowMs);
  return {
    cells: [shown, condition, pid, span, String(state.starts), last],
    isWide: !isPlain || NOT_PLAIN.test(last),
  };
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
  const widths: number[] = HEADINGS.map(() => 0);
  for (let at = 0; at < rows.length; at++) {
    const { cells, isWide } = rows[at] as Row;
    for (let column = 0; column < widths.length; column++) {
      const cell = cells[column] as Bytes;
      const width = isWide ? widthOf(cell) : cell.length;
      if (width > (widths[column] as number)) widths[column] = width;
    }
  }
  return { widths, room: widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0) };
};

const rowText = (row: Row, { widths, room }: Columns, { width, colour }: ListStyle): Bytes => {
  const { cells, isWide } = row;
  const last = widths.length - 1;
  let line = '';
  for (let at = 0; at < last; at++) {
    const cell = cells[at] as Bytes;
    const missing = isWide ? cell.length - widthOf(cell) : 0;
    const text = cell.padEnd((widths[at] as number) + missing + GAP.length);
    const paint = colour && at === STATE_COLUMN ? COLOURS[cell] : undefined;
    line += paint === undefined ? text : paint + cell + RESET + text.slice(cell.length);
  }
  const cell = cells[last] as Bytes;
  return `${(line + (width === null ? cell : cut(cell, Math.max(LEAST_WIDTH, width - room)))).trimEnd()}\n`;
};

/** The whole table, headings first. */
export const listText = (snapshots: readonly Snapshot[], style: ListStyle): Bytes => {
  const rows: Row[] = [{ cells: HEADINGS, isWide: false }];
  for (let at = 0; at < snapshots.length; at++) rows.push(rowOf(snapshots[at] as Snapshot, style.nowMs));
  const columns = columnsOf(rows);
  let text = '';
  for (let at = 0; at < rows.length; at++) text += rowText(rows[at] as Row, columns, style);
  return text;
};
