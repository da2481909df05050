// Supervising one service directory: tells the machine what happens, and has done what it wants.
//
// Promises: every event is answered before the next is taken; files are brought up to date after each, or soon after the
// one that ends all; an effect that the kernel refuses is told and tried again, never waited for. Blocks only in one poll.
// Must not: decide. Read first: ../machine/types.ts. Read next: acts.ts, launch.ts, publish.ts, record.ts.
import { refused } from '../host/calls.ts';
import { monotonicMs, wallClock } from '../host/clock.ts';
import { EINTR, POLLIN, SIGCHLD, WNOHANG } from '../host/linux.ts';
import { earliest, type Watch, waitOnce } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import { eventOf } from '../machine/letters.ts';
import { firstEvent, handleDue, nextDue, type PairEffect, withControl } from '../machine/pair.ts';
import type { Now } from '../machine/types.ts';
import { on, performPair } from './acts.ts';
import { type Held, hasEndedUntold, heldDueMs, heldWatches, letGo } from './held.ts';
import { mayHaveScripts } from './launch.ts';
import { forgetHolder, type Happening, lookAgain } from './log-side.ts';
import { ENDING, type Live, publishAll, publishSoon } from './pair-live.ts';
import { removeSpares } from './publish.ts';
import type { LiveSide } from './side.ts';

/** Commands taken from a fifo at a time, so that neither side starves the other. */
const COMMANDS_MAX = 64;
/** As many reads as a full fifo of 64 KiB takes. */
const ROUNDS_MAX = 1024;

const now = (): Now => ({ ms: monotonicMs(), wall: wallClock() });

// ---- events -------------------------------------------------------------------------------------------------

/** Hands to the machine what happens at one moment, and every answer that follows from it, which `queue` takes. */
const handleAt = (live: Live, moment: Now, queue: Happening[]): void => {
  let at = moment;
  // by index: the queue grows while it is worked on
  for (let first = 0; first < queue.length; first++) {
    const { pair, effects } = (queue[first] as Happening)(live, at);
    live.pair = pair;
    for (let next = 0; next < effects.length; next++) {
      const more = performPair(live, effects[next] as PairEffect);
      for (let each = 0; each < more.length; each++) queue[queue.length] = more[each] as Happening;
    }
    // a start takes its time; everything else happens at one moment
    if (live.hasStarted) at = now();
    live.hasStarted = false;
  }
};

const deliverAt = (live: Live, moment: Now, queue: Happening[]): void => {
  handleAt(live, moment, queue);
  publishAll(live);
};

const deliver = (live: Live, ...happenings: Happening[]): void => deliverAt(live, now(), happenings);

/** One look for what a command would look for in vain several times. */
const lookForScripts = (live: Live): void => {
  live.pair = withControl(live.pair, mayHaveScripts());
};

/** Takes what one read gives; false: there was nothing. */
const takeCommands = (live: Live, side: LiveSide): boolean => {
  // one that was closed since the poll
  if (side !== live.main && side !== live.log) return false;
  const letters = sys.read(side.control, COMMANDS_MAX);
  if (refused(letters) || letters === '') return false;
  if (side === live.main) lookForScripts(live);
  for (const letter of letters) {
    const event = eventOf(letter);
    if (event !== null) deliver(live, on(side.side, event));
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
    deliver(live, on('main', { kind: 'answered', veto: code === 0 }));
  } else if (pid === live.pair.main.pid) deliver(live, on('main', { kind: 'ended', code, status: wait & 0xff }));
  else if (pid === live.pair.log?.pid) deliver(live, on('log', { kind: 'ended', code, status: wait & 0xff }));
};

