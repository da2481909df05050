// A process that is no child of ours, and whose end is to be known: one that an earlier supervisor left running.
//
// Promises: where the kernel has no pidfd (before Linux 5.3, or forbidden), it is looked at five times a second instead; its
// number used again by another process is not taken for it.
// Read next: record.ts (what tells processes of one number apart).
import { type Fd, refused } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { ESRCH, POLLIN } from '../host/linux.ts';
import type { Watch } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import { Fatal } from './messages.ts';
import { startOf } from './record.ts';

/** How often it is looked at where nothing tells. */
const LOOK_MS = 200;

export interface Foreign {
  readonly pid: number;
  /** Readable when it has ended; null: not to be had. */
  readonly pidfd: Fd | null;
  /** When it was started, where that is needed and known. */
  readonly startMs: number | null;
}

/** When a process of that number was started; null: there is none; undefined: that cannot be told now. */
const startNow = (pid: number): number | null | undefined => {
  try {
    return startOf(pid);
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
    return sys.kill(pid, 0) === -ESRCH ? null : undefined;
  }
};

/** Null where it has ended already. */
export const watchForeign = (pid: number): Foreign | null => {
  const pidfd = sys.pidfd(pid);
  if (pidfd === -ESRCH) return null;
  if (!refused(pidfd)) return { pid, pidfd, startMs: null };
  const startMs = startNow(pid);
  return startMs === null ? null : { pid, pidfd: null, startMs: startMs ?? null };
};

/** Nothing is kept open for it any more. */
export const forgetForeign = ({ pidfd }: Foreign): void => {
  if (pidfd !== null) sys.close(pidfd);
};

/** What tells of its end. */
export const foreignWatches = ({ pidfd }: Foreign, ended: () => void): readonly Watch[] =>
  pidfd === null ? [] : [{ fd: pidfd, events: POLLIN, ready: ended }];

/** When to look for one of them that has ended, monotonic; null: each will tell. */
export const foreignDueMs = (all: readonly Foreign[]): number | null =>
  all.some(({ pidfd }) => pidfd === null) ? monotonicMs() + LOOK_MS : null;

/** Whether it was seen to have ended: for those that cannot tell. */
export const foreignEnded = ({ pid, pidfd, startMs }: Foreign): boolean => {
  if (pidfd !== null) return false;
  const now = startNow(pid);
  return now === null || (now !== undefined && startMs !== null && now !== startMs);
};
