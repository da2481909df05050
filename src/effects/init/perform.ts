// Carries out what the stages want: starts programs, makes and checks files, switches the machine off.
//
// Promises: every effect is answered before the next event is taken. Must not decide: that is ../../machine/init/table.ts.
// Read next: supervisor.ts.
import { errorText } from '../../cli/errno.ts';
import type { Start } from '../../machine/checkpoint.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { ENOENT, EPERM } from '../../abi/errno.ts';
import {
  REBOOT_HALT,
  REBOOT_POWER_OFF,
  REBOOT_RESTART,
  SPAWN_CONTROLLING,
  SPAWN_FAILED,
  SPAWN_SETSID,
} from '../../abi/flags.ts';
import { SIGKILL } from '../../abi/signals.ts';
import { sys } from '../../host/sys.ts';
import type { OffKind, Script, Stage, Stages, StagesEffect, StagesEvent } from '../../machine/init/model.ts';
import type { Loop } from '../loop.ts';
import { sayOnConsole, withConsole } from './console.ts';
import { announceStage, saveStages } from './checkpoint.ts';
import { isRequested, makeRequest, withdrawRequest } from './stop-files.ts';

const NO_RECORD = -1 as Fd;
const EVERYONE = -1;
const NOSYNC = '/etc/runit/nosync';
/** Emergency shells, in order; the first ones ask for root's password. */
const SHELLS: readonly Bytes[] = ['/sbin/sulogin', '/bin/sulogin', '/bin/sh'];
const COMMANDS: Readonly<Record<OffKind, number>> = {
  reboot: REBOOT_RESTART,
  powerOff: REBOOT_POWER_OFF,
  halt: REBOOT_HALT,
};

/** All but the end of this process, which ends the loop. */
export type Performable = Exclude<StagesEffect, { kind: 'exit' }>;

export interface LiveStages {
  stages: Stages;
  /** The effects that have not been carried out yet, the next one first. */
  todo: readonly StagesEffect[];
  readonly loop: Loop;
  readonly root: number;
  /** When process 1 was started. */
  readonly start: Start;
}

export const tell = (text: string): void => sayOnConsole(`- runit: ${text}\n`);

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

/** The process of a stage, or of the shell: the host knows it from its start on. */
const spawnKnown = (live: LiveStages, path: Bytes, argv0: Bytes, flags: number, reading: boolean): number =>
  withConsole(reading, (fds) => {
    announceStage(live);
    const pid = spawn(path, argv0, flags, fds);
    if (pid < 0) saveStages(live);
    return pid;
  });

/** Stage 1 may read the console; the others lead a session, and cannot. */
const start = (live: LiveStages, stage: Stage): StagesEvent => {
  const path = `/etc/runit/${stage}`;
  const pid = spawnKnown(live, path, path, stage === 1 ? 0 : SPAWN_SETSID, stage === 1);
  return pid > 0 ? { kind: 'started', pid } : tellNotStarted(path, pid);
};

const runScript = (name: Script): StagesEvent => {
  const path = `/etc/runit/${name}`;
  const pid = withConsole(false, (fds) => spawn(path, path, 0, fds));
  if (pid > 0) return { kind: 'scriptStarted', name, pid };
  tellNotStarted(path, pid);
  return { kind: 'scriptUnable', name };
};

/** A shell with job control, if the console is a terminal that no session has. */
const help = (live: LiveStages): StagesEvent => {
  for (const path of SHELLS) {
    const argv0 = path.slice(path.lastIndexOf('/') + 1);
    const pid = spawnKnown(live, path, argv0, SPAWN_SETSID | SPAWN_CONTROLLING, true);
    if (pid > 0) return { kind: 'started', pid };
    if (pid !== -SPAWN_FAILED - ENOENT) break;
  }
  return { kind: 'unable' };
};

export const lookForStop = (): StagesEvent => ({
  kind: 'cont',
  stop: isRequested('stopit'),
  reboot: isRequested('reboot'),
});

const killAll = (): StagesEvent => {
  sys.kill(EVERYONE, SIGKILL);
  return { kind: 'verdict', reboot: isRequested('reboot') };
};

const switchOff = (how: OffKind): StagesEvent => {
  if (isErrno(sys.stat(NOSYNC))) sys.sync();
  return { kind: 'stillOn', permitted: sys.reboot(COMMANDS[how]) !== -EPERM };
};

const act = (effect: Exclude<Performable, { kind: 'start' | 'help' | 'runScript' }>): StagesEvent | null => {
  switch (effect.kind) {
    case 'tell':
      tell(effect.text);
      return null;
    case 'send':
      sys.kill(effect.pid, effect.signal);
      return null;
    case 'withdrawStop':
      withdrawRequest('stopit');
      return null;
    case 'request':
      makeRequest(effect.what === 'stop' ? 'stopit' : 'reboot');
      return null;
    case 'checkStopFiles':
      return lookForStop();
    case 'killAll':
      return killAll();
    case 'switchOff':
      return switchOff(effect.how);
  }
};

/** Carries out one effect; returns its reply, if there is one. */
export const performStagesEffect = (live: LiveStages, effect: Performable): StagesEvent | null => {
  switch (effect.kind) {
    case 'start':
      return start(live, effect.stage);
    case 'help':
      return help(live);
    case 'runScript':
      return runScript(effect.name);
    default:
      return act(effect);
  }
};
