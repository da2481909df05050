// A service's ./check: the program that says whether a service which runs is also of use.
//
// Promises: never waits for it, so that one that hangs holds up no other service; does not outlive the waiting. A check
// that cannot run, or that a signal ends, has not said yes.
// Read next: wait.ts (who asks).
import { errorText } from '../cli/errno.ts';
import { err } from '../cli/say.ts';
import { type Fd, refused } from '../host/calls.ts';
import { ENOENT } from '../abi/errno.ts';
import { O_RDONLY, SPAWN_FAILED, WNOHANG } from '../abi/flags.ts';
import { SIGCHLD, SIGKILL } from '../abi/signals.ts';
import { sys } from '../host/sys.ts';
import type { Service } from './service.ts';

/** How long after a no the question is put again. */
export const ASK_AGAIN_MS = 420;
/** How often a running check is looked at where the kernel has no pidfd. */
const LOOK_MS = 20;
/** So many run at the same time; the next wait their turn. */
const AT_ONCE = 64;

const F_OK = 0;
const STDOUT = 1;

/** What ./check says; absent: there is none. */
export type Verdict = 'yes' | 'no' | 'absent';

interface Run {
  readonly pid: number;
  /** Readable when it has ended; null: not to be had. */
  readonly ended: Fd | null;
  /** The process of the service that the question is about. */
  readonly about: number;
}

/** What the checks of all services share. */
export interface Checks {
  running: number;
  /** What they have for standard output; null: not opened yet. */
  mute: Fd | null;
}

export const newChecks = (): Checks => ({ running: 0, mute: null });

/** One service's asking. */
export interface Asking {
  readonly checks: Checks;
  run: Run | null;
  /** Monotonic milliseconds: not to be asked again before. */
  notBeforeMs: number;
  complained: boolean;
  /** The wait status of the last one that said no; null: none did. */
  lastNo: number | null;
}

export const newAsking = (checks: Checks): Asking => ({
  checks,
  run: null,
  notBeforeMs: 0,
  complained: false,
  lastNo: null,
});

const complain = (asking: Asking, verb: 'run' | 'stat', service: Service, errno: number): void => {
  if (!asking.complained) err(`warning: unable to ${verb} ${service.name}/check: ${errorText(errno)}\n`);
  asking.complained = true;
};

// Programs have come to rely on ./check having no standard output. A descriptor that refuses writes, as a closed one does,
// also keeps a file that ./check opens from becoming its standard output.
const prepare = (checks: Checks): readonly number[] => {
  if (checks.mute !== null) return [STDOUT, checks.mute];
  sys.catchSignals([SIGCHLD]); // where we inherited it as ignored, exit codes would be lost
  const fd = sys.open('/dev/null', O_RDONLY, 0);
  if (refused(fd)) return [];
  checks.mute = fd;
  return [STDOUT, fd];
};

const start = (asking: Asking, service: Service, about: number): void => {
  const pid = sys.spawn('check', ['./check'], [], service.dir, prepare(asking.checks), 0, -1, '');
  if (refused(pid)) {
    complain(asking, 'run', service, pid <= -SPAWN_FAILED ? pid + SPAWN_FAILED : pid);
    return;
  }
  asking.checks.running++;
  const ended = sys.pidfd(pid);
  asking.run = { pid, ended: refused(ended) ? null : ended, about };
};

const forget = (asking: Asking, { ended }: Run): void => {
  if (ended !== null) sys.close(ended);
  asking.run = null;
  asking.checks.running--;
};

/** The exit status once it has ended; null: it still runs. Anything but 0 is a no. */
const collect = (asking: Asking, run: Run): number | null => {
  const result = sys.waitpid(run.pid, WNOHANG);
  if (!refused(result) && result[0] === 0) return null;
  forget(asking, run);
  return refused(result) ? 1 : result[1];
};

/** The answer of the check that runs or just ended; null: there is none to be had now, start one. */
const answerOf = (asking: Asking, about: number, nowMs: number): 'yes' | 'no' | null => {
  const { run } = asking;
  if (run === null) return nowMs < asking.notBeforeMs ? 'no' : null;
  const status = collect(asking, run);
  if (status === null) return 'no';
  if (run.about !== about) return null;
  asking.notBeforeMs = nowMs + ASK_AGAIN_MS;
  if (status === 0) return 'yes';
  asking.lastNo = status;
  return 'no';
};

/** Takes note of a check that has ended, where nobody asks for its answer any more. */
export const dropAnswer = (asking: Asking): void => {
  if (asking.run !== null) collect(asking, asking.run);
};

/** What ./check says of process `about` of the service. A no is good until wakeMs(). */
export const ask = (asking: Asking, service: Service, about: number, nowMs: number): Verdict => {
  const answer = answerOf(asking, about, nowMs);
  if (answer !== null) return answer;
  const found = sys.access(`${service.dir}/check`, F_OK);
  if (found === -ENOENT) return 'absent';
  const room = asking.checks.running < AT_ONCE;
  asking.notBeforeMs = nowMs + (room ? ASK_AGAIN_MS : LOOK_MS);
  if (refused(found)) complain(asking, 'stat', service, found);
  else if (room) start(asking, service, about);
  return 'no';
};

/** When to ask again, monotonic milliseconds, if nothing has told before; null: the running check's end will tell. */
export const wakeMs = ({ run, notBeforeMs }: Asking, nowMs: number): number | null => {
  if (run === null) return notBeforeMs;
  return run.ended === null ? nowMs + LOOK_MS : null;
};

/** Lets a running check still answer, but starts no other. */
export const askNoMore = (asking: Asking): void => {
  if (asking.notBeforeMs > 0) asking.notBeforeMs = Number.POSITIVE_INFINITY;
};

/** Ends the check that still runs. */
export const stopAsking = (asking: Asking): void => {
  const { run } = asking;
  if (run === null) return;
  sys.kill(run.pid, SIGKILL);
  sys.waitpid(run.pid, 0);
  forget(asking, run);
};
