// The one door to files in a directory that a service's user may own: supervise/ and log/supervise/.
//
// `chown -R user supervise` is how a user gets control of a service. From then on he may put anything under any name in
// there, at any moment, while runsv and runsvdir have rights that he has not.
// Promises: no symbolic link is followed, no open waits or changes what it opens; what is believed or written was looked
// at through the descriptor, not the name: a regular file of our own, which nobody else may write, with one name. What is
// none is replaced by one that is, never written.
// Must not be passed by: build/rules.ts says which files here may open anything else. Read next: service/lock.ts, service/status-files.ts.
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, type Fd, type RawStat, refused } from '../host/calls.ts';
import { EEXIST, EINVAL, EISDIR, ELOOP, ENOENT, ENXIO } from '../abi/errno.ts';
import {
  O_CREAT,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  S_IFDIR,
  S_IFIFO,
  S_IFMT,
  S_IFREG,
} from '../abi/flags.ts';
import { sys } from '../host/sys.ts';

const SAFELY = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
const OTHERS_MAY_WRITE = 0o022;
/** How often something is put back under a name before we give up. */
const ROUNDS = 8;

const kindOf = (stat: RawStat): number => stat[0] & S_IFMT;

const belongsTo = (stat: RawStat, user: number): boolean =>
  kindOf(stat) === S_IFREG && stat[9] === 1 && (stat[0] & OTHERS_MAY_WRITE) === 0 && stat[4] === user;

const isOurs = (stat: RawStat): boolean => kindOf(stat) === S_IFREG && belongsTo(stat, sys.geteuid());

/** What a name leads to, by which it is known again. */
export const identityOf = (stat: RawStat): string => stat[1] + ':' + (stat[3] * 0x100000000 + stat[2]);

export interface Opened {
  readonly fd: Fd;
  readonly stat: RawStat;
  readonly isFile: boolean;
  /** It may be believed, and written. */
  readonly ours: boolean;
}

/** Opens what is there, whatever it is, for O_RDONLY or O_RDWR. */
export const openThere = (path: Bytes, access: number): Opened | Errno => {
  const fd = sys.open(path, access | SAFELY, 0);
  if (refused(fd)) return fd;
  const stat = sys.fstat(fd);
  if (!refused(stat)) return { fd, stat, isFile: kindOf(stat) === S_IFREG, ours: isOurs(stat) };
  sys.close(fd);
  return stat;
};

/** Whether a refusal to open tells that something is there that is no file: a link, a socket, a directory. */
export const isOther = (errno: number): boolean => errno === -ELOOP || errno === -ENXIO || errno === -EISDIR;

/** The beginning of a file, and whether it may be believed; null where none can be read. */
export const readThere = (path: Bytes, max: number): { readonly text: Bytes; readonly ours: boolean } | null => {
  const opened = openThere(path, O_RDONLY);
  if (refused(opened)) return null;
  const text = opened.isFile ? sys.read(opened.fd, max) : (-EINVAL as Errno);
  sys.close(opened.fd);
  return refused(text) ? null : { text, ours: opened.ours };
};

/** Makes a file that is not there yet. */
export const makeNew = (path: Bytes, mode: number): Fd | Errno =>
  sys.open(path, O_RDWR | O_CREAT | O_EXCL | SAFELY, mode);

/** Makes a file; what had its name is removed, but not a directory. */
export const makeInstead = (path: Bytes, mode: number): Fd | Errno => {
  let made = makeNew(path, mode);
  for (let round = 0; made === -EEXIST && round < ROUNDS; round++) {
    const removed = sys.unlink(path);
    if (refused(removed) && removed !== -ENOENT) return removed;
    made = makeNew(path, mode);
  }
  return made;
};

/** Whether somebody reads a fifo. Nothing but a fifo is opened: to open a device for writing may do harm. */
export const isRead = (path: Bytes): boolean => {
  const stat = sys.lstat(path);
  if (refused(stat) || kindOf(stat) !== S_IFIFO) return false;
  const fd = sys.open(path, O_WRONLY | SAFELY, 0);
  if (refused(fd)) return false;
  sys.close(fd);
  return true;
};

/** Whether a file is there that `user`, who is us, alone may have written, of this size. */
export const isOursThere = (path: Bytes, user: number, size: number): boolean => {
  const stat = sys.lstat(path);
  return !refused(stat) && belongsTo(stat, user) && stat[6] === size;
};

/** What is under a name, without following it. */
export const statThere = (path: Bytes): RawStat | Errno => sys.lstat(path);

/** -EEXIST: there is something else, which we do not remove; 0: it was removed. */
const removeOther = (path: Bytes, opened: Opened | Errno): number => {
  const stays = refused(opened) ? opened === -EISDIR : opened.ours || kindOf(opened.stat) === S_IFDIR;
  if (!refused(opened)) sys.close(opened.fd);
  if (stays) return -EEXIST;
  const removed = sys.unlink(path);
  return removed === -ENOENT ? 0 : removed;
};

/**
 * Makes a fifo where there is none, and opens it. Whoever owns one that is there may use it: that is what giving
 * somebody `control` means. One that has a second name is another service's, and is replaced as all else is that is no
 * fifo; but a file of ours or a directory was put there by somebody who may, and stays: EEXIST.
 */
export const openFifo = (path: Bytes, access: number): Fd | Errno => {
  for (let round = 0; round < ROUNDS; round++) {
    const made = sys.mkfifo(path, 0o600);
    const opened = openThere(path, access);
    if (!refused(opened) && kindOf(opened.stat) === S_IFIFO && opened.stat[9] === 1) return opened.fd;
    if (opened === -ENOENT && refused(made) && made !== -EEXIST) return made;
    if (refused(opened) && !isOther(opened) && opened !== -ENOENT) return opened;
    const removed = opened === -ENOENT ? 0 : removeOther(path, opened);
    if (removed < 0) return removed as Errno;
  }
  return -ELOOP as Errno;
};
