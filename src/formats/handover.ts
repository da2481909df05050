// What a runsvdir that must not end hands to itself, should its engine fail: one line of text.
//
//   PROCESS STATUS runsvdir1 {"tree": ...}
//
// The two numbers stand in front because they are brought up to date without an engine, see ../host/c/sys.h: the main
// command's process and its raw wait status, each plus one. What follows is JSON, written by the same executable.
// Read next: ../effects/handover.ts (who writes and reads it).
import type { Shutdown } from '../machine/shutdown.ts';
import type { Entry } from '../machine/tree.ts';

export interface Handover {
  readonly wanted: readonly Entry[];
  readonly leaving: readonly Entry[];
  readonly stopping: boolean;
  /** Runsvs among them that are no children. */
  readonly alien: readonly number[];
  readonly shutdown: Shutdown;
  /** The main command is still to be started, unless a process stands in front. */
  readonly commandDue: boolean;
  /** The descriptor in which the LOG argument's text comes, -1 for none. */
  readonly title: number;
}

export interface Handed extends Handover {
  /** The main command's process, 0 for none. */
  readonly pid: number;
  /** Its raw wait status, null where it had not ended. */
  readonly wait: number | null;
}

const WORD = 'runsvdir1';
const PATTERN = /^(\d{10}) (\d{10}) runsvdir1 (\{.*\})$/;

/** The part behind the two numbers. Characters above 255 do not occur, and control characters are escaped. */
export const encodeHandover = (handover: Handover): string => `${WORD} ${JSON.stringify(handover)}`;

/** What was handed over; null where this is none. */
export const decodeHandover = (text: string): Handed | null => {
  const [, process, status, json] = PATTERN.exec(text) ?? [];
  if (json === undefined) return null;
  const handover = JSON.parse(json) as Handover;
  return { ...handover, pid: Math.max(0, Number(process) - 1), wait: Number(status) === 0 ? null : Number(status) - 1 };
};
