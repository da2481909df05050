// Noticing that the scan directory may have changed, without a scan.
//
// It watches the directory, and every link and directory on the path to it, so that it notices a link that is switched anywhere
// in between, and a mount. If there are no events, or none to trust (no inotify, a network or
// user-space file system), the directory is checked for changes every second, and scanned every five.
// Read next: supervisor.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { type Errno, type Fd, isErrno } from '../../host/calls.ts';
import {
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_DONT_FOLLOW,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  O_RDONLY,
  POLLPRI,
  S_IFLNK,
  S_IFMT,
} from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { type Loop, unwatch, watch } from '../loop.ts';

/** Without events: how often to scan the directory, and how often to check whether it has changed. */
export const RESCAN_MS = 5000;
export const STAT_MS = 1000;

const LINKS_MAX = 40;
const GONE = IN_DELETE_SELF | IN_MOVE_SELF;
const ENTRIES = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

/** statfs types on which another machine or a user process may change files unnoticed. */
const NO_INOTIFY_FILESYSTEMS: readonly number[] = [
  0x6969, // nfs
  0xff534d42, // cifs
  0xfe534d42, // smb2
  0x517b, // smb
  0x65735546, // fuse
  0x01021997, // 9p
  0x786f4256, // vboxsf
  0x00c36400, // ceph
  0x5346414f, // afs
  0x73757245, // coda
];

/** Two inotify descriptors: closing one takes the kernel some 20 ms, so the busy one stays while the other changes. */
export interface Watching {
  /** Reports entries that come and go. null: no inotify. */
  entries: Fd | null;
  /** Reports changes of the path to the directory. */
  ancestors: Fd | null;
  readonly mounts: Fd | null;
  /** No events: the directory has to be polled. */
  mustPoll: boolean;
  /** The path has changed, or was never watched. */
  stale: boolean;
  /** Until when an unchanged directory needs no scan; null: it needs the next scan. */
  unchanged: { readonly stamp: string; readonly untilMs: number } | null;
}

export const newWatching = (): Watching => {
  const mounts = sys.open('/proc/self/mountinfo', O_RDONLY, 0);
  return {
    entries: null,
    ancestors: null,
    mounts: isErrno(mounts) ? null : mounts,
    mustPoll: true,
    stale: true,
    unchanged: null,
  };
};

/** Watches one name on the path; returns where it leads if it is a link. */
const watchAncestor = (inotify: Fd, path: Bytes): Bytes | null => {
  const stat = sys.lstat(path);
  if (isErrno(stat)) return null;
  sys.watch(inotify, path, GONE | IN_DONT_FOLLOW | ((stat[0] & S_IFMT) === S_IFLNK ? IN_ATTRIB : 0));
  if ((stat[0] & S_IFMT) !== S_IFLNK) return null;
  const target = sys.readlink(path);
  return isErrno(target) ? null : target;
};

/** Watches every link and directory that `dir` leads through. */
const watchAncestors = (inotify: Fd, dir: Bytes): void => {
  let rest = dir.split('/');
  let at = dir.startsWith('/') ? '/' : '';
  let links = 0;
  while (rest.length > 0 && links < LINKS_MAX) {
    const [name, ...further] = rest;
    rest = further;
    if (name === undefined || name === '' || name === '.') continue;
    const target = watchAncestor(inotify, at + name);
    if (target === null) {
      at += `${name}/`;
      continue;
    }
    links++;
    if (target.startsWith('/')) at = '/';
    rest = [...target.split('/'), ...rest];
  }
};

/** Called for each sign of a change. */
export type Changed = () => void;

const drained =
  (fd: Fd, then: Changed): Changed =>
  () => {
    sys.read(fd, 65536);
    then();
  };

/** Stops watching. The descriptors stay open: to close one takes some time. */
export const stopWatching = (loop: Loop, { entries, ancestors, mounts }: Watching): void => {
  for (const fd of [entries, ancestors, mounts]) if (fd !== null) unwatch(loop, fd);
};

const closeBoth = ({ entries, ancestors }: Watching): void => {
  if (entries !== null) sys.close(entries);
  if (ancestors !== null) sys.close(ancestors);
};

const opened = (fd: Fd | Errno): Fd | null => (isErrno(fd) ? null : fd);

const register = (loop: Loop, watching: Watching, changed: Changed): void => {
  const { entries, ancestors, mounts } = watching;
  const lost = (): void => {
    watching.stale = true;
    changed();
  };
  if (entries !== null) watch(loop, entries, drained(entries, changed));
  if (ancestors !== null) watch(loop, ancestors, drained(ancestors, lost));
  // a change of mounts is an urgent event, consumed by the poll that reports it
  if (mounts !== null) watch(loop, mounts, lost, POLLPRI);
};

/** Watches again if the path has changed. Call it before a scan, so that no change is missed. */
export const watchAgain = (loop: Loop, watching: Watching, dir: Bytes, changed: Changed): void => {
  if (!watching.stale) return;
  stopWatching(loop, watching);
  closeBoth(watching);
  const ancestors = opened(sys.inotify());
  const entries = opened(sys.inotify());
  watching.ancestors = ancestors;
  watching.entries = entries;
  if (ancestors !== null) watchAncestors(ancestors, dir);
  const watched = entries === null ? null : sys.watch(entries, dir, ENTRIES);
  watching.mustPoll =
    ancestors === null || watched === null || isErrno(watched) || NO_INOTIFY_FILESYSTEMS.includes(sys.fstype(dir));
  watching.stale = false;
  register(loop, watching, changed);
};
