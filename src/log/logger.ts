// svlogd's loop: input, signals and deadlines on one side, log directories and standard output on the other.
//
// Promises: nothing is read while what was read before is not written everywhere; blocks only in one poll, and makes no
// wake-up without news; at the end of input and on TERM every line that was read is written before it returns.
// Read next: piece.ts (framing), writing.ts (taking), directory.ts, processor.ts, stream.ts.
import { type Bytes, type Fd, refused } from '../host/calls.ts';
import { monotonicMs, wallClock } from '../host/clock.ts';
import {
  EAGAIN,
  EINTR,
  O_RDONLY,
  POLLIN,
  POLLOUT,
  SIGALRM,
  SIGCHLD,
  SIGHUP,
  SIGPIPE,
  SIGTERM,
  WNOHANG,
} from '../host/linux.ts';
import { type Watch, waitOnce } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import { closeLogDir, openLogDir, ready, rotate } from './directory.ts';
import { type LogDir, newLogDir } from './model.ts';
import { type Framing, frame, frameEnd, isMidLine, NOTHING_HELD, type Piece } from './piece.ts';
import { cancel, isBusy, processNext, processorEnded } from './processor.ts';
import type { Settings } from './settings.ts';
import { drain, newStream, offer, type Stream } from './stream.ts';
import { announce, take } from './writing.ts';

const STDIN = 0 as Fd;
const STDOUT = 1 as Fd;
/** More at a time brings no more speed, and costs memory for as long as svlogd lives. */
const READ_BYTES = 16_384;
/** How long the rest of a line is waited for after TERM. */
const LINE_PATIENCE_MS = 1000;
/** How long what was read is tried to be written after TERM. */
const END_PATIENCE_MS = 5000;

export interface Logger {
  readonly settings: Settings;
  readonly home: Fd;
  readonly signals: Fd;
  readonly dirs: readonly LogDir[];
  readonly stream: Stream | null;
  framing: Framing;
  pieces: readonly Piece[];
  /** The last read was full: what comes next was there already. */
  more: boolean;
  /** No more is read. */
  ended: boolean;
  /** Until when, monotonic, unwritten lines are tried again after TERM; null: for ever. */
  giveUpMs: number | null;
  /** A second TERM came. */
  hurried: boolean;
}

/** How it came out: 0 or 111. */
type Outcome = 0 | 111;

/** Catches signals and opens what there is to open; null: there is nothing to write to, which was told. */
export const openLogger = (settings: Settings, names: readonly Bytes[]): Logger | null => {
  const signals = sys.catchSignals([SIGTERM, SIGHUP, SIGALRM, SIGCHLD, SIGPIPE]);
  const home = sys.open('.', O_RDONLY, 0);
  if (refused(signals) || refused(home)) {
    settings.voice.fatal('unable to open current working directory', refused(home) ? home : undefined);
    return null;
  }
  const dirs = names.map((name) => newLogDir(settings, name));
  const logger: Logger = {
    settings,
    home,
    signals,
    dirs,
    stream: newStream(settings),
    framing: NOTHING_HELD,
    pieces: [],
    more: false,
    ended: false,
    giveUpMs: null,
    hurried: false,
  };
  for (const dir of dirs) openLogDir(dir, home);
  return hasOutlet(logger) ? logger : null;
};

/** Whether there is anywhere to write to; what there is not was told. */
const hasOutlet = ({ settings, dirs, stream }: Logger): boolean => {
  const streams = stream !== null && !stream.gone;
  if (streams || dirs.some((dir) => dir.open !== null)) return true;
  settings.voice.fatal('no functional log directories.');
  return false;
};

// ---- input --------------------------------------------------------------------------------------------------

const begin = (logger: Logger): void => {
  const piece = logger.pieces[0];
  if (piece === undefined) return;
  for (const dir of logger.dirs) announce(dir, piece);
  if (logger.stream !== null) offer(logger.stream, piece);
};

const accept = (logger: Logger, pieces: readonly Piece[]): void => {
  logger.pieces = pieces;
  begin(logger);
};

