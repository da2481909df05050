// Supervising one service directory: carries out what the machine wants and tells the machine what happens.
//
// Promises: every event is answered before the next is taken; files are brought up to date after each; an effect that
// the kernel refuses is told and tried again, never waited for. Blocks only in one poll.
// Must not: decide. Read first: ../machine/types.ts. Read next: launch.ts, publish.ts, record.ts.
import { type Bytes, type Fd, refused } from '../host/calls.ts';
import { monotonicMs, wallClock } from '../host/clock.ts';
import {
  EINTR,
  POLLIN,
  SIGALRM,
  SIGCHLD,
  SIGHUP,
  SIGINT,
  SIGKILL,
  SIGPIPE,
  SIGQUIT,
  SIGTERM,
  SIGUSR1,
  SIGUSR2,
  WNOHANG,
} from '../host/linux.ts';
import { earliest, type Watch, waitOnce } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import { eventOf } from '../machine/letters.ts';
import { firstEvent, handlePair, nextDue, type Pair, type PairEffect, type Side } from '../machine/pair.ts';
import type { Effect, Event, Now, ScriptLetter } from '../machine/types.ts';
import { type Foreign, foreignDueMs, foreignEnded, foreignWatches, forgetForeign } from './foreign.ts';
import { hasFinish, hasScript, type Launch, type Place, startFinish, startRun, startScript } from './launch.ts';
import type { Voice } from './messages.ts';
import { endInput, type Pipe } from './pipe.ts';
import { publish } from './publish.ts';
import type { LiveSide } from './side.ts';

/** How long until files that could not be written are written again. */
const PUBLISH_RETRY_MS = 1000;
/** Commands taken from a fifo at a time, so that neither side starves the other. */
const COMMANDS_MAX = 64;
/** As many reads as a full fifo of 64 KiB takes. */
const ROUNDS_MAX = 1024;

/** Ending signals all mean the same to a supervisor: bring the service down, then go. */
export const ENDING: readonly number[] = [SIGTERM, SIGHUP, SIGINT, SIGQUIT];
/** Signals that must not end a supervisor, and tell it nothing. */
export const HARMLESS: readonly number[] = [SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2];

/** A pair as it lives in this process. */
export interface Live {
  readonly voice: Voice;
  readonly signals: Fd;
  readonly main: LiveSide;
  readonly log: LiveSide | null;
  pipe: Pipe | null;
  pair: Pair;
  /** The control script that runs, 0 for none. */
  script: number;
  /** When files are written again that could not be, monotonic; null: they are up to date. */
  publishMs: number | null;
}

const now = (): Now => ({ ms: monotonicMs(), wall: wallClock() });

// ---- effects ------------------------------------------------------------------------------------------------

const placeOf = (live: Live, side: LiveSide): Place => {
  const { pipe } = live;
  const isLog = side.side === 'log';
  const end = pipe === null ? null : isLog ? pipe.readEnd : pipe.writeEnd;
  return { dir: isLog ? 'log' : '', fds: end === null ? [] : [isLog ? 0 : 1, end], lock: side.lock };
};

/** Tells what went wrong with a start, in runit's words, and turns it into the machine's event. */
const answerTo = (live: Live, launch: Launch, name: Bytes): Event => {
  if (launch.kind === 'execFailed') live.voice.fatal(`unable to start ${name}`, launch.errno);
  if (launch.kind === 'forkRefused') live.voice.warn(`unable to fork for ${name}, trying again`, launch.errno);
  return launch;
};

const ask = (live: Live, side: LiveSide, letter: ScriptLetter, pid: number): Event | null => {
  if (!hasScript(letter)) return { kind: 'answered', veto: false };
  const launch = startScript(placeOf(live, side), letter, pid);
  if (launch.kind === 'started') {
    live.script = launch.pid;
    return null;
  }
  if (launch.kind === 'execFailed') live.voice.fatal(`unable to run control/${letter}`, launch.errno);
  else live.voice.warn(`unable to fork for control/${letter}`, launch.errno);
  return { kind: 'answered', veto: false };
};

