// supervise/lock: who holds it supervises the service, and the record of its process stands in it.
//
// Promises: at most one supervisor holds a directory (flock), whoever owns what is in it; a record is believed only from
// a file that is ours alone. A lock file of somebody else's (`chown -R user supervise`) is replaced by one of ours while
// both are locked. A lock is made or replaced under a lock of the directory itself, so that two supervisors which start
// at the same time do not each replace the other's. Read next: trusted-file.ts, record.ts (what stands in it).
import { errorText } from '../cli/errno.ts';
import { type Bytes, type Done, type Errno, type Fd, type RawStat, refused } from '../host/calls.ts';
import {
  EACCES,
  EAGAIN,
  EEXIST,
  ELOOP,
  ENOENT,
  EROFS,
  LOCK_EX,
  LOCK_NB,
  O_NOCTTY,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
} from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { whoHolds } from './holder.ts';
import { Fatal, reason } from './messages.ts';
import { identityOf, isOther, makeInstead, makeNew, type Opened, openThere, statThere } from './trusted-file.ts';

const MODE = 0o600;
const ROUNDS = 8;
/** How often, and how far apart, the directory's lock is tried, which is never held for long. */
const GUARD_TRIES = 100;
const GUARD_PAUSE_MS = 10;
const RECORD_MAX = 160;

export interface Lock {
  readonly folder: Bytes;
  fd: Fd;
  /** The file and its owner; while the name leads there, no other supervisor gets in. */
  seal: string;
  /** What stood in it when it was taken. */
  readonly text: Bytes;
  /** Only we can have written that. */
  readonly ours: boolean;
}

const pathOf = (folder: Bytes): Bytes => `${folder}supervise/lock`;

const sealOf = (stat: RawStat): string => `${identityOf(stat)} ${stat[4]}`;

const isNamed = (folder: Bytes, seal: string): boolean => {
  const stat = statThere(pathOf(folder));
  return !refused(stat) && sealOf(stat) === seal;
};

const flock = (fd: Fd): Done | Errno => sys.flock(fd, LOCK_EX | LOCK_NB);

/** False: another process has it. Throws Fatal. */
const isLocked = (folder: Bytes, fd: Fd): boolean => {
  const locked = flock(fd);
  if (refused(locked)) sys.close(fd);
  if (refused(locked) && locked !== -EAGAIN) throw new Fatal(reason(`unable to lock ${pathOf(folder)}`, locked));
  return !refused(locked);
};

