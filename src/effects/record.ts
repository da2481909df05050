// The record of a child in supervise/lock, and finding that child again.
//
// A supervisor killed with -9 leaves its children running. The kernel-side start of a child writes one line into the
// locked file before the program runs, so there is no moment at which a child lives unrecorded:
//   PHASE BOOT_ID BEFORE_MS AFTER_MS PID    (phase run or finish; milliseconds since boot that enclose its start)
// The next supervisor takes a recorded process over instead of starting a second copy, provided that it is the same
// one: same boot, same pid, started between these two moments.
// Read next: launch.ts (who writes it), runner.ts (who adopts).
import { type Bytes, type Fd, refused } from '../host/calls.ts';
import { bootMs } from '../host/clock.ts';
import { ENOENT, ESRCH, O_RDONLY } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { Fatal, reason } from './messages.ts';
import { statOf } from './processes.ts';

/** A process's start is told in ticks of this many milliseconds, rounded down. */
const TICK_MS = 10;
const RECORD_MAX = 128;

export interface Survivor {
  readonly phase: 'run' | 'finish';
  readonly pid: number;
  /** When it was started, milliseconds since boot. */
  readonly startMs: number;
}

/**
 * A small file of /proc, '' where it is not there. Any other refusal is Fatal: not to know whether a process still runs
 * must not be taken for knowing that it does not.
 */
const readSmall = (path: string): string => {
  const fd = sys.open(path, O_RDONLY, 0);
  if (fd === -ENOENT) return '';
  if (refused(fd)) throw new Fatal(reason(`unable to open ${path}`, fd));
  const text = sys.read(fd, 4096);
  sys.close(fd);
  if (text === -ESRCH) return '';
  if (refused(text)) throw new Fatal(reason(`unable to read ${path}`, text));
  return text;
};

let bootId = '-';

/**
 * Learns which boot of the machine this is; needed before anything is recorded. False where /proc is not mounted, so that
 * cannot be told.
 */
export const learnBoot = (): boolean => {
  bootId = readSmall('/proc/sys/kernel/random/boot_id').trim() || '-';
  return bootId !== '-';
};

/** The text to which spawn adds the pid. */
export const recordText = (phase: 'run' | 'finish'): string =>
  `${phase.padEnd(6)} ${bootId} ${String(bootMs()).padStart(14, '0')} `;

/** The start in a text of /proc/PID/stat, in milliseconds since boot; null for a process that is dead, or waits to be reaped. */
const startIn = (stat: Bytes): number | null => {
  // the name in parentheses may hold anything, also parentheses
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[19]);
  return stat === '' || fields[0] === 'Z' || fields[0] === 'X' || Number.isNaN(ticks) ? null : ticks * TICK_MS;
};

/** When this process was started; null where that cannot be had. With its number, what no other process has. */
export const ownStart = (): number | null => startIn(statOf(sys.getpid()));

/** The same of any process. Throws Fatal where it cannot be told. */
export const startOf = (pid: number): number | null => startIn(readSmall(`/proc/${pid}/stat`));

/** How long a record is: phase, boot, two moments, pid and newline. */
const RECORD_SIZE = 7 + 37 + 15 + 15 + 11;

/** Holds the space of a record on the disk, so that a disk that fills up later cannot keep one from being written. */
const reserve = (lock: Fd, text: string): void => {
  if (text.length < RECORD_SIZE) sys.pwrite(lock, text.padEnd(RECORD_SIZE - 1) + '\n', 0);
};

interface Recorded extends Survivor {
  readonly boot: string;
  readonly afterMs: number;
}

const parseRecord = (text: string): Recorded | null => {
  const [line, rest] = text.split('\n');
  const [phase, boot, before, after, pid] = (line ?? '').split(' ').filter((word) => word !== '');
  const numbers = { startMs: Number(before), afterMs: Number(after), pid: Number(pid) };
  if (rest === undefined || boot === undefined || !(numbers.afterMs >= numbers.startMs && numbers.pid > 1)) return null;
  return phase === 'run' || phase === 'finish' ? { phase, boot, ...numbers } : null;
};

const isSame = (record: Recorded): boolean => {
  if (record.boot !== bootId || bootId === '-' || record.pid === sys.getpid()) return false;
  const startMs = startOf(record.pid);
  return startMs !== null && startMs > record.startMs - TICK_MS && startMs <= record.afterMs;
};

/** Without /proc: whether a process has the recorded number, and the record is of this boot as far as its moment tells. */
const mayBeSame = ({ pid, afterMs }: Recorded): boolean =>
  bootId === '-' && afterMs <= bootMs() && pid !== sys.getpid() && sys.kill(pid, 0) !== -ESRCH;

/** The recorded process, if it still lives. Throws Fatal where that cannot be told. */
export const survivorOf = (lock: Fd): Survivor | null => {
  const text = sys.read(lock, RECORD_MAX);
  if (refused(text)) throw new Fatal(reason('unable to read supervise/lock', text));
  reserve(lock, text);
  const record = parseRecord(text);
  if (record !== null && mayBeSame(record)) {
    throw new Fatal(`process ${record.pid} may be the one that an earlier runsv started, /proc is needed to tell`);
  }
  return record !== null && isSame(record) ? record : null;
};
