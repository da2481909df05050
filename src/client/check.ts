// A service's ./check: the program that decides whether a service that runs is also available.
//
// Promises: never blocks, so a check that hangs delays no other service; no check outlives the session. One that cannot run, or
// that a signal ends, has failed.
// Read next: wait-session.ts (who runs it).
import { ENOENT } from '../abi/errno.ts';
import { O_RDONLY, SPAWN_FAILED, WNOHANG } from '../abi/flags.ts';
import { SIGCHLD, SIGKILL } from '../abi/signals.ts';
import { errorText } from '../cli/errno.ts';
import { err } from '../cli/say.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import type { Service } from './service.ts';

/** How long after a failure the check runs again. */
export const RETRY_MS = 420;
/** How often a running check is polled where the kernel has no pidfd. */
const POLL_MS = 20;
/** At most so many checks run at the same time. */
const MOST_RUNNING = 64;

const F_OK = 0;
const STDOUT = 1;

/** `failed`: also while it still runs. `absent`: there is no ./check. */
export type Verdict = 'passed' | 'failed' | 'absent';

interface Run {
  readonly pid: number;
  /** A pidfd, readable once it has ended; null: the kernel has none. */
  readonly ended: Fd | null;
  /** The process of the service that it is to judge. */
  readonly about: number;
}

/** What the checks of all services share. */
export interface CheckPool {
  running: number;
  /** Their standard output, which refuses writes; null: not opened yet. */
  stdout: Fd | null;
}

export const newCheckPool = (): CheckPool => ({ running: 0, stdout: null });

/** The check of one service. */
export interface Check {
  readonly pool: CheckPool;
  run: Run | null;
  /** Monotonic milliseconds: it does not start before. */
  notBeforeMs: number;
  warned: boolean;
  /** The wait status of the last failure; null: none yet. */
  lastFailure: number | null;
}

export const newCheck = (pool: CheckPool): Check => ({
  pool,
  run: null,
  notBeforeMs: 0,
  warned: false,
  lastFailure: null,
});

const warnOnce = (check: Check, verb: 'run' | 'stat', service: Service, errno: number): void => {
  if (!check.warned) err(`warning: unable to ${verb} ${service.name}/check: ${errorText(errno)}\n`);
  check.warned = true;
};

// Scripts rely on ./check having no standard output. Unlike a closed descriptor, one that refuses writes also keeps a file that
// ./check opens from becoming its standard output.
const prepare = (pool: CheckPool): readonly number[] => {
  if (pool.stdout !== null) return [STDOUT, pool.stdout];
  sys.catchSignals([SIGCHLD]); // inherited as ignored, it would lose exit codes
  const fd = sys.open('/dev/null', O_RDONLY, 0);
  if (isErrno(fd)) return [];
  pool.stdout = fd;
  return [STDOUT, fd];
};

const start = (check: Check, service: Service, about: number): void => {
  const pid = sys.spawn('check', ['./check'], [], service.dir, prepare(check.pool), 0, -1, '');
  if (isErrno(pid)) {
    warnOnce(check, 'run', service, pid <= -SPAWN_FAILED ? pid + SPAWN_FAILED : pid);
    return;
  }
  check.pool.running++;
  const ended = sys.pidfd(pid);
  check.run = { pid, ended: isErrno(ended) ? null : ended, about };
};

const forget = (check: Check, { ended }: Run): void => {
  if (ended !== null) sys.close(ended);
  check.run = null;
  check.pool.running--;
};

/** Its wait status once it has ended; null: it still runs. Anything but 0 is a failure. */
const collect = (check: Check, run: Run): number | null => {
  const result = sys.waitpid(run.pid, WNOHANG);
  if (!isErrno(result) && result[0] === 0) return null;
  forget(check, run);
  return isErrno(result) ? 1 : result[1];
};

/** The verdict of the check that runs or has just ended; null: there is none, it may start. */
const currentVerdict = (check: Check, about: number, nowMs: number): 'passed' | 'failed' | null => {
  const { run } = check;
  if (run === null) return nowMs < check.notBeforeMs ? 'failed' : null;
  const status = collect(check, run);
  if (status === null) return 'failed';
  if (run.about !== about) return null;
  check.notBeforeMs = nowMs + RETRY_MS;
  if (status === 0) return 'passed';
  check.lastFailure = status;
  return 'failed';
};

/** Reaps a check that has ended, where its verdict is not needed. */
export const reapCheck = (check: Check): void => {
  if (check.run !== null) collect(check, check.run);
};

/** The verdict on process `about` of the service. After `failed`, ask again at nextCheckMs(). */
export const verdictOn = (check: Check, service: Service, about: number, nowMs: number): Verdict => {
  const verdict = currentVerdict(check, about, nowMs);
  if (verdict !== null) return verdict;
  const found = sys.access(`${service.dir}/check`, F_OK);
  if (found === -ENOENT) return 'absent';
  const mayStart = check.pool.running < MOST_RUNNING;
  check.notBeforeMs = nowMs + (mayStart ? RETRY_MS : POLL_MS);
  if (isErrno(found)) warnOnce(check, 'stat', service, found);
  else if (mayStart) start(check, service, about);
  return 'failed';
};

/** Monotonic milliseconds: when to ask for the verdict again; null: when the pidfd of the running check is readable. */
export const nextCheckMs = ({ run, notBeforeMs }: Check, nowMs: number): number | null => {
  if (run === null) return notBeforeMs;
  return run.ended === null ? nowMs + POLL_MS : null;
};

/** A running check may still pass, but no other starts. */
export const startNoMore = (check: Check): void => {
  if (check.notBeforeMs > 0) check.notBeforeMs = Number.POSITIVE_INFINITY;
};

/** Kills the check that still runs. */
export const killCheck = (check: Check): void => {
  const { run } = check;
  if (run === null) return;
  sys.kill(run.pid, SIGKILL);
  sys.waitpid(run.pid, 0);
  forget(check, run);
};
