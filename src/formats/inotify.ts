// What an inotify descriptor says: which watches have news of a given file.
//
// Read next: ../client/wait.ts.
import { BIG_ENDIAN } from '../abi/byte-order.ts';
import type { Bytes } from '../abi/bytes.ts';

/** The watch of the event that says that events were lost. */
export const OVERFLOW = -1;

const HEAD_BYTES = 16;

/** A number of 32 bits with a sign. */
const numberAt = (bytes: Bytes, at: number, bigEndian: boolean): number => {
  let value = 0;
  for (let byte = 0; byte < 4; byte++) value |= bytes.charCodeAt(at + byte) << (8 * (bigEndian ? 3 - byte : byte));
  return value;
};

/** Where the event after the one at `at` begins. */
const afterEvent = (bytes: Bytes, at: number, bigEndian: boolean): number =>
  at + HEAD_BYTES + (numberAt(bytes, at + 12, bigEndian) >>> 0);

/** The watches with any event; null where events were lost. */
export const watchesIn = (bytes: Bytes, bigEndian = BIG_ENDIAN): ReadonlySet<number> | null => {
  const watches = new Set<number>();
  for (let at = 0; at + HEAD_BYTES <= bytes.length; at = afterEvent(bytes, at, bigEndian)) {
    watches.add(numberAt(bytes, at, bigEndian));
  }
  return watches.has(OVERFLOW) ? null : watches;
};

/** The watches with an event about a file with one of these names, and OVERFLOW where events were lost. */
export const changedWatches = (bytes: Bytes, names: readonly Bytes[], bigEndian = BIG_ENDIAN): ReadonlySet<number> => {
  const changed = new Set<number>();
  for (let at = 0; at + HEAD_BYTES <= bytes.length; at = afterEvent(bytes, at, bigEndian)) {
    const watch = numberAt(bytes, at, bigEndian);
    const isOf = (name: Bytes): boolean => bytes.startsWith(`${name}\0`, at + HEAD_BYTES);
    if (watch === OVERFLOW || names.some(isOf)) changed.add(watch);
  }
  return changed;
};
