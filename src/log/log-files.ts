// Opens the files of a log directory, which may belong to another user than this process.
//
// Promises: only the link of `config` is followed; a file that is written is a regular file with one name; a file that must
// be new is created. A user who may put names into the directory cannot make svlogd write or read elsewhere as root.
// ../host/safe-open.ts opens and checks. Read next: directory.ts, processor.ts (who opens what).
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, type Fd, type RawStat, isErrno } from '../host/calls.ts';
import { ENOENT } from '../abi/errno.ts';
import { O_APPEND, O_RDONLY, O_RDWR, O_WRONLY, S_IFDIR, S_IFLNK } from '../abi/flags.ts';
import {
  createFile,
  type FileCheck,
  kindOf,
  openChecked,
  openLinked,
  OTHERS_MAY_WRITE,
  ownerOf,
  passes,
  REGULAR_FILE,
  SINGLE_FILE,
} from '../host/safe-open.ts';
import { sys } from '../host/sys.ts';

export const isSingleFile = (stat: RawStat): boolean => passes(stat, SINGLE_FILE);

/** In a directory that only we change, a second name does no harm to a file that is read or locked. */
const readCheck = (isPrivate: boolean): FileCheck => (isPrivate ? REGULAR_FILE : SINGLE_FILE);

/** Whether a file may be read as a log file. */
export const isReadable = (stat: RawStat, isPrivate: boolean): boolean => passes(stat, readCheck(isPrivate));

/** Why a name was not opened, in words; '': it is a regular file with one name, or missing. */
export const describeOddFile = (name: Bytes): Bytes => {
  const stat = sys.lstat(name);
  if (isErrno(stat) || isSingleFile(stat)) return '';
  if (passes(stat, REGULAR_FILE)) return 'has other names';
  if (kindOf(stat) === S_IFLNK) return 'is a symbolic link';
  return kindOf(stat) === S_IFDIR ? 'is a directory' : 'is not a regular file';
};

/** Creates `current`; EEXIST: there is one. */
export const createCurrent = (): Fd | Errno => createFile('current', O_WRONLY | O_APPEND, 0o600);

/** Opens `current` for appending, creates it if missing. ELOOP or another errno: describeOddFile() says why. */
export const openCurrent = (): Fd | Errno => {
  const found = openChecked('current', O_WRONLY | O_APPEND, SINGLE_FILE);
  return found === -ENOENT ? createCurrent() : found;
};

/** Creates a file in place of an existing one. */
export const createReplacing = (name: Bytes): Fd | Errno => {
  sys.unlink(name);
  return createFile(name, O_WRONLY, 0o644);
};

export const openToRead = (name: Bytes, isPrivate: boolean): Fd | Errno =>
  openChecked(name, O_RDONLY, readCheck(isPrivate));

/** Opens `state` for reading, creates it if missing. */
export const openState = (isPrivate: boolean): Fd | Errno => {
  const found = openToRead('state', isPrivate);
  return found === -ENOENT ? createFile('state', O_RDONLY, 0o644) : found;
};

/** Opens `lock`, creates it if missing. It may have other names: svlogd writes only to a lock with one. */
export const openLock = (): Fd | Errno => {
  const found = openChecked('lock', O_RDWR, REGULAR_FILE);
  return found === -ENOENT ? createFile('lock', O_RDWR, 0o600) : found;
};

/** Opens `config`, which may be a link, for example into the service's directory: the administrator writes it. */
export const openConfig = (): Fd | Errno => openLinked('config', O_RDONLY, REGULAR_FILE);

/** Whether only this user, and root, may change names in a directory. */
export const isPrivateDir = (dir: Fd): boolean => {
  const stat = sys.fstat(dir);
  return !isErrno(stat) && ownerOf(stat) === sys.geteuid() && (stat[0] & OTHERS_MAY_WRITE) === 0;
};
