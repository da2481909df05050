// The event of each byte that supervise/control takes.
//
// Pure and total. Read first: ../../formats/control.ts (the bytes). Read next: table.ts (what a service does with an event).
import { controlBytes } from '../../formats/control.ts';
import type { Event } from './model.ts';

const EVENTS: ReadonlyMap<string, Event> = new Map(
  controlBytes.map((row): [string, Event] => [
    row.byte,
    row.event === 'signal' ? { kind: 'signal', letter: row.byte } : { kind: row.event },
  ]),
);

/** Every byte that means something. */
export const LETTERS: readonly string[] = controlBytes.map(({ byte }) => byte);

/** The event of one byte; null for bytes that mean nothing, which are ignored. */
export const eventOf = (letter: string): Event | null => EVENTS.get(letter) ?? null;