/** What was read, with its bytes replaced where that was asked for. */
const translated = ({ settings, framing }: Logger, data: Bytes, column: number): Bytes => {
  if (settings.table === '') return data;
  const at = framing.midLine ? settings.lineBytes : column;
  const result = sys.translate(data, at, settings.lineBytes, settings.table);
  if (refused(result)) throw new Error(`translate: ${result}`);
  return result;
};

const takeIn = (logger: Logger, data: Bytes, sameBreath: boolean): void => {
  const { framing, settings } = logger;
  const clean = translated(logger, data, framing.held.length);
  const framed = frame(framing, clean, wallClock(), sameBreath, settings.lineBytes);
  logger.framing = framed.framing;
  accept(logger, framed.pieces);
};

const endInput = (logger: Logger): void => {
  logger.ended = true;
  accept(logger, frameEnd(logger.framing));
  logger.framing = NOTHING_HELD;
};

const readInput = (logger: Logger): void => {
  const data = sys.read(STDIN, READ_BYTES);
  if (refused(data)) {
    if (data === -EAGAIN || data === -EINTR) return;
    logger.settings.voice.warn('unable to read standard input', data);
  }
  if (refused(data) || data === '') {
    endInput(logger);
    return;
  }
  const sameBreath = logger.more;
  logger.more = data.length === READ_BYTES;
  takeIn(logger, data, sameBreath);
};

/** Reads on to the end of the line that has begun, and no further; the rest of the pipe is the next svlogd's. */
const readRestOfLine = (): Bytes => {
  const untilMs = monotonicMs() + LINE_PATIENCE_MS;
  let rest = '';
  while (!rest.endsWith('\n') && monotonicMs() < untilMs) {
    const events = sys.poll([STDIN, POLLIN], Math.ceil(untilMs - monotonicMs()));
    if (refused(events) || events[0] === 0) continue;
    const byte = sys.read(STDIN, 1);
    if (byte === -EAGAIN || byte === -EINTR) continue;
    if (refused(byte) || byte === '') break;
    rest += byte;
  }
  return rest;
};

// ---- signals ------------------------------------------------------------------------------------------------

const terminate = (logger: Logger): void => {
  logger.settings.voice.info('sigterm received.');
  if (logger.giveUpMs !== null) {
    logger.hurried = true;
    for (const dir of logger.dirs) cancel(dir);
    return;
  }
  logger.giveUpMs = monotonicMs() + END_PATIENCE_MS;
  for (const dir of logger.dirs) dir.pauseMs = null;
  logger.ended = true;
};

/** After TERM, and after what was read before it: the line that had begun. */
const finishLine = (logger: Logger): void => {
  if (!isMidLine(logger.framing)) return;
  const rest = readRestOfLine();
  if (rest !== '') takeIn(logger, rest, false);
  const last = frameEnd(logger.framing);
  logger.framing = NOTHING_HELD;
  if (logger.pieces.length === 0) accept(logger, last);
  else logger.pieces = [...logger.pieces, ...last];
};

const reopen = (logger: Logger): boolean => {
  logger.settings.voice.info('sighangup received.');
  for (const dir of logger.dirs) {
    closeLogDir(dir);
    openLogDir(dir, logger.home);
  }
  return hasOutlet(logger);
};

const rotateNow = (dir: LogDir): void => {
  if (dir.open !== null && dir.sizeBytes > 0 && ready(dir)) rotate(dir);
};

const reap = (logger: Logger): void => {
  for (;;) {
    const ended = sys.waitpid(-1, WNOHANG);
    if (refused(ended) || ended[0] === 0) return;
    for (const dir of logger.dirs) if (dir.works.pid === ended[0]) processorEnded(dir, ended[1]);
  }
};

/** False: HUP left nothing to write to. */
const obey = (logger: Logger): boolean => {
  const signals = sys.takeSignals();
  if (signals.includes(SIGCHLD)) reap(logger);
  if (signals.includes(SIGTERM)) terminate(logger);
  if (signals.includes(SIGALRM)) {
    logger.settings.voice.info('sigalarm received.');
    for (const dir of logger.dirs) rotateNow(dir);
  }
  return !signals.includes(SIGHUP) || reopen(logger);
};

