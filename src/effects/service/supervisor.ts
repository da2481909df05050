// Supervising one service: the handlers that the loop calls when something happens to it. They pass events to the machine
// and carry out its effects.
//
// Promises: every event is answered before the next one is taken; files are updated after each; an effect that
// the kernel refuses is reported and retried, never waited for. Only the loop waits.
// Must not: decide. Read first: ../../machine/service/model.ts. Read next: perform.ts, spawn.ts, status-files.ts, child-record.ts.
import { SIGKILL } from '../../abi/signals.ts';
import { decodeWait } from '../../abi/wait-status.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { monotonicMs, wallClock } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import { eventOf } from '../../machine/service/letters.ts';
import {
  FIRST_EVENT,
  handleDue,
  type Pair,
  type PairEffect,
  type Side,
  withControl,
  withStop,
} from '../../machine/service/pair.ts';
import { type Event, type ExitStatus, type Now, pidOf, type Service } from '../../machine/service/model.ts';
import { on, performPairEffect } from './perform.ts';
import { type Loop, newTimer, setTimer } from '../loop.ts';
import type { Diagnostics } from '../diagnostics.ts';
import { forget } from '../process/held.ts';
import { openService, type Surroundings } from './acquire.ts';
import { forgetHolder, findLogAgain } from './log-service.ts';
import { BUSY_PAUSE_MS, BUSY_TRIES, stillBusy } from './lock.ts';
import { type Happening, type PairHandlers, type LivePair, publishAll, publishTold, schedule } from './pair.ts';
import { resumeTelling } from './telling.ts';
import { mayBeOutOfMemory } from './out-of-memory.ts';
import { followOrder, noteAsked, resumeOrder } from './order.ts';
import { readStop } from './policy.ts';
import { lacksRun, mayHaveScripts } from './spawn.ts';
import { hasRecords, isRecorded, recordStep, removeRecords } from './recording.ts';
import { removeStandbyFiles } from './status-files.ts';
import type { LiveSide } from './side.ts';

/** Commands read from a fifo at a time, so that neither side starves the other. */
const COMMANDS_MAX = 64;
/** As many reads as empty a full fifo of 64 KiB. */
const ROUNDS_MAX = 1024;

/** Of a process that was not our child. */
const UNKNOWN_EXIT: ExitStatus = { code: -1, status: 0 };

const now = (): Now => ({ ms: monotonicMs(), wall: wallClock() });

// ---- events -------------------------------------------------------------------------------------------------

const sentTo = (side: Side, effects: readonly PairEffect[]): readonly number[] => {
  const signals: number[] = [];
  for (let at = 0; at < effects.length; at++) {
    const each = effects[at] as PairEffect;
    if (each.kind === 'on' && each.side === side && each.effect.kind === 'send') signals.push(each.effect.signal);
  }
  return signals;
};

const observeSide = (
  live: LivePair,
  side: LiveSide,
  before: Service | null,
  effects: readonly PairEffect[],
  at: Now,
): void => {
  const after = live.pair[side.side];
  if (before === null || after === null || !isRecorded(side.recorder, before, after)) return;
  const step = { before, after, sent: sentTo(side.side, effects), exit: live.exit, oom: live.oom, now: at };
  side.recorder = recordStep(side.recorder, side.statusFiles.folder, step);
  if (hasRecords(side.recorder)) live.publishMs = 0;
};

/** Records what a step has changed, if anything of its side is recorded. */
const observe = (live: LivePair, before: Pair, effects: readonly PairEffect[], at: Now): void => {
  if (before.main !== live.pair.main) observeSide(live, live.main, before.main, effects, at);
  if (live.log !== null && before.log !== live.pair.log) observeSide(live, live.log, before.log, effects, at);
};

/** Passes to the machine what happens at one moment, and every reply that follows from it, which is added to `queue`. */
const deliverToPairAt = (live: LivePair, moment: Now, queue: Happening[]): void => {
  let at = moment;
  // by index: the queue grows meanwhile
  for (let first = 0; first < queue.length; first++) {
    const { pair, effects } = (queue[first] as Happening)(live, at);
    const before = live.pair;
    live.pair = pair;
    if (before !== pair) observe(live, before, effects, at);
    for (let next = 0; next < effects.length; next++) {
      const replies = performPairEffect(live, effects[next] as PairEffect);
      for (let each = 0; each < replies.length; each++) queue.push(replies[each] as Happening);
    }
    // a start takes some time; everything else happens at one moment
    if (live.hasStarted) at = now();
    live.hasStarted = false;
  }
  publishAll(live);
  schedule(live);
  if (live.order !== null) followOrder(live);
};

const deliverToPair = (live: LivePair, ...happenings: Happening[]): void => deliverToPairAt(live, now(), happenings);

/** Checks once for control scripts, instead of once for each step of a command. */
const checkForScripts = (live: LivePair): void => {
  live.pair = withControl(live.pair, mayHaveScripts(live.main.folder));
};

/** The letters that stop ./run. */
const STOPPING = /[dxt]/;

/** Looks how ./run is stopped, before it is. */
const checkHowToStop = (live: LivePair): void => {
  if (live.pair.main.state === 'up') live.pair = withStop(live.pair, readStop(live.values));
};

/** Whether the supervisor is about to stop ./run because of a deadline. */
const stopsByItself = ({ pair, telling }: LivePair, ms: number): boolean => {
  const { up = Infinity, watchdog = Infinity } = pair.main.timers;
  return telling !== null && Math.min(up, watchdog) <= ms;
};

