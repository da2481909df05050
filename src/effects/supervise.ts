// The supervise directory of one side: making it, and its fifos.
//
// Promises: `ok` can be opened for writing exactly while a supervisor lives. What cannot be had is Fatal, in runit's words.
// Read next: lock.ts (who holds it), publish.ts (the files that tell the state).
import { type Bytes, type Errno, type Fd, type RawStat, refused } from '../host/calls.ts';
import { EACCES, EEXIST, ELOOP, ENOENT, ENOTDIR, O_RDONLY, O_RDWR } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { Fatal, reason } from './messages.ts';
import { openFifo } from './trusted-file.ts';

const LONGEST_LINK = 255;
const MODE = 0o700;
const OTHERS_MAY_WRITE = 0o022;
/** A link that leads round in a circle is none either, as ever. */
const ABSENT: readonly number[] = [-ENOENT, -ENOTDIR, -EACCES, -ELOOP];

/**
 * Whether a file is there whose presence is all that counts. What cannot be told is no absence: a service that shall stay
 * down is not started, an essential one is not taken for another. Throws Fatal.
 */
export const isThere = (path: Bytes): boolean => {
  const stat = sys.stat(path);
  if (!refused(stat)) return true;
  if (ABSENT.includes(stat)) return false;
  throw new Fatal(reason(`unable to stat ${path}`, stat));
};

/** Where a link in `folder` leads, one level: what mkdir is tried on when `supervise` is a link. */
const linkTarget = (folder: Bytes, path: Bytes): Bytes | null => {
  const target = sys.readlink(path);
  if (refused(target)) return null;
  if (target.length > LONGEST_LINK) throw new Fatal(`unable to readlink ./${path}: name too long`);
  return target.startsWith('/') ? target : folder + target;
};

const isTrusted = (stat: RawStat | Errno, mask: number): boolean =>
  !refused(stat) && (stat[4] === 0 || stat[4] === sys.geteuid()) && (stat[0] & mask) === 0;

/** Only what root or we have put there, where nobody else can put anything, leads to where no directory is yet. */
const isLinkToFollow = (folder: Bytes, path: Bytes): boolean =>
  isTrusted(sys.lstat(path), 0) && isTrusted(sys.stat(folder === '' ? '.' : folder), OTHERS_MAY_WRITE);

/** Makes the directories that lead to `path`, from the top. */
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
  return refused(made) && made !== -EEXIST ? made : null;
};

/** Makes FOLDER/supervise, or the directory that it is a link to; why there may be none. */
export const makeSupervise = (folder: Bytes): Errno | null => {
  const path = folder + 'supervise';
  const made = sys.mkdir(path, MODE);
  if (!refused(made)) return null;
  const target = linkTarget(folder, path);
  if (target !== null) return makeTarget(folder, path, target);
  return made === -EEXIST ? null : made;
};

/** One descriptor for both ends, so that it never reads end of file. */
export const openControl = (folder: Bytes): Fd => {
  const path = folder + 'supervise/control';
  const fd = openFifo(path, O_RDWR);
  if (fd === -EEXIST) throw new Fatal(`${path} exists but is not a fifo`);
  if (refused(fd)) throw new Fatal(reason(`unable to open ${path}`, fd));
  return fd;
};

/** Makes and opens the fifo whose being read tells that a supervisor lives. */
export const openOk = (folder: Bytes): Fd => {
  const path = folder + 'supervise/ok';
  const fd = openFifo(path, O_RDONLY);
  if (fd === -EEXIST) throw new Fatal(`${path} exists but is not a fifo`);
  if (refused(fd)) throw new Fatal(reason(`unable to read ${path}`, fd));
  return fd;
};