// ---- the loop -----------------------------------------------------------------------------------------------

/** Brings what was read further; true: all of it is written. */
const write = (logger: Logger): boolean => {
  for (let piece = logger.pieces[0]; piece !== undefined; piece = logger.pieces[0]) {
    let done = logger.stream === null || drain(logger.stream);
    for (const dir of logger.dirs) done = take(dir, piece) && done;
    if (!done) return false;
    logger.pieces = logger.pieces.slice(1);
    begin(logger);
  }
  return true;
};

const rotateOld = (dir: LogDir, nowMs: number): void => {
  if (dir.oldMs === null || nowMs < dir.oldMs) return;
  const ageMs = dir.config.ageSec * 1000;
  // an empty file is left as it is, and looked at again where the next age would end
  if (dir.sizeBytes > 0) rotateNow(dir);
  dir.oldMs = nowMs + ageMs - ((nowMs - dir.oldMs) % ageMs);
};

const tend = (logger: Logger): void => {
  const nowMs = monotonicMs();
  for (const dir of logger.dirs) {
    if (dir.open === null) continue;
    rotateOld(dir, nowMs);
    if (dir.pauseMs !== null && nowMs >= dir.pauseMs) ready(dir);
    if (dir.works.queue.length > 0 && dir.works.pid === null && !logger.ended) processNext(dir);
  }
};

const deadlinesOf = (dir: LogDir, ended: boolean): readonly (number | null)[] => [
  dir.pauseMs,
  dir.sizeBytes > 0 ? dir.oldMs : null,
  dir.works.pid === null && !ended ? dir.works.retryMs : null,
];

const deadline = ({ dirs, giveUpMs, ended }: Logger, written: boolean): number | null => {
  let soonest: number | null = written ? null : giveUpMs;
  for (const dir of dirs) {
    if (dir.open === null) continue;
    for (const ms of deadlinesOf(dir, ended)) if (ms !== null && (soonest === null || ms < soonest)) soonest = ms;
  }
  return soonest;
};

/** Whether what could not be written is given up: 5 s after TERM, or at a second one. */
const givesUp = ({ giveUpMs, hurried }: Logger): boolean => hurried || (giveUpMs !== null && monotonicMs() >= giveUpMs);

const wait = (logger: Logger, written: boolean): void => {
  const { signals, stream } = logger;
  const watches: Watch[] = [{ fd: signals, events: POLLIN, ready: () => {} }];
  if (written && !logger.ended) watches.push({ fd: STDIN, events: POLLIN, ready: () => readInput(logger) });
  if (stream !== null && stream.rest !== '') watches.push({ fd: STDOUT, events: POLLOUT, ready: () => {} });
  waitOnce(watches, deadline(logger, written));
};

const unwritten = ({ dirs, pieces }: Logger): number => {
  let bytes = 0;
  for (const piece of pieces.slice(1)) bytes += piece.data.length;
  const present = pieces[0]?.data.length ?? 0;
  for (const dir of dirs) if (dir.open !== null) bytes += dir.rest.length + present - dir.taken;
  return bytes;
};

const close = (logger: Logger): Outcome => {
  const lost = logger.pieces.length === 0 ? 0 : unwritten(logger);
  for (const dir of logger.dirs) closeLogDir(dir);
  if (lost === 0) return 0;
  logger.settings.voice.fatal(`${lost} bytes could not be written`);
  return 111;
};

/** Whether everything there was to do has been done. */
const isOver = (logger: Logger, written: boolean): boolean => {
  if (!logger.ended) return false;
  if (!written) return givesUp(logger);
  return !logger.dirs.some(isBusy) || logger.hurried;
};

/** Logs until the end of input or TERM; the exit code. */
export const run = (logger: Logger): Outcome => {
  for (;;) {
    if (!obey(logger) || !hasOutlet(logger)) return 111;
    tend(logger);
    let written = write(logger);
    if (written && logger.ended) {
      finishLine(logger);
      for (const dir of logger.dirs) processNext(dir);
      written = write(logger);
    }
    if (isOver(logger, written)) return close(logger);
    wait(logger, written);
  }
};
