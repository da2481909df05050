// Lines on standard output, where the logs of containers live: each with the service's name, or as a JSON object.
//
// Promises: the same as a log directory: every line once, in order, tried again where it is refused; a reader that is slow is
// waited for by poll, not by this. Lines stay whole where several of us write to one pipe, however long they are: it is
// locked from the start of a line to its end. A reader that has gone ends the stream, which is told once.
// Read next: stream-text.ts (what lines look like), loop.ts.
import type { Moment } from '../formats/tai64.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, type Fd, refused } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { EACCES, EAGAIN, EDQUOT, ENOSPC, EPIPE } from '../abi/errno.ts';
import { POLLOUT, S_IFIFO, S_IFMT, S_IFSOCK } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import type { Piece } from './piece.ts';
import type { Settings } from './settings.ts';
import { cutAt, LINE_MOST, linesText, partText, type Style } from './stream-text.ts';

const STDOUT = 1 as Fd;
/** How long until something that was refused is tried again, and how often where it is no full disk. */
const PAUSE_MS = 3000;
const TRIES = 20;
/** How long the lock is waited for: for somebody who was stopped while he had it. */
const LOCK_PATIENCE_MS = 10_000;
const LOCK_STEP_MOST_MS = 8;

export interface Stream extends Style {
  /** The start of a line, as it came, and how long it is. */
  held: Bytes[];
  heldBytes: number;
  heldSince: Moment;
  /** Text to be written. */
  rest: Bytes;
  /** How much of it has been written. */
  sent: number;
  /** Others may write to the same pipe or socket. */
  isShared: boolean;
  /** We have the lock. */
  isLocked: boolean;
  /** Since when somebody else has had the lock, monotonic; null: it was not asked for in vain. */
  busySinceMs: number | null;
  lockStepMs: number;
  /** Refusals since something was written. */
  refusals: number;
  /** Until when nothing is tried, monotonic; null: no pause. */
  pauseMs: number | null;
  /** The reader has gone. */
  gone: boolean;
}

const isPipe = (): boolean => {
  const stat = sys.fstat(STDOUT);
  const kind = refused(stat) ? 0 : stat[0] & S_IFMT;
  return kind === S_IFIFO || kind === S_IFSOCK;
};

export const newStream = (settings: Settings): Stream | null =>
  settings.stream === null
    ? null
    : {
        settings,
        ...settings.stream,
        held: [],
        heldBytes: 0,
        heldSince: { sec: 0, nsec: 0 },
        rest: '',
        sent: 0,
        isShared: isPipe(),
        isLocked: false,
        busySinceMs: null,
        lockStepMs: 1,
        refusals: 0,
        pauseMs: null,
        gone: false,
      };

// ---- taking lines in ----------------------------------------------------------------------------------------

const hold = (stream: Stream, data: Bytes, moment: Moment): void => {
  if (data === '') return;
  if (stream.heldBytes === 0) stream.heldSince = moment;
  stream.held.push(data);
  stream.heldBytes += data.length;
  while (stream.heldBytes > LINE_MOST) {
    const all = stream.held.join('');
    const at = cutAt(all, LINE_MOST);
    stream.rest += partText(stream, all.slice(0, at), stream.heldSince);
    stream.held = [all.slice(at)];
    stream.heldBytes = all.length - at;
  }
};

/** The line that is held ends with `end`. */
const complete = (stream: Stream, end: Bytes): void => {
  stream.rest += linesText(stream, stream.held.join('') + end, stream.heldSince);
  stream.held = [];
  stream.heldBytes = 0;
};

/** Takes a whole piece in; a line of which the end is still to come is held. */
export const offer = (stream: Stream, { data, moment }: Piece): void => {
  if (stream.gone) return;
  const first = stream.heldBytes > 0 ? data.indexOf('\n') + 1 : 0;
  if (first > 0) complete(stream, data.slice(0, first));
  const end = stream.heldBytes > 0 ? first : data.lastIndexOf('\n') + 1;
  if (end > first)
    stream.rest += linesText(stream, first === 0 && end === data.length ? data : data.slice(first, end), moment);
  if (end < data.length) hold(stream, data.slice(end), moment);
};

/** Whether it is for standard output that the stream waits. */
export const awaitsRoom = ({ rest, gone, pauseMs }: Stream): boolean => rest !== '' && !gone && pauseMs === null;

/** What has not been written. */
export const unsent = ({ rest, sent, heldBytes }: Stream): number => rest.length - sent + heldBytes;

