// Being process 1: the stages are run, requests taken, every orphan reaped, the machine switched off.
//
// Promises: waits in one place only, for signals and the next deadline; wakes up for nothing else; returns only where the
// kernel will not let this process switch anything off; goes on where it was if the engine fails (checkpoint.ts).
// Must not decide: that is ../../machine/init/table.ts, which read first. Read next: perform.ts.
import { decodeWait } from '../../abi/wait-status.ts';
import { errorText } from '../../cli/errno.ts';
import { ID_LINE } from '../../cli/version.ts';
import type { Handed } from '../../machine/checkpoint.ts';
import { type Fd, refused } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { EINTR } from '../../abi/errno.ts';
import { POLLIN, REBOOT_CTRL_ALT_DEL_OFF, WNOHANG } from '../../abi/flags.ts';
import { SIGCHLD, SIGCONT, SIGINT, SIGPWR } from '../../abi/signals.ts';
import { waitOnce } from '../../host/loop.ts';
import { sys } from '../../host/sys.ts';
import { handleStages, newStages } from '../../machine/init/table.ts';
import type { Script, Stages, StagesEvent } from '../../machine/init/model.ts';
import { sayOnConsole, takeConsole } from './console.ts';
import { killAll, type Live, lookForStop, perform, switchOff, tell } from './perform.ts';
import { ownStart } from '../process/proc.ts';
import { handStages, lostEnds, openRoot } from './checkpoint.ts';
import { holdStandard } from '../process/std-fds.ts';
import { ownerMayExecute } from './stop-files.ts';

/** Hands one event to the machine, and every answer. */
const deliver = (live: Live, event: StagesEvent): void => {
  const queue: StagesEvent[] = [event];
  for (const next of queue) {
    const outcome = handleStages(live.stages, next, monotonicMs());
    live.stages = outcome.stages;
    // before the effects: a request whose file is taken back must outlive a failure of the engine
    tellHost(live);
    for (const effect of outcome.effects) {
      const answer = perform(live, effect);
      if (answer !== null) queue.push(answer);
    }
  }
};

// ---- events -------------------------------------------------------------------------------------------------

const ended = (pid: number, wait: number): StagesEvent => {
  const { code, signal } = decodeWait(wait);
  return { kind: 'ended', pid, code: signal === 0 ? code : null };
};

const reap = (live: Live): void => {
  for (;;) {
    const child = sys.waitpid(-1, WNOHANG);
    if (child === -EINTR) continue;
    if (refused(child) || child[0] === 0) return;
    const [pid, wait] = child;
    deliver(live, ended(pid, wait));
  }
};

const alarm = (name: Script): StagesEvent => ({
  kind: 'alarm',
  name,
  runnable: ownerMayExecute(`/etc/runit/${name}`),
});

const takeSignals = (live: Live): void => {
  const signals = sys.takeSignals();
  // a request is for what runs now
  if (signals.includes(SIGCHLD)) reap(live);
  if (signals.includes(SIGINT)) deliver(live, alarm('ctrlaltdel'));
  if (signals.includes(SIGPWR)) deliver(live, alarm('pwrfail'));
  if (signals.includes(SIGCONT)) deliver(live, lookForStop());
};

// ---- the loop -----------------------------------------------------------------------------------------------

const tellHost = (live: Live): void => {
  if (live.handed === live.stages) return;
  live.handed = live.stages;
  handStages(live, live.stages);
};

/** Everything before the first stage. Nothing that is refused here keeps a system from booting. */
const openStages = (stages: Stages): Live => {
  holdStandard();
  sys.setsid();
  const signals = sys.catchSignals([SIGCHLD, SIGCONT, SIGINT, SIGPWR]) as Fd;
  const taken = takeConsole();
  if (taken < 0) tell(`warning: unable to open /dev/console: ${errorText(taken)}`);
  sys.reboot(REBOOT_CTRL_ALT_DEL_OFF);
  const live: Live = { stages, signals, root: openRoot(), start: ownStart(), handed: null, exit: null };
  tellHost(live);
  return live;
};

const boot = (): Live => {
  const live = openStages(newStages());
  sayOnConsole(`- runit: ${ID_LINE.trimEnd()}: booting.\n`);
  deliver(live, { kind: 'begin' });
  return live;
};

/** What was being done when the engine failed, and is not known to be done. */
const unanswered = ({ state, pid, dueMs, off }: Stages, started: number): StagesEvent | null => {
  switch (state) {
    case 'starting':
      return started > 0 ? { kind: 'started', pid: started } : { kind: 'forkRefused' };
    case 'helping':
      if (pid > 0) return null;
      return started > 0 ? { kind: 'started', pid: started } : { kind: 'unable' };
    case 'over':
      if (dueMs !== null) return null;
      return off === null ? killAll() : switchOff(off);
    default:
      return null;
  }
};

/** Goes on where an earlier self was. */
const goOn = ({ state, pid, wait }: Handed<'runit'>): Live => {
  const live = openStages({ ...state, pid: Math.max(state.pid, pid) });
  tell('warning: gone on after a failure of the engine.');
  const missing = unanswered(state, pid);
  if (missing !== null) deliver(live, missing);
  if (wait !== null) deliver(live, ended(pid, wait));
  for (const lost of lostEnds(live.stages)) deliver(live, { kind: 'ended', pid: lost, code: null });
  reap(live);
  return live;
};

/**
 * Boots, runs and ends the system; `handed`: goes on with that. Returns an exit code where it could not be switched off for
 * want of permission.
 */
export const runStages = (handed: Handed<'runit'> | null): number => {
  const live = handed === null ? boot() : goOn(handed);
  const watches = [{ fd: live.signals, events: POLLIN, ready: () => takeSignals(live) }];
  while (live.exit === null) {
    tellHost(live);
    if (!waitOnce(watches, live.stages.dueMs)) takeSignals(live);
    const { dueMs } = live.stages;
    if (dueMs !== null && dueMs <= monotonicMs()) deliver(live, { kind: 'due' });
  }
  return live.exit;
};
