// Finding a child again that an earlier supervisor has left running, by its record.
//
// Promises: the process is held before anything of it is looked at. It is the recorded one: same boot, same
// pid, started between the record's two moments. And it is this service's: either the record stood in a file that only
// we can have written, and names this directory, or the kernel says so, whatever the record's owner has written: it
// works in this very directory, and is an orphan, of process 1 or of the runsvdir that started us.
// Read first: record.ts, lock.ts. Read next: open.ts.
import { type Bytes, refused } from '../host/calls.ts';
import { bootMs } from '../host/clock.ts';
import { ENOENT, ESRCH } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { type Held, hasEnded, hold, letGo } from './held.ts';
import type { Lock } from './lock.ts';
import { Fatal, reason } from './messages.ts';
import { type Process, processIn, processOf, readSmall } from './proc.ts';
import { knowsBoot, parseRecord, type Record, reserveRecord } from './record.ts';
import { identityOf } from './trusted-file.ts';

/** A process's start is told in ticks of this many milliseconds, rounded down. */
const TICK_MS = 10;
const FIRST = 1;

export interface Survivor {
  readonly phase: 'run' | 'finish';
  readonly pid: number;
  readonly held: Held;
  /** When it was started, milliseconds since boot. */
  readonly startMs: number;
}

/**
 * null: it has ended. Any refusal but that is Fatal: not to know whether a process still runs must not be taken for
 * knowing that it does not.
 */
const lookAt = (pid: number): Process | null => {
  const path = `/proc/${pid}/stat`;
  const stat = readSmall(path);
  if (stat === -ENOENT || stat === -ESRCH) return null;
  if (refused(stat)) throw new Fatal(reason(`unable to read ${path}`, stat));
  return processIn(pid, stat);
};

const isRecorded = (process: Process, record: Record): boolean => {
  const startMs = process.start * TICK_MS;
  return startMs > record.startMs - TICK_MS && startMs <= record.afterMs;
};

/** Orphans of a runsv go to process 1, or to a runsvdir that is their subreaper. A shell's other jobs are none. */
const isOrphan = ({ parent }: Process): boolean =>
  parent === FIRST || (parent === sys.getppid() && /^runsvdir|^runitbox/.test(processOf(parent)?.name ?? ''));

const worksIn = (pid: number, directory: string): boolean => {
  const stat = sys.stat(`/proc/${pid}/cwd`);
  return !refused(stat) && identityOf(stat) === directory;
};

const isOfThisService = (process: Process, record: Record, lock: Lock, directory: string): boolean =>
  (lock.ours && record.directory === directory) || (isOrphan(process) && worksIn(process.pid, directory));

/** Opens first, compares then: as long as the process has not ended, what /proc tells under its number is of it. */
const find = (record: Record, lock: Lock, directory: string): Held | null => {
  const held = hold(record.pid);
  if (held === null) return null;
  const process = lookAt(record.pid);
  const fits = process !== null && isRecorded(process, record) && isOfThisService(process, record, lock, directory);
  if (fits && !hasEnded(held)) return held;
  letGo(held);
  return null;
};

/** Without /proc: whether a process has the recorded number, and the record is of this boot as far as its moment tells. */
const mayBeIt = ({ pid, afterMs }: Record): boolean => afterMs <= bootMs() && sys.kill(pid, 0) !== -ESRCH;

/** The recorded process, if it still lives. Throws Fatal where that cannot be told. */
export const survivorOf = (lock: Lock, directory: string): Survivor | null => {
  reserveRecord(lock.fd, lock.text);
  const record = parseRecord(lock.text);
  if (record === null || record.pid === sys.getpid()) return null;
  const { phase, pid, startMs } = record;
  if (!knowsBoot()) {
    if (!mayBeIt(record)) return null;
    throw new Fatal(`process ${pid} may be the one that an earlier runsv started, /proc is needed to tell`);
  }
  const held = find(record, lock, directory);
  return held === null ? null : { phase, pid, held, startMs };
};

/** The device and inode of a directory, as records name it. */
export const directoryOf = (path: Bytes): string => {
  const stat = sys.stat(path);
  return refused(stat) ? '' : identityOf(stat);
};