/** Carries out one effect; returns the answer that is known at once. */
const perform = (live: Live, side: LiveSide, effect: Effect): Event | null => {
  switch (effect.kind) {
    case 'publish':
      live.publishMs = 0;
      return null;
    case 'ask':
      return ask(live, side, effect.letter, effect.pid);
    case 'endScript':
      if (live.script !== 0) sys.kill(live.script, SIGKILL);
      return null;
    case 'run':
      return answerTo(live, startRun(placeOf(live, side)), `${side.side === 'log' ? 'log/' : ''}./run`);
    case 'finish':
      if (!hasFinish()) return { kind: 'noFinish' };
      return answerTo(live, startFinish(placeOf(live, side), effect.code, effect.status), './finish');
    case 'send':
      sys.kill(effect.pid, effect.signal);
      return null;
  }
};

const performPair = (live: Live, effect: PairEffect): readonly [Side, Event] | null => {
  if (effect.kind === 'endInput') {
    if (live.pipe !== null) live.pipe = endInput(live.pipe);
    return null;
  }
  const side = effect.side === 'main' ? live.main : live.log;
  const answer = side === null ? null : perform(live, side, effect.effect);
  return answer === null ? null : [effect.side, answer];
};

// ---- files --------------------------------------------------------------------------------------------------

/** Brings the files up to date; what cannot be written is told once and tried again later. */
const publishAll = (live: Live): void => {
  if (live.publishMs === null) return;
  const firstTry = live.publishMs === 0;
  const mainTrouble = publish(live.main.board, live.pair.main);
  const logTrouble = live.log === null || live.pair.log === null ? null : publish(live.log.board, live.pair.log);
  const trouble = mainTrouble ?? logTrouble;
  live.publishMs = trouble === null ? null : monotonicMs() + PUBLISH_RETRY_MS;
  if (trouble !== null && firstTry) live.voice.warn(trouble.what, trouble.errno);
};

// ---- events -------------------------------------------------------------------------------------------------

/** Hands one event to the machine, and every answer that follows from it. */
const deliver = (live: Live, side: Side, event: Event): void => {
  const queue: (readonly [Side, Event])[] = [[side, event]];
  let at = now();
  // by index: the queue grows while it is worked on
  for (let first = 0; first < queue.length; first++) {
    const [to, next] = queue[first] as readonly [Side, Event];
    // a start takes its time; everything else happens at one moment
    if (next.kind === 'started') at = now();
    const outcome = handlePair(live.pair, to, next, at);
    live.pair = outcome.pair;
    for (const effect of outcome.effects) {
      const answer = performPair(live, effect);
      if (answer !== null) queue.push(answer);
    }
  }
  publishAll(live);
};

/** Takes what one read gives; false: there was nothing. */
const takeCommands = (live: Live, side: LiveSide): boolean => {
  const letters = sys.read(side.fifos.control, COMMANDS_MAX);
  if (refused(letters) || letters === '') return false;
  for (const letter of letters) {
    const event = eventOf(letter);
    if (event !== null) deliver(live, side.side, event);
  }
  return true;
};

/** What was sent before a signal shall not come after it, and revoke it. */
const takeEarlierCommands = (live: Live): void => {
  for (let round = 0; round < ROUNDS_MAX && takeCommands(live, live.main); round++);
};

const childEnded = (live: Live, pid: number, wait: number): void => {
  const signal = wait & 0x7f;
  const code = signal === 0 ? (wait >> 8) & 0xff : -1;
  if (pid === live.script) {
    live.script = 0;
    // a script that a signal ended has not objected
    deliver(live, 'main', { kind: 'answered', veto: code === 0 });
  } else if (pid === live.pair.main.pid) deliver(live, 'main', { kind: 'ended', code, status: wait & 0xff });
  else if (pid === live.pair.log?.pid) deliver(live, 'log', { kind: 'ended', code, status: wait & 0xff });
};

