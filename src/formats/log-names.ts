// The names of rotated files, and which of them go: '@', 24 hexadecimal digits, '.', and s (safe), u (unprocessed) or
// t (what a processor is still writing).
//
// Promises: pure. A name counts by its length and its first byte, as in C svlogd; unprocessed files are kept apart.
// Read next: ../log/directory.ts (who deletes).
import type { Bytes } from '../host/calls.ts';

const LENGTH = '@400000000000000000000000.s'.length;

const isOld = (name: Bytes): boolean => name.length === LENGTH && name.charAt(0) === '@';

const endsIn =
  (letter: Bytes) =>
  (name: Bytes): boolean =>
    isOld(name) && name.charAt(LENGTH - 1) === letter;

const ascending = (names: readonly Bytes[]): readonly Bytes[] => [...names].sort((a, b) => (a < b ? -1 : 1));

/** Files that a processor has still to see, the oldest first. */
export const unprocessed = (names: readonly Bytes[]): readonly Bytes[] => ascending(names.filter(endsIn('u')));

/** What processors that are no more left half written. */
export const halfWritten = (names: readonly Bytes[]): readonly Bytes[] => names.filter(endsIn('t'));

/** Old files that count against what is kept, the oldest first: all but unprocessed and half written ones. */
const counted = (names: readonly Bytes[]): readonly Bytes[] =>
  ascending(names.filter((name) => isOld(name) && !endsIn('u')(name) && !endsIn('t')(name)));

/** The oldest file, if there are more than `keep` (0: never); never the `newest`, whatever the clock said of it. */
export const surplus = (names: readonly Bytes[], keep: number, newest: Bytes): Bytes | null => {
  const old = counted(names);
  if (keep === 0 || old.length <= keep) return null;
  return old.find((name) => name !== newest) ?? null;
};

/** The oldest unprocessed file, if there are more than `keep` (0: never). */
export const overdue = (names: readonly Bytes[], keep: number): Bytes | null => {
  const waiting = unprocessed(names);
  return keep !== 0 && waiting.length > keep ? (waiting[0] as Bytes) : null;
};

/** The oldest file, if more than `keepOnFullDisk` are there and that is less than `keep`. */
export const expendable = (names: readonly Bytes[], keep: number, keepOnFullDisk: number): Bytes | null => {
  const old = counted(names);
  if (keepOnFullDisk === 0 || (keep !== 0 && keepOnFullDisk >= keep)) return null;
  return old.length > keepOnFullDisk ? (old[0] as Bytes) : null;
};