const reap = (live: Live): void => {
  while (!live.pair.over) {
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
  const signals = sys.takeSignals();
  for (let at = 0; at < signals.length; at++) {
    const signal = signals[at] as number;
    if (signal === SIGCHLD) reap(live);
    else if (ENDING.includes(signal)) {
      takeEarlierCommands(live);
      lookForScripts(live);
      handleAt(live, now(), [on('main', { kind: 'exit' })]);
      publishSoon(live);
    }
  }
};

/** An adopted process ended: it was not our child, so how it ended is not known. */
const adoptedEnded = (live: Live, side: LiveSide): void => {
  if (side.adopted !== null) letGo(side.adopted);
  side.adopted = null;
  live.watchesChanged = true;
  deliver(live, on(side.side, { kind: 'ended', code: -1, status: 0 }));
};

const sidesOf = (live: Live): readonly LiveSide[] => (live.log === null ? [live.main] : [live.main, live.log]);

const adoptedOf = (live: Live): readonly Held[] => {
  const all: Held[] = [];
  if (live.main.adopted !== null) all.push(live.main.adopted);
  if (live.log !== null && live.log.adopted !== null) all.push(live.log.adopted);
  return all;
};

/** Those of whose end nothing tells. */
const lookForEnds = (live: Live): void => {
  for (const side of sidesOf(live)) {
    if (side.adopted !== null && hasEndedUntold(side.adopted)) adoptedEnded(live, side);
  }
};

const wakeMs = ({ pair, publishMs, awaited }: Live): number | null =>
  earliest([nextDue(pair), publishMs, awaited.dueMs]);

const duesOver = (live: Live): void => {
  const deadlineMs = wakeMs(live);
  if (deadlineMs === null) return;
  const ms = monotonicMs();
  if (deadlineMs > ms) return;
  const at: Now = { ms, wall: wallClock() };
  if (live.awaited.dueMs !== null && live.awaited.dueMs <= ms) deliver(live, ...lookAgain(live));
  for (let due = handleDue(live.pair, at); due !== null; due = handleDue(live.pair, at)) {
    const outcome = due;
    deliverAt(live, at, [() => outcome]);
  }
  if (live.publishMs !== null && live.publishMs <= ms) publishAll(live);
};

/** Whoever seems to have held the lock of the log has ended. */
const holderEnded = (live: Live): void => {
  if (live.awaited.holder === null) return;
  forgetHolder(live);
  deliver(live, ...lookAgain(live));
};

// ---- the loop -----------------------------------------------------------------------------------------------

const addSide = (watches: Watch[], live: Live, side: LiveSide): void => {
  watches.push({ fd: side.control, events: POLLIN, ready: () => void takeCommands(live, side) });
  if (side.adopted !== null) watches.push(...heldWatches(side.adopted, () => adoptedEnded(live, side)));
};

const watchesOf = (live: Live): readonly Watch[] => {
  const watches: Watch[] = [{ fd: live.signals, events: POLLIN, ready: () => takeSignals(live) }];
  addSide(watches, live, live.main);
  if (live.log !== null) addSide(watches, live, live.log);
  const { holder } = live.awaited;
  if (holder !== null) watches.push({ fd: holder, events: POLLIN, ready: () => holderEnded(live) });
  return watches;
};

/** Starts what is wanted up and supervises until nothing is left to. */
export const supervise = (live: Live): void => {
  if (live.pair.log?.state === 'down') deliver(live, on('log', firstEvent(live.pair.log)));
  if (live.pair.main.state === 'down') deliver(live, on('main', firstEvent(live.pair.main)));
  let watches = watchesOf(live);
  let adopted = adoptedOf(live);
  while (!live.pair.over) {
    const dueMs = adopted.length === 0 ? wakeMs(live) : earliest([wakeMs(live), heldDueMs(adopted)]);
    if (!waitOnce(watches, dueMs)) takeSignals(live);
    duesOver(live);
    if (adopted.length > 0) lookForEnds(live);
    if (!live.watchesChanged) continue;
    live.watchesChanged = false;
    adopted = adoptedOf(live);
    watches = watchesOf(live);
  }
};
/** What only a living supervisor needs is gone when it has ended. */
export const tidy = (live: Live): void => {
  removeSpares(live.main.board);
  if (live.log !== null) removeSpares(live.log.board);
};
