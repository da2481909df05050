// The names of rotated files, and which of them go: '@', 24 hexadecimal digits, '.', and s (safe), u (unprocessed) or
// t (what a processor is still writing).
//
// Promises: pure; one look over the names, and no sorting where one file goes. A name counts by its length and its first
// byte, as in C svlogd. Unprocessed files, which a crash left or which wait for a processor, are counted apart.
// Read next: ../log/old-files.ts (who deletes).
import type { Bytes } from '../abi/bytes.ts';

const LENGTH = '@400000000000000000000000.s'.length;

const isOld = (name: Bytes): boolean => name.length === LENGTH && name.charAt(0) === '@';

const endsIn =
  (letter: Bytes) =>
  (name: Bytes): boolean =>
    isOld(name) && name.charAt(LENGTH - 1) === letter;

/** By the engine's own order, which for strings of bytes is that of the bytes. */
const ascending = (names: readonly Bytes[]): readonly Bytes[] => [...names].sort();

/** Files that a processor has still to see, the oldest first. */
export const unprocessed = (names: readonly Bytes[]): readonly Bytes[] => ascending(names.filter(endsIn('u')));

/** What processors that are no more left half written. */
export const halfWritten = (names: readonly Bytes[]): readonly Bytes[] => names.filter(endsIn('t'));

/** Old files that count against what is kept: not unprocessed and half written ones. */
const counted = (names: readonly Bytes[]): readonly Bytes[] =>
  names.filter((name) => isOld(name) && name.charAt(LENGTH - 1) !== 'u' && name.charAt(LENGTH - 1) !== 't');

const oldest = (names: readonly Bytes[], count: number): readonly Bytes[] => {
  if (count !== 1) return ascending(names).slice(0, count);
  let first = names[0];
  for (const name of names) if (first === undefined || name < first) first = name;
  return first === undefined ? [] : [first];
};

/** Those of `old` beyond `keep`, the oldest first, `most` at once; never the `newest`. */
const beyond = (old: readonly Bytes[], keep: number, newest: Bytes, most: number): readonly Bytes[] => {
  const count = Math.min(old.length - keep, most);
  if (count <= 0) return [];
  const others = old.filter((name) => name !== newest);
  return oldest(others, count);
};

/**
 * The oldest files of those beyond `keep` (0: all are kept), `most` at once; never the `newest`, whatever the clock said
 * of it. Unprocessed ones go by a count of their own; where they wait for a processor they are left to it.
 */
export const surplus = (
  names: readonly Bytes[],
  keep: number,
  newest: Bytes,
  most: number,
  areWaiting: boolean,
): readonly Bytes[] => {
  if (keep === 0) return [];
  const aside = areWaiting ? [] : beyond(names.filter(endsIn('u')), keep, newest, most);
  return [...aside, ...beyond(counted(names), keep, newest, most)];
};

/** The oldest file, if more than `keepOnFullDisk` are there and that is less than `keep`; where all are kept none goes. */
export const expendable = (names: readonly Bytes[], keep: number, keepOnFullDisk: number): Bytes | null => {
  if (keepOnFullDisk === 0 || keepOnFullDisk >= keep) return null;
  const old = counted(names);
  return old.length > keepOnFullDisk ? (oldest(old, 1)[0] as Bytes) : null;
};
