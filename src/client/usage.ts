// What services use of the machine: the processor time and memory of their processes and of all living descendants.
//
// Promises: /proc is read once for all services. A process that ends meanwhile counts with what it was seen to have.
import { processIn, readSmall } from '../effects/process/proc.ts';
import type { Usage } from '../formats/snapshot.ts';
import { isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';

/** Ticks a second in /proc, on every Linux. */
const USER_HZ = 100;
const KIB = 1024;
const RSS = '\nVmRSS:';
/** Blanks and digits that stand behind it at most. */
const RSS_DIGITS = 24;
/** Fields of /proc/PID/stat behind the name: time in user mode and in the kernel. */
const UTIME = 11;

interface One {
  readonly parent: number;
  readonly cpuSeconds: number;
}

/** Every process, and the children of each. */
export interface Table {
  readonly all: ReadonlyMap<number, One>;
  readonly children: ReadonlyMap<number, readonly number[]>;
}

export const cpuSecondsIn = (stat: string): number => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', UTIME + 2);
  return (Number(fields[UTIME]) + Number(fields[UTIME + 1])) / USER_HZ;
};

export const tableOfProcesses = (): Table => {
  const all = new Map<number, One>();
  const children = new Map<number, number[]>();
  const names = sys.readdir('/proc');
  for (const name of isErrno(names) ? [] : names) {
    if (name < '0' || name > ':') continue;
    const stat = readSmall(`/proc/${name}/stat`);
    const process = isErrno(stat) ? null : processIn(Number(name), stat);
    if (process === null || isErrno(stat)) continue;
    all.set(process.pid, { parent: process.parent, cpuSeconds: cpuSecondsIn(stat) });
    const siblings = children.get(process.parent);
    if (siblings === undefined) children.set(process.parent, [process.pid]);
    else siblings.push(process.pid);
  }
  return { all, children };
};

export const memoryOf = (pid: number): number => {
  const status = readSmall(`/proc/${pid}/status`);
  // the kernel's own: a name of a process may hold newlines, but the kernel shows them as \n
  const at = isErrno(status) ? -1 : status.indexOf(RSS);
  return at < 0 || isErrno(status)
    ? 0
    : Number.parseInt(status.slice(at + RSS.length, at + RSS.length + RSS_DIGITS), 10) * KIB;
};

/** Of a process and all that descend from it; null where it is not there. */
export const usageOf = ({ all, children }: Table, pid: number): Usage | null => {
  if (!all.has(pid)) return null;
  const family = [pid];
  for (const member of family) family.push(...(children.get(member) ?? []));
  return {
    cpuSeconds: family.reduce((sum, member) => sum + (all.get(member)?.cpuSeconds ?? 0), 0),
    memoryBytes: family.reduce((sum, member) => sum + memoryOf(member), 0),
    processes: family.length,
  };
};