/** The directory, locked; EAGAIN where another process has it all the time. Where it cannot be locked at all, not. */
const guard = (folder: Bytes, tries: number): Fd | Errno => {
  const fd = sys.open(`${folder}supervise`, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (refused(fd)) return fd;
  for (let left = tries; flock(fd) === -EAGAIN; ) {
    if (--left <= 0) {
      sys.close(fd);
      return -EAGAIN as Errno;
    }
    sys.poll([], GUARD_PAUSE_MS);
  }
  return fd;
};

const unableToOpen = (folder: Bytes, errno: number): Fatal =>
  new Fatal(reason(`unable to open ${pathOf(folder)}`, errno));

const unableToMake = (folder: Bytes, errno: Errno): Fatal => {
  const what = reason(`unable to make ${folder}supervise`, errno);
  const closed = errno === -EROFS || errno === -EACCES;
  return new Fatal(closed ? `${what}: make it a link to a directory in /run` : what);
};

const textOf = (folder: Bytes, { fd, isFile }: Opened): Bytes => {
  const text = isFile ? sys.read(fd, RECORD_MAX) : '';
  if (refused(text)) throw new Fatal(reason(`unable to read ${pathOf(folder)}`, text));
  return text;
};

/** 'held': another supervises. 'again': something has changed meanwhile. 'make', 'guard': only under the guard. */
type Turn = Lock | 'held' | 'again' | 'make' | 'guard';

const takeOurs = (folder: Bytes, opened: Opened): Turn => {
  if (!isLocked(folder, opened.fd)) return 'held';
  const seal = sealOf(opened.stat);
  if (isNamed(folder, seal)) return { folder, fd: opened.fd, seal, text: textOf(folder, opened), ours: true };
  sys.close(opened.fd);
  return 'again';
};

const newLock = (folder: Bytes, fd: Fd, text: Bytes): Turn => {
  const stat = sys.fstat(fd);
  if (refused(stat) || !isLocked(folder, fd)) return 'again';
  return { folder, fd, seal: sealOf(stat), text, ours: false };
};

const makeFirst = (folder: Bytes): Turn => {
  const fd = makeNew(pathOf(folder), MODE);
  if (fd === -EEXIST) return 'again';
  if (refused(fd)) throw unableToOpen(folder, fd);
  return newLock(folder, fd, '');
};

/** Locks a file of our own, and puts it in the place of what is there, which stays locked until then. */
const putOver = (folder: Bytes): Fd | Errno => {
  const path = pathOf(folder);
  const fd = makeInstead(`${path}.new`, MODE);
  if (refused(fd)) return fd;
  const locked = flock(fd);
  const put = refused(locked) ? locked : sys.rename(`${path}.new`, path);
  if (!refused(put)) return fd;
  sys.unlink(`${path}.new`);
  sys.close(fd);
  return put;
};

const replace = (folder: Bytes, opened: Opened | Errno): Turn => {
  if (!refused(opened) && !isLocked(folder, opened.fd)) return 'held';
  const text = refused(opened) ? '' : textOf(folder, opened);
  const fd = putOver(folder);
  if (!refused(opened)) sys.close(opened.fd);
  if (refused(fd)) throw unableToOpen(folder, fd);
  return newLock(folder, fd, text);
};

const turn = (folder: Bytes, guarded: boolean): Turn => {
  const opened = openThere(pathOf(folder), O_RDWR);
  if (refused(opened) && opened !== -ENOENT && !isOther(opened)) throw unableToOpen(folder, opened);
  if (!refused(opened) && opened.ours) return takeOurs(folder, opened);
  if (guarded) return opened === -ENOENT ? makeFirst(folder) : replace(folder, opened);
  if (!refused(opened)) sys.close(opened.fd);
  return opened === -ENOENT ? 'make' : 'guard';
};

const takeGuard = (folder: Bytes, unmade: Errno | null): Fd => {
  const fd = guard(folder, GUARD_TRIES);
  if (fd === -EAGAIN) throw new Fatal(reason(`unable to lock ${folder}supervise`, fd));
  if (refused(fd)) throw unmade === null ? unableToOpen(folder, fd) : unableToMake(folder, unmade);
  return fd;
};

/**
 * Takes the lock; null: another process has it. `unmade`: why there is no directory, if it could not be made. Throws
 * Fatal.
 */
export const takeLock = (folder: Bytes, unmade: Errno | null): Lock | null => {
  let guarding: Fd | null = null;
  let result: Turn = 'again';
  try {
    for (let round = 0; round < ROUNDS; round++) {
      result = result === 'make' ? makeFirst(folder) : turn(folder, guarding !== null);
      if (result === 'guard' || result === 'make') guarding = takeGuard(folder, unmade);
      else if (result !== 'again') return result === 'held' ? null : result;
    }
  } finally {
    if (guarding !== null) sys.close(guarding);
  }
  throw unableToOpen(folder, -ELOOP);
};

/** Whether what is under the name now may be put aside: nobody supervises by it. */
const isFree = (folder: Bytes): boolean => {
  const opened = openThere(pathOf(folder), O_RDWR);
  if (refused(opened)) return opened === -ENOENT || isOther(opened);
  const free = !refused(flock(opened.fd));
  sys.close(opened.fd);
  return free;
};

/**
 * Called before each record: a lock file that was given to somebody else, or that the name no longer leads to, is
 * replaced. Where that cannot be done the old one stays, and the next record tries again.
 */
export const renewLock = (lock: Lock): void => {
  const { folder } = lock;
  const stat = statThere(pathOf(folder));
  if (!refused(stat) && sealOf(stat) === lock.seal) return;
  const guarding = guard(folder, 1);
  if (refused(guarding)) return;
  // still under its name: we hold it ourselves
  const given = !refused(stat) && lock.seal.startsWith(`${identityOf(stat)} `);
  const fd = given || isFree(folder) ? putOver(folder) : (-EAGAIN as Errno);
  const made = refused(fd) ? fd : sys.fstat(fd);
  if (!refused(fd) && !refused(made)) {
    sys.close(lock.fd);
    lock.fd = fd;
    lock.seal = sealOf(made);
  }
  sys.close(guarding);
};

/** Another process has the lock: who, where that can be told. */
export const lockedElsewhere = (folder: Bytes): Fatal => {
  const holder = whoHolds(pathOf(folder));
  const who =
    holder === null
      ? errorText(EAGAIN)
      : holder.supervises
        ? `already supervised by process ${holder.pid}`
        : `held by process ${holder.pid}`;
  return new Fatal(`unable to lock ${pathOf(folder)}: ${who}`);
};
