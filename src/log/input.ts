// Input: from the pipe to pieces, in whole lines.
//
// Promises: what was read comes out in pieces, once; nothing beyond the end of a line is read after TERM.
// Read next: piece.ts (framing), loop.ts (when this is called).
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, refused } from '../host/calls.ts';
import { monotonicMs, wallClock } from '../host/clock.ts';
import { EAGAIN, EBADF, EINTR, EINVAL, EISDIR } from '../abi/errno.ts';
import { POLLIN } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import { passOn } from './at-once.ts';
import { type Logger, NEVER_MIND, STDIN } from './logger.ts';
import type { LogDir } from './model.ts';
import { frame, frameEnd, isMidLine, NOTHING_HELD, type Piece } from './piece.ts';
import { offer } from './stream.ts';
import { announce } from './writing.ts';

/** More at a time brings no more speed, and costs memory for as long as svlogd lives. */
const READ_BYTES = 16_384;
/** For standard output it does: each time there is a lock to take. */
const READ_FOR_STREAM_BYTES = 65_536;
/** Reads up to this size leave nothing behind that is worth giving back. */
const SMALL_BYTES = 2048;

/** The next piece is told to everybody. */
export const begin = (logger: Logger): void => {
  const piece = logger.pieces[0];
  if (piece === undefined) return;
  const { dirs } = logger;
  for (let n = 0; n < dirs.length; n++) announce(dirs[n] as LogDir, piece);
  if (logger.stream !== null) offer(logger.stream, piece);
};

const accept = (logger: Logger, pieces: readonly Piece[]): void => {
  logger.pieces = pieces;
  begin(logger);
};

/** What was read, with its bytes replaced. */
const translated = ({ settings, framing }: Logger, data: Bytes): Bytes => {
  const at = framing.midLine ? settings.lineBytes : framing.held.length;
  const result = sys.translate(data, at, settings.lineBytes, settings.table);
  if (refused(result)) throw new Error(`translate: ${result}`);
  return result;
};

const takeIn = (logger: Logger, data: Bytes, sameBreath: boolean): void => {
  const { framing, settings } = logger;
  const clean = settings.table === '' ? data : translated(logger, data);
  const moment = logger.isTimed ? wallClock() : NEVER_MIND;
  const framed = frame(framing, clean, moment, sameBreath, settings.lineBytes);
  logger.framing = framed.framing;
  accept(logger, framed.pieces);
};

const endInput = (logger: Logger): void => {
  logger.ended = true;
  accept(logger, frameEnd(logger.framing));
  logger.framing = NOTHING_HELD;
};

/** No other try comes out differently. */
const LASTING: readonly number[] = [EBADF, EISDIR, EINVAL];
const READ_AGAIN_MS = 100;
/** How long a read that is refused is tried again. */
const READ_PATIENCE_MS = 1000;

const cannotRead = (logger: Logger, errno: Errno): void => {
  if (errno === -EAGAIN || errno === -EINTR) return;
  const nowMs = monotonicMs();
  logger.refusedMs ??= nowMs;
  if (!LASTING.includes(-errno) && nowMs < logger.refusedMs + READ_PATIENCE_MS) {
    logger.readAgainMs = nowMs + READ_AGAIN_MS;
    return;
  }
  logger.settings.voice.warn('unable to read standard input', errno);
  endInput(logger);
};

/** Takes in what there is, or the end of it. */
export const readInput = (logger: Logger): void => {
  const most = logger.stream === null ? READ_BYTES : READ_FOR_STREAM_BYTES;
  const data = sys.read(STDIN, most);
  if (typeof data === 'number') {
    cannotRead(logger, data);
    return;
  }
  logger.refusedMs = null;
  const bytes = data.length;
  if (bytes < logger.easyBytes && data[bytes - 1] === '\n') passOn(logger, data);
  else if (bytes > 0) takeIn(logger, data, logger.more);
  else endInput(logger);
  logger.more = bytes === most;
  if (bytes > SMALL_BYTES) logger.isSwollen = true;
};

/** A line is read byte by byte then; after so many it is looked whether anything else has come. */
const BYTES_AT_ONCE = 1024;

type Rest = 'more' | 'over';

/** Reads what is there of the line that has begun, and nothing behind it: the rest of the pipe is the next svlogd's. */
const readRestOfLine = ({ tail }: Logger): Rest => {
  for (let count = 0; count < BYTES_AT_ONCE; count++) {
    const events = sys.poll([STDIN, POLLIN], 0);
    if (refused(events) || events[0] === 0) return 'more';
    const byte = sys.read(STDIN, 1);
    if (byte === -EAGAIN || byte === -EINTR) return 'more';
    if (refused(byte) || byte === '') return 'over';
    tail.push(byte);
    if (byte === '\n') return 'over';
  }
  return 'more';
};

/**
 * After TERM, and after what was read before it: the line that had begun, of which the rest is waited for. True: there is
 * none, any more. One that does not end in time is given its newline, which is told.
 */
export const finishLine = (logger: Logger): boolean => {
  if (!isMidLine(logger.framing)) return true;
  const isLate = logger.hurried || (logger.giveUpMs !== null && monotonicMs() >= logger.giveUpMs);
  if (readRestOfLine(logger) === 'more') {
    if (!isLate) return false;
    logger.settings.voice.warn('the last line did not end, and is cut.');
  }
  const rest = logger.tail.join('');
  logger.tail = [];
  if (rest !== '') takeIn(logger, rest, false);
  const last = frameEnd(logger.framing);
  logger.framing = NOTHING_HELD;
  if (logger.pieces.length === 0) accept(logger, last);
  else logger.pieces = [...logger.pieces, ...last];
  return true;
};
