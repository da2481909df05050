// Judging: the notes of one suite against C's, with the declared differences of the programs that are ours put in.
//
// Promises: a difference that C does not show is itself a fault, so that docs/differences.md cannot go stale.
// Read next: model.ts.
import { type Case, type Difference, type Program, PROGRAMS, type Suite, type Transcript } from './model.ts';

export function programOf(difference: Difference): Program {
  const fitting = PROGRAMS.filter((program) => difference.id.startsWith(`${program}-`));
  return fitting.reduce((one, other) => (other.length > one.length ? other : one));
}

function holds(difference: Difference, suite: Suite): boolean {
  const origin = suite.origins[programOf(difference)];
  if (origin === 'c231') return difference.since231 === true;
  return origin === 'ours' && (difference.with ?? []).every((other) => suite.origins[other] === 'ours');
}

/** What `suite` has to note, given what C noted. */
export function expected(given: Case, suite: Suite, reference: Transcript): Transcript {
  const lines = new Map(reference);
  for (const difference of given.differs ?? []) {
    if (holds(difference, suite)) replace(lines, difference.lines);
  }
  return lines;
}

function replace(lines: Map<string, string>, by: Difference['lines']): void {
  for (const [key, value] of Object.entries(by)) {
    if (value === null) lines.delete(key);
    else lines.set(key, value);
  }
}

/** The keys on which two sets of notes differ, with both values. */
export function mismatches(wanted: Transcript, got: Transcript): readonly string[] {
  const keys = new Set([...wanted.keys(), ...got.keys()]);
  return [...keys]
    .filter((key) => wanted.get(key) !== got.get(key))
    .map((key) => `${key}\n      expected: ${show(wanted.get(key))}\n      got:      ${show(got.get(key))}`);
}

function show(value: string | undefined): string {
  return value === undefined ? '(no such note)' : value.trimEnd().replaceAll('\n', '\n                ');
}

/** Declared differences of which C's notes show nothing. */
export function stale(given: Case, reference: Transcript): readonly string[] {
  return (given.differs ?? []).filter((it) => !seen(it, reference)).map((it) => `C does the same as ${it.id}`);
}

function seen(difference: Difference, reference: Transcript): boolean {
  return Object.entries(difference.lines).every(([key, value]) => (reference.get(key) ?? null) !== value);
}