/** Takes the commands of one read; false: there were none. */
const takeCommands = (live: LivePair, side: LiveSide): boolean => {
  // it may have been closed since the poll
  if (side !== live.main && side !== live.log) return false;
  const letters = sys.read(side.control, COMMANDS_MAX);
  if (isErrno(letters) || letters === '') return false;
  if (side === live.main) {
    checkForScripts(live);
    if (STOPPING.test(letters)) checkHowToStop(live);
  }
  for (const letter of letters) {
    const event = eventOf(letter);
    if (side === live.main && (letter === 'u' || letter === 'o')) noteAsked(live);
    if (event !== null) deliverToPair(live, on(side.side, event));
  }
  return true;
};

/** Commands sent before a signal must not take effect after it, and revoke it. */
const takeEarlierCommands = (live: LivePair): void => {
  for (let round = 0; round < ROUNDS_MAX && takeCommands(live, live.main); round++);
};

const processEnded = (live: LivePair, side: Side, exit: ExitStatus): void => {
  // only ./run tells; what it told last was before its end
  if (side === 'main') live.telling?.end();
  live.exit = exit;
  if (side === 'main') live.values.reported = null;
  const isKilled = exit.code < 0 && decodeWait(exit.status).signal === SIGKILL;
  live.oom = isKilled && live.pair[side]?.stopRequested === false ? mayBeOutOfMemory() : null;
  deliverToPair(live, on(side, { kind: 'ended', ...exit }));
};

const childEnded = (live: LivePair, pid: number, wait: number): void => {
  const { code } = decodeWait(wait);
  if (pid === live.script) {
    live.script = 0;
    // a script that a signal ended has no veto
    deliverToPair(live, on('main', { kind: 'scriptDone', veto: code === 0 }));
  } else if (pid === pidOf(live.pair.main)) processEnded(live, 'main', { code, status: wait & 0xff });
  else if (pid === live.pair.log?.process?.pid) processEnded(live, 'log', { code, status: wait & 0xff });
};

/** An adopted process ended: it was not our child, so its exit status is unknown. */
const adoptedEnded = (live: LivePair, side: LiveSide): void => {
  if (side.adopted !== null) forget(live.loop, side.adopted);
  side.adopted = null;
  processEnded(live, side.side, UNKNOWN_EXIT);
};

const due = (live: LivePair, ms: number): void => {
  const at: Now = { ms, wall: wallClock() };
  if (live.awaited.dueMs !== null && live.awaited.dueMs <= ms) deliverToPair(live, ...findLogAgain(live));
  if (stopsByItself(live, ms)) {
    checkForScripts(live);
    checkHowToStop(live);
  }
  for (let outcome = handleDue(live.pair, at); outcome !== null; outcome = handleDue(live.pair, at)) {
    const next = outcome;
    deliverToPairAt(live, at, [() => next]);
  }
  if (live.publishMs !== null && live.publishMs <= ms) publishAll(live);
  schedule(live);
};

/** The process that seemed to hold the lock of the log has ended. */
const holderEnded = (live: LivePair): void => {
  if (live.awaited.holder === null) return;
  forgetHolder(live);
  deliverToPair(live, ...findLogAgain(live));
};

const dependencies = (live: LivePair, event: Event): void => {
  if (event.kind === 'stopFor') {
    checkForScripts(live);
    checkHowToStop(live);
  }
  deliverToPair(live, on('main', event));
};

const HANDLERS: PairHandlers = {
  commands: (live, side) => void takeCommands(live, side),
  adoptedEnded,
  holderEnded,
  childEnded,
  happen: (live, happenings) => deliverToPair(live, ...happenings),
  publishTold,
  due,
  dependencies,
};

// ---- start and end ------------------------------------------------------------------------------------------

const startWanted = (live: LivePair): void => {
  if (live.pair.log?.state === 'down') deliverToPair(live, on('log', FIRST_EVENT));
  if (live.pair.main.state !== 'down') resumeOrder(live);
  else {
    live.asked = true;
    deliverToPair(live, on('main', FIRST_EVENT));
  }
};

/** Opens it now; where another process is just locking it, again from the loop. */
const open = (around: Surroundings, opened: (live: LivePair) => void, tries: number): void => {
  const live = openService(around);
  if (!('busy' in live)) {
    opened(live);
    resumeTelling(live);
    startWanted(live);
    return;
  }
  if (tries === BUSY_TRIES) throw stillBusy(live.busy);
  setTimer(
    around.loop,
    newTimer(() => open(around, opened, tries + 1)),
    monotonicMs() + BUSY_PAUSE_MS,
  );
};

/**
 * Opens the service in `folder`, '' for the current directory or a path that ends in a slash, and starts what is wanted up: at
 * once, or from the loop if another process is just locking it. `path`: what that directory was named, absolute, '' for unknown.
 * Throws Fatal, also from the loop.
 */
export const superviseService = (
  loop: Loop,
  diagnostics: Diagnostics,
  folder: Bytes,
  path: Bytes,
  opened: (live: LivePair) => void,
): void => open({ loop, diagnostics, folder, path, handlers: HANDLERS }, opened, 1);

/** Stops the service for good, after the commands that were sent before. */
export const exitService = (live: LivePair): void => {
  takeEarlierCommands(live);
  checkForScripts(live);
  checkHowToStop(live);
  deliverToPair(live, on('main', { kind: 'exit' }));
};

const tidySide = ({ folder, statusFiles, recorder }: LiveSide): void => {
  removeStandbyFiles(statusFiles);
  // a package that is purged removes what it knows, and the directory only if nothing is left in it
  if (recorder !== null && lacksRun(folder)) removeRecords(recorder);
};

/** Removes what only a living supervisor needs, and the records of a service that was removed. */
export const tidy = (live: LivePair): void => {
  tidySide(live.main);
  if (live.log !== null) tidySide(live.log);
};
