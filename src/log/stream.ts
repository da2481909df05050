// Lines on standard output, for the logs of containers: each with the service's name, or as a JSON object.
//
// Promises: as for a log directory, every line is written once, in order, and a failed write is retried; nothing here
// blocks on a slow reader, the loop polls. Lines of any length stay whole when several svlogds write to one pipe: it is
// locked from the start of a line to its end. When the reader closes the pipe the stream ends, with one warning.
// Read next: stream-format.ts (the format of lines), loop.ts.
import type { Moment } from '../formats/tai64.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { EACCES, EAGAIN, EDQUOT, ENOSPC, EPIPE } from '../abi/errno.ts';
import { POLLOUT, S_IFIFO, S_IFMT, S_IFSOCK } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import type { Chunk } from './framing.ts';
import type { Settings } from './settings.ts';
import { cutAt, MAX_LINE_BYTES, linesText, partText, type Style } from './stream-format.ts';

const STDOUT = 1 as Fd;
/** The pause before a failed write is retried, and how many retries there are unless the disk is full. */
const RETRY_MS = 3000;
const MAX_RETRIES = 20;
/** How long to wait for the lock: its holder may be stopped. */
const LOCK_TIMEOUT_MS = 10_000;
const MAX_LOCK_DELAY_MS = 8;

export interface Stream extends Style {
  /** The start of an unfinished line, in the parts it was read, and its length. */
  held: Bytes[];
  heldBytes: number;
  heldSince: Moment;
  /** Text still to be written. */
  pending: Bytes;
  /** How much of it is written. */
  pendingOffset: number;
  /** Others may write to the same pipe or socket. */
  isShared: boolean;
  /** We have the lock. */
  isLocked: boolean;
  /** Since when another process has held the lock, monotonic; null: the last attempt succeeded. */
  busySinceMs: number | null;
  lockDelayMs: number;
  /** Failed writes since the last successful one. */
  refusals: number;
  /** When to try again, monotonic; null: no pause. */
  retryAtMs: number | null;
  /** The stream has ended: the reader closed the pipe, or retries are used up. */
  readerGone: boolean;
}

const isPipe = (): boolean => {
  const stat = sys.fstat(STDOUT);
  const kind = isErrno(stat) ? 0 : stat[0] & S_IFMT;
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
        pending: '',
        pendingOffset: 0,
        isShared: isPipe(),
        isLocked: false,
        busySinceMs: null,
        lockDelayMs: 1,
        refusals: 0,
        retryAtMs: null,
        readerGone: false,
      };

// ---- adding lines ----------------------------------------------------------------------------------------

const holdPartial = (stream: Stream, data: Bytes, moment: Moment): void => {
  if (data === '') return;
  if (stream.heldBytes === 0) stream.heldSince = moment;
  stream.held.push(data);
  stream.heldBytes += data.length;
  while (stream.heldBytes > MAX_LINE_BYTES) {
    const all = stream.held.join('');
    const at = cutAt(all, MAX_LINE_BYTES);
    stream.pending += partText(stream, all.slice(0, at), stream.heldSince);
    stream.held = [all.slice(at)];
    stream.heldBytes = all.length - at;
  }
};

/** Completes the held line with `end`. */
const complete = (stream: Stream, end: Bytes): void => {
  stream.pending += linesText(stream, stream.held.join('') + end, stream.heldSince);
  stream.held = [];
  stream.heldBytes = 0;
};

/** Adds a chunk; holds an unfinished line at its end. */
export const addChunk = (stream: Stream, { data, moment }: Chunk): void => {
  if (stream.readerGone) return;
  const first = stream.heldBytes > 0 ? data.indexOf('\n') + 1 : 0;
  if (first > 0) complete(stream, data.slice(0, first));
  const end = stream.heldBytes > 0 ? first : data.lastIndexOf('\n') + 1;
  if (end > first)
    stream.pending += linesText(stream, first === 0 && end === data.length ? data : data.slice(first, end), moment);
  if (end < data.length) holdPartial(stream, data.slice(end), moment);
};

/** Whether the stream waits for POLLOUT. */
export const awaitsPollOut = ({ pending, readerGone, retryAtMs }: Stream): boolean =>
  pending !== '' && !readerGone && retryAtMs === null;

/** The number of unwritten bytes. */
export const unsent = ({ pending, pendingOffset, heldBytes }: Stream): number =>
  pending.length - pendingOffset + heldBytes;

// ---- writing ------------------------------------------------------------------------------------------------

