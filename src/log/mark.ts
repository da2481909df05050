// The mark of a `current` that was closed safely, where it has no x to say so: its identity and size, in `lock`.
//
// Promises: a mark counts once, for the very file and size it was left for; one that is missing, as on a full disk, only makes
// the next svlogd put `current` aside. Read next: directory.ts.
import type { Bytes } from '../abi/bytes.ts';
import { type Fd, type RawStat, refused } from '../host/calls.ts';
import { S_IXUSR } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import { isPlain } from './door.ts';
import { type LogDir, safeMode } from './model.ts';

const MARK_BYTES = 100;

const markOf = (stat: RawStat): Bytes => `${stat[1]}:${stat[3]}:${stat[2]} ${stat[6]}\n`;

/** Takes the mark that the last svlogd left; '': none. */
export const takeMark = (lock: Fd): Bytes => {
  const stat = sys.fstat(lock);
  if (refused(stat) || stat[6] === 0 || !isPlain(stat)) return '';
  const mark = sys.read(lock, MARK_BYTES);
  sys.ftruncate(lock, 0);
  return refused(mark) ? '' : mark;
};

/** Whether `current` is as it was when the mark was left. */
export const isMarked = (dir: LogDir, current: RawStat): boolean => dir.mark === markOf(current);

/** Marks `current` as closed safely. */
export const leaveMark = (dir: LogDir, lock: Fd, current: Fd): void => {
  if ((safeMode(dir) & S_IXUSR) !== 0) return;
  const [stat, itself] = [sys.fstat(current), sys.fstat(lock)];
  if (!refused(stat) && !refused(itself) && isPlain(itself)) sys.pwrite(lock, markOf(stat), 0);
};
