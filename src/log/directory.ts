// One log directory: opening it, rotating `current`, keeping the number of old files, closing it.
//
// Promises: a step that fails is reported and retried after a pause; completed steps are not repeated; nothing here
// blocks. `current` has mode 0644 while it is written and 0744 once it is synced, unless `config` sets another. A
// `current` that is not a regular file with one name is put aside, and logging goes on.
// Read first: model.ts. Read next: log-files.ts (how names are opened), config.ts, writer.ts (how lines get in),
// processor.ts (what happens to rotated files).
import { type Moment, tai64nLabel } from '../formats/tai64.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs, wallClock } from '../host/clock.ts';
import { EINVAL, ELOOP, ENOENT, EROFS } from '../abi/errno.ts';
import { LOCK_EX, LOCK_NB, O_NONBLOCK, O_RDONLY, S_IXUSR } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import { applyConfig } from './config.ts';
import { isPrivateDir, isSingleFile, createCurrent, describeOddFile, openCurrent, openLock } from './log-files.ts';
import { hasCleanMark, leaveCleanMark, takeCleanMark } from './clean-mark.ts';
import { enterDir, type LogDir, writingMode, applyOwner, completeMode } from './model.ts';
import { freeSpace, pruneToConfig, cleanUp } from './old-files.ts';
import { clearQueue, enqueue, blocksRotation, queueLeftovers } from './processor.ts';

/** The pause before a failed step is retried. */
const RETRY_MS = 3000;

const pause = (dir: LogDir, what: Bytes, errno: number): false => {
  dir.settings.diagnostics.pausing(`${what}: ${dir.name}`, errno);
  dir.retryAtMs = monotonicMs() + RETRY_MS;
  return false;
};

/** Handles a failed write; true: space was freed, retry at once. */
export const writeRefused = (dir: LogDir, errno: Errno, fullDisk: boolean): boolean => {
  enterDir(dir);
  return (fullDisk && freeSpace(dir)) || pause(dir, 'unable to write to current', errno);
};

// ---- rotation -----------------------------------------------------------------------------------------------

const labelExists = (label: Bytes): boolean => !isErrno(sys.lstat(`${label}.s`)) || !isErrno(sys.lstat(`${label}.u`));

const nextMicrosecond = ({ sec, nsec }: Moment): Moment =>
  nsec < 999_999_000 ? { sec, nsec: nsec + 1000 } : { sec: sec + 1, nsec: 500 };

/** A label no file has. If the clock stands still, or was set back, the next free microsecond serves. */
const unusedLabel = (): Bytes => {
  let moment: Moment = wallClock();
  for (;;) {
    const label = tai64nLabel(moment.sec, moment.nsec);
    if (!labelExists(label)) return label;
    moment = nextMicrosecond(moment);
  }
};

/** Syncs `current` and marks it complete by its mode. A file that does not support fsync counts as synced. */
const syncCurrent = (dir: LogDir, current: Fd): boolean => {
  const synced = sys.fsync(current);
  if (isErrno(synced) && synced !== -EINVAL && synced !== -EROFS) {
    return pause(dir, 'unable to fsync current logfile', synced);
  }
  const changed = sys.fchmod(current, completeMode(dir));
  return isErrno(changed) ? pause(dir, 'unable to set mode of current', changed) : true;
};

const closeCurrent = (dir: LogDir): boolean => {
  if (dir.current === null) return true;
  if (!syncCurrent(dir, dir.current)) return false;
  sys.close(dir.current);
  dir.current = null;
  return true;
};

const renameCurrent = (dir: LogDir, name: Bytes): boolean => {
  const renamed = sys.rename('current', name);
  return isErrno(renamed) ? pause(dir, 'unable to rename current', renamed) : true;
};

/** Starts using a newly opened `current`. */
const takeCurrent = (dir: LogDir, opened: Fd | Errno): boolean => {
  if (isErrno(opened)) return pause(dir, 'unable to open current', opened);
  dir.current = opened;
  applyOwner(dir, opened, 'current');
  const changed = sys.fchmod(opened, writingMode(dir));
  return isErrno(changed) ? pause(dir, 'unable to set mode of current', changed) : true;
};

/** Closes and renames `current`, creates a new one; false: a step failed, or the rotation waits for the processor. */
const finishRotation = (dir: LogDir): boolean => {
  if (blocksRotation(dir)) return false;
  enterDir(dir);
  const name = `${dir.rotatingTo}${dir.config.processor === '' ? '.s' : '.u'}`;
  if (!closeCurrent(dir)) return false;
  dir.settings.diagnostics.info(`rename: ${dir.name}/current ${name} ${dir.sizeBytes}`);
  if (!renameCurrent(dir, name)) return false;
  dir.rotatingTo = '';
  dir.sizeBytes = 0;
  const opened = takeCurrent(dir, createCurrent());
  cleanUp(dir, name);
  if (dir.config.processor !== '') enqueue(dir, name);
  return opened;
};

