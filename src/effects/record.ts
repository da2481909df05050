// The record of a child in supervise/lock, and finding that child again.
//
// A supervisor killed with -9 leaves its children running. The kernel-side start of a child writes one line into the
// locked file before the program runs, so there is no moment at which a child lives unrecorded:
//   PHASE BOOT_ID START_MS PID    (phase run or finish, milliseconds since boot, ten-digit pid)
// The next supervisor takes a recorded process over instead of starting a second copy, provided that it is the same
// one: same boot, same pid, start time as recorded.
// Read next: launch.ts (who writes it), runner.ts (who adopts).
import { type Fd, refused } from '../host/calls.ts';
import { bootMs } from '../host/clock.ts';
import { O_RDONLY } from '../host/linux.ts';
import { sys } from '../host/sys.ts';

/** A process's start is counted in ticks of this many milliseconds. */
const TICK_MS = 10;
/** The recorded moment is taken before the fork; a busy machine may take this long to do it. */
const LATE_MS = 10000;
const RECORD_MAX = 128;

export interface Survivor {
  readonly phase: 'run' | 'finish';
  readonly pid: number;
}

const readSmall = (path: string): string => {
  const fd = sys.open(path, O_RDONLY, 0);
  if (refused(fd)) return '';
  const text = sys.read(fd, 4096);
  sys.close(fd);
  return refused(text) ? '' : text;
};

let bootId: string | null = null;

/** Which boot of the machine this is; '-' where /proc is not mounted. */
const thisBoot = (): string => {
  bootId ??= readSmall('/proc/sys/kernel/random/boot_id').trim() || '-';
  return bootId;
};

/** Forgets what was read of the machine: a test moves from one to another. */
export const forgetBoot = (): void => {
  bootId = null;
};

/** The text to which spawn adds the pid. */
export const recordText = (phase: 'run' | 'finish'): string =>
  `${phase.padEnd(6)} ${thisBoot()} ${String(bootMs()).padStart(14, '0')} `;

/** When a living process started, in milliseconds since boot; null for a dead one, or one that only waits to be reaped. */
const startOf = (pid: number): number | null => {
  const stat = readSmall(`/proc/${pid}/stat`);
  // the name in parentheses may hold anything, also parentheses
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[19]);
  return stat === '' || fields[0] === 'Z' || fields[0] === 'X' || Number.isNaN(ticks) ? null : ticks * TICK_MS;
};

interface Recorded extends Survivor {
  readonly boot: string;
  readonly startMs: number;
}

const parseRecord = (text: string): Recorded | null => {
  const [line, rest] = text.split('\n');
  const [phase, boot, start, pid] = (line ?? '').split(' ').filter((word) => word !== '');
  const startMs = Number(start);
  const number = Number(pid);
  if (rest === undefined || boot === undefined || Number.isNaN(startMs) || !(number > 1)) return null;
  return phase === 'run' || phase === 'finish' ? { phase, boot, startMs, pid: number } : null;
};

/** The recorded process, if it still lives. */
export const survivorOf = (lock: Fd): Survivor | null => {
  const text = sys.read(lock, RECORD_MAX);
  if (refused(text)) return null;
  const record = parseRecord(text);
  if (record === null || record.boot !== thisBoot() || record.boot === '-') return null;
  const { phase, pid } = record;
  const startMs = startOf(pid);
  if (startMs === null) return null;
  const lateMs = startMs - record.startMs;
  if (lateMs < -2 * TICK_MS || lateMs > LATE_MS) return null;
  return { phase, pid };
};
