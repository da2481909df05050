// Whether a process that runs has been up long enough to count as up.
//
// Promises: pure and total. A process that ends at once was never up; one of a service whose processes end again and again
// counts only when it has lasted longer than the second in which runsv starts no other. One that has not come to wait for
// anything yet may be about to end. What is seen counts, by the monotonic clock; the wall clock in a status only tells that a
// process which was there before is old.
// Read next: wait-conditions.ts (what must hold besides), ../../client/round.ts (who asks).
import type { Status } from '../../formats/status.ts';
import type { Moment } from '../../formats/tai64.ts';

/** A process that was seen to start counts as up after this time. */
export const LASTING_MS = 200;
/** One that may be the next of many, or is busy all the time, counts after this time. */
export const SETTLED_MS = 1200;
/** How soon one that is busy is looked at again. */
export const BUSY_MS = 20;

/** Monotonic milliseconds, and the wall clock at the same time. */
export interface Time {
  readonly ms: number;
  readonly wall: Moment;
}

export interface Lasting {
  /** The status just before the command was sent; null: not known. */
  readonly before: Status | null;
  /** What ran before was young, and so may have been one of many. */
  readonly suspect: boolean;
  /** The process that is watched, as the status first showed it; null: none. */
  readonly process: Status | null;
  /** Monotonic milliseconds: when it counts as up if it waits for something then. */
  readonly dueMs: number;
  /** Monotonic milliseconds: when it counts as up, whatever it does. */
  readonly settledMs: number;
  /** How many ended while they were watched. */
  readonly ends: number;
  /** Processes of this service seem to end again and again. */
  readonly unstable: boolean;
}

const startsAgain = ({ phase, want }: Status): boolean => phase !== 'run' && want === 'up';

/** Since when a state lasts, at `wall`; 0 for one that seems to begin in the future. */
const ageMs = ({ sec, nsec }: Status, wall: Moment): number =>
  Math.max(0, (wall.sec - sec) * 1000 + (wall.nsec - nsec) / 1e6);

/** No process seen yet, and none known. */
export const NOT_SEEN: Lasting = {
  before: null,
  suspect: false,
  process: null,
  dueMs: 0,
  settledMs: 0,
  ends: 0,
  unstable: false,
};

/** No process seen yet; the status was `before` when the command was sent, at `wall`. */
export const notSeen = (before: Status | null, wall: Moment): Lasting => {
  if (before === null) return NOT_SEEN;
  const suspect = before.phase === 'run' && ageMs(before, wall) < SETTLED_MS;
  return { ...NOT_SEEN, before, suspect, unstable: startsAgain(before) };
};

/** Whether two statuses tell of the same process of ./run. */
export const isSameProcess = (one: Status, other: Status): boolean =>
  one.phase === 'run' &&
  other.phase === 'run' &&
  one.pid === other.pid &&
  one.sec === other.sec &&
  one.nsec === other.nsec;

type Due = Pick<Lasting, 'dueMs' | 'settledMs'>;

const due = (lasting: Lasting, status: Status, { ms, wall }: Time): Due => {
  const { before } = lasting;
  const known = before !== null && isSameProcess(before, status);
  const settledMs = ms + Math.max(0, SETTLED_MS - (known ? ageMs(status, wall) : 0));
  return { dueMs: known || mustSettle(lasting) ? settledMs : ms + LASTING_MS, settledMs };
};

/** Whether the process must last, whatever ./check says. */
export const mustSettle = ({ suspect, unstable }: Lasting): boolean => suspect || unstable;

const ended = (lasting: Lasting): Lasting => ({ ...lasting, process: null, ends: lasting.ends + 1, unstable: true });

/** `status` is seen. `running`: it tells of a process that counts as up if it lasts. */
export const seen = (lasting: Lasting, status: Status, running: boolean, time: Time): Lasting => {
  const { process } = lasting;
  const now = process === null || isSameProcess(process, status) ? lasting : ended(lasting);
  if (now.process !== null || !running) return now;
  return { ...now, process: status, ...due(now, status, time) };
};

/** The process that is watched has something to do, or no processor to do it: what has not begun has not lasted. */
export const busy = (lasting: Lasting, nowMs: number): Lasting => ({
  ...lasting,
  dueMs: Math.min(nowMs + BUSY_MS, lasting.settledMs),
});

/** Whether the process that was seen last has lasted. */
export const hasLasted = ({ process, dueMs }: Lasting, nowMs: number): boolean => process !== null && nowMs >= dueMs;

/** Whether it counts, whatever it does. */
export const hasSettled = ({ settledMs }: Lasting, nowMs: number): boolean => nowMs >= settledMs;
