// What a process that must not end hands to itself, should its engine fail: one line of text.
//
//   PROCESS STATUS WORD START {"tree": ...}
//
// The two numbers stand in front because they are brought up to date without an engine, see ../host/c/sys.h: a process that
// matters (the main command, a stage) and its raw wait status, each plus one. WORD says whose it is, START when that process
// was started, in ticks since boot (- where that is not known); what follows is JSON, written by the same executable.
// Read next: ../effects/container/checkpoint.ts (who writes and reads it).
import type { Shutdown } from './container/shutdown.ts';
import type { Stages } from './init/model.ts';
import type { Entry } from './scan/table.ts';

/** A process that is no child; its number alone may be another's by the time that this is read. */
export interface Alien {
  readonly pid: number;
  readonly start: Start;
}

/** A runsvdir's. */
export interface TreeState {
  readonly wanted: readonly Entry[];
  readonly leaving: readonly Entry[];
  readonly stopping: boolean;
  /** Runsvs among them that are no children. */
  readonly alien: readonly Alien[];
  readonly shutdown: Shutdown;
  /** The main command is still to be started, unless a process stands in front. */
  readonly commandDue: boolean;
  /** The descriptor in which the LOG argument's text comes, -1 for none. */
  readonly title: number;
  /** The descriptor that holds the lock of the directory, -1 for none. */
  readonly lock: number;
}

/** The state of each program that goes on, by its word. */
export interface States {
  readonly runsvdir: TreeState;
  readonly runit: Stages;
}

export type Word = keyof States;

export interface Handed<W extends Word> {
  readonly state: States[W];
  /** The process that matters, 0 for none. */
  readonly pid: number;
  /** Its raw wait status, null where it had not ended. */
  readonly wait: number | null;
  /** When the process that wrote it was started. */
  readonly start: Start;
}

/** Ticks since boot; null: not known. */
export type Start = number | null;

const PATTERN = /^(\d{10}) (\d{10}) (\w+) (-|\d+) (\{.*\})$/;

/** The part behind the two numbers. Characters above 255 do not occur, and control characters are escaped. */
export const encodeHandover = <W extends Word>(word: W, start: Start, state: States[W]): string =>
  `${word} ${start ?? '-'} ${JSON.stringify(state)}`;

/** Whoever starts us may have put anything into our environment. */
const stateIn = <W extends Word>(json: string): States[W] | null => {
  try {
    return JSON.parse(json) as States[W];
  } catch {
    return null;
  }
};

/** What was handed over; null where this is none, or another program's. */
export const decodeHandover = <W extends Word>(word: W, text: string): Handed<W> | null => {
  const [, process, status, owner, start, json] = PATTERN.exec(text) ?? [];
  if (json === undefined || owner !== word) return null;
  const state = stateIn<W>(json);
  if (state === null) return null;
  const wait = Number(status) === 0 ? null : Number(status) - 1;
  return { state, pid: Math.max(0, Number(process) - 1), wait, start: start === '-' ? null : Number(start) };
};
