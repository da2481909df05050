// Whether a running process has been up long enough to count as up.
//
// Promises: pure and total. A process that ends at once was never up. Where the processes of a service end again and again, one
// counts only when it has outlived the second in which runsv starts no other. One that is still busy may be about to fail, so it
// counts later. Time is that of the monotonic clock since the process was first seen; the wall clock of a status only shows
// that a process from before the command is old.
// Read next: wait-conditions.ts (what must hold besides), ../../client/wait-session.ts (who asks).
import type { Status } from '../../formats/status.ts';
import type { Moment } from '../../formats/tai64.ts';

/** A process whose start was seen is stable after this time. */
export const STABLE_MS = 200;
/** One that may be the next of many, or is busy all the time, is stable after this time. */
export const SETTLED_MS = 1200;
/** How soon a busy process is examined again. */
export const BUSY_MS = 20;

/** Monotonic milliseconds, and the wall clock at the same time. */
export interface Time {
  readonly ms: number;
  readonly wall: Moment;
}

export interface Stability {
  /** The status just before the command was sent; null: unknown. */
  readonly before: Status | null;
  /** The process before the command was young, so it may be one of many. */
  readonly suspect: boolean;
  /** The process that is observed, as its status first appeared; null: none. */
  readonly process: Status | null;
  /** Monotonic milliseconds: when it is stable if it is idle then. */
  readonly dueMs: number;
  /** Monotonic milliseconds: when it is stable even if busy. */
  readonly settledMs: number;
  /** How many processes ended while they were observed. */
  readonly ends: number;
  /** The processes of this service seem to end again and again. */
  readonly unstable: boolean;
}

const restarts = ({ phase, want }: Status): boolean => phase !== 'run' && want === 'up';

/** The age of a state at `wall`; 0 for one that seems to begin in the future. */
const ageMs = ({ sec, nsec }: Status, wall: Moment): number =>
  Math.max(0, (wall.sec - sec) * 1000 + (wall.nsec - nsec) / 1e6);

/** No process has been observed, and none is known. */
export const UNOBSERVED: Stability = {
  before: null,
  suspect: false,
  process: null,
  dueMs: 0,
  settledMs: 0,
  ends: 0,
  unstable: false,
};

/** No process has been observed; the status was `before` when the command was sent, at `wall`. */
export const unobserved = (before: Status | null, wall: Moment): Stability => {
  if (before === null) return UNOBSERVED;
  const suspect = before.phase === 'run' && ageMs(before, wall) < SETTLED_MS;
  return { ...UNOBSERVED, before, suspect, unstable: restarts(before) };
};

/** Whether two statuses show the same process of ./run. */
export const isSameProcess = (one: Status, other: Status): boolean =>
  one.phase === 'run' &&
  other.phase === 'run' &&
  one.pid === other.pid &&
  one.sec === other.sec &&
  one.nsec === other.nsec;

type Due = Pick<Stability, 'dueMs' | 'settledMs'>;

const due = (stability: Stability, status: Status, { ms, wall }: Time): Due => {
  const { before } = stability;
  const known = before !== null && isSameProcess(before, status);
  const settledMs = ms + Math.max(0, SETTLED_MS - (known ? ageMs(status, wall) : 0));
  return { dueMs: known || mustSettle(stability) ? settledMs : ms + STABLE_MS, settledMs };
};

/** Whether the process must outlive SETTLED_MS, even if ./check succeeds. */
export const mustSettle = ({ suspect, unstable }: Stability): boolean => suspect || unstable;

const ended = (stability: Stability): Stability => ({
  ...stability,
  process: null,
  ends: stability.ends + 1,
  unstable: true,
});

/** `status` was read. `running`: its process counts as up once it is stable. */
export const observe = (stability: Stability, status: Status, running: boolean, time: Time): Stability => {
  const { process } = stability;
  const now = process === null || isSameProcess(process, status) ? stability : ended(stability);
  if (now.process !== null || !running) return now;
  return { ...now, process: status, ...due(now, status, time) };
};

/** The observed process is busy, or has not had a processor yet: it is examined again soon. */
export const postpone = (stability: Stability, nowMs: number): Stability => ({
  ...stability,
  dueMs: Math.min(nowMs + BUSY_MS, stability.settledMs),
});

/** Whether the observed process is stable if idle. */
export const isDue = ({ process, dueMs }: Stability, nowMs: number): boolean => process !== null && nowMs >= dueMs;

/** Whether it is stable even if busy. */
export const hasSettled = ({ settledMs }: Stability, nowMs: number): boolean => nowMs >= settledMs;
