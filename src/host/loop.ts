// Waiting once: one poll over a few descriptors, until a deadline. For programs that wait for little; supervisors have a loop.
//
// Promises: returns only for news, a deadline or an interrupting signal; makes no wake-up when nothing happens.
// Read next: sys.ts, ../client/wait.ts (who waits), ../effects/loop.ts (the supervisors' loop).
import { monotonicMs } from './clock.ts';
import { type Fd, isErrno } from './calls.ts';
import { sys } from './sys.ts';

export interface Watch {
  readonly fd: Fd;
  /** poll's events: POLLIN, ... */
  readonly events: number;
  /** Called with what poll reported, never 0. */
  ready(events: number): void;
}

/** The first of several moments; null: none is set. */
export const earliest = (times: readonly (number | null)[]): number | null => {
  let first: number | null = null;
  for (let at = 0; at < times.length; at++) {
    const ms = times[at] ?? null;
    if (ms !== null && (first === null || ms < first)) first = ms;
  }
  return first;
};

const timeoutMs = (deadlineMs: number | null): number =>
  deadlineMs === null ? -1 : Math.max(0, Math.ceil(deadlineMs - monotonicMs()));

/**
 * Waits once for any of `watches`, until `deadlineMs` (monotonic; null: for ever), and calls those that are ready.
 * False: a signal came instead.
 */
export const waitOnce = (watches: readonly Watch[], deadlineMs: number | null): boolean => {
  const fds: number[] = [];
  for (let at = 0; at < watches.length; at++) {
    const watch = watches[at] as Watch;
    fds[2 * at] = watch.fd;
    fds[2 * at + 1] = watch.events;
  }
  const ready = sys.poll(fds, timeoutMs(deadlineMs));
  if (isErrno(ready)) return false;
  for (let at = 0; at < watches.length; at++) {
    const events = ready[at] ?? 0;
    if (events !== 0) watches[at]?.ready(events);
  }
  return true;
};
