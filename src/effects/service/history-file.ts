// supervise/history.jsonl, written: one more event is one more line at its end.
//
// Promises: lines are whole, and so is the file: where a write was cut short the rest goes with the next one. `n` goes up with every
// event, also of those that could not be written, and goes on where an earlier supervisor ended. The file never exceeds
// HISTORY_MAX: its newest half then takes its place. A file that is not ours is replaced.
// Read first: ../../formats/history.ts. Read next: recording.ts (who calls), ../trusted-file.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { ENOENT, ENOSPC } from '../../abi/errno.ts';
import { O_APPEND, O_RDWR } from '../../abi/flags.ts';
import {
  encodeEvent,
  HISTORY_MAX,
  type HistoryEvent,
  lastNumber,
  newestHalf,
  wholeLines,
} from '../../formats/history.ts';
import { type Done, type Errno, isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { isOther, type Opened, openThere, replaceThere } from '../trusted-file.ts';

/** As much as one read takes; a longer file is not ours. */
const READ_MAX = 65_536;

export interface HistoryFile {
  readonly path: Bytes;
  /** The number of the last event, written or lost. */
  n: number;
  /** Events since the last line that was written. */
  lost: number;
  /** What the file ends with is known: whole lines, up to `n`. */
  isKnown: boolean;
}

export interface DatedEvent {
  /** RFC 3339. */
  readonly at: string;
  readonly event: HistoryEvent;
}

export const newHistoryFile = (path: Bytes): HistoryFile => ({ path, n: 0, lost: 0, isKnown: false });

const linesOf = ({ n, lost }: HistoryFile, events: readonly DatedEvent[]): Bytes => {
  let lines = '';
  for (let index = 0; index < events.length; index++) {
    const { at, event } = events[index] as DatedEvent;
    lines += encodeEvent({ at, n: n + 1 + index, lost: index === 0 ? lost : 0 }, event);
  }
  return lines;
};

/** All or nothing. */
const writeAt = ({ fd, stat }: Opened, lines: Bytes): Done | Errno => {
  const put = sys.write(fd, lines);
  if (isErrno(put) || put === lines.length) return put;
  sys.ftruncate(fd, stat[6]);
  return -ENOSPC as Errno;
};

const appendTo = (file: HistoryFile, opened: Opened, events: readonly DatedEvent[]): Done | Errno => {
  const size = opened.stat[6];
  if (file.isKnown) {
    const lines = linesOf(file, events);
    if (size + lines.length <= HISTORY_MAX) return writeAt(opened, lines);
  }
  const text = sys.read(opened.fd, READ_MAX);
  if (isErrno(text)) return text;
  file.n = Math.max(file.n, lastNumber(text));
  const lines = linesOf(file, events);
  const whole = wholeLines(text);
  if (whole.length === size && size + lines.length <= HISTORY_MAX) return writeAt(opened, lines);
  return replaceThere(file.path, newestHalf(whole) + lines);
};

const append = (file: HistoryFile, events: readonly DatedEvent[]): Done | Errno => {
  const opened = openThere(file.path, O_RDWR | O_APPEND);
  if (isErrno(opened)) {
    return opened === -ENOENT || isOther(opened) ? replaceThere(file.path, linesOf(file, events)) : opened;
  }
  const put = opened.ours ? appendTo(file, opened, events) : replaceThere(file.path, linesOf(file, events));
  sys.close(opened.fd);
  return put;
};

/** Adds events; what cannot be written is dropped and counted. */
export const appendHistory = (file: HistoryFile, events: readonly DatedEvent[]): void => {
  const put = append(file, events);
  file.n += events.length;
  file.isKnown = !isErrno(put);
  file.lost = isErrno(put) ? file.lost + events.length : 0;
};