/** Begins a rotation; ready() completes it, now or later. */
export const rotate = (dir: LogDir): boolean => {
  enterDir(dir);
  if (dir.rotatingTo === '') dir.rotatingTo = unusedLabel();
  return ready(dir);
};

/** Whether lines can be written now: no pause, no unfinished rotation, `current` open. Completes what it can. */
export const ready = (dir: LogDir): boolean => {
  if (dir.retryAtMs === null && dir.rotatingTo === '' && dir.current !== null) return true;
  if (dir.retryAtMs !== null && monotonicMs() < dir.retryAtMs) return false;
  dir.retryAtMs = null;
  if (dir.rotatingTo !== '') return finishRotation(dir);
  if (dir.current !== null) return true;
  enterDir(dir);
  return openForAppend(dir);
};

/** Rotates `current` unless it is empty. */
export const rotateNow = (dir: LogDir): void => {
  if (dir.open !== null && dir.sizeBytes > 0 && ready(dir)) rotate(dir);
};

// ---- opening and closing ------------------------------------------------------------------------------------

/** Renames a `current` that was not closed cleanly, or is not a regular file with one name, to @STAMP.u. */
const putAside = (dir: LogDir): boolean => {
  const name = `${unusedLabel()}.u`;
  const odd = describeOddFile('current');
  if (odd !== '') dir.settings.diagnostics.warn(`put aside as ${name}: ${dir.name}/current ${odd}`);
  if (!renameCurrent(dir, name)) return false;
  cleanUp(dir, name);
  return true;
};

/** Opens `current` for appending, whatever state an earlier svlogd, or anybody else, left it in. */
const openForAppend = (dir: LogDir): boolean => {
  const found = sys.lstat('current');
  if (isErrno(found) && found !== -ENOENT) return pause(dir, 'unable to stat current', found);
  const size = isErrno(found) ? -1 : found[6];
  const endsWithNewline = !isErrno(found) && isSingleFile(found);
  const appends = endsWithNewline && (size === 0 || (found[0] & S_IXUSR) !== 0 || hasCleanMark(dir, found));
  if (!isErrno(found) && !appends && !putAside(dir)) return false;
  const opened = openCurrent();
  // replaced since the lstat above
  if (opened === -ELOOP) return pause(dir, `unable to open current, which ${describeOddFile('current')}`, opened);
  if (!takeCurrent(dir, opened)) return false;
  dir.sizeBytes = appends ? size : 0;
  dir.cleanMark = '';
  dir.settings.diagnostics.info(`${appends ? 'append' : 'new'}: ${dir.name}/current`);
  pruneToConfig(dir);
  queueLeftovers(dir);
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
  if (isErrno(fd)) return refuse('unable to open log directory', fd, []);
  const entered = sys.fchdir(fd);
  if (isErrno(entered)) return refuse('unable to change directory', entered, [fd]);
  const lock = openLock();
  const odd = isErrno(lock) ? describeOddFile('lock') : '';
  const locked = isErrno(lock) ? lock : sys.flock(lock, LOCK_EX | LOCK_NB);
  if (isErrno(locked)) {
    const what = `unable to lock directory${odd === '' ? '' : `, as lock ${odd}`}`;
    return refuse(what, locked, isErrno(lock) ? [fd] : [fd, lock]);
  }
  dir.open = { dir: fd, lock: lock as Fd };
  return null;
};

/** Opens and locks a directory, relative to `home`; false: reported, and the directory is not used. */
export const openLogDir = (dir: LogDir, home: Fd): boolean => {
  // after HUP lines may wait for it: a refusal may be temporary, so it is tried twice
  const refusal = lockLogDir(dir, home) === null ? null : lockLogDir(dir, home);
  if (dir.open === null) {
    if (refusal !== null) dir.settings.diagnostics.warn(`${refusal.what}: ${dir.name}`, refusal.errno);
    return false;
  }
  dir.isPrivate = isPrivateDir(dir.open.dir);
  dir.leftoversRemoved = false;
  dir.retryAtMs = null;
  dir.cleanMark = takeCleanMark(dir.open.lock);
  applyConfig(dir);
  ready(dir);
  return true;
};

/** Closes a directory. Pending text stays with it, in case it is opened again. */
export const closeLogDir = (dir: LogDir): void => {
  if (dir.open === null) return;
  enterDir(dir);
  dir.settings.diagnostics.info(`close: ${dir.name}`);
  clearQueue(dir);
  if (dir.current !== null) {
    sys.fsync(dir.current);
    sys.fchmod(dir.current, completeMode(dir));
    leaveCleanMark(dir, dir.open.lock, dir.current);
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
