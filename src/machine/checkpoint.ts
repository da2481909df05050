// The state that a process which must not end saves for itself, in case its engine fails: one line of text.
//
//   PROCESS STATUS WORD START {"tree": ...}
//
// The two numbers come first because C updates them without an engine, see ../host/c/sys.h: an important process
// (the main command, a stage) and its raw wait status, each plus one. WORD is the program, START when this process
// was started, in ticks since boot (-: unknown); the rest is JSON, written by the same executable.
// Read next: ../effects/container/checkpoint.ts (who writes and reads it).
import type { Shutdown } from './container/shutdown.ts';
import type { Stages, StagesEffect } from './init/model.ts';
import type { Entry } from './scan/table.ts';

/** A runsv that is not our child; by the time this is read, another process may have its number. */
export interface ForeignRunsv {
  readonly pid: number;
  readonly start: Start;
}

/** A runsvdir's. */
export interface TreeState {
  readonly wanted: readonly Entry[];
  readonly leaving: readonly Entry[];
  /** The keys of those whose runsv is just being started: each may run, or not. */
  readonly starting: readonly string[];
  readonly stopping: boolean;
  /** Runsvs among them that are not our children. */
  readonly foreignRunsvs: readonly ForeignRunsv[];
  readonly shutdown: Shutdown;
  /** The main command has not been started, unless there is a process in front. */
  readonly commandDue: boolean;
  /** The descriptor that the LOG argument's text comes from, -1: none. */
  readonly readproctitle: number;
  /** The descriptor that holds the lock of the scan directory, -1: none. */
  readonly lock: number;
  /** The limit of descriptors for other programs, -1: none; null: the same as for this process. */
  readonly files: number | null;
}

/** A runit's: the stages, and the effects that had not been carried out when this was saved, the next one first. */
export interface UnfinishedStages {
  readonly stages: Stages;
  readonly todo: readonly StagesEffect[];
}

/** The state of each program that can be restored, by its word. */
export interface CheckpointStates {
  readonly runsvdir: TreeState;
  readonly runit: UnfinishedStages;
}

export type ProgramWord = keyof CheckpointStates;

export interface Checkpoint<W extends ProgramWord> {
  readonly state: CheckpointStates[W];
  /** The important process, 0: none. */
  readonly pid: number;
  /** Its raw wait status, null: it had not ended. */
  readonly wait: number | null;
  /** When the process that wrote this was started. */
  readonly start: Start;
}

/** Ticks since boot; null: unknown. */
export type Start = number | null;

const PATTERN = /^(\d{10}) (\d{10}) (\w+) (-|\d+) (\{.*\})$/;

/** The part after the two numbers. It has no characters above 255, and control characters are escaped. */
export const encodeCheckpoint = <W extends ProgramWord>(word: W, start: Start, state: CheckpointStates[W]): string =>
  `${word} ${start ?? '-'} ${JSON.stringify(state)}`;

/** The word of the program whose checkpoint this is; undefined: it is none. */
export const programOf = (text: string): string | undefined => PATTERN.exec(text)?.[3];

/** Our environment may hold anything. */
const stateIn = <W extends ProgramWord>(json: string): CheckpointStates[W] | null => {
  try {
    return JSON.parse(json) as CheckpointStates[W];
  } catch {
    return null;
  }
};

/** The saved state; null: the text is none, or another program's. */
export const decodeCheckpoint = <W extends ProgramWord>(word: W, text: string): Checkpoint<W> | null => {
  const [, process, status, owner, start, json] = PATTERN.exec(text) ?? [];
  if (json === undefined || owner !== word) return null;
  const state = stateIn<W>(json);
  if (state === null) return null;
  const wait = Number(status) === 0 ? null : Number(status) - 1;
  return { state, pid: Math.max(0, Number(process) - 1), wait, start: start === '-' ? null : Number(start) };
};
