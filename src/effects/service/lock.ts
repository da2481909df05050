// supervise/lock: who holds it supervises the service, and the record of its process stands in it.
//
// Promises: at most one supervisor holds a directory (flock), whoever owns what is in it; a record names a directory only
// in a file that is ours alone. A lock file of somebody else's (`chown -R user supervise`) is replaced by one of ours while
// both are locked, and its record is kept without a directory. A lock is made or replaced under a lock of the directory itself,
// so that two supervisors which start at the same time do not each replace the other's. Read next: ../trusted-file.ts,
// child-record.ts (the record in it).
import { errorText } from '../../cli/errno.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { type Done, type Errno, type Fd, type RawStat, isErrno } from '../../host/calls.ts';
import { EACCES, EAGAIN, EEXIST, ENOENT, EROFS } from '../../abi/errno.ts';
import { LOCK_EX, LOCK_NB, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_RDWR } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { whoHolds } from '../process/lock-holder.ts';
import { Fatal, reason } from '../diagnostics.ts';
import { putRecord, withoutDirectory } from './child-record.ts';
import { makeSupervise } from './supervise-dir.ts';
import { identityOf, isOther, makeInstead, makeNew, type Opened, openThere, statThere } from '../trusted-file.ts';

const MODE = 0o600;
const ROUNDS = 8;
/** How often, and how far apart, to try again where the directory's lock is held, which is never for long. */
export const BUSY_TRIES = 100;
export const BUSY_PAUSE_MS = 10;
const RECORD_MAX = 160;

export interface Lock {
  readonly folder: Bytes;
  fd: Fd;
  /** The file and its owner; while the name leads there, no other supervisor gets in. */
  seal: string;
  /** The record that stood in it when it was taken; where others can have written it, it names no directory. */
  readonly text: Bytes;
  /** Device and inode of the directory that it is the lock of; another one's once ./log was replaced. */
  directory: string;
}

const pathOf = (folder: Bytes): Bytes => folder + 'supervise/lock';

const sealOf = (stat: RawStat): string => identityOf(stat) + ' ' + stat[4];

const isNamed = (folder: Bytes, seal: string): boolean => {
  const stat = statThere(pathOf(folder));
  return !isErrno(stat) && sealOf(stat) === seal;
};

const flock = (fd: Fd): Done | Errno => sys.flock(fd, LOCK_EX | LOCK_NB);

/** False: another process has it. Throws Fatal. */
const isLocked = (folder: Bytes, fd: Fd): boolean => {
  const locked = flock(fd);
  if (isErrno(locked)) sys.close(fd);
  if (isErrno(locked) && locked !== -EAGAIN) throw new Fatal(reason(`unable to lock ${pathOf(folder)}`, locked));
  return !isErrno(locked);
};