// ---- writing ------------------------------------------------------------------------------------------------

/** What a pipe takes at once where poll says that it takes anything: a longer write might wait, deaf to signals. */
const AT_ONCE_BYTES = 4096;

/** The next bytes to be written: whole lines, where one is not longer than that. */
export const portion = (rest: Bytes, from: number): Bytes => {
  const most = from + AT_ONCE_BYTES;
  const end = rest.length <= most ? rest.length : rest.lastIndexOf('\n', most - 1) + 1;
  return rest.slice(from, end > from ? end : most);
};

const isAtLineStart = ({ rest, sent }: Stream): boolean => sent === 0 || rest[sent - 1] === '\n';

const unlock = (stream: Stream): void => {
  if (stream.isLocked) sys.posixLock(STDOUT, 0);
  stream.isLocked = false;
};

/** Somebody else has the lock, hence writes: a moment later there is another try. False where that took too long. */
const waitForLock = (stream: Stream): boolean => {
  const nowMs = monotonicMs();
  const isFirst = stream.busySinceMs === null;
  const sinceMs = stream.busySinceMs ?? nowMs;
  stream.busySinceMs = sinceMs;
  if (nowMs - sinceMs >= LOCK_PATIENCE_MS) {
    if (stream.lockStepMs > 0)
      stream.settings.voice.warn('standard output is locked by another process, lines may mix.');
    stream.lockStepMs = 0;
    return false;
  }
  stream.lockStepMs = isFirst ? 1 : Math.min(stream.lockStepMs * 2, LOCK_STEP_MOST_MS);
  stream.pauseMs = nowMs + stream.lockStepMs;
  return true;
};

/** Whether it may be written now. */
const lock = (stream: Stream): boolean => {
  if (stream.isLocked || !stream.isShared || !isAtLineStart(stream)) return true;
  const taken = sys.posixLock(STDOUT, 1);
  if (taken === -EAGAIN || taken === -EACCES) return !waitForLock(stream);
  stream.busySinceMs = null;
  stream.lockStepMs = 1;
  if (refused(taken)) stream.isShared = false;
  else stream.isLocked = true;
  return true;
};

const WRITABLE: readonly number[] = [STDOUT, POLLOUT];

const takesMore = (): boolean => {
  const ready = sys.poll(WRITABLE, 0);
  return !refused(ready) && ready[0] !== 0;
};

const end = (stream: Stream): void => {
  unlock(stream);
  stream.rest = '';
  stream.sent = 0;
};

/** Only a reader that has gone will never come back; whatever else may pass is tried again, though not for ever. */
const isRefused = (stream: Stream, errno: Errno, isLast: boolean): void => {
  const { voice } = stream.settings;
  const isFull = errno === -ENOSPC || errno === -EDQUOT;
  stream.refusals = isFull && !isLast ? 0 : stream.refusals + 1;
  if (errno === -EPIPE) voice.warn('unable to write to standard output', errno);
  else if (stream.refusals >= TRIES) {
    voice.warn(`unable to write to standard output, ${unsent(stream)} bytes are lost`, errno);
  } else {
    voice.pausing('unable to write to standard output', errno);
    stream.pauseMs = monotonicMs() + PAUSE_MS;
    return;
  }
  stream.gone = true;
};

const isPaused = (stream: Stream): boolean => {
  if (stream.pauseMs !== null && monotonicMs() >= stream.pauseMs) stream.pauseMs = null;
  return stream.pauseMs !== null;
};

/** Writes what can be written now. */
const writeOn = (stream: Stream, isLast: boolean): void => {
  const { rest } = stream;
  while (stream.sent < rest.length && lock(stream) && takesMore()) {
    const written = sys.write(STDOUT, portion(rest, stream.sent));
    if (written === -EAGAIN) return;
    if (refused(written)) {
      isRefused(stream, written, isLast);
      return;
    }
    stream.sent += written;
    stream.refusals = 0;
  }
};

/** Writes what waits; true: nothing waits any more. `isLast`: there will be no more. */
export const drain = (stream: Stream, isLast: boolean): boolean => {
  if (stream.rest === '' || stream.gone) return true;
  if (isPaused(stream)) return false;
  writeOn(stream, isLast);
  if (stream.gone || stream.sent === stream.rest.length) {
    end(stream);
    return true;
  }
  if (isAtLineStart(stream)) unlock(stream);
  return false;
};
