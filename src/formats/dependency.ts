// An entry of dependencies.d: its name is a service, its first line says what is special about depending on it. And the
// way from one service to another along such names, which is a cycle where it leads back.
//
// Promises: pure; words that mean nothing are told, and the others count. Whoever reads a file decides what follows: runsv warns,
// `sv lint` calls it an error.
// Read next: ../machine/service/dependencies.ts (what the words mean), ../effects/service/dependencies.ts (who reads them).
import type { Bytes } from '../abi/bytes.ts';

export const DEPENDENCY_WORDS: readonly Bytes[] = ['optional', 'restart'];

export interface DependencyWords {
  /** Not waited for where it is not available, and never started because of this one. */
  readonly optional: boolean;
  /** When it ends, this service ends too. */
  readonly restart: boolean;
  /** The words that mean nothing. */
  readonly unknown: readonly Bytes[];
}

export const dependencyWords = (text: Bytes): DependencyWords => {
  const words = text
    .replace(/\n[\s\S]*/, '')
    .split(/[ \t\r]+/)
    .filter((word) => word !== '');
  return {
    optional: words.includes('optional'),
    restart: words.includes('restart'),
    unknown: words.filter((word) => !DEPENDENCY_WORDS.includes(word)),
  };
};

/** Whether an entry of dependencies.d names a service. */
export const namesDependency = (name: Bytes): boolean => name !== '' && name[0] !== '.' && !name.includes('/');

/** The shortest way along dependencies, without its beginning; null: there is none. `namesOf`: what one depends on. */
export const wayTo = (from: Bytes, to: Bytes, namesOf: (name: Bytes) => readonly Bytes[]): readonly Bytes[] | null => {
  const before = new Map<Bytes, Bytes>();
  const queue = [from];
  for (const name of queue) {
    for (const next of namesOf(name)) {
      if (before.has(next)) continue;
      before.set(next, name);
      if (next === to) return wayBack(before, from, to);
      queue.push(next);
    }
  }
  return null;
};

const wayBack = (before: ReadonlyMap<Bytes, Bytes>, from: Bytes, to: Bytes): readonly Bytes[] => {
  const way: Bytes[] = [];
  let at = to;
  do {
    way.unshift(at);
    at = before.get(at) as Bytes;
  } while (at !== from);
  return way;
};
