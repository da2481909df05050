// The one door: every open of a name in a log directory, which may belong to somebody else than this process.
//
// Promises: no link is followed but that of `config`, nothing waits for the other end of a fifo, and what is written is a
// regular file with one name. A file that is to be new is made new. So whoever may put names into the directory, as the
// user that a log belongs to, does not make a process of root write or read elsewhere.
// Read next: directory.ts, processor.ts (who opens what).
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, type Fd, type RawStat, refused } from '../host/calls.ts';
import { ELOOP, ENOENT } from '../abi/errno.ts';
import {
  O_APPEND,
  O_CREAT,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from '../abi/flags.ts';
import { sys } from '../host/sys.ts';

const CAREFULLY = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
const OTHERS_MAY_WRITE = 0o022;

const kindOf = (stat: RawStat): number => stat[0] & S_IFMT;
export const isRegular = (stat: RawStat): boolean => kindOf(stat) === S_IFREG;
/** Whether it is a regular file that nothing else leads to. */
export const isPlain = (stat: RawStat): boolean => isRegular(stat) && stat[9] === 1;

/** What is wrong with a name that the door did not open, in words; '': nothing of the kind. */
export const oddity = (name: Bytes): Bytes => {
  const stat = sys.lstat(name);
  if (refused(stat) || isPlain(stat)) return '';
  if (isRegular(stat)) return 'has other names';
  if (kindOf(stat) === S_IFLNK) return 'is a symbolic link';
  return kindOf(stat) === S_IFDIR ? 'is a directory' : 'is no regular file';
};

/** Opened, if it is as wanted; else ELOOP. */
const checked = (fd: Fd | Errno, isWanted: (stat: RawStat) => boolean): Fd | Errno => {
  if (refused(fd)) return fd;
  const stat = sys.fstat(fd);
  if (!refused(stat) && isWanted(stat)) return fd;
  sys.close(fd);
  return refused(stat) ? stat : (-ELOOP as Errno);
};

const made = (name: Bytes, flags: number, mode: number): Fd | Errno =>
  sys.open(name, flags | O_CREAT | O_EXCL | CAREFULLY, mode);

/** `current`, to be appended to; made if there is none. ELOOP, or another errno: oddity() says why. */
export const openCurrent = (): Fd | Errno => {
  const found = checked(sys.open('current', O_WRONLY | O_APPEND | CAREFULLY, 0), isPlain);
  return found === -ENOENT ? newCurrent() : found;
};

/** A `current` where there is none. */
export const newCurrent = (): Fd | Errno => made('current', O_WRONLY | O_APPEND, 0o600);

/** A file that is written from its start; one of that name is replaced. */
export const openFresh = (name: Bytes): Fd | Errno => {
  sys.unlink(name);
  return made(name, O_WRONLY, 0o644);
};

/** Another name of it does no harm while it is only read, or locked, in a directory that nobody else changes. */
export const openToRead = (name: Bytes, isOurs: boolean): Fd | Errno =>
  checked(sys.open(name, O_RDONLY | CAREFULLY, 0), isOurs ? isRegular : isPlain);

/** `state`, made empty if there is none. */
export const openState = (isOurs: boolean): Fd | Errno => {
  const found = openToRead('state', isOurs);
  return found === -ENOENT ? made('state', O_RDONLY, 0o644) : found;
};

/** `lock`, which may have other names, as nothing is written to such a one. */
export const openLock = (): Fd | Errno => {
  const found = checked(sys.open('lock', O_RDWR | CAREFULLY, 0), isRegular);
  return found === -ENOENT ? made('lock', O_RDWR, 0o600) : found;
};

/** `config`, which may be a link, as into a service's directory: it is the administrator's. */
export const openConfig = (): Fd | Errno => checked(sys.open('config', O_RDONLY | O_NONBLOCK | O_NOCTTY, 0), isRegular);

/** Whether only we, and root, may change what is in a directory. */
export const isOursAlone = (dir: Fd): boolean => {
  const stat = sys.fstat(dir);
  return !refused(stat) && stat[4] === sys.geteuid() && (stat[0] & OTHERS_MAY_WRITE) === 0;
};
