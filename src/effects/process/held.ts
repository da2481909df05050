// Holding a process that is not our child: what we look up and signal by its number is that process, not another
// one that got the number later.
//
// A child keeps its number until we reap it, so children are signalled by number. Any other process may end
// and be reaped at any moment: we open a pidfd first, then check that it is the right process.
// If the kernel has no pidfd (before Linux 5.3, or forbidden), we compare its start time just before each use instead, and poll
// for its end five times a second.
// Read next: proc.ts (/proc), ../service/survivor.ts, lock-holder.ts (who is held).
import { type Fd, isErrno } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { EINVAL, ENOSYS, EPERM, ESRCH } from '../../abi/errno.ts';
import { POLLIN } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { type Loop, newTimer, setTimer, type Timer, unwatch, watch } from '../loop.ts';
import { type Process, processIn, processOf, readSmall } from './proc.ts';

/** How often to poll a process that has no pidfd. */
const POLL_MS = 200;

export interface Held {
  readonly pid: number;
  /** Readable when it has ended; null: the kernel has no pidfd. */
  readonly pidfd: Fd | null;
  /** Its start in ticks since boot, if requested (withStart), or if there is no pidfd; null: unknown. */
  readonly start: number | null;
  /** Polls for its end if there is no pidfd, once somebody awaits that. */
  timer: Timer | null;
}

/** The start of the process that has this number now; null: there is none; undefined: unknown. */
const startNow = (pid: number): number | null | undefined => {
  const stat = readSmall(`/proc/${pid}/stat`);
  if (!isErrno(stat)) return processIn(pid, stat)?.start ?? null;
  return sys.kill(pid, 0) === -ESRCH ? null : undefined;
};

/** Null: there is no such process. */
export const hold = (pid: number): Held | null => {
  const pidfd = sys.pidfd(pid);
  if (pidfd === -ESRCH || pidfd === -EINVAL) return null;
  if (!isErrno(pidfd)) return { pid, pidfd, start: null, timer: null };
  const start = startNow(pid);
  return start === null ? null : { pid, pidfd: null, start: start ?? null, timer: null };
};

/** With its start, by which a restored runsvdir finds it again. */
export const withStart = (held: Held): Held => ({ ...held, start: held.start ?? startNow(held.pid) ?? null });

/** The process that had this number and this start, held again; null: it is gone. */
export const holdAgain = (pid: number, start: number | null): Held | null => {
  const held = hold(pid);
  if (held === null) return null;
  const now = startNow(pid);
  // unknown does not mean that it is another process
  if (now === undefined || start === null || now === start) return { ...held, start };
  letGo(held);
  return null;
};

export const letGo = ({ pidfd }: Held): void => {
  if (pidfd !== null) sys.close(pidfd);
};

/** Until it has ended, its number is its own. */
export const hasEnded = ({ pid, pidfd, start }: Held): boolean => {
  if (pidfd !== null) {
    const ready = sys.poll([pidfd, POLLIN], 0);
    return !isErrno(ready) && ready[0] !== 0;
  }
  const now = startNow(pid);
  return now === null || (now !== undefined && start !== null && now !== start);
};

/** By its number if the kernel has no signals by pidfd, or forbids them. */
export const signalHeld = (held: Held, signal: number): void => {
  const { pid, pidfd } = held;
  const sent = pidfd === null ? -ENOSYS : sys.pidfdKill(pidfd, signal);
  if ((sent === -ENOSYS || sent === -EPERM) && !hasEnded(held)) sys.kill(pid, signal);
};

const isStill = ({ pid, start }: Process): boolean => processOf(pid)?.start === start;

/** Signals a process that was in /proc a moment ago, if its number is still its own. */
export const signalSeen = (process: Process, signal: number): void => {
  const held = hold(process.pid);
  if (held === null) return;
  if (isStill(process)) signalHeld(held, signal);
  letGo(held);
};

/** Polls for the end of a process that has no pidfd. */
const pollForEnd = (loop: Loop, held: Held, ended: () => void): Timer => {
  const timer = newTimer((nowMs) => {
    if (hasEnded(held)) ended();
    else setTimer(loop, timer, nowMs + POLL_MS);
  });
  setTimer(loop, timer, monotonicMs() + POLL_MS);
  return timer;
};

/** Calls `ended` when it has ended; `forget` takes that back. */
export const awaitEnd = (loop: Loop, held: Held, ended: () => void): void => {
  if (held.pidfd !== null) watch(loop, held.pidfd, ended);
  else held.timer = pollForEnd(loop, held, ended);
};

/** Stops waiting for its end, and lets it go. */
export const forget = (loop: Loop, held: Held): void => {
  if (held.pidfd !== null) unwatch(loop, held.pidfd);
  if (held.timer !== null) setTimer(loop, held.timer, null);
  letGo(held);
};
