// Being process 1: the stages are run, requests taken, every orphan reaped, the machine switched off.
//
// Promises: waits in one place only, for signals and the next deadline; wakes up for nothing else; returns only where the
// kernel will not let this process switch anything off. Must not decide: that is ../machine/stages.ts, which read first.
import { errorText } from '../cli/errno.ts';
import { ID_LINE } from '../cli/version.ts';
import { type Bytes, type Fd, refused } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import {
  EINTR,
  ENOENT,
  EPERM,
  POLLIN,
  REBOOT_CTRL_ALT_DEL_OFF,
  REBOOT_HALT,
  REBOOT_POWER_OFF,
  REBOOT_RESTART,
  SIGCHLD,
  SIGCONT,
  SIGINT,
  SIGKILL,
  SIGPWR,
  SPAWN_FAILED,
  SPAWN_SETSID,
  SPAWN_CONTROLLING,
  WNOHANG,
} from '../host/linux.ts';
import { waitOnce } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import { handleStages, newStages } from '../machine/stages.ts';
import type { OffKind, Script, Stage, Stages, StagesEffect, StagesEvent } from '../machine/stages-model.ts';
import { sayOnConsole, takeConsole, withConsole } from './console.ts';
import { holdStandard } from './standard.ts';
import { isWished, makeWish, ownerMayExecute, takeBack } from './stop-files.ts';

const NO_RECORD = -1 as Fd;
const EVERYONE = -1;
const NOSYNC = '/etc/runit/nosync';
/** What an emergency shell may be; the first asks for root's password. */
const SHELLS: readonly Bytes[] = ['/sbin/sulogin', '/bin/sulogin', '/bin/sh'];
const COMMANDS: Readonly<Record<OffKind, number>> = {
  reboot: REBOOT_RESTART,
  powerOff: REBOOT_POWER_OFF,
  halt: REBOOT_HALT,
};

interface Live {
  stages: Stages;
  readonly signals: Fd;
  exit: number | null;
}

const tell = (text: string): void => sayOnConsole(`- runit: ${text}\n`);

// ---- effects ------------------------------------------------------------------------------------------------

const spawn = (path: Bytes, argv0: Bytes, flags: number, fds: readonly number[]): number =>
  sys.spawn(path, [argv0], [], '', fds, flags, NO_RECORD, '');

const tellNotStarted = (path: Bytes, result: number): StagesEvent => {
  if (result > -SPAWN_FAILED) {
    tell(`warning: unable to fork for "${path}" pausing: ${errorText(result)}`);
    return { kind: 'forkRefused' };
  }
  tell(`fatal: unable to start child: ${path}: ${errorText(result + SPAWN_FAILED)}`);
  return { kind: 'unable' };
};

/** Stage 1 shares our session and may read the console; the others have a session each. */
const start = (stage: Stage): StagesEvent => {
  const path = `/etc/runit/${stage}`;
  const flags = stage === 1 ? 0 : SPAWN_SETSID;
  const pid = withConsole(stage === 1, (fds) => spawn(path, path, flags, fds));
  return pid > 0 ? { kind: 'started', pid } : tellNotStarted(path, pid);
};

const runScript = (name: Script): StagesEvent => {
  const path = `/etc/runit/${name}`;
  const pid = withConsole(false, (fds) => spawn(path, path, 0, fds));
  if (pid > 0) return { kind: 'scriptStarted', name, pid };
  tellNotStarted(path, pid);
  return { kind: 'scriptUnable', name };
};

/** A shell with job control, where the console is a terminal that nobody else has. */
const help = (): StagesEvent => {
  for (const path of SHELLS) {
    const argv0 = path.slice(path.lastIndexOf('/') + 1);
    const pid = withConsole(true, (fds) => spawn(path, argv0, SPAWN_SETSID | SPAWN_CONTROLLING, fds));
    if (pid > 0) return { kind: 'started', pid };
    if (pid !== -SPAWN_FAILED - ENOENT) break;
  }
  return { kind: 'unable' };
};

const lookForStop = (): StagesEvent => ({ kind: 'cont', stop: isWished('stopit'), reboot: isWished('reboot') });

const killAll = (): StagesEvent => {
  sys.kill(EVERYONE, SIGKILL);
  return { kind: 'verdict', reboot: isWished('reboot') };
};

const switchOff = (how: OffKind): StagesEvent => {
  if (refused(sys.stat(NOSYNC))) sys.sync();
  return { kind: 'stillOn', permitted: sys.reboot(COMMANDS[how]) !== -EPERM };
};

const act = (
  live: Live,
  effect: Exclude<StagesEffect, { kind: 'start' | 'help' | 'runScript' }>,
): StagesEvent | null => {
  switch (effect.kind) {
    case 'tell':
      tell(effect.text);
      return null;
    case 'send':
      sys.kill(effect.pid, effect.signal);
      return null;
    case 'takeStop':
      takeBack('stopit');
      return null;
    case 'askFor':
      makeWish(effect.what === 'stop' ? 'stopit' : 'reboot');
      return null;
    case 'look':
      return lookForStop();
    case 'killAll':
      return killAll();
    case 'switchOff':
      return switchOff(effect.how);
    case 'exit':
      live.exit = 0;
      return null;
  }
};

const perform = (live: Live, effect: StagesEffect): StagesEvent | null => {
  switch (effect.kind) {
    case 'start':
      return start(effect.stage);
    case 'help':
      return help();
    case 'runScript':
      return runScript(effect.name);
    default:
      return act(live, effect);
  }
};

/** Hands one event to the machine, and every answer. */
const deliver = (live: Live, event: StagesEvent): void => {
  const queue: StagesEvent[] = [event];
  for (const next of queue) {
    const outcome = handleStages(live.stages, next, monotonicMs());
    live.stages = outcome.stages;
    for (const effect of outcome.effects) {
      const answer = perform(live, effect);
      if (answer !== null) queue.push(answer);
    }
  }
};

// ---- events -------------------------------------------------------------------------------------------------

const reap = (live: Live): void => {
  for (;;) {
    const child = sys.waitpid(-1, WNOHANG);
    if (child === -EINTR) continue;
    if (refused(child) || child[0] === 0) return;
    const [pid, wait] = child;
    deliver(live, { kind: 'ended', pid, code: (wait & 0x7f) === 0 ? (wait >> 8) & 0xff : null });
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

/** Everything before the first stage. Nothing that is refused here keeps a system from booting. */
const openStages = (): Live => {
  holdStandard();
  sys.setsid();
  const signals = sys.catchSignals([SIGCHLD, SIGCONT, SIGINT, SIGPWR]) as Fd;
  const taken = takeConsole();
  if (taken < 0) tell(`warning: unable to open /dev/console: ${errorText(taken)}`);
  sys.reboot(REBOOT_CTRL_ALT_DEL_OFF);
  sayOnConsole(`- runit: ${ID_LINE.trimEnd()}: booting.\n`);
  return { stages: newStages(), signals, exit: null };
};

/** Boots, runs and ends the system. Returns an exit code where it could not be switched off for want of permission. */
export const runStages = (): number => {
  const live = openStages();
  const watches = [{ fd: live.signals, events: POLLIN, ready: () => takeSignals(live) }];
  deliver(live, { kind: 'begin' });
  while (live.exit === null) {
    if (!waitOnce(watches, live.stages.dueMs)) takeSignals(live);
    const { dueMs } = live.stages;
    if (dueMs !== null && dueMs <= monotonicMs()) deliver(live, { kind: 'due' });
  }
  return live.exit;
};
