// What an inotify descriptor says: which watches have news of a given file.
//
// Read next: ../client/wait.ts.
import type { Bytes } from '../abi/bytes.ts';

/** The watch of the event that says that events were lost. */
export const OVERFLOW = -1;

const HEAD_BYTES = 16;

const numberAt = (bytes: Bytes, at: number): number =>
  bytes.charCodeAt(at) |
  (bytes.charCodeAt(at + 1) << 8) |
  (bytes.charCodeAt(at + 2) << 16) |
  (bytes.charCodeAt(at + 3) << 24);

/** The watches with any event; null where events were lost. */
export const watchesIn = (bytes: Bytes): ReadonlySet<number> | null => {
  const watches = new Set<number>();
  for (let at = 0; at + HEAD_BYTES <= bytes.length; at += HEAD_BYTES + (numberAt(bytes, at + 12) >>> 0)) {
    watches.add(numberAt(bytes, at));
  }
  return watches.has(OVERFLOW) ? null : watches;
};

/** The watches with an event about a file with one of these names, and OVERFLOW where events were lost. */
export const changedWatches = (bytes: Bytes, names: readonly Bytes[]): ReadonlySet<number> => {
  const changed = new Set<number>();
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const watch = numberAt(bytes, at);
    const next = at + HEAD_BYTES + (numberAt(bytes, at + 12) >>> 0);
    const isOf = (name: Bytes): boolean => bytes.startsWith(`${name}\0`, at + HEAD_BYTES);
    if (watch === OVERFLOW || names.some(isOf)) changed.add(watch);
    at = next;
  }
  return changed;
};
