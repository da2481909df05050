// The supervise directory of one side: making it, locking it, its fifos.
//
// Promises: at most one supervisor holds a directory (flock on `lock`); `ok` can be opened for writing exactly while
// that supervisor lives. What cannot be had is Fatal, in runit's words.
// Read next: publish.ts (the files that tell the state), record.ts (what is written into `lock`).
import { errorText } from '../cli/errno.ts';
import { type Bytes, type Errno, type Fd, refused } from '../host/calls.ts';
import {
  EAGAIN,
  LOCK_EX,
  LOCK_NB,
  O_CREAT,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  S_IFIFO,
  S_IFMT,
} from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { Fatal, reason } from './messages.ts';

const LONGEST_LINK = 255;

export interface Fifos {
  readonly control: Fd;
  /** Held so that `control` never reads end of file. */
  readonly controlWriter: Fd;
}

export const isThere = (path: Bytes): boolean => !refused(sys.stat(path));

const must = <T>(result: T | Errno, what: string): T => {
  if (refused(result)) throw new Fatal(reason(what, result));
  return result as T;
};

/** Where a link in `folder` leads, one level: what mkdir is tried on when `supervise` is a link. */
const linkTarget = (folder: Bytes, path: Bytes): Bytes | null => {
  const target = sys.readlink(path);
  if (refused(target)) return null;
  if (target.length > LONGEST_LINK) throw new Fatal(`unable to readlink ./${path}: name too long`);
  return target.startsWith('/') ? target : folder + target;
};

/** Makes FOLDER/supervise, or the directory that it is a link to. */
export const makeSupervise = (folder: Bytes): void => {
  const path = `${folder}supervise`;
  if (!refused(sys.mkdir(path, 0o700))) return;
  const target = linkTarget(folder, path);
  if (target !== null) sys.mkdir(target, 0o700);
};

/** Opens FOLDER/supervise/lock; not for append, so that the record in it can be rewritten. */
export const openLock = (folder: Bytes): Fd => {
  const path = `${folder}supervise/lock`;
  return must(sys.open(path, O_RDWR | O_CREAT | O_NONBLOCK, 0o600), `unable to open ${path}`);
};

/** Whether the lock was had; another holder is false. */
export const tryLock = (folder: Bytes, lock: Fd): boolean => {
  const locked = sys.flock(lock, LOCK_EX | LOCK_NB);
  if (locked === -EAGAIN) return false;
  must(locked, `unable to lock ${folder}supervise/lock`);
  return true;
};

export const lockedElsewhere = (folder: Bytes): Fatal =>
  new Fatal(`unable to lock ${folder}supervise/lock: ${errorText(EAGAIN)}`);

/** Makes and opens the control fifo. */
export const openControl = (folder: Bytes): Fifos => {
  const path = `${folder}supervise/control`;
  sys.mkfifo(path, 0o600);
  const stat = must(sys.stat(path), `unable to stat ${path}`);
  if ((stat[0] & S_IFMT) !== S_IFIFO) throw new Fatal(`${path} exists but is not a fifo`);
  const control = must(sys.open(path, O_RDONLY | O_NONBLOCK, 0), `unable to open ${path}`);
  const controlWriter = sys.open(path, O_WRONLY | O_NONBLOCK, 0);
  if (refused(controlWriter)) sys.close(control);
  return { control, controlWriter: must(controlWriter, `unable to open ${path}`) };
};

/** Makes and opens the fifo whose being read tells that a supervisor lives. */
export const openOk = (folder: Bytes): Fd => {
  const path = `${folder}supervise/ok`;
  sys.mkfifo(path, 0o600);
  return must(sys.open(path, O_RDONLY | O_NONBLOCK, 0), `unable to read ${path}`);
};
