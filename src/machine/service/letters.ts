// The bytes that supervise/control takes, and the event each one is. The one list of them: sv's verbs and the manual
// are held to it by a test.
import type { Event } from './model.ts';

const EVENTS: Readonly<Record<string, Event>> = {
  u: { kind: 'up' },
  d: { kind: 'down' },
  o: { kind: 'once' },
  x: { kind: 'exit' },
  t: { kind: 'term' },
  k: { kind: 'kill' },
  p: { kind: 'pause' },
  c: { kind: 'cont' },
  h: { kind: 'signal', letter: 'h' },
  a: { kind: 'signal', letter: 'a' },
  i: { kind: 'signal', letter: 'i' },
  q: { kind: 'signal', letter: 'q' },
  '1': { kind: 'signal', letter: '1' },
  '2': { kind: 'signal', letter: '2' },
};

/** Every byte that means something. */
export const LETTERS: readonly string[] = Object.keys(EVENTS);

/** The event of one byte; null for bytes that mean nothing, which are ignored. */
export const eventOf = (letter: string): Event | null => EVENTS[letter] ?? null;
