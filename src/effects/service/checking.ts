// ./check, asked by the supervisor itself: one at a time, and never longer than its interval.
//
// Promises: never waits. A check that cannot be started, that a signal ends, or that takes too long, is a no. Its standard output
// refuses writes, as in sv. One whose service has ended meanwhile is killed, and its answer is not asked for any more.
// Read first: ../../machine/service/readiness.ts (when it is asked). Read next: readiness.ts (who calls).
import { O_RDONLY, SPAWN_FAILED } from '../../abi/flags.ts';
import { SIGKILL } from '../../abi/signals.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { errorText } from '../../cli/errno.ts';
import { monotonicMs } from '../../host/clock.ts';
import { newTimer, setTimer } from '../loop.ts';
import { warnOnce } from './policy.ts';
import type { LivePair } from './pair.ts';

const STDOUT = 1;
/** A check may take this long at least. */
const LEAST_MS = 1000;

/** The check of one life of ./run. */
export interface Checking {
  /** Starts ./check, unless it runs. */
  ask(): void;
  /** ./run has ended. */
  end(): void;
}

/** The child's standard output, which refuses writes; closed by whoever has started it. */
const refusing = (): Fd | null => {
  const fd = sys.open('/dev/null', O_RDONLY, 0);
  return isErrno(fd) ? null : fd;
};

const spawnCheck = ({ values: { folder } }: LivePair): number => {
  const stdout = refusing();
  const fds = stdout === null ? [] : [STDOUT, stdout];
  const pid = sys.spawn('./check', ['./check'], [], folder.slice(0, -1), fds, 0, -1, '');
  if (stdout !== null) sys.close(stdout);
  return pid;
};

export const newChecking = (live: LivePair, intervalMs: number | null, answered: (yes: boolean) => void): Checking => {
  const { loop, values } = live;
  let running = 0;
  const overdue = newTimer(() => void sys.kill(running, SIGKILL));
  const ended = (_: number, wait: number): void => {
    running = 0;
    setTimer(loop, overdue, null);
    answered(wait === 0);
  };
  return {
    ask: () => {
      if (running !== 0) return;
      const pid = spawnCheck(live);
      if (pid < 0) {
        warnOnce(values, `unable to run ./check: ${errorText(pid < -SPAWN_FAILED ? pid + SPAWN_FAILED : pid)}`);
        // not within the turn that asks
        setTimer(
          loop,
          newTimer(() => answered(false)),
          monotonicMs(),
        );
        return;
      }
      running = pid;
      loop.children.set(pid, { loop, childEnded: ended });
      setTimer(loop, overdue, monotonicMs() + Math.max(intervalMs ?? 0, LEAST_MS));
    },
    end: () => {
      if (running === 0) return;
      setTimer(loop, overdue, null);
      sys.kill(running, SIGKILL);
    },
  };
};
