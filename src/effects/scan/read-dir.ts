// Reading the scan directory: which services it names now.
//
// A link, or a directory that was moved in, counts at once. A directory that is being written (its mtime is less than
// a second old) has to wait: it may still lack its down file or its log. C runit's scan every five seconds hides
// that race; a scan within milliseconds must not lose it. A directory without ./run for longer than that second is being
// made step by step, and may get its log last: it gets more time. The times of its changes tell, however late a look comes.
//
// Promises: an entry is gone only if the kernel says so; after any other error it counts as unchanged, and is tried
// again. What is wrong with an entry is reported once, and again when it changes.
// Read next: rescan.ts (when to scan), ../../machine/scan/table.ts (what follows).
import type { Bytes } from '../../abi/bytes.ts';
import { type Errno, type RawStat, isErrno } from '../../host/calls.ts';
import { unixTime } from '../../host/clock.ts';
import { ENOENT, ENOTDIR } from '../../abi/errno.ts';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import type { Found } from '../../machine/scan/table.ts';
import type { Diagnostics } from '../diagnostics.ts';

/** How long a new directory must have been unchanged. */
const SETTLED_MS = 1000;
/** How long a directory without ./run after that time must have been unchanged. */
const STEPWISE_MS = 3000;
/** runsv keeps its files there: one that was started on the scan directory itself leaves this. */
const SUPERVISE = 'supervise';

/** What was reported about entries: name, and what is wrong. */
export type Reported = ReadonlyMap<Bytes, string>;

/** A scan in progress: it may be interrupted between two entries. */
export interface Rescan {
  readonly names: readonly Bytes[];
  /** The next of them. */
  at: number;
  readonly found: Found[];
  /** Entries that the kernel says nothing about, with the directories that they led to before; what was found precedes them. */
  readonly guessed: Found[];
  readonly reported: Map<Bytes, string>;
  /** Directories that wait, and were seen without ./run: when they had last changed then, in milliseconds. */
  readonly bare: Map<string, number>;
  /** Milliseconds until a directory that is still being written counts; null: there is none. */
  againInMs: number | null;
  /** The kernel refused to say something about an entry. */
  unclear: boolean;
}

/** What a scan needs to know from earlier ones. */
export interface Known {
  readonly diagnostics: Diagnostics;
  readonly reported: Reported;
  isKnown(key: string): boolean;
  /** `bare` of the last scan. */
  bareMs(key: string): number | undefined;
  /** How long runsvdir has been running, in milliseconds: older directories were there before. */
  readonly sinceMs: number;
  /** The directory that had this name at the last scan; undefined: none that was a service. */
  keyOf(name: Bytes): string | undefined;
}

export const keyIn = (stat: RawStat): string => `${stat[1]}:${stat[3]}:${stat[2]}`;

/** The key of a directory, null: unknown. */
export const keyAt = (path: Bytes): string | null => {
  const stat = sys.stat(path);
  return isErrno(stat) ? null : keyIn(stat);
};

const changedMs = (stat: RawStat): number => stat[7] * 1000 + stat[8] / 1e6;

const nowMs = (): number => {
  const [sec, nsec] = unixTime();
  return sec * 1000 + nsec / 1e6;
};

const isLink = (name: Bytes): boolean => {
  const itself = sys.lstat(name);
  return !isErrno(itself) && (itself[0] & S_IFMT) === S_IFLNK;
};

/** Whether it is being made step by step: a second passed in which it had no ./run. */
const isStepwise = (rescan: Rescan, known: Known, name: Bytes, stat: RawStat, now: number): boolean => {
  const key = keyIn(stat);
  const changed = changedMs(stat);
  const isBare = sys.lstat(`${name}/run`) === -ENOENT;
  const bareMs = known.bareMs(key) ?? (isBare && now - changed < known.sinceMs ? changed : null);
  if (bareMs === null) return false;
  rescan.bare.set(key, bareMs);
  return (isBare ? now : changed) - bareMs >= SETTLED_MS;
};

/** How long to wait for a directory; 0: not at all. An mtime in the future means nothing. */
const waitFor = (rescan: Rescan, known: Known, name: Bytes, stat: RawStat): number => {
  const now = nowMs();
  const age = now - changedMs(stat);
  if (age < 0 || age >= STEPWISE_MS || isLink(name)) return 0;
  return Math.max(0, (isStepwise(rescan, known, name, stat, now) ? STEPWISE_MS : SETTLED_MS) - age);
};

/** What a runsv that was started on the scan directory itself leaves there, or a daemontools svscan. */
const isLeftover = (name: Bytes): boolean =>
  name === SUPERVISE && sys.lstat(`${name}/run`) === -ENOENT && !isErrno(sys.lstat(`${name}/lock`));

const isGone = (errno: Errno): boolean => errno === -ENOENT || errno === -ENOTDIR;

/** Identifies a dangling link: another one is reported again. */
const signOf = (name: Bytes, errno: Errno): string => {
  const itself = sys.lstat(name);
  return isErrno(itself) ? `${errno}` : `${errno} ${keyIn(itself)} ${itself[7]}.${itself[8]}`;
};

const tellOnce = (rescan: Rescan, { diagnostics, reported }: Known, name: Bytes, errno: Errno): void => {
  const sign = signOf(name, errno);
  if (reported.get(name) !== sign) diagnostics.warn(`unable to stat ${name}`, errno);
  rescan.reported.set(name, sign);
};

const takeRefusal = (rescan: Rescan, known: Known, name: Bytes, errno: Errno): void => {
  tellOnce(rescan, known, name, errno);
  if (isGone(errno)) return;
  rescan.unclear = true;
  const key = known.keyOf(name);
  if (key !== undefined) rescan.guessed.push({ name, key });
};

const takeDirectory = (rescan: Rescan, known: Known, name: Bytes, stat: RawStat): void => {
  const key = keyIn(stat);
  const wait = known.isKnown(key) ? 0 : waitFor(rescan, known, name, stat);
  if (wait > 0) rescan.againInMs = Math.min(rescan.againInMs ?? wait, wait);
  else if (!isLeftover(name)) rescan.found.push({ name, key });
};

const takeEntry = (rescan: Rescan, known: Known, name: Bytes): void => {
  if (name.startsWith('.')) return;
  const stat = sys.stat(name);
  if (isErrno(stat)) takeRefusal(rescan, known, name, stat);
  else if ((stat[0] & S_IFMT) === S_IFDIR) takeDirectory(rescan, known, name, stat);
};

/** Begins to scan the current directory. */
export const beginRescan = (): Rescan | Errno => {
  const names = sys.readdir('.');
  if (isErrno(names)) return names;
  return {
    names,
    at: 0,
    found: [],
    guessed: [],
    reported: new Map(),
    bare: new Map(),
    againInMs: null,
    unclear: false,
  };
};

/** Scans entries while `hasTime` says so. Whether all are done. */
export const continueRescan = (rescan: Rescan, known: Known, hasTime: () => boolean): boolean => {
  while (rescan.at < rescan.names.length) {
    takeEntry(rescan, known, rescan.names[rescan.at++] ?? '.');
    if (!hasTime()) break;
  }
  return rescan.at >= rescan.names.length;
};
