// Reads standard input and passes it on as chunks of whole lines.
//
// Promises: every byte read is passed on once; after TERM nothing is read beyond the end of the current line.
// Read next: framing.ts, fast-path.ts, loop.ts (the caller).
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, isErrno } from '../host/calls.ts';
import { monotonicMs, wallClock } from '../host/clock.ts';
import { EAGAIN, EBADF, EINTR, EINVAL, EISDIR } from '../abi/errno.ts';
import { POLLIN } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import { fastWrite } from './fast-path.ts';
import { type Logger, NO_TIME, STDIN } from './logger.ts';
import type { LogDir } from './model.ts';
import { frame, frameEnd, isMidLine, EMPTY_FRAMING, type Chunk } from './framing.ts';
import { addChunk } from './stream.ts';
import { startChunk } from './writer.ts';

/** Larger reads are not faster, and cost memory for the life of the process. */
const READ_BYTES = 16_384;
/** With --stdout larger reads are faster: each write takes a lock. */
const READ_FOR_STREAM_BYTES = 65_536;
/** Reads up to this size leave no memory worth trimming. */
const SMALL_READ_BYTES = 2048;

/** Starts the first chunk in every destination. */
export const startNextChunk = (logger: Logger): void => {
  const chunk = logger.chunks[0];
  if (chunk === undefined) return;
  const { dirs } = logger;
  for (let n = 0; n < dirs.length; n++) startChunk(dirs[n] as LogDir, chunk);
  if (logger.stream !== null) addChunk(logger.stream, chunk);
};

const accept = (logger: Logger, chunks: readonly Chunk[]): void => {
  logger.chunks = chunks;
  startNextChunk(logger);
};

/** Input with its bytes replaced as -r and -R say. */
const translated = ({ settings, framing }: Logger, data: Bytes): Bytes => {
  const at = framing.midLine ? settings.lineBytes : framing.held.length;
  const result = sys.translate(data, at, settings.lineBytes, settings.table);
  if (isErrno(result)) throw new Error(`translate: ${result}`);
  return result;
};

const frameInput = (logger: Logger, data: Bytes, sameRead: boolean): void => {
  const { framing, settings } = logger;
  const clean = settings.table === '' ? data : translated(logger, data);
  const moment = logger.isTimed ? wallClock() : NO_TIME;
  const framed = frame(framing, clean, moment, sameRead, settings.lineBytes);
  logger.framing = framed.framing;
  accept(logger, framed.chunks);
};

const endInput = (logger: Logger): void => {
  logger.ended = true;
  accept(logger, frameEnd(logger.framing));
  logger.framing = EMPTY_FRAMING;
};

/** Errors that a retry cannot change. */
const LASTING: readonly number[] = [EBADF, EISDIR, EINVAL];
const RETRY_MS = 100;
/** How long a refused read is retried. */
const RETRY_FOR_MS = 1000;

const readFailed = (logger: Logger, errno: Errno): void => {
  if (errno === -EAGAIN || errno === -EINTR) return;
  const nowMs = monotonicMs();
  logger.refusedSinceMs ??= nowMs;
  if (!LASTING.includes(-errno) && nowMs < logger.refusedSinceMs + RETRY_FOR_MS) {
    logger.readAtMs = nowMs + RETRY_MS;
    return;
  }
  logger.settings.diagnostics.warn('unable to read standard input', errno);
  endInput(logger);
};

/** Reads once, and passes on what was read, or the end of input. */
export const readInput = (logger: Logger): void => {
  const most = logger.stream === null ? READ_BYTES : READ_FOR_STREAM_BYTES;
  const data = sys.read(STDIN, most);
  if (typeof data === 'number') {
    readFailed(logger, data);
    return;
  }
  logger.refusedSinceMs = null;
  const bytes = data.length;
  if (bytes < logger.fastPathBytes && data[bytes - 1] === '\n') fastWrite(logger, data);
  else if (bytes > 0) frameInput(logger, data, logger.readWasFull);
  else endInput(logger);
  logger.readWasFull = bytes === most;
  if (bytes > SMALL_READ_BYTES) logger.needsTrim = true;
};

/** After TERM input is read byte by byte; after this many bytes the loop checks for signals and deadlines. */
const MAX_BYTE_READS = 1024;

type LineEnd = 'more' | 'done';

/** Reads the available part of the current line, and no byte after it: the next svlogd reads the rest of the pipe. */
const readLineTail = ({ lineTail }: Logger): LineEnd => {
  for (let count = 0; count < MAX_BYTE_READS; count++) {
    const events = sys.poll([STDIN, POLLIN], 0);
    if (isErrno(events) || events[0] === 0) return 'more';
    const byte = sys.read(STDIN, 1);
    if (byte === -EAGAIN || byte === -EINTR) return 'more';
    if (isErrno(byte) || byte === '') return 'done';
    lineTail.push(byte);
    if (byte === '\n') return 'done';
  }
  return 'more';
};

/**
 * After TERM, once everything read before is written: completes the line that had begun. True: done. A line that does not
 * end before the timeout gets a newline and a warning.
 */
export const finishLine = (logger: Logger): boolean => {
  if (!isMidLine(logger.framing)) return true;
  const isLate = logger.forced || (logger.giveUpAtMs !== null && monotonicMs() >= logger.giveUpAtMs);
  if (readLineTail(logger) === 'more') {
    if (!isLate) return false;
    logger.settings.diagnostics.warn('the last line did not end in time, newline added.');
  }
  const tail = logger.lineTail.join('');
  logger.lineTail = [];
  if (tail !== '') frameInput(logger, tail, false);
  const last = frameEnd(logger.framing);
  logger.framing = EMPTY_FRAMING;
  if (logger.chunks.length === 0) accept(logger, last);
  else logger.chunks = [...logger.chunks, ...last];
  return true;
};
