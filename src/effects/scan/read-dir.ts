// Looking at the scan directory: which services it names at this moment.
//
// A link, or a directory that was moved in, is taken at once. A directory that is being written (its mtime is less than
// a second old) is waited for: it may still lack its down file or its log. C runit's look every five seconds hides
// that race; one that comes within milliseconds must not lose it. One that has no ./run after that second is being made
// step by step, and may get its log last: it is given more time.
//
// Promises: only what the kernel says is not there is gone; what it refuses to tell otherwise is as it was, and is asked
// again. What is wrong with an entry is told once, and again when it changes.
// Read next: rescan.ts (who looks), ../../machine/scan/table.ts (what is made of it).
import type { Bytes } from '../../abi/bytes.ts';
import { type Errno, type RawStat, refused } from '../../host/calls.ts';
import { unixTime } from '../../host/clock.ts';
import { ENOENT, ENOTDIR } from '../../abi/errno.ts';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import type { Found } from '../../machine/scan/table.ts';
import type { Voice } from '../messages.ts';

/** How long a new directory must have been left alone. */
const SETTLED_MS = 1000;
/** How long one must have been left alone that had no ./run after that time. */
const STEPWISE_MS = 3000;
/** Where runsv keeps its files: one that was started on the scan directory itself leaves this there. */
const SUPERVISE = 'supervise';

/** What was said of an entry: its name, and what is wrong with it. */
export type Told = ReadonlyMap<Bytes, string>;

/** A look that is under way: it may be interrupted between any two entries. */
export interface Look {
  readonly names: readonly Bytes[];
  /** Which of them comes next. */
  at: number;
  readonly found: Found[];
  readonly told: Map<Bytes, string>;
  /** Directories that are being made step by step. */
  readonly stepwise: Set<string>;
  /** Milliseconds until a directory that is still being written may be taken; null: none is. */
  againInMs: number | null;
  /** The kernel would not tell of some entry. */
  unclear: boolean;
}

/** What a look has to know of what was seen before. */
export interface Known {
  readonly voice: Voice;
  readonly told: Told;
  isKnown(key: string): boolean;
  /** Whether a directory was being made step by step at the last look. */
  isStepwise(key: string): boolean;
  /** For how many milliseconds runsvdir has looked: what is older than that was there before. */
  readonly sinceMs: number;
  /** The directory that had this name at the last look; undefined: none that was a service. */
  keyOf(name: Bytes): string | undefined;
}

const keyOf = (stat: RawStat): string => `${stat[1]}:${stat[3]}:${stat[2]}`;

/** The identity of a directory, null where it cannot be had. */
export const identityOf = (path: Bytes): string | null => {
  const stat = sys.stat(path);
  return refused(stat) ? null : keyOf(stat);
};

const ageMs = (stat: RawStat): number => {
  const [sec, nsec] = unixTime();
  return (sec - stat[7]) * 1000 + (nsec - stat[8]) / 1e6;
};

const isLink = (name: Bytes): boolean => {
  const itself = sys.lstat(name);
  return !refused(itself) && (itself[0] & S_IFMT) === S_IFLNK;
};

/** Whether it is made step by step, so far without ./run. */
const isStepwise = (known: Known, name: Bytes, key: string, age: number): boolean =>
  known.isStepwise(key) || (age >= SETTLED_MS && age < known.sinceMs && sys.lstat(`${name}/run`) === -ENOENT);

/** How long to wait for a directory; 0: not at all. An mtime in the future says nothing. */
const waitFor = (look: Look, known: Known, name: Bytes, stat: RawStat): number => {
  const age = ageMs(stat);
  if (age < 0 || age >= STEPWISE_MS) return 0;
  const key = keyOf(stat);
  const stepwise = isStepwise(known, name, key, age);
  const wait = (stepwise ? STEPWISE_MS : SETTLED_MS) - age;
  if (wait <= 0 || isLink(name)) return 0;
  if (stepwise) look.stepwise.add(key);
  return wait;
};

/** What a runsv that was started on the scan directory itself has left there, or a daemontools' svscan. */
const isLeftover = (name: Bytes): boolean =>
  name === SUPERVISE && sys.lstat(`${name}/run`) === -ENOENT && !refused(sys.lstat(`${name}/lock`));

const isGone = (errno: Errno): boolean => errno === -ENOENT || errno === -ENOTDIR;

/** Which link it is that leads nowhere: another one is news. */
const signOf = (name: Bytes, errno: Errno): string => {
  const itself = sys.lstat(name);
  return refused(itself) ? `${errno}` : `${errno} ${keyOf(itself)} ${itself[7]}.${itself[8]}`;
};

const tellOnce = (look: Look, { voice, told }: Known, name: Bytes, errno: Errno): void => {
  const sign = signOf(name, errno);
  if (told.get(name) !== sign) voice.warn(`unable to stat ${name}`, errno);
  look.told.set(name, sign);
};

const takeRefusal = (look: Look, known: Known, name: Bytes, errno: Errno): void => {
  tellOnce(look, known, name, errno);
  if (isGone(errno)) return;
  look.unclear = true;
  const key = known.keyOf(name);
  if (key !== undefined) look.found.push({ name, key });
};

const takeDirectory = (look: Look, known: Known, name: Bytes, stat: RawStat): void => {
  const key = keyOf(stat);
  const wait = known.isKnown(key) ? 0 : waitFor(look, known, name, stat);
  if (wait > 0) look.againInMs = Math.min(look.againInMs ?? wait, wait);
  else if (!isLeftover(name)) look.found.push({ name, key });
};

const takeEntry = (look: Look, known: Known, name: Bytes): void => {
  if (name.startsWith('.')) return;
  const stat = sys.stat(name);
  if (refused(stat)) takeRefusal(look, known, name, stat);
  else if ((stat[0] & S_IFMT) === S_IFDIR) takeDirectory(look, known, name, stat);
};

/** Begins to look at the current directory. */
export const newLook = (): Look | Errno => {
  const names = sys.readdir('.');
  if (refused(names)) return names;
  return { names, at: 0, found: [], told: new Map(), stepwise: new Set(), againInMs: null, unclear: false };
};

/** Looks at entries while `hasTime` says so. Whether all have been looked at. */
export const lookOn = (look: Look, known: Known, hasTime: () => boolean): boolean => {
  while (look.at < look.names.length) {
    takeEntry(look, known, look.names[look.at++] ?? '.');
    if (!hasTime()) break;
  }
  return look.at >= look.names.length;
};
