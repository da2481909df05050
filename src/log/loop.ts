// svlogd's loop: input, signals and deadlines on one side, log directories and standard output on the other.
//
// Promises: nothing is read while what was read before is not written everywhere; blocks only in one poll, and makes no
// wake-up without news, but one after a burst; at the end of input and on TERM every line that was read is written before it returns.
// Read next: input.ts, writing.ts (taking), stream.ts, due.ts, signals.ts.
import type { Fd } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { POLLIN, POLLOUT } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import { easyBytes } from './at-once.ts';
import { closeLogDir } from './directory.ts';
import { deadline, tend } from './due.ts';
import { begin, finishLine, readInput } from './input.ts';
import { hasOutlet, type Logger, STDIN } from './logger.ts';
import type { LogDir } from './model.ts';
import type { Piece } from './piece.ts';
import { isMidLine } from './piece.ts';
import { isBusy, processLast } from './processor.ts';
import { obey } from './signals.ts';
import { awaitsRoom, drain, unsent } from './stream.ts';
import { take } from './writing.ts';

const STDOUT = 1 as Fd;
/** As poll takes it. */
const NEVER = -1;
/** So long after the last input a burst is over, and its memory given back. */
const CALM_MS = 500;
/** What poll passes over. */
const NOBODY = -1;
const NO_PIECES: readonly Piece[] = [];

/** How it came out: 0 or 111. */
type Outcome = 0 | 111;

/** Brings what was read further; true: all of it is written. */
const write = (logger: Logger): boolean => {
  // indexed: this runs for every read, and an iterator costs as much as the rest of it
  const { dirs } = logger;
  for (let piece = logger.pieces[0]; piece !== undefined; piece = logger.pieces[0]) {
    let done = logger.stream === null || drain(logger.stream, logger.ended);
    for (let n = 0; n < dirs.length; n++) done = take(dirs[n] as LogDir, piece) && done;
    if (!done) return false;
    logger.pieces = logger.pieces.length === 1 ? NO_PIECES : logger.pieces.slice(1);
    begin(logger);
  }
  return true;
};

/** Whether what could not be written is given up: 5 s after TERM, or at a second one. */
const givesUp = ({ giveUpMs, hurried }: Logger): boolean => hurried || (giveUpMs !== null && monotonicMs() >= giveUpMs);

/** What is waited for: input while everything is written; always signals; standard output while it is slow. */
const awaitedBy = (logger: Logger, written: boolean): readonly number[] => {
  const { stream, ended, signals, usual, framing } = logger;
  const isSlow = stream !== null && awaitsRoom(stream);
  const reads = written && (!ended || isMidLine(framing)) && logger.readAgainMs === null;
  if (reads && !isSlow) return usual;
  return [reads ? STDIN : NOBODY, POLLIN, signals, POLLIN, isSlow ? STDOUT : NOBODY, POLLOUT];
};

const isQuiet = (ready: readonly number[]): boolean => ready.every((events) => events === 0);

/** After a burst: the one wake-up without news, then there is nothing to be given back. */
const slim = (logger: Logger): void => {
  sys.trim();
  logger.isSwollen = false;
};

const wait = (logger: Logger, written: boolean): void => {
  const { ended } = logger;
  const dueMs = deadline(logger, written);
  logger.dueMs = dueMs;
  logger.easyBytes = written && !ended ? easyBytes(logger) : 0;
  const leftMs = dueMs === null ? NEVER : Math.max(0, Math.ceil(dueMs - monotonicMs()));
  const isBrief = logger.isSwollen && (leftMs === NEVER || leftMs > CALM_MS);
  const ready = sys.poll(awaitedBy(logger, written), isBrief ? CALM_MS : leftMs);
  if (typeof ready === 'number') return;
  if (ready[0] !== 0 && !ended) readInput(logger);
  if (ready[1] !== 0) logger.signalled = true;
  if (isBrief && isQuiet(ready)) slim(logger);
};

const unwrittenIn = ({ rest, restAt }: LogDir): number => (rest === '' ? 0 : rest.length - restAt);

const unwritten = ({ dirs, pieces, stream }: Logger): number => {
  let bytes = stream === null ? 0 : unsent(stream);
  for (const piece of pieces.slice(1)) bytes += piece.data.length;
  const present = pieces[0]?.data.length ?? 0;
  for (const dir of dirs) if (dir.open !== null) bytes += unwrittenIn(dir) + present - dir.taken;
  return bytes;
};

const close = (logger: Logger): Outcome => {
  const lost = logger.pieces.length === 0 ? 0 : unwritten(logger);
  for (const dir of logger.dirs) closeLogDir(dir);
  if (lost === 0) return 0;
  logger.settings.voice.fatal(`${lost} bytes could not be written`);
  return 111;
};

/** After the end of input: whether everything there was to do has been done. */
const isOver = (logger: Logger, written: boolean): boolean => {
  if (!written) return givesUp(logger);
  return !isMidLine(logger.framing) && (!logger.dirs.some(isBusy) || logger.hurried);
};

/** Once more before lines are given up, whatever pause is on; true: everything is written after all. */
const lastTry = (logger: Logger): boolean => {
  for (const dir of logger.dirs) {
    dir.pauseMs = null;
    dir.works.patientUntilMs = 0;
  }
  if (logger.stream !== null) logger.stream.pauseMs = null;
  return write(logger);
};

/** After the end of input and TERM: the line that had begun, and what waits for processors; true: all is written. */
const finish = (logger: Logger): boolean => {
  if (!finishLine(logger)) return true;
  for (const dir of logger.dirs) processLast(dir);
  return write(logger);
};

/** Logs until the end of input or TERM; the exit code. */
export const run = (logger: Logger): Outcome => {
  for (;;) {
    // first of all what was read: everything else has time until it is written
    let written = write(logger);
    if (logger.signalled && !obey(logger)) return 111;
    if (logger.stream?.gone === true && !hasOutlet(logger)) return 111;
    if (logger.dueMs !== null) tend(logger, logger.dueMs);
    written ||= write(logger);
    if (written && logger.ended) written = finish(logger);
    if (logger.ended && isOver(logger, written) && (written || !lastTry(logger))) return close(logger);
    wait(logger, written);
  }
};
