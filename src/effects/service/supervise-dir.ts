// The supervise directory of one side: the directory and its fifos.
//
// Promises: `ok` can be opened for writing exactly while a supervisor lives. What cannot be made or opened is Fatal, in runit's
// words. Read next: lock.ts (who holds it), status-files.ts (the files that show the state).
import type { Bytes } from '../../abi/bytes.ts';
import { type Errno, type Fd, type RawStat, isErrno } from '../../host/calls.ts';
import { EACCES, EEXIST, ELOOP, ENOENT, ENOTDIR } from '../../abi/errno.ts';
import { O_RDONLY, O_RDWR } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { Fatal, reason } from '../diagnostics.ts';
import { openFifo } from '../trusted-file.ts';

const LONGEST_LINK = 255;
const MODE = 0o700;
const OTHERS_MAY_WRITE = 0o022;
/** A circular link counts as absent, as in runit. */
const ABSENT: readonly number[] = [-ENOENT, -ENOTDIR, -EACCES, -ELOOP];

/**
 * Whether a file exists whose presence alone matters. An error does not count as absence: a service that should stay
 * down must not start, an essential one must not count as another. Throws Fatal.
 */
export const isThere = (path: Bytes): boolean => {
  const stat = sys.stat(path);
  if (!isErrno(stat)) return true;
  if (ABSENT.includes(stat)) return false;
  throw new Fatal(reason(`unable to stat ${path}`, stat));
};

/** Where a link in `folder` leads, one level: the path for mkdir when `supervise` is a link. */
const linkTarget = (folder: Bytes, path: Bytes): Bytes | null => {
  const target = sys.readlink(path);
  if (isErrno(target)) return null;
  if (target.length > LONGEST_LINK) throw new Fatal(`unable to readlink ./${path}: name too long`);
  return target.startsWith('/') ? target : folder + target;
};

const isTrusted = (stat: RawStat | Errno, mask: number): boolean =>
  !isErrno(stat) && (stat[4] === 0 || stat[4] === sys.geteuid()) && (stat[0] & mask) === 0;

/** Only a link that root or we made, where nobody else can make one, may lead to a directory that does not exist yet. */
const isLinkToFollow = (folder: Bytes, path: Bytes): boolean =>
  isTrusted(sys.lstat(path), 0) && isTrusted(sys.stat(folder === '' ? '.' : folder), OTHERS_MAY_WRITE);

/** Makes the parent directories of `path`, from the top. */
const makeParents = (path: Bytes): void => {
  for (let at = path.indexOf('/', 1); at >= 0; at = path.indexOf('/', at + 1)) sys.mkdir(path.slice(0, at), MODE);
};

/** /run is empty when a machine or a container starts. */
const makeTarget = (folder: Bytes, path: Bytes, target: Bytes): Errno | null => {
  let made = sys.mkdir(target, MODE);
  if (made === -ENOENT && isLinkToFollow(folder, path)) {
    makeParents(target);
    made = sys.mkdir(target, MODE);
  }
  return isErrno(made) && made !== -EEXIST ? made : null;
};

/** Makes FOLDER/supervise, or the directory that it links to; returns why there may be none. */
export const makeSupervise = (folder: Bytes): Errno | null => {
  const path = folder + 'supervise';
  const made = sys.mkdir(path, MODE);
  if (!isErrno(made)) return null;
  const target = linkTarget(folder, path);
  if (target !== null) return makeTarget(folder, path, target);
  return made === -EEXIST ? null : made;
};

/** One descriptor for both ends, so that it never reads end of file. */
export const openControl = (folder: Bytes): Fd => {
  const path = folder + 'supervise/control';
  const fd = openFifo(path, O_RDWR);
  if (fd === -EEXIST) throw new Fatal(`${path} exists but is not a fifo`);
  if (isErrno(fd)) throw new Fatal(reason(`unable to open ${path}`, fd));
  return fd;
};

/** Makes and opens the fifo whose reader shows that a supervisor lives. */
export const openOk = (folder: Bytes): Fd => {
  const path = folder + 'supervise/ok';
  const fd = openFifo(path, O_RDONLY);
  if (fd === -EEXIST) throw new Fatal(`${path} exists but is not a fifo`);
  if (isErrno(fd)) throw new Fatal(reason(`unable to read ${path}`, fd));
  return fd;
};
