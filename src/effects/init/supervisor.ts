// Being process 1: runs the stages, takes requests, reaps every orphan, switches the machine off.
//
// Promises: waits in the loop only, for signals and the next deadline; returns only if it is
// not permitted to switch anything off; continues where it was if the engine fails (checkpoint.ts).
// Must not: decide; that is ../../machine/init/table.ts, which read first. Read next: perform.ts.
import { decodeWait } from '../../abi/wait-status.ts';
import { errorText } from '../../cli/errno.ts';
import { ID_LINE } from '../../cli/version.ts';
import type { Checkpoint, UnfinishedStages } from '../../machine/checkpoint.ts';
import type { Fd } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { REBOOT_CTRL_ALT_DEL_OFF } from '../../abi/flags.ts';
import { SIGCHLD, SIGCONT, SIGINT, SIGPWR } from '../../abi/signals.ts';
import { sys } from '../../host/sys.ts';
import { handleStages, newStages } from '../../machine/init/table.ts';
import type { Script, StagesEffect, StagesEvent } from '../../machine/init/model.ts';
import { newLoop, reap, turn } from '../loop.ts';
import { takeConsole } from './console.ts';
import { type LiveStages, lookForStop, performStagesEffect, tell } from './perform.ts';
import { ownStart } from '../process/proc.ts';
import { saveStages, lostEnds, openRoot } from './checkpoint.ts';
import { holdStandard } from '../process/std-fds.ts';
import { ownerMayExecute } from './stop-files.ts';

const accept = (live: LiveStages, event: StagesEvent): void => {
  const { stages, effects } = handleStages(live.stages, event, monotonicMs());
  live.stages = stages;
  live.todo = [...live.todo, ...effects];
};

/** Saves before each effect: a successor repeats the one at which the engine failed, and those after it. */
const carryOut = (live: LiveStages): void => {
  for (let [effect] = live.todo; effect !== undefined && effect.kind !== 'exit'; [effect] = live.todo) {
    saveStages(live);
    const answer = performStagesEffect(live, effect);
    live.todo = live.todo.slice(1);
    if (answer !== null) accept(live, answer);
  }
  saveStages(live);
};

/** Passes one event to the machine, and every reply. */
const deliverToStages = (live: LiveStages, event: StagesEvent): void => {
  const before = live.stages;
  accept(live, event);
  if (live.stages !== before || live.todo.length > 0) carryOut(live);
};

// ---- events -------------------------------------------------------------------------------------------------

const ended = (pid: number, wait: number): StagesEvent => {
  const { code, signal } = decodeWait(wait);
  return { kind: 'ended', pid, code: signal === 0 ? code : null };
};

/** Process 1 reaps everybody; the machine knows whose end matters. */
const reapAll = (live: LiveStages): void => {
  reap(live.loop, (pid, wait) => deliverToStages(live, ended(pid, wait)));
};

const alarm = (name: Script): StagesEvent => ({
  kind: 'alarm',
  name,
  runnable: ownerMayExecute(`/etc/runit/${name}`),
});

const takeSignals = (live: LiveStages, signals: readonly number[]): void => {
  // a request is for what runs now
  if (signals.includes(SIGCHLD)) reapAll(live);
  if (signals.includes(SIGINT)) deliverToStages(live, alarm('ctrlaltdel'));
  if (signals.includes(SIGPWR)) deliverToStages(live, alarm('pwrfail'));
  if (signals.includes(SIGCONT)) deliverToStages(live, lookForStop());
};

// ---- the loop -----------------------------------------------------------------------------------------------

/** Everything before the first stage. No error here keeps a system from booting. */
const openStages = ({ stages, todo }: UnfinishedStages): LiveStages => {
  holdStandard();
  sys.setsid();
  const signals = sys.catchSignals([SIGCHLD, SIGCONT, SIGINT, SIGPWR]) as Fd;
  const taken = takeConsole();
  if (taken < 0) tell(`warning: unable to open /dev/console: ${errorText(taken)}`);
  sys.reboot(REBOOT_CTRL_ALT_DEL_OFF);
  const loop = newLoop(signals, (taken) => takeSignals(live, taken));
  const live: LiveStages = { stages, todo, loop, root: openRoot(), start: ownStart() };
  saveStages(live);
  return live;
};

/** The first checkpoint contains the begin already: a failure right after it must not leave a machine that waits. */
const boot = (): LiveStages => {
  const { stages, effects } = handleStages(newStages(), { kind: 'begin' }, monotonicMs());
  const live = openStages({ stages, todo: [{ kind: 'tell', text: `${ID_LINE.trimEnd()}: booting.` }, ...effects] });
  carryOut(live);
  return live;
};

/** The reply that is missing to a program's start, at which the engine failed; null: to do that again is right. */
const missingReply = (effect: StagesEffect | undefined, started: number): StagesEvent | null => {
  if (effect?.kind !== 'start' && effect?.kind !== 'help') return null;
  if (started > 0) return { kind: 'started', pid: started };
  return { kind: effect.kind === 'start' ? 'forkRefused' : 'unable' };
};

/** Continues where the checkpoint was. */
const restore = ({ state: { stages, todo }, pid, wait }: Checkpoint<'runit'>): LiveStages => {
  const live = openStages({ stages: { ...stages, pid: Math.max(stages.pid, pid) }, todo });
  tell('warning: re-executed after an engine failure.');
  const missing = missingReply(todo[0], pid);
  if (missing !== null) {
    live.todo = todo.slice(1);
    accept(live, missing);
  }
  carryOut(live);
  if (wait !== null) deliverToStages(live, ended(pid, wait));
  for (const lost of lostEnds(live.stages)) deliverToStages(live, { kind: 'ended', pid: lost, code: null });
  reapAll(live);
  return live;
};

/**
 * Boots, runs and ends the system; `checkpoint`: continues from there. Returns an exit code if it is not permitted to switch the
 * machine off.
 */
export const runStages = (checkpoint: Checkpoint<'runit'> | null): number => {
  const live = checkpoint === null ? boot() : restore(checkpoint);
  while (live.todo.length === 0) {
    turn(live.loop, live.stages.dueMs);
    const { dueMs } = live.stages;
    if (dueMs !== null && dueMs <= monotonicMs()) deliverToStages(live, { kind: 'due' });
  }
  return 0;
};
