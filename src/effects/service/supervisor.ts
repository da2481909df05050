// Supervising one service directory: tells the machine what happens, and has done what it wants.
//
// Promises: every event is answered before the next is taken; files are brought up to date after each; an effect that
// the kernel refuses is told and tried again, never waited for. Blocks only in one poll.
// Must not: decide. Read first: ../../machine/service/model.ts. Read next: perform.ts, spawn.ts, status-files.ts, child-record.ts.
import { decodeWait } from '../../abi/wait-status.ts';
import { refused } from '../../host/calls.ts';
import { monotonicMs, wallClock } from '../../host/clock.ts';
import { EINTR } from '../../abi/errno.ts';
import { POLLIN, WNOHANG } from '../../abi/flags.ts';
import { SIGCHLD } from '../../abi/signals.ts';
import { earliest, type Watch, waitOnce } from '../../host/loop.ts';
import { sys } from '../../host/sys.ts';
import { eventOf } from '../../machine/service/letters.ts';
import { firstEvent, handleDue, nextDue } from '../../machine/service/pair.ts';
import type { Now } from '../../machine/service/model.ts';
import { on, performPair } from './perform.ts';
import { type Held, hasEndedUntold, heldDueMs, heldWatches, letGo } from '../process/held.ts';
import { forgetHolder, type Happening, lookAgain } from './log-service.ts';
import { ENDING, type Live, publishAll } from './pair.ts';
import { removeSpares } from './status-files.ts';
import type { LiveSide } from './side.ts';

/** Commands taken from a fifo at a time, so that neither side starves the other. */
const COMMANDS_MAX = 64;
/** As many reads as a full fifo of 64 KiB takes. */
const ROUNDS_MAX = 1024;

const now = (): Now => ({ ms: monotonicMs(), wall: wallClock() });

// ---- events -------------------------------------------------------------------------------------------------

/** Hands to the machine what happens at one moment, and every answer that follows from it. */
const deliverAt = (live: Live, moment: Now, happenings: readonly Happening[]): void => {
  const queue = [...happenings];
  let at = moment;
  // by index: the queue grows while it is worked on
  for (let first = 0; first < queue.length; first++) {
    const { pair, effects } = (queue[first] as Happening)(live, at);
    live.pair = pair;
    for (const effect of effects) queue.push(...performPair(live, effect));
    // a start takes its time; everything else happens at one moment
    if (live.hasStarted) at = now();
    live.hasStarted = false;
  }
  publishAll(live);
};

const deliver = (live: Live, ...happenings: readonly Happening[]): void => deliverAt(live, now(), happenings);

/** Takes what one read gives; false: there was nothing. */
const takeCommands = (live: Live, side: LiveSide): boolean => {
  // one that was closed since the poll
  if (side !== live.main && side !== live.log) return false;
  const letters = sys.read(side.control, COMMANDS_MAX);
  if (refused(letters) || letters === '') return false;
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
  const { code } = decodeWait(wait);
  if (pid === live.script) {
    live.script = 0;
    // a script that a signal ended has not objected
    deliver(live, on('main', { kind: 'answered', veto: code === 0 }));
  } else if (pid === live.pair.main.pid) deliver(live, on('main', { kind: 'ended', code, status: wait & 0xff }));
  else if (pid === live.pair.log?.pid) deliver(live, on('log', { kind: 'ended', code, status: wait & 0xff }));
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
      deliver(live, on('main', { kind: 'exit' }));
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

const adoptedOf = (live: Live): readonly Held[] =>
  sidesOf(live).flatMap(({ adopted }) => (adopted === null ? [] : [adopted]));

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

const sideWatches = (live: Live, side: LiveSide | null): readonly Watch[] => {
  if (side === null) return [];
  const control: Watch = { fd: side.control, events: POLLIN, ready: () => void takeCommands(live, side) };
  if (side.adopted === null) return [control];
  return [control, ...heldWatches(side.adopted, () => adoptedEnded(live, side))];
};

const holderWatch = (live: Live): readonly Watch[] => {
  const { holder } = live.awaited;
  return holder === null ? [] : [{ fd: holder, events: POLLIN, ready: () => holderEnded(live) }];
};

const watchesOf = (live: Live): readonly Watch[] => [
  { fd: live.signals, events: POLLIN, ready: () => takeSignals(live) },
  ...sideWatches(live, live.main),
  ...sideWatches(live, live.log),
  ...holderWatch(live),
];

/** Starts what is wanted up and supervises until nothing is left to. */
export const supervise = (live: Live): void => {
  if (live.pair.log?.state === 'down') deliver(live, on('log', firstEvent(live.pair.log)));
  if (live.pair.main.state === 'down') deliver(live, on('main', firstEvent(live.pair.main)));
  let watches = watchesOf(live);
  let adopted = adoptedOf(live);
  while (!live.pair.over) {
    if (!waitOnce(watches, earliest([wakeMs(live), heldDueMs(adopted)]))) takeSignals(live);
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
