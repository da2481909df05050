// The event of each byte that supervise/control takes.
//
// Pure and total. Read first: ../../formats/control.ts (the bytes). Read next: table.ts (what a service does with an event).
import { control, controlNames } from '../../formats/control.ts';
import type { Event } from './model.ts';

const EVENTS: Record<string, Event> = {};
for (const name of controlNames) {
  const row = control[name];
  EVENTS[row.byte] = row.event === 'signal' ? { kind: 'signal', letter: row.byte } : { kind: row.event };
}

/** Every byte that means something. */
export const LETTERS: readonly string[] = controlNames.map((name) => control[name].byte);

/** The event of one byte; null for bytes that mean nothing, which are ignored. */
export const eventOf = (letter: string): Event | null => EVENTS[letter] ?? null;
