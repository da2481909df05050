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

const padded = (text: Bytes, width: number): Bytes => text + ' '.repeat(Math.max(0, width - widthOf(text)));

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

const rowText = (cells: readonly Bytes[], widths: readonly number[], { width, colour }: ListStyle): Bytes => {
  const room = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0);
  const last = cells.length - 1;
  const texts = cells.map((cell, at) => {
    if (at === last) return width === null ? cell : cut(cell, Math.max(LEAST_WIDTH, width - room));
    const text = padded(cell, widths[at] as number);
    const paint = colour && at === STATE_COLUMN ? COLOURS[cell] : undefined;
    return paint === undefined ? text : paint + text + RESET;
  });
  return `${texts.join(GAP).trimEnd()}\n`;
};

/** The whole table, headings first. */
export const listText = (snapshots: readonly Snapshot[], style: ListStyle): Bytes => {
  const rows: readonly (readonly Bytes[])[] = [
    HEADINGS,
    ...snapshots.map((snapshot) => cellsOf(snapshot, style.nowMs)),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => widthOf(cells[column] as Bytes))));
  return rows.map((cells) => rowText(cells, widths, style)).join('');
};
