// The process of runsv: one service, and the loop with nothing else in it.
//
// Read next: supervisor.ts (the handlers of a service), ../loop.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 } from '../../abi/signals.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { type Loop, newLoop, reap, turn } from '../loop.ts';
import { Fatal, reason, type Diagnostics } from '../diagnostics.ts';
import { holdStandard } from '../process/std-fds.ts';
import { writeExitCode } from './exitcode-file.ts';
import type { LivePair } from './pair.ts';
import { exitService, superviseService, tidy } from './supervisor.ts';

/** Signals that end runsv: they all stop the service for good. */
const ENDING: readonly number[] = [SIGTERM, SIGHUP, SIGINT, SIGQUIT];
/** Signals that must not end a supervisor, and mean nothing to it. */
const HARMLESS: readonly number[] = [SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2];
const CAUGHT: readonly number[] = [...ENDING, ...HARMLESS];

/** runsv works in the directory of its service. */
const HERE = '';

/** Signals that are ignored when we start stay ignored, for the services too. */
const catchSignals = (): Fd => {
  const signals = sys.catchSignals([SIGCHLD, SIGTERM]);
  const more = isErrno(signals) ? signals : sys.catchUnignored(CAUGHT);
  if (isErrno(more)) throw new Fatal(reason('unable to create selfpipe', more));
  return more;
};

/**
 * What a directory is named, absolute; '': unknown. To be asked in the directory that the name is relative to: what a service
 * depends on lies beside its name, not beside what that leads to.
 */
const namedPath = (dir: Bytes): Bytes => {
  if (dir[0] === '/') return dir;
  const here = sys.readlink('/proc/self/cwd');
  return isErrno(here) ? '' : `${here}/${dir}`;
};

const enter = (dir: Bytes): void => {
  const entered = sys.chdir(dir);
  if (isErrno(entered)) throw new Fatal(reason('unable to change to directory', entered));
};

/** The one service. */
interface Only {
  /** Null until it is open. */
  live: LivePair | null;
  /** A signal requested the end before that. */
  exits: boolean;
}

const exit = (only: Only): void => {
  if (only.live === null) only.exits = true;
  else exitService(only.live);
};

const ignoreChild = (): void => undefined;

const takeSignals = (loop: Loop, only: Only, signals: readonly number[]): void => {
  for (let at = 0; at < signals.length; at++) {
    const signal = signals[at] as number;
    if (signal === SIGCHLD) reap(loop, ignoreChild, () => only.live?.pair.done === true);
    else if (ENDING.includes(signal)) exit(only);
  }
};

/** Supervises the service in `dir` until there is nothing left to supervise. Returns the exit code. Throws Fatal. */
export const runService = (diagnostics: Diagnostics, dir: Bytes): number => {
  holdStandard();
  const only: Only = { live: null, exits: false };
  const loop = newLoop(catchSignals(), (signals) => takeSignals(loop, only, signals));
  const path = namedPath(dir);
  enter(dir);
  superviseService(loop, diagnostics, HERE, path, (live) => {
    only.live = live;
  });
  while (only.live === null) turn(loop, null);
  const { live } = only;
  if (only.exits) exitService(live);
  while (!live.pair.done) turn(loop, null);
  tidy(live);
  const { finalExitCode } = live.pair.main;
  return finalExitCode === null ? 0 : writeExitCode(diagnostics, HERE, finalExitCode);
};
