// Looking at the scan directory: which services it names at this moment.
//
// A link, or a directory that was moved in, is taken at once. A directory that is being written (its mtime is less than
// a second old) is waited for: it may still lack its down file or its log. C runit's look every five seconds hides
// that race; one that comes within milliseconds must not lose it.
// Read next: ../machine/tree.ts (what is made of it).
import { type Bytes, type RawStat, refused } from '../host/calls.ts';
import { CLOCK_REALTIME, S_IFDIR, S_IFLNK, S_IFMT } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import type { Found } from '../machine/tree.ts';
import type { Voice } from './messages.ts';

/** How long a new directory must have been left alone. */
const SETTLED_MS = 1000;

export interface Look {
  readonly found: readonly Found[];
  /** Milliseconds until a directory that is still being written may be taken; null: none is. */
  readonly againInMs: number | null;
}

const keyOf = (stat: RawStat): string => `${stat[1]}:${stat[3]}:${stat[2]}`;

/** The identity of a directory, null where it cannot be had. */
export const identityOf = (path: Bytes): string | null => {
  const stat = sys.stat(path);
  return refused(stat) ? null : keyOf(stat);
};

const ageMs = (stat: RawStat): number => {
  const [sec, nsec] = sys.clock(CLOCK_REALTIME);
  return (sec - stat[7]) * 1000 + (nsec - stat[8]) / 1e6;
};

/** How long to wait for a directory; 0: not at all. An mtime in the future says nothing. */
const waitFor = (name: Bytes, stat: RawStat): number => {
  const age = ageMs(stat);
  if (age < 0 || age >= SETTLED_MS) return 0;
  const itself = sys.lstat(name);
  return refused(itself) || (itself[0] & S_IFMT) === S_IFLNK ? 0 : SETTLED_MS - age;
};

/** Looks at the current directory; null where it cannot be read, which has been told. */
export const look = (voice: Voice, dir: Bytes, isKnown: (key: string) => boolean): Look | null => {
  const names = sys.readdir('.');
  if (refused(names)) {
    voice.warn(`unable to read directory ${dir}`, names);
    return null;
  }
  const found: Found[] = [];
  let againInMs: number | null = null;
  for (const name of names) {
    if (name.startsWith('.')) continue;
    const stat = sys.stat(name);
    if (refused(stat)) voice.warn(`unable to stat ${name}`, stat);
    else if ((stat[0] & S_IFMT) === S_IFDIR) {
      const key = keyOf(stat);
      const wait = isKnown(key) ? 0 : waitFor(name, stat);
      if (wait === 0) found.push({ name, key });
      else againInMs = Math.min(againInMs ?? wait, wait);
    }
  }
  return { found, againInMs };
};
