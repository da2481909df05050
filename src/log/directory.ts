// One log directory: opening it, rotating `current`, keeping the number of old files, closing it.
//
// Promises: a step that the kernel refuses is told, and done again after a pause, without losing what was done before;
// nothing here waits. `current` has mode 0644 while it is written and 0744 once it is safe, where `config` says no other. A
// `current` that is no plain file is put aside, so that the log goes on.
// Read first: model.ts. Read next: door.ts (how names are opened), config.ts, writing.ts (how lines get in), processor.ts
// (what becomes of rotated files).
import { type Moment, tai64nLabel } from '../formats/tai64.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, type Fd, refused } from '../host/calls.ts';
import { monotonicMs, wallClock } from '../host/clock.ts';
import { EINVAL, ELOOP, ENOENT, EROFS } from '../abi/errno.ts';
import { LOCK_EX, LOCK_NB, O_NONBLOCK, O_RDONLY, S_IXUSR } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import { applyConfig } from './config.ts';
import { isOursAlone, isPlain, newCurrent, oddity, openCurrent, openLock } from './door.ts';
import { isMarked, leaveMark, takeMark } from './mark.ts';
import { enter, type LogDir, openMode, own, safeMode } from './model.ts';
import { makeRoom, pruneAnew, tidy } from './old-files.ts';
import { endTakeUp, enqueue, holdsUp, takeUp } from './processor.ts';

/** How long until something that was refused is tried again. */
const PAUSE_MS = 3000;

const pause = (dir: LogDir, what: Bytes, errno: number): false => {
  dir.settings.voice.pausing(`${what}: ${dir.name}`, errno);
  dir.pauseMs = monotonicMs() + PAUSE_MS;
  return false;
};

/** What to do about a refused write: true: room was made, try again at once. */
export const writeRefused = (dir: LogDir, errno: Errno, fullDisk: boolean): boolean => {
  enter(dir);
  return (fullDisk && makeRoom(dir)) || pause(dir, 'unable to write to current', errno);
};

// ---- rotation -----------------------------------------------------------------------------------------------

const isTaken = (label: Bytes): boolean => !refused(sys.lstat(`${label}.s`)) || !refused(sys.lstat(`${label}.u`));

const later = ({ sec, nsec }: Moment): Moment =>
  nsec < 999_999_000 ? { sec, nsec: nsec + 1000 } : { sec: sec + 1, nsec: 500 };

/** A name that no file has. Where the clock stands still, or was set back, the next microsecond is as good. */
const freshLabel = (): Bytes => {
  let moment: Moment = wallClock();
  for (;;) {
    const label = tai64nLabel(moment.sec, moment.nsec);
    if (!isTaken(label)) return label;
    moment = later(moment);
  }
};

/** `current` goes to disk and says so by its mode. What cannot be synchronised, as a pipe, is as safe as it gets. */
const makeSafe = (dir: LogDir, current: Fd): boolean => {
  const synced = sys.fsync(current);
  if (refused(synced) && synced !== -EINVAL && synced !== -EROFS) {
    return pause(dir, 'unable to fsync current logfile', synced);
  }
  const changed = sys.fchmod(current, safeMode(dir));
  return refused(changed) ? pause(dir, 'unable to set mode of current', changed) : true;
};

const closeCurrent = (dir: LogDir): boolean => {
  if (dir.current === null) return true;
  if (!makeSafe(dir, dir.current)) return false;
  sys.close(dir.current);
  dir.current = null;
  return true;
};

const renameCurrent = (dir: LogDir, name: Bytes): boolean => {
  const renamed = sys.rename('current', name);
  return refused(renamed) ? pause(dir, 'unable to rename current', renamed) : true;
};

/** Takes what the door gave as `current`. */
const takeCurrent = (dir: LogDir, opened: Fd | Errno): boolean => {
  if (refused(opened)) return pause(dir, 'unable to open current', opened);
  dir.current = opened;
  own(dir, opened, 'current');
  const changed = sys.fchmod(opened, openMode(dir));
  return refused(changed) ? pause(dir, 'unable to set mode of current', changed) : true;
};

/** From `current` being full to a new one; false: paused on the way, or the processor is waited for. */
const finishRotation = (dir: LogDir): boolean => {
  if (holdsUp(dir)) return false;
  enter(dir);
  const name = `${dir.rotatingTo}${dir.config.processor === '' ? '.s' : '.u'}`;
  if (!closeCurrent(dir)) return false;
  dir.settings.voice.info(`rename: ${dir.name}/current ${name} ${dir.sizeBytes}`);
  if (!renameCurrent(dir, name)) return false;
  dir.rotatingTo = '';
  dir.sizeBytes = 0;
  const opened = takeCurrent(dir, newCurrent());
  tidy(dir, name);
  if (dir.config.processor !== '') enqueue(dir, name);
  return opened;
};

/** Begins a rotation; ready() carries it out. */
export const rotate = (dir: LogDir): boolean => {
  enter(dir);
  if (dir.rotatingTo === '') dir.rotatingTo = freshLabel();
  return ready(dir);
};

