// svlogd's loop: input, signals and deadlines on one side, log directories and standard output on the other.
//
// Promises: input is read only once the previous input is written everywhere. The loop blocks in one poll only, and wakes up
// only for an event or a deadline, except once after a burst. At end of input and on TERM it writes every line that was read
// before it returns. Read next: input.ts, writer.ts, stream.ts, deadlines.ts, signals.ts.
import type { Fd } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { POLLIN, POLLOUT } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import { fastPathBytes } from './fast-path.ts';
import { closeLogDir } from './directory.ts';
import { deadline, runDue } from './deadlines.ts';
import { startNextChunk, finishLine, readInput } from './input.ts';
import { hasDestination, type Logger, STDIN } from './logger.ts';
import type { LogDir } from './model.ts';
import type { Chunk } from './framing.ts';
import { isMidLine } from './framing.ts';
import { isBusy, processRemaining } from './processor.ts';
import { handleSignals } from './signals.ts';
import { awaitsPollOut, drain, unsent } from './stream.ts';
import { writeChunk } from './writer.ts';

const STDOUT = 1 as Fd;
/** poll's timeout. */
const NO_TIMEOUT = -1;
/** After this time without input a burst is over, and memory is trimmed. */
const TRIM_DELAY_MS = 500;
/** A descriptor that poll ignores. */
const NO_FD = -1;
const NO_CHUNKS: readonly Chunk[] = [];

type ExitCode = 0 | 111;

/** Writes as much as possible; true: everything is written. */
const write = (logger: Logger): boolean => {
  // indexed: this runs for every read, and an iterator would double its cost
  const { dirs } = logger;
  for (let chunk = logger.chunks[0]; chunk !== undefined; chunk = logger.chunks[0]) {
    let done = logger.stream === null || drain(logger.stream, logger.ended);
    for (let n = 0; n < dirs.length; n++) done = writeChunk(dirs[n] as LogDir, chunk) && done;
    if (!done) return false;
    logger.chunks = logger.chunks.length === 1 ? NO_CHUNKS : logger.chunks.slice(1);
    startNextChunk(logger);
  }
  return true;
};

/** Whether retries stop: 5 s after TERM, or at a second TERM. */
const isGivingUp = ({ giveUpAtMs, forced }: Logger): boolean =>
  forced || (giveUpAtMs !== null && monotonicMs() >= giveUpAtMs);

/** Input once everything is written, signals always, standard output while it is slow. */
const pollSet = (logger: Logger, written: boolean): readonly number[] => {
  const { stream, ended, signals, usualPollSet, framing } = logger;
  const isSlow = stream !== null && awaitsPollOut(stream);
  const reads = written && (!ended || isMidLine(framing)) && logger.readAtMs === null;
  if (reads && !isSlow) return usualPollSet;
  return [reads ? STDIN : NO_FD, POLLIN, signals, POLLIN, isSlow ? STDOUT : NO_FD, POLLOUT];
};

const hasNoEvents = (ready: readonly number[]): boolean => ready.every((events) => events === 0);

/** After a burst: returns unused memory to the system. */
const trim = (logger: Logger): void => {
  sys.trim();
  logger.needsTrim = false;
};

const wait = (logger: Logger, written: boolean): void => {
  const { ended } = logger;
  const deadlineMs = deadline(logger, written);
  logger.deadlineMs = deadlineMs;
  logger.fastPathBytes = written && !ended ? fastPathBytes(logger) : 0;
  const leftMs = deadlineMs === null ? NO_TIMEOUT : Math.max(0, Math.ceil(deadlineMs - monotonicMs()));
  const isBrief = logger.needsTrim && (leftMs === NO_TIMEOUT || leftMs > TRIM_DELAY_MS);
  const ready = sys.poll(pollSet(logger, written), isBrief ? TRIM_DELAY_MS : leftMs);
  if (typeof ready === 'number') return;
  if (ready[0] !== 0 && !ended) readInput(logger);
  if (ready[1] !== 0) logger.signalsPending = true;
  if (isBrief && hasNoEvents(ready)) trim(logger);
};

const pendingIn = ({ pending, pendingOffset }: LogDir): number => (pending === '' ? 0 : pending.length - pendingOffset);

const unwritten = ({ dirs, chunks, stream }: Logger): number => {
  let bytes = stream === null ? 0 : unsent(stream);
  for (const chunk of chunks.slice(1)) bytes += chunk.data.length;
  const present = chunks[0]?.data.length ?? 0;
  for (const dir of dirs) if (dir.open !== null) bytes += pendingIn(dir) + present - dir.consumed;
  return bytes;
};

const close = (logger: Logger): ExitCode => {
  const lost = logger.chunks.length === 0 ? 0 : unwritten(logger);
  for (const dir of logger.dirs) closeLogDir(dir);
  if (lost === 0) return 0;
  logger.settings.diagnostics.fatal(`${lost} bytes could not be written`);
  return 111;
};

/** After the end of input: whether everything is done. */
const isFinished = (logger: Logger, written: boolean): boolean => {
  if (!written) return isGivingUp(logger);
  return !isMidLine(logger.framing) && (!logger.dirs.some(isBusy) || logger.forced);
};

/** A last attempt before lines are lost, without regard to pauses; true: everything is written. */
const retryOnce = (logger: Logger): boolean => {
  for (const dir of logger.dirs) {
    dir.retryAtMs = null;
    dir.processor.waitUntilMs = 0;
  }
  if (logger.stream !== null) logger.stream.retryAtMs = null;
  return write(logger);
};

/** After the end of input or TERM: completes the current line and starts processors; true: everything is written. */
const finish = (logger: Logger): boolean => {
  if (!finishLine(logger)) return true;
  for (const dir of logger.dirs) processRemaining(dir);
  return write(logger);
};

/** Logs until the end of input or TERM. */
export const run = (logger: Logger): ExitCode => {
  for (;;) {
    // input first: everything else may wait until it is written
    let written = write(logger);
    if (logger.signalsPending && !handleSignals(logger)) return 111;
    if (logger.stream?.readerGone === true && !hasDestination(logger)) return 111;
    if (logger.deadlineMs !== null) runDue(logger, logger.deadlineMs);
    written ||= write(logger);
    if (written && logger.ended) written = finish(logger);
    if (logger.ended && isFinished(logger, written) && (written || !retryOnce(logger))) return close(logger);
    wait(logger, written);
  }
};
