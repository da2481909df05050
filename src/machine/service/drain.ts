// How long to wait for a log whose input was closed, and for a control script whose service has ended for good.
//
// A log ends by itself at the end of its input. It does not get there while a process that the service left behind
// holds the pipe, and some logs ignore it. So the pipe is polled: once it is empty, the log can be ended without losing any of
// the service's lines.
//
//                         pipe empty       not empty
//   held by another        0.5 s            5 s
//   at its end             5 s              30 s      then TERM, and 6 s later KILL
//
// Pure and total. Read next: pair.ts (who uses it).
import type { Now } from './model.ts';

const LOOK_MS = 250;
const HELD_MS = 500;
const HELD_BUSY_MS = 5000;
const ENDED_MS = 5000;
const ENDED_BUSY_MS = 30_000;
/** Longer than svlogd tries to write what it has buffered. */
const KILL_MS = 6000;
/** How long a control script may run once its service has ended for good. */
export const SCRIPT_MS = 10_000;

/** The pipe to the log, as its read end reports it. */
export interface Input {
  /** Another process can still write to it. */
  readonly held: boolean;
  readonly empty: boolean;
}

export interface Draining {
  /** When our end of the pipe was closed, monotonic. */
  readonly sinceMs: number;
  /** When to poll the pipe again, or to kill; null: never. */
  readonly dueMs: number | null;
  /** The pipe was empty at the last poll. */
  readonly wasEmpty: boolean;
  /** The log was sent TERM. */
  readonly termSent: boolean;
}

export const newDraining = (now: Now): Draining => ({
  sinceMs: now.ms,
  dueMs: now.ms + LOOK_MS,
  wasEmpty: false,
  termSent: false,
});

const patienceMs = ({ held, empty }: Input): number => {
  if (held) return empty ? HELD_MS : HELD_BUSY_MS;
  return empty ? ENDED_MS : ENDED_BUSY_MS;
};

/** After a poll: whether the log gets TERM now, and when to poll again, or to kill. */
export const afterLook = (draining: Draining, input: Input, now: Now): Draining => {
  // the log may still be writing what it has just read
  const isSettled = !input.empty || draining.wasEmpty;
  const termSent = isSettled && now.ms - draining.sinceMs >= patienceMs(input);
  return { ...draining, wasEmpty: input.empty, termSent, dueMs: now.ms + (termSent ? KILL_MS : LOOK_MS) };
};
