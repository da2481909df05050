// A scenario, and how it is judged: played by C and by ours, the notes compared.
//
// Promises: equal notes, but for those that a named difference replaces; a difference that C does not show is a fault,
// so that the list cannot go stale. Read next: session.ts, differences.ts.
import { join } from 'node:path';
import type { LinesCase } from './lines/cases.ts';
import { mismatches, type Sides } from './compare.ts';
import type { Seen, Side, Verdict } from './model.ts';
import type { Place } from './play.ts';
import { Session } from './session.ts';

export interface Scenario {
  /** A sentence. */
  readonly title: string;
  readonly needs?: 'root';
  run(session: Session): Promise<void>;
}

/** What ours does on purpose. The id is a heading in docs/differences.md. */
export interface Difference extends Scenario {
  readonly id: `svlogd-${string}`;
  /** Notes that ours leaves in place of C's; null: ours has no such note. */
  readonly lines: Readonly<Record<string, string | null>>;
  /** C's notes hang on memory that nobody has set, or on a race: they may happen to be ours. */
  readonly random?: true;
}

/** C svlogd has races of its own: a signal between its look and its sleep is slept over. Ours gets one try. */
const TRIES = { c: 5, ours: 1 } as const;

const performOnce = async (scenario: Scenario, sides: Sides, name: 'c' | 'ours', place: Place): Promise<Seen> => {
  const session = new Session(sides[name], join(place.dir, name));
  try {
    await scenario.run(session);
    return session.notes;
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${name}: ${what}\n${[...session.notes].map(([key, value]) => `${key}: ${value}`).join('\n')}`);
  } finally {
    await session.close();
  }
};

const perform = async (scenario: Scenario, sides: Sides, name: 'c' | 'ours', place: Place): Promise<Seen> => {
  for (let left = sides.self ? TRIES.c : TRIES[name]; ; left--) {
    try {
      return await performOnce(scenario, sides, name, place);
    } catch (cause) {
      if (left <= 1) throw cause;
    }
  }
};

export const judgeScenario = async (sides: Sides, scenario: Scenario, place: Place): Promise<Verdict> => {
  const reference = await perform(scenario, sides, 'c', place);
  const got = await perform(scenario, sides, 'ours', place);
  return { name: scenario.title, faults: mismatches(reference, got) };
};

/** Where `ours` is C as well, only that C shows what is said of it. */
export const judgeDifference = async (sides: Sides, difference: Difference, place: Place): Promise<Verdict> => {
  const reference = await perform(difference, sides, 'c', place);
  const wanted = new Map(reference);
  const stale = Object.entries(difference.lines).filter(([key, value]) => (reference.get(key) ?? null) === value);
  for (const [key, value] of Object.entries(difference.lines))
    if (value === null) wanted.delete(key);
    else wanted.set(key, value);
  const faults = difference.random === true ? [] : stale.map(([key]) => `${key}: C does the same`);
  const got = sides.self ? wanted : await perform(difference, sides, 'ours', place);
  return { name: `${difference.id}: ${difference.title}`, faults: [...faults, ...mismatches(wanted, got)] };
};

const countLines = async (side: Side, given: LinesCase, seed: number, place: Place): Promise<readonly string[]> => {
  const session = new Session(side, join(place.dir, side.name));
  try {
    return await given.run(session, seed);
  } catch (cause) {
    return [cause instanceof Error ? cause.message : String(cause)];
  } finally {
    await session.close();
  }
};

/** The one under test loses nothing. */
export const judgeLines = async (sides: Sides, given: LinesCase, seed: number, place: Place): Promise<Verdict> => {
  const faults = await countLines(sides.ours, given, seed, place);
  const expected = sides.self && given.cLoses === true;
  return { name: `${given.title} (seed ${seed})`, faults: expected ? [] : faults };
};

/** The test of the test: where C loses lines, the count finds it. */
export const judgeCount = async (sides: Sides, given: LinesCase, seed: number, place: Place): Promise<Verdict> => {
  const faults = await countLines(sides.c, given, seed, place);
  const name = `${given.title}: what C svlogd loses is found`;
  return { name, faults: faults.length > 0 ? [] : ['nothing was found, though C svlogd loses lines here'] };
};