/** A writable pipe takes this many bytes at once: a longer write might block, and signals with it. */
const PIPE_BUF = 4096;

/** The next bytes to write: whole lines, unless one is longer than PIPE_BUF. */
export const nextWrite = (pending: Bytes, from: number): Bytes => {
  const most = from + PIPE_BUF;
  const end = pending.length <= most ? pending.length : pending.lastIndexOf('\n', most - 1) + 1;
  return pending.slice(from, end > from ? end : most);
};

const isAtLineStart = ({ pending, pendingOffset }: Stream): boolean =>
  pendingOffset === 0 || pending[pendingOffset - 1] === '\n';

const unlock = (stream: Stream): void => {
  if (stream.isLocked) sys.posixLock(STDOUT, 0);
  stream.isLocked = false;
};

/** Another process has the lock, so it writes: retry in some milliseconds. False: timeout. */
const waitForLock = (stream: Stream): boolean => {
  const nowMs = monotonicMs();
  const isFirst = stream.busySinceMs === null;
  const sinceMs = stream.busySinceMs ?? nowMs;
  stream.busySinceMs = sinceMs;
  if (nowMs - sinceMs >= LOCK_TIMEOUT_MS) {
    if (stream.lockDelayMs > 0)
      stream.settings.diagnostics.warn('standard output is locked by another process, lines may mix.');
    stream.lockDelayMs = 0;
    return false;
  }
  stream.lockDelayMs = isFirst ? 1 : Math.min(stream.lockDelayMs * 2, MAX_LOCK_DELAY_MS);
  stream.retryAtMs = nowMs + stream.lockDelayMs;
  return true;
};

/** Locks the pipe unless that is done; false: retry later. */
const lock = (stream: Stream): boolean => {
  if (stream.isLocked || !stream.isShared || !isAtLineStart(stream)) return true;
  const locked = sys.posixLock(STDOUT, 1);
  if (locked === -EAGAIN || locked === -EACCES) return !waitForLock(stream);
  stream.busySinceMs = null;
  stream.lockDelayMs = 1;
  if (isErrno(locked)) stream.isShared = false;
  else stream.isLocked = true;
  return true;
};

const WRITABLE: readonly number[] = [STDOUT, POLLOUT];

const isWritable = (): boolean => {
  const ready = sys.poll(WRITABLE, 0);
  return !isErrno(ready) && ready[0] !== 0;
};

const end = (stream: Stream): void => {
  unlock(stream);
  stream.pending = '';
  stream.pendingOffset = 0;
};

/** Only EPIPE is final; other errors are retried, a limited number of times. */
const handleRefusal = (stream: Stream, errno: Errno, isLast: boolean): void => {
  const { diagnostics } = stream.settings;
  const isFull = errno === -ENOSPC || errno === -EDQUOT;
  stream.refusals = isFull && !isLast ? 0 : stream.refusals + 1;
  if (errno === -EPIPE) diagnostics.warn('unable to write to standard output', errno);
  else if (stream.refusals >= MAX_RETRIES) {
    diagnostics.warn(`unable to write to standard output, ${unsent(stream)} bytes are lost`, errno);
  } else {
    diagnostics.pausing('unable to write to standard output', errno);
    stream.retryAtMs = monotonicMs() + RETRY_MS;
    return;
  }
  stream.readerGone = true;
};

const isPaused = (stream: Stream): boolean => {
  if (stream.retryAtMs !== null && monotonicMs() >= stream.retryAtMs) stream.retryAtMs = null;
  return stream.retryAtMs !== null;
};

/** Writes what can be written without blocking. */
const writeOn = (stream: Stream, isLast: boolean): void => {
  const { pending } = stream;
  while (stream.pendingOffset < pending.length && lock(stream) && isWritable()) {
    const written = sys.write(STDOUT, nextWrite(pending, stream.pendingOffset));
    if (written === -EAGAIN) return;
    if (isErrno(written)) {
      handleRefusal(stream, written, isLast);
      return;
    }
    stream.pendingOffset += written;
    stream.refusals = 0;
  }
};

/** Writes pending text; true: none is left. `isLast`: input has ended. */
export const drain = (stream: Stream, isLast: boolean): boolean => {
  if (stream.pending === '' || stream.readerGone) return true;
  if (isPaused(stream)) return false;
  writeOn(stream, isLast);
  if (stream.readerGone || stream.pendingOffset === stream.pending.length) {
    end(stream);
    return true;
  }
  if (isAtLineStart(stream)) unlock(stream);
  return false;
};