/** The directory, locked; EAGAIN where another process has it. Where it cannot be locked at all, not. */
const guard = (folder: Bytes): Fd | Errno => {
  const fd = sys.open(`${folder}supervise`, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (isErrno(fd) || flock(fd) !== -EAGAIN) return fd;
  sys.close(fd);
  return -EAGAIN as Errno;
};

const unableToOpen = (folder: Bytes, errno: number): Fatal =>
  new Fatal(reason(`unable to open ${pathOf(folder)}`, errno));

const unableToMake = (folder: Bytes, errno: Errno): Fatal => {
  const what = reason(`unable to make ${folder}supervise`, errno);
  const closed = errno === -EROFS || errno === -EACCES;
  return new Fatal(closed ? `${what}: make it a link to a directory in /run` : what);
};

/** Closes the file if it throws: a lock that is kept open is held. */
const textOf = (folder: Bytes, { fd, isFile }: Opened): Bytes => {
  const text = isFile ? sys.read(fd, RECORD_MAX) : '';
  if (!isErrno(text)) return text;
  sys.close(fd);
  throw new Fatal(reason(`unable to read ${pathOf(folder)}`, text));
};

/** A lock file that was made and locked. */
type Made = Pick<Lock, 'fd' | 'seal'>;

/** A lock as its file has it. */
type File = Omit<Lock, 'folder' | 'directory'>;

/** 'held': another supervises. 'again': something has changed meanwhile. 'make', 'guard': only under the guard. */
type Turn = File | 'held' | 'again' | 'make' | 'guard';

const takeOurs = (folder: Bytes, opened: Opened): Turn => {
  if (!isLocked(folder, opened.fd)) return 'held';
  const seal = sealOf(opened.stat);
  if (isNamed(folder, seal)) return { fd: opened.fd, seal, text: textOf(folder, opened) };
  sys.close(opened.fd);
  return 'again';
};

const makeFirst = (folder: Bytes): Turn => {
  const fd = makeNew(pathOf(folder), MODE);
  if (fd === -EEXIST) return 'again';
  if (isErrno(fd)) throw unableToOpen(folder, fd);
  if (!isLocked(folder, fd)) return 'again';
  const stat = sys.fstat(fd);
  if (!isErrno(stat)) return { fd, seal: sealOf(stat), text: '' };
  sys.close(fd);
  throw unableToOpen(folder, stat);
};

/** Locks a file of our own with this record, and puts it in the place of what is there, which stays locked until then. */
const putOver = (folder: Bytes, text: Bytes): Made | Errno => {
  const path = pathOf(folder);
  const fd = makeInstead(`${path}.new`, MODE);
  if (isErrno(fd)) return fd;
  putRecord(fd, text);
  const locked = flock(fd);
  // all that may be refused comes before the name: a lock that counts must be the one that is recorded in
  const stat = isErrno(locked) ? locked : sys.fstat(fd);
  const put = isErrno(stat) ? stat : sys.rename(`${path}.new`, path);
  if (!isErrno(put) && !isErrno(stat)) return { fd, seal: sealOf(stat) };
  sys.unlink(`${path}.new`);
  sys.close(fd);
  return put as Errno;
};

const replace = (folder: Bytes, opened: Opened | Errno): Turn => {
  if (!isErrno(opened) && !isLocked(folder, opened.fd)) return 'held';
  const text = isErrno(opened) ? '' : withoutDirectory(textOf(folder, opened));
  const made = putOver(folder, text);
  if (!isErrno(opened)) sys.close(opened.fd);
  if (isErrno(made)) throw unableToOpen(folder, made);
  return { ...made, text };
};

const turn = (folder: Bytes, guarded: boolean): Turn => {
  const opened = openThere(pathOf(folder), O_RDWR);
  if (isErrno(opened) && opened !== -ENOENT && !isOther(opened)) throw unableToOpen(folder, opened);
  if (!isErrno(opened) && opened.ours) return takeOurs(folder, opened);
  if (guarded) return opened === -ENOENT ? makeFirst(folder) : replace(folder, opened);
  if (!isErrno(opened)) sys.close(opened.fd);
  return opened === -ENOENT ? 'make' : 'guard';
};

/** Null: another process has it. */
const takeGuard = (folder: Bytes, unmade: Errno | null): Fd | null => {
  const fd = guard(folder);
  if (fd === -EAGAIN) return null;
  if (isErrno(fd)) throw unmade === null ? unableToOpen(folder, fd) : unableToMake(folder, unmade);
  return fd;
};

/** The directory's lock was held for as long as it is worth trying. */
export const stillBusy = (folder: Bytes): Fatal => new Fatal(reason(`unable to lock ${folder}supervise`, -EAGAIN));

/**
 * Takes the lock of the directory that is `folder`; null: another process has it; busy: another is just taking or replacing it,
 * try again after BUSY_PAUSE_MS. `unmade`: why there is no supervise in it, if that could not be made. Throws Fatal.
 */
export const takeLock = (folder: Bytes, directory: string, unmade: Errno | null): Lock | 'busy' | null => {
  let guarding: Fd | null = null;
  let result: Turn = 'again';
  try {
    for (let round = 0; round < ROUNDS; round++) {
      result = result === 'make' ? makeFirst(folder) : turn(folder, guarding !== null);
      if (result === 'guard' || result === 'make') {
        guarding = takeGuard(folder, unmade);
        if (guarding === null) return 'busy';
      } else if (result !== 'again') return result === 'held' ? null : { folder, directory, ...result };
    }
  } finally {
    if (guarding !== null) sys.close(guarding);
  }
  const stat = statThere(pathOf(folder));
  throw isErrno(stat) ? unableToOpen(folder, stat) : new Fatal(reason(`unable to lock ${pathOf(folder)}`, -EAGAIN));
};

/** Whether what is under the name now may be put aside: nobody supervises by it. */
const isFree = (folder: Bytes): boolean => {
  const opened = openThere(pathOf(folder), O_RDWR);
  if (isErrno(opened)) return opened === -ENOENT || isOther(opened);
  const free = !isErrno(flock(opened.fd));
  sys.close(opened.fd);
  return free;
};

/** Puts a lock of ours under the name, and lets go of the one we have had; `stat`: what is there now. */
const replaceOurs = (lock: Lock, stat: RawStat | Errno): void => {
  const { folder } = lock;
  const guarding = guard(folder);
  if (isErrno(guarding)) return;
  // still under its name: we hold it ourselves
  const given = !isErrno(stat) && lock.seal.startsWith(`${identityOf(stat)} `);
  const made = given || isFree(folder) ? putOver(folder, '') : (-EAGAIN as Errno);
  if (!isErrno(made)) {
    sys.close(lock.fd);
    Object.assign(lock, made);
  }
  sys.close(guarding);
};

const makeAgain = (folder: Bytes): void => {
  try {
    makeSupervise(folder);
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
  }
};

/** Programs of a log are started in what is ./log then: whether that is the directory whose lock we have. */
const isOurDirectory = (lock: Lock): boolean => {
  const stat = sys.stat(lock.folder);
  // nothing is started in what is not there
  if (isErrno(stat)) return stat === -ENOENT;
  const directory = identityOf(stat);
  if (directory !== lock.directory && isNamed(lock.folder, lock.seal)) lock.directory = directory;
  return directory === lock.directory;
};

/**
 * Called before each record: a lock file that was given to somebody else, or that the name no longer leads to, is
 * replaced. Where that cannot be done the old one stays, and the next record tries again. False: ./log is another directory
 * now, whose lock we could not take: nothing may be started there.
 */
export const renewLock = (lock: Lock): boolean => {
  const { folder } = lock;
  const stat = statThere(pathOf(folder));
  if (stat === -ENOENT && folder !== '') makeAgain(folder);
  if (isErrno(stat) || sealOf(stat) !== lock.seal) replaceOurs(lock, stat);
  return folder === '' || isOurDirectory(lock);
};

/** Another process has the lock: who, where that can be told. `service`: the folder of the service whose it is. */
export const lockedElsewhere = (folder: Bytes, service: Bytes): Fatal => {
  const holder = whoHolds(pathOf(folder), service === '' ? '.' : service);
  const who =
    holder === null
      ? errorText(EAGAIN)
      : holder.supervises
        ? `already supervised by process ${holder.pid}`
        : `held by process ${holder.pid}`;
  return new Fatal(`unable to lock ${pathOf(folder)}: ${who}`);
};
