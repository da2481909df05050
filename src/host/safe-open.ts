// Opens names in a directory that another user may write to: supervise/ of a service, a log directory.
//
// Promises: no symbolic link is followed, no open blocks on the other end of a fifo or takes a terminal; a file is checked
// through its descriptor, never by its name. What a caller requires of a file is one value, FileCheck.
// Read next: ../effects/trusted-file.ts and ../log/log-files.ts, which say what happens to a file that fails its check.
import type { Bytes } from '../abi/bytes.ts';
import { ELOOP } from '../abi/errno.ts';
import { O_CREAT, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, S_IFMT, S_IFREG } from '../abi/flags.ts';
import { type Errno, type Fd, type RawStat, isErrno } from './calls.ts';
import { sys } from './sys.ts';

const SAFE = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
/** Mode bits that let others write. */
export const OTHERS_MAY_WRITE = 0o022;

export const kindOf = (stat: RawStat): number => stat[0] & S_IFMT;
export const ownerOf = (stat: RawStat): number => stat[4];
export const linksOf = (stat: RawStat): number => stat[9];

export interface FileCheck {
  /** S_IFREG, S_IFIFO ... */
  readonly kind: number;
  /** No other name leads to the file. */
  readonly singleLink: boolean;
  /** Only this user may write to the file; null: anybody may. */
  readonly writer: number | null;
}

export const REGULAR_FILE: FileCheck = { kind: S_IFREG, singleLink: false, writer: null };
export const SINGLE_FILE: FileCheck = { kind: S_IFREG, singleLink: true, writer: null };

export const passes = (stat: RawStat, { kind, singleLink, writer }: FileCheck): boolean =>
  kindOf(stat) === kind &&
  (!singleLink || linksOf(stat) === 1) &&
  (writer === null || (ownerOf(stat) === writer && (stat[0] & OTHERS_MAY_WRITE) === 0));

export interface OpenedFile {
  readonly fd: Fd;
  readonly stat: RawStat;
}

const withStat = (fd: Fd | Errno): OpenedFile | Errno => {
  if (isErrno(fd)) return fd;
  const stat = sys.fstat(fd);
  if (!isErrno(stat)) return { fd, stat };
  sys.close(fd);
  return stat;
};

const checked = (opened: OpenedFile | Errno, check: FileCheck): Fd | Errno => {
  if (isErrno(opened)) return opened;
  if (passes(opened.stat, check)) return opened.fd;
  sys.close(opened.fd);
  return -ELOOP as Errno;
};

/** Opens an existing name, whatever it is. */
export const openAny = (path: Bytes, flags: number): OpenedFile | Errno => withStat(sys.open(path, flags | SAFE, 0));

/** Opens an existing file; ELOOP: it fails the check. */
export const openChecked = (path: Bytes, flags: number, check: FileCheck): Fd | Errno =>
  checked(openAny(path, flags), check);

/** The same for a name whose symbolic link is the administrator's. */
export const openLinked = (path: Bytes, flags: number, check: FileCheck): Fd | Errno =>
  checked(withStat(sys.open(path, flags | (SAFE & ~O_NOFOLLOW), 0)), check);

/** Opens without looking at the result: a fifo's reader is all that matters. */
export const openUnchecked = (path: Bytes, flags: number): Fd | Errno => sys.open(path, flags | SAFE, 0);

/** Creates a file; EEXIST: the name exists. */
export const createFile = (path: Bytes, flags: number, mode: number): Fd | Errno =>
  sys.open(path, flags | O_CREAT | O_EXCL | SAFE, mode);