const reap = (live: Live): void => {
  for (;;) {
    const child = sys.waitpid(-1, WNOHANG);
    if (refused(child)) {
      if (child === -EINTR) continue;
      return;
    }
    if (child[0] === 0) return;
    childEnded(live, child[0], child[1]);
  }
};

const takeSignals = (live: Live): void => {
  for (const signal of sys.takeSignals()) {
    if (signal === SIGCHLD) reap(live);
    else if (ENDING.includes(signal)) {
      takeEarlierCommands(live);
      deliver(live, 'main', { kind: 'exit' });
    }
  }
};

/** An adopted process ended: it was not our child, so how it ended is not known. */
const adoptedEnded = (live: Live, side: LiveSide): void => {
  if (side.adopted !== null) forgetForeign(side.adopted);
  side.adopted = null;
  deliver(live, side.side, { kind: 'ended', code: -1, status: 0 });
};

const sidesOf = (live: Live): readonly LiveSide[] => (live.log === null ? [live.main] : [live.main, live.log]);

const adoptedOf = (live: Live): readonly Foreign[] =>
  sidesOf(live).flatMap(({ adopted }) => (adopted === null ? [] : [adopted]));

const deadlineOf = (live: Live, adopted: readonly Foreign[]): number | null =>
  earliest([nextDue(live.pair), live.publishMs, foreignDueMs(adopted)]);

/** Those of whose end nothing tells. */
const lookForEnds = (live: Live): void => {
  for (const side of sidesOf(live)) if (side.adopted !== null && foreignEnded(side.adopted)) adoptedEnded(live, side);
};

const duesOver = (live: Live): void => {
  const deadlineMs = earliest([nextDue(live.pair), live.publishMs]);
  if (deadlineMs === null) return;
  const ms = monotonicMs();
  if (deadlineMs > ms) return;
  const { main, log } = live.pair;
  if (log !== null && log.dueMs !== null && log.dueMs <= ms) deliver(live, 'log', { kind: 'due' });
  if (main.dueMs !== null && main.dueMs <= ms) deliver(live, 'main', { kind: 'due' });
  if (live.publishMs !== null && live.publishMs <= ms) publishAll(live);
};

// ---- the loop -----------------------------------------------------------------------------------------------

const sideWatches = (live: Live, side: LiveSide | null): readonly Watch[] => {
  if (side === null) return [];
  const control: Watch = { fd: side.fifos.control, events: POLLIN, ready: () => void takeCommands(live, side) };
  if (side.adopted === null) return [control];
  return [control, ...foreignWatches(side.adopted, () => adoptedEnded(live, side))];
};

const watchesOf = (live: Live): readonly Watch[] => [
  { fd: live.signals, events: POLLIN, ready: () => takeSignals(live) },
  ...sideWatches(live, live.main),
  ...sideWatches(live, live.log),
];

/** Starts what is wanted up and supervises until nothing is left to. */
export const supervise = (live: Live): void => {
  if (live.pair.log?.state === 'down') deliver(live, 'log', firstEvent(live.pair.log));
  if (live.pair.main.state === 'down') deliver(live, 'main', firstEvent(live.pair.main));
  let watches = watchesOf(live);
  let adopted = adoptedOf(live);
  while (!live.pair.over) {
    if (!waitOnce(watches, deadlineOf(live, adopted))) takeSignals(live);
    duesOver(live);
    if (adopted.length === 0) continue;
    lookForEnds(live);
    adopted = adoptedOf(live);
    watches = watchesOf(live);
  }
};

/** Writes the files of both sides for the first time. */
export const publishFirst = (live: Live): void => {
  live.publishMs = 0;
  publishAll(live);
};
