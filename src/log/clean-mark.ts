// The clean mark: identity and size of a `current` that was closed safely, kept in `lock` where `mode` has no x bit to say so.
//
// Promises: a mark counts once, for one file at one size. If it is missing, as after a full disk, the next svlogd puts
// `current` aside. Read next: directory.ts.
import type { Bytes } from '../abi/bytes.ts';
import { type Fd, type RawStat, isErrno } from '../host/calls.ts';
import { S_IXUSR } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import { isSingleFile } from './log-files.ts';
import { type LogDir, completeMode } from './model.ts';

const MARK_BYTES = 100;

const cleanMarkOf = (stat: RawStat): Bytes => `${stat[1]}:${stat[3]}:${stat[2]} ${stat[6]}\n`;

/** Reads and removes the mark of the previous svlogd; '': none. */
export const takeCleanMark = (lock: Fd): Bytes => {
  const stat = sys.fstat(lock);
  if (isErrno(stat) || stat[6] === 0 || !isSingleFile(stat)) return '';
  const cleanMark = sys.read(lock, MARK_BYTES);
  sys.ftruncate(lock, 0);
  return isErrno(cleanMark) ? '' : cleanMark;
};

/** Whether `current` is unchanged since the mark was written. */
export const hasCleanMark = (dir: LogDir, current: RawStat): boolean => dir.cleanMark === cleanMarkOf(current);

/** Marks `current` as closed safely. */
export const leaveCleanMark = (dir: LogDir, lock: Fd, current: Fd): void => {
  if ((completeMode(dir) & S_IXUSR) !== 0) return;
  const [stat, itself] = [sys.fstat(current), sys.fstat(lock)];
  if (!isErrno(stat) && !isErrno(itself) && isSingleFile(itself)) sys.pwrite(lock, cleanMarkOf(stat), 0);
};
