// Opens files in a directory that a service's user may own: supervise/ and log/supervise/.
//
// `chown -R user supervise` gives a user control of a service. From then on that user may put anything under any name in
// there, at any moment, while runsv and runsvdir have rights that the user lacks.
// Promises: a file is believed or written only if it is a regular file of our own with one name, which nobody else may
// write; any other is replaced, never written. ../host/safe-open.ts opens and checks.
// build/rules.ts lists the files here that may open anything else. Read next: service/lock.ts, service/status-files.ts.
import type { Bytes } from '../abi/bytes.ts';
import { type Done, type Errno, type Fd, type RawStat, isErrno } from '../host/calls.ts';
import { EEXIST, EINVAL, EISDIR, ELOOP, ENOENT, ENOSPC, ENXIO } from '../abi/errno.ts';
import { O_RDONLY, O_RDWR, O_WRONLY, S_IFDIR, S_IFIFO, S_IFREG } from '../abi/flags.ts';
import { createFile, type FileCheck, kindOf, openAny, openChecked, openUnchecked, passes } from '../host/safe-open.ts';
import { sys } from '../host/sys.ts';

/** How often a name is freed again before the caller gets EEXIST. */
const MAX_REMOVALS = 8;

const ownFile = (user: number): FileCheck => ({ kind: S_IFREG, singleLink: true, writer: user });
const ANY_FIFO: FileCheck = { kind: S_IFIFO, singleLink: false, writer: null };
const CONTROL_FIFO: FileCheck = { kind: S_IFIFO, singleLink: true, writer: null };

const isOurs = (stat: RawStat): boolean => kindOf(stat) === S_IFREG && passes(stat, ownFile(sys.geteuid()));

/** Device and inode number: identifies a file whatever its name. */
export const identityOf = (stat: RawStat): string => stat[1] + ':' + (stat[3] * 0x100000000 + stat[2]);

export interface Opened {
  readonly fd: Fd;
  readonly stat: RawStat;
  readonly isFile: boolean;
  /** May be believed, and written. */
  readonly ours: boolean;
}

/** Opens an existing name, whatever it is, for O_RDONLY or O_RDWR. */
export const openThere = (path: Bytes, access: number): Opened | Errno => {
  const opened = openAny(path, access);
  if (isErrno(opened)) return opened;
  const { fd, stat } = opened;
  return { fd, stat, isFile: kindOf(stat) === S_IFREG, ours: isOurs(stat) };
};

/** Whether open() failed because the name is a link, a socket or a directory. */
export const isOther = (errno: number): boolean => errno === -ELOOP || errno === -ENXIO || errno === -EISDIR;

/** The first bytes of a file, and whether they may be believed; null: unreadable. */
export const readThere = (path: Bytes, max: number): { readonly text: Bytes; readonly ours: boolean } | null => {
  const opened = openThere(path, O_RDONLY);
  if (isErrno(opened)) return null;
  const text = opened.isFile ? sys.read(opened.fd, max) : (-EINVAL as Errno);
  sys.close(opened.fd);
  return isErrno(text) ? null : { text, ours: opened.ours };
};

/** Creates a file; EEXIST: the name exists. */
export const makeNew = (path: Bytes, mode: number): Fd | Errno => createFile(path, O_RDWR, mode);

/** Creates a file in place of whatever has its name, except a directory. */
export const makeInstead = (path: Bytes, mode: number): Fd | Errno => {
  let made = makeNew(path, mode);
  for (let round = 0; made === -EEXIST && round < MAX_REMOVALS; round++) {
    const removed = sys.unlink(path);
    if (isErrno(removed) && removed !== -ENOENT) return removed;
    made = makeNew(path, mode);
  }
  return made;
};

const writeAll = (path: Bytes, text: Bytes): Done | Errno => {
  const fd = makeInstead(path, 0o644);
  if (isErrno(fd)) return fd;
  const put = sys.write(fd, text);
  sys.close(fd);
  return !isErrno(put) && put !== text.length ? (-ENOSPC as Errno) : put;
};

/** Removes what was swapped out; a directory is put back. */
const dropOld = (next: Bytes, path: Bytes): Done | Errno => {
  const gone = sys.unlink(next);
  if (gone !== -EISDIR) return 0 as Done;
  sys.exchange(next, path);
  sys.unlink(next);
  return gone;
};

/**
 * Puts a new file, which everybody may read, in the place of what has its name, except a directory. Swapped where that can be
 * done: a rename over a file makes ext4 write the new one to the disk at once.
 */
export const replaceThere = (path: Bytes, text: Bytes): Done | Errno => {
  const next = `${path}.new`;
  const written = writeAll(next, text);
  if (!isErrno(written) && !isErrno(sys.exchange(next, path))) return dropOld(next, path);
  const renamed = isErrno(written) ? written : sys.rename(next, path);
  if (isErrno(renamed)) sys.unlink(next);
  return renamed;
};

export const removeThere = (path: Bytes): Done | Errno => sys.unlink(path);

/** Whether a fifo has a reader. Opens fifos only: opening a device for writing may do harm. */
export const isRead = (path: Bytes): boolean => {
  const stat = sys.lstat(path);
  if (isErrno(stat) || kindOf(stat) !== S_IFIFO) return false;
  const fd = openUnchecked(path, O_WRONLY);
  if (isErrno(fd)) return false;
  sys.close(fd);
  return true;
};

const openWithReader = (path: Bytes, check: FileCheck): Fd | Errno => {
  const stat = sys.lstat(path);
  if (isErrno(stat)) return stat;
  return kindOf(stat) === S_IFIFO ? openChecked(path, O_WRONLY, check) : (-ELOOP as Errno);
};

/** Opens a fifo that somebody reads, for writing; ENXIO: nobody does. ELOOP: it is no fifo; that is not opened, as isRead. */
export const openRead = (path: Bytes): Fd | Errno => openWithReader(path, ANY_FIFO);

/** The same for one that takes commands: it may be anybody's, but no other service's. */
export const openCommands = (path: Bytes): Fd | Errno => openWithReader(path, CONTROL_FIFO);

/** lstat. */
export const statThere = (path: Bytes): RawStat | Errno => sys.lstat(path);

/** Removes what is no control fifo. -EEXIST: it stays. */
const removeOther = (path: Bytes, opened: Opened | Errno): number => {
  const stays = isErrno(opened) ? opened === -EISDIR : opened.ours || kindOf(opened.stat) === S_IFDIR;
  if (!isErrno(opened)) sys.close(opened.fd);
  if (stays) return -EEXIST;
  const removed = sys.unlink(path);
  return removed === -ENOENT ? 0 : removed;
};

/**
 * Opens a fifo, creates it if missing. An existing fifo may belong to anybody: its owner was given control of the service.
 * A fifo with a second name is another service's; it is replaced, as is any other kind of file. A file of ours or a
 * directory stays, because only root or we can have put it there: EEXIST.
 */
export const openFifo = (path: Bytes, access: number): Fd | Errno => {
  for (let round = 0; round < MAX_REMOVALS; round++) {
    const made = sys.mkfifo(path, 0o600);
    const opened = openThere(path, access);
    if (!isErrno(opened) && passes(opened.stat, CONTROL_FIFO)) return opened.fd;
    if (opened === -ENOENT && isErrno(made) && made !== -EEXIST) return made;
    if (isErrno(opened) && !isOther(opened) && opened !== -ENOENT) return opened;
    const removed = opened === -ENOENT ? 0 : removeOther(path, opened);
    if (removed < 0) return removed as Errno;
  }
  return -ELOOP as Errno;
};