/** Whether lines can be written now: no pause, no rotation left half done, `current` open. */
export const ready = (dir: LogDir): boolean => {
  if (dir.pauseMs === null && dir.rotatingTo === '' && dir.current !== null) return true;
  if (dir.pauseMs !== null && monotonicMs() < dir.pauseMs) return false;
  dir.pauseMs = null;
  if (dir.rotatingTo !== '') return finishRotation(dir);
  if (dir.current !== null) return true;
  enter(dir);
  return comeToLife(dir);
};

/** Rotates what is not empty. */
export const rotateNow = (dir: LogDir): void => {
  if (dir.open !== null && dir.sizeBytes > 0 && ready(dir)) rotate(dir);
};

// ---- opening and closing ------------------------------------------------------------------------------------

/** A `current` that was not closed cleanly, or is no plain file, is put aside. */
const rescue = (dir: LogDir): boolean => {
  const name = `${freshLabel()}.u`;
  const odd = oddity('current');
  if (odd !== '') dir.settings.voice.warn(`put aside as ${name}: ${dir.name}/current ${odd}`);
  if (!renameCurrent(dir, name)) return false;
  tidy(dir, name);
  return true;
};

/** Opens `current`, whatever state an earlier svlogd, or somebody else, left it in. */
const comeToLife = (dir: LogDir): boolean => {
  const found = sys.lstat('current');
  if (refused(found) && found !== -ENOENT) return pause(dir, 'unable to stat current', found);
  const size = refused(found) ? -1 : found[6];
  const isWhole = !refused(found) && isPlain(found);
  const appends = isWhole && (size === 0 || (found[0] & S_IXUSR) !== 0 || isMarked(dir, found));
  if (!refused(found) && !appends && !rescue(dir)) return false;
  const opened = openCurrent();
  // put there since it was looked at
  if (opened === -ELOOP) return pause(dir, `unable to open current, which ${oddity('current')}`, opened);
  if (!takeCurrent(dir, opened)) return false;
  dir.sizeBytes = appends ? size : 0;
  dir.mark = '';
  dir.settings.voice.info(`${appends ? 'append' : 'new'}: ${dir.name}/current`);
  pruneAnew(dir);
  takeUp(dir);
  return true;
};

interface Refusal {
  readonly what: Bytes;
  readonly errno: Errno;
}

const refuse = (what: Bytes, errno: Errno, opened: readonly Fd[]): Refusal => {
  for (const fd of opened) sys.close(fd);
  return { what, errno };
};

/** Opens and locks a directory; null: done. */
const lockLogDir = (dir: LogDir, home: Fd): Refusal | null => {
  sys.fchdir(home);
  const fd = sys.open(dir.name, O_RDONLY | O_NONBLOCK, 0);
  if (refused(fd)) return refuse('unable to open log directory', fd, []);
  const entered = sys.fchdir(fd);
  if (refused(entered)) return refuse('unable to change directory', entered, [fd]);
  const lock = openLock();
  const odd = refused(lock) ? oddity('lock') : '';
  const locked = refused(lock) ? lock : sys.flock(lock, LOCK_EX | LOCK_NB);
  if (refused(locked)) {
    const what = `unable to lock directory${odd === '' ? '' : `, as lock ${odd}`}`;
    return refuse(what, locked, refused(lock) ? [fd] : [fd, lock]);
  }
  dir.open = { dir: fd, lock: lock as Fd };
  return null;
};

/** Takes a directory in use, seen from `home`; false: it is left out, which was told. */
export const openLogDir = (dir: LogDir, home: Fd): boolean => {
  // at HUP lines may wait for it: what is refused for a moment is tried again
  const refusal = lockLogDir(dir, home) === null ? null : lockLogDir(dir, home);
  if (dir.open === null) {
    if (refusal !== null) dir.settings.voice.warn(`${refusal.what}: ${dir.name}`, refusal.errno);
    return false;
  }
  dir.isOurs = isOursAlone(dir.open.dir);
  dir.isTidy = false;
  dir.pauseMs = null;
  dir.mark = takeMark(dir.open.lock);
  applyConfig(dir);
  ready(dir);
  return true;
};

/** Leaves a directory. What is still to be written stays with it, in case it is opened again. */
export const closeLogDir = (dir: LogDir): void => {
  if (dir.open === null) return;
  enter(dir);
  dir.settings.voice.info(`close: ${dir.name}`);
  endTakeUp(dir);
  if (dir.current !== null) {
    sys.fsync(dir.current);
    sys.fchmod(dir.current, safeMode(dir));
    leaveMark(dir, dir.open.lock, dir.current);
    sys.close(dir.current);
  }
  dir.current = null;
  dir.rotatingTo = '';
  if (dir.socket !== null) sys.close(dir.socket);
  dir.socket = null;
  sys.close(dir.open.lock);
  sys.close(dir.open.dir);
  dir.open = null;
};
