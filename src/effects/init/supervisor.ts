// Being process 1: runs the stages, takes requests, reaps every orphan, switches the machine off.
//
// Promises: waits in the loop only, for signals and the next deadline; returns only if it is
// not permitted to switch anything off; continues where it was if the engine fails (checkpoint.ts).
// Must not: decide; that is ../../machine/init/table.ts, which read first. Read next: perform.ts.
import { decodeWait } from '../../abi/wait-status.ts';
import { errorText } from '../../cli/errno.ts';
import { ID_LINE } from '../../cli/version.ts';
import type { Checkpoint } from '../../machine/checkpoint.ts';
import type { Fd } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { REBOOT_CTRL_ALT_DEL_OFF } from '../../abi/flags.ts';
import { SIGCHLD, SIGCONT, SIGINT, SIGPWR } from '../../abi/signals.ts';
import { sys } from '../../host/sys.ts';
import { handleStages, newStages } from '../../machine/init/table.ts';
import type { Script, Stages, StagesEvent } from '../../machine/init/model.ts';
import { newLoop, reap, turn } from '../loop.ts';
import { sayOnConsole, takeConsole } from './console.ts';
import { killAll, type LiveStages, lookForStop, performStagesEffect, switchOff, tell } from './perform.ts';
import { ownStart } from '../process/proc.ts';
import { saveStages, lostEnds, openRoot } from './checkpoint.ts';
import { holdStandard } from '../process/std-fds.ts';
import { ownerMayExecute } from './stop-files.ts';

/** Passes one event to the machine, and every reply. */
const deliverToStages = (live: LiveStages, event: StagesEvent): void => {
  const queue: StagesEvent[] = [event];
  for (const next of queue) {
    const outcome = handleStages(live.stages, next, monotonicMs());
    live.stages = outcome.stages;
    // before the effects: a request whose file is taken back must outlive a failure of the engine
    save(live);
    for (const effect of outcome.effects) {
      const answer = performStagesEffect(live, effect);
      if (answer !== null) queue.push(answer);
    }
  }
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

const save = (live: LiveStages): void => {
  if (live.saved === live.stages) return;
  live.saved = live.stages;
  saveStages(live, live.stages);
};

/** Everything before the first stage. No error here keeps a system from booting. */
const openStages = (stages: Stages): LiveStages => {
  holdStandard();
  sys.setsid();
  const signals = sys.catchSignals([SIGCHLD, SIGCONT, SIGINT, SIGPWR]) as Fd;
  const taken = takeConsole();
  if (taken < 0) tell(`warning: unable to open /dev/console: ${errorText(taken)}`);
  sys.reboot(REBOOT_CTRL_ALT_DEL_OFF);
  const loop = newLoop(signals, (taken) => takeSignals(live, taken));
  const live: LiveStages = { stages, loop, root: openRoot(), start: ownStart(), saved: null, exit: null };
  save(live);
  return live;
};

const boot = (): LiveStages => {
  const live = openStages(newStages());
  sayOnConsole(`- runit: ${ID_LINE.trimEnd()}: booting.\n`);
  deliverToStages(live, { kind: 'begin' });
  return live;
};

/** The reply that is missing to what was being done when the engine failed. */
const unanswered = ({ state, pid, dueMs, off }: Stages, started: number): StagesEvent | null => {
  switch (state) {
    case 'starting':
      return started > 0 ? { kind: 'started', pid: started } : { kind: 'forkRefused' };
    case 'helping':
      if (pid > 0) return null;
      return started > 0 ? { kind: 'started', pid: started } : { kind: 'unable' };
    case 'done':
      if (dueMs !== null) return null;
      return off === null ? killAll() : switchOff(off);
    default:
      return null;
  }
};

/** Continues where the checkpoint was. */
const restore = ({ state, pid, wait }: Checkpoint<'runit'>): LiveStages => {
  const live = openStages({ ...state, pid: Math.max(state.pid, pid) });
  tell('warning: re-executed after an engine failure.');
  const missing = unanswered(state, pid);
  if (missing !== null) deliverToStages(live, missing);
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
  while (live.exit === null) {
    save(live);
    turn(live.loop, live.stages.dueMs);
    const { dueMs } = live.stages;
    if (dueMs !== null && dueMs <= monotonicMs()) deliverToStages(live, { kind: 'due' });
  }
  return live.exit;
};
