// svlogd's loop: input, signals and deadlines on one side, log directories and standard output on the other.
//
// Promises: nothing is read while what was read before is not written everywhere; blocks only in one poll, and makes no
// wake-up without news; at the end of input and on TERM every line that was read is written before it returns.
// Read next: piece.ts (framing), writing.ts (taking), directory.ts, processor.ts, stream.ts.
import type { Moment } from '../formats/tai64.ts';
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
  /** Signals wait to be obeyed. */
  signalled: boolean;
  /** When something is due, monotonic; null: nothing is. */
  dueMs: number | null;
}

interface Watches {
  readonly signals: Watch;
  readonly input: Watch;
  readonly output: Watch;
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
    signalled: false,
    dueMs: null,
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

const NO_PIECES: readonly Piece[] = [];

// ---- input --------------------------------------------------------------------------------------------------

const begin = (logger: Logger): void => {
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

/** Whether anybody is told when a line came. */
const isTimed = ({ stampStyle, stream }: Settings): boolean => stampStyle > 0 || stream?.form === 'json';

const NEVER_MIND: Moment = { sec: 0, nsec: 0 };

const takeIn = (logger: Logger, data: Bytes, sameBreath: boolean): void => {
  const { framing, settings } = logger;
  const clean = settings.table === '' ? data : translated(logger, data);
  const moment = isTimed(settings) ? wallClock() : NEVER_MIND;
  const framed = frame(framing, clean, moment, sameBreath, settings.lineBytes);
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
    for (const dir of logger.dirs) {
      if (dir.works.pid !== ended[0]) continue;
      processorEnded(dir, ended[1]);
      processNext(dir);
    }
  }
};

/** False: HUP left nothing to write to. */
const obey = (logger: Logger): boolean => {
  if (!logger.signalled) return true;
  logger.signalled = false;
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
  // indexed: this runs for every read, and an iterator costs as much as the rest of it
  const { dirs } = logger;
  for (let piece = logger.pieces[0]; piece !== undefined; piece = logger.pieces[0]) {
    let done = logger.stream === null || drain(logger.stream);
    for (let n = 0; n < dirs.length; n++) done = take(dirs[n] as LogDir, piece) && done;
    if (!done) return false;
    logger.pieces = logger.pieces.length === 1 ? NO_PIECES : logger.pieces.slice(1);
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
  const nowMs = logger.dueMs === null ? 0 : monotonicMs();
  if (logger.dueMs === null || nowMs < logger.dueMs) return;
  for (const dir of logger.dirs) {
    if (dir.open === null) continue;
    rotateOld(dir, nowMs);
    if (dir.pauseMs !== null && nowMs >= dir.pauseMs) ready(dir);
    if (dir.works.queue.length > 0 && dir.works.pid === null && !logger.ended) processNext(dir);
  }
};

const sooner = (one: number | null, other: number | null): number | null =>
  one === null || (other !== null && other < one) ? other : one;

const deadline = ({ dirs, giveUpMs, ended }: Logger, written: boolean): number | null => {
  let soonest: number | null = written ? null : giveUpMs;
  for (let n = 0; n < dirs.length; n++) {
    const { open, pauseMs, oldMs, sizeBytes, works } = dirs[n] as LogDir;
    if (open === null) continue;
    soonest = sooner(soonest, pauseMs);
    if (sizeBytes > 0) soonest = sooner(soonest, oldMs);
    if (works.pid === null && !ended) soonest = sooner(soonest, works.retryMs);
  }
  return soonest;
};

/** Whether what could not be written is given up: 5 s after TERM, or at a second one. */
const givesUp = ({ giveUpMs, hurried }: Logger): boolean => hurried || (giveUpMs !== null && monotonicMs() >= giveUpMs);

/** What is waited for: always signals; input while everything is written; standard output while it is slow. */
const watchesOf = (logger: Logger): Watches => ({
  signals: {
    fd: logger.signals,
    events: POLLIN,
    ready: () => {
      logger.signalled = true;
    },
  },
  input: { fd: STDIN, events: POLLIN, ready: () => readInput(logger) },
  output: { fd: STDOUT, events: POLLOUT, ready: () => {} },
});

const wait = (logger: Logger, watches: Watches, written: boolean): void => {
  const { stream, ended } = logger;
  const awaited: Watch[] = [];
  if (written && !ended) awaited.push(watches.input);
  awaited.push(watches.signals);
  if (stream !== null && stream.rest !== '') awaited.push(watches.output);
  logger.dueMs = deadline(logger, written);
  waitOnce(awaited, logger.dueMs);
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

/** Once more before lines are given up, whatever pause is on; true: everything is written after all. */
const lastTry = (logger: Logger): boolean => {
  for (const dir of logger.dirs) dir.pauseMs = null;
  return write(logger);
};

/** Logs until the end of input or TERM; the exit code. */
export const run = (logger: Logger): Outcome => {
  const watches = watchesOf(logger);
  for (;;) {
    if (!obey(logger) || (logger.stream?.gone === true && !hasOutlet(logger))) return 111;
    tend(logger);
    let written = write(logger);
    if (written && logger.ended) {
      finishLine(logger);
      for (const dir of logger.dirs) processNext(dir);
      written = write(logger);
    }
    if (isOver(logger, written) && (written || !lastTry(logger))) return close(logger);
    wait(logger, watches, written);
  }
};
