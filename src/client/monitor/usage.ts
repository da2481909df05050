// What services use of the machine, measured again and again: processor time since the last look, memory, processes.
//
// Promises: only the processes of the services that are asked for are read, each with its descendants; processor time is
// counted for each process, so one that ends takes nothing away.
// Read next: rows.ts, ../usage.ts (the same in one look, over all processes).
import { processIn, readSmall } from '../../effects/process/proc.ts';
import { isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { cpuSecondsIn, memoryOf, type Table, tableOfProcesses } from '../usage.ts';

/** A service has no more processes than this that count. */
const FAMILY_MOST = 10_000;
const MS = 1000;
const PERCENT = 100;
/** A field of /proc/PID/stat behind the name: how many threads. */
const THREADS = 17;

export interface Used {
  /** Percent of one processor since the last look; null: there was none. */
  readonly cpu: number | null;
  readonly memoryBytes: number;
  readonly processes: number;
}

interface Look {
  readonly atMs: number;
  /** Processor time of each process, by its number. */
  readonly seconds: ReadonlyMap<number, number>;
}

/** The last look at each service, by its key. */
export type Meter = Map<string, Look>;

/** All processes, read when a kernel does not tell children; once for a round of measurements. */
export type Everything = () => Table;

export const newEverything = (): Everything => {
  let table: Table | null = null;
  return () => {
    table ??= tableOfProcesses();
    return table;
  };
};

const numbersIn = (text: string): readonly number[] =>
  text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);

/** Each thread has children of its own; null: the kernel does not tell. */
const childrenByThread = (pid: number, threads: number): readonly number[] | null => {
  const ids = threads > 1 ? sys.readdir(`/proc/${pid}/task`) : [String(pid)];
  const found: number[] = [];
  for (const id of isErrno(ids) ? [] : ids) {
    const text = readSmall(`/proc/${pid}/task/${id}/children`);
    if (isErrno(text) && threads === 1) return null;
    if (!isErrno(text)) found.push(...numbersIn(text));
  }
  return found;
};

const childrenOf = (pid: number, stat: string, everything: Everything): readonly number[] => {
  const threads = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ', THREADS + 1)[THREADS]);
  return childrenByThread(pid, threads) ?? everything().children.get(pid) ?? [];
};

interface Family {
  readonly seconds: Map<number, number>;
  readonly memoryBytes: number;
}

const familyOf = (pid: number, everything: Everything): Family => {
  const seconds = new Map<number, number>();
  const members = [pid];
  let memoryBytes = 0;
  for (let at = 0; at < members.length && at < FAMILY_MOST; at++) {
    const member = members[at] as number;
    const stat = readSmall(`/proc/${member}/stat`);
    if (isErrno(stat) || processIn(member, stat) === null) continue;
    seconds.set(member, cpuSecondsIn(stat));
    memoryBytes += memoryOf(member);
    members.push(...childrenOf(member, stat, everything).filter((child) => !seconds.has(child)));
  }
  return { seconds, memoryBytes };
};

/** What a process that was there, or has come since, has used. */
const usedSince = (before: Look, seconds: ReadonlyMap<number, number>): number => {
  let used = 0;
  for (const [pid, now] of seconds) used += Math.max(0, now - (before.seconds.get(pid) ?? 0));
  return used;
};

/** Measures the service `key`, whose process is `pid`; null: it is not there. `nowMs`: monotonic. */
export const measure = (meter: Meter, key: string, pid: number, nowMs: number, everything: Everything): Used | null => {
  const { seconds, memoryBytes } = familyOf(pid, everything);
  const before = meter.get(key);
  if (!seconds.has(pid)) {
    meter.delete(key);
    return null;
  }
  meter.set(key, { atMs: nowMs, seconds });
  const elapsed = before === undefined ? 0 : (nowMs - before.atMs) / MS;
  const cpu = before === undefined || elapsed <= 0 ? null : (usedSince(before, seconds) / elapsed) * PERCENT;
  return { cpu, memoryBytes, processes: seconds.size };
};
