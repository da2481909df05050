// Finding a child again that an earlier supervisor has left running, by its record.
//
// Promises: the process is held before anything of it is looked at. It is the recorded one: same boot, same
// pid, started between the record's two moments. And it is this service's: either the record names this directory, which
// counts only in a file that we alone can have written (lock.ts), or the kernel says so, whatever the record's owner has written: it
// works in this very directory, and is an orphan, of process 1 or of the runsvdir that started us.
// Read first: child-record.ts, lock.ts. Read next: acquire.ts.
import { isErrno } from '../../host/calls.ts';
import { bootMs } from '../../host/clock.ts';
import { ENOENT, ESRCH } from '../../abi/errno.ts';
import { sys } from '../../host/sys.ts';
import { type Held, hasEnded, hold, letGo } from '../process/held.ts';
import type { Lock } from './lock.ts';
import { Fatal, reason } from '../diagnostics.ts';
import { type Process, processIn, readSmall } from '../process/proc.ts';
import { knowsBoot, parseRecord, putRecord, type Record, recordOf, reserveRecord } from './child-record.ts';
import { identityOf } from '../trusted-file.ts';

/** A process's start is told in ticks of this many milliseconds, rounded down. */
const TICK_MS = 10;
const FIRST = 1;
/** What /proc answers where the process has ended. */
const NOBODY: readonly number[] = [-ENOENT, -ESRCH];

export interface Survivor {
  readonly phase: 'run' | 'finish';
  readonly pid: number;
  readonly held: Held;
  /** It is our child: this process has executed itself again. */
  readonly isChild: boolean;
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
  if (NOBODY.includes(stat as number)) return null;
  if (isErrno(stat)) throw new Fatal(reason(`unable to read ${path}`, stat));
  return processIn(pid, stat);
};

const isRecorded = (process: Process, record: Record): boolean => {
  const startMs = process.start * TICK_MS;
  return startMs > record.startMs - TICK_MS && startMs <= record.afterMs;
};

/**
 * Whether an earlier supervisor may have started it. Orphans of a runsv go to process 1, or to a runsvdir that is their subreaper; what
 * this process started before it executed itself again is still its child. The other jobs of a shell are neither.
 */
const isLeftOver = ({ parent }: Process): boolean =>
  parent === FIRST ||
  parent === sys.getpid() ||
  (parent === sys.getppid() && /^runsvdir|^runitbox/.test(lookAt(parent)?.name ?? ''));

const worksIn = (pid: number, directory: string): boolean => {
  const path = `/proc/${pid}/cwd`;
  const stat = sys.stat(path);
  if (isErrno(stat) && !NOBODY.includes(stat)) throw new Fatal(reason(`unable to stat ${path}`, stat));
  return !isErrno(stat) && identityOf(stat) === directory;
};

const isOfThisService = (process: Process, record: Record, directory: string): boolean =>
  record.directory === directory || (isLeftOver(process) && worksIn(process.pid, directory));

/** When it was started, milliseconds since boot, and whether by us; null: it is not the recorded process. */
const startOf = (record: Record, directory: string): Pick<Survivor, 'startMs' | 'isChild'> | null => {
  const process = lookAt(record.pid);
  if (process === null || !isRecorded(process, record) || !isOfThisService(process, record, directory)) return null;
  return { startMs: Math.max(process.start * TICK_MS, record.startMs), isChild: process.parent === sys.getpid() };
};

/** Opens first, compares then: as long as the process has not ended, what /proc tells under its number is of it. */
const find = (record: Record, directory: string): Survivor | null => {
  const { phase, pid } = record;
  const held = hold(pid);
  if (held === null) return null;
  let found: ReturnType<typeof startOf> = null;
  try {
    found = startOf(record, directory);
    // a child of ours that has ended is still to be reaped
    if (found?.isChild !== true && hasEnded(held)) found = null;
  } finally {
    if (found === null) letGo(held);
  }
  return found === null ? null : { phase, pid, held, ...found };
};

/** Without /proc: whether a process has the recorded number, and the record is of this boot as far as its moment tells. */
const mayBeIt = ({ pid, afterMs }: Record): boolean => afterMs <= bootMs() && sys.kill(pid, 0) !== -ESRCH;

/** The recorded process, if it still lives. Throws Fatal where that cannot be told. */
export const survivorOf = ({ fd, text, directory }: Lock): Survivor | null => {
  reserveRecord(fd, text);
  const record = parseRecord(text);
  if (record === null || record.pid === sys.getpid()) return null;
  const { phase, pid } = record;
  if (!knowsBoot()) {
    if (!mayBeIt(record)) return null;
    throw new Fatal(`process ${pid} may be the one that an earlier runsv started, /proc is needed to tell`);
  }
  const survivor = find(record, directory);
  // what the kernel has vouched for once counts from now on, wherever the process works then
  if (survivor !== null && record.directory !== directory) {
    putRecord(fd, recordOf(phase, directory, survivor.startMs, pid));
  }
  return survivor;
};
