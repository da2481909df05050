// What services use of the machine: the processor time and memory of their processes and of all living descendants.
//
// Promises: /proc is read once for all services. A process that ends meanwhile counts with what it was seen to have.
import { readSmall } from '../effects/process/proc.ts';
import type { Usage } from '../formats/snapshot.ts';
import { isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';

/** Ticks a second in /proc, on every Linux. */
const USER_HZ = 100;
const KIB = 1024;
const SIZE = '\nVmSize:';
/** Blanks and digits that stand behind it at most. */
const SIZE_DIGITS = 24;
/** Fields of /proc/PID/stat behind the name: time in user mode and, next, in the kernel. */
const UTIME = 11;
/** Digits of a process number, and more. */
const PID_DIGITS = 12;

/** Every process by what /proc/PID/stat says of it, and the children of each. */
export interface Table {
  readonly all: ReadonlyMap<number, string>;
  readonly children: ReadonlyMap<number, readonly number[]>;
}

export const cpuSecondsIn = (stat: string): number => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', UTIME + 2);
  return (Number(fields[UTIME]) + Number(fields[UTIME + 1])) / USER_HZ;
};

/** Its parent, without a look at the rest; -1: it has ended. */
const parentIn = (stat: string): number => {
  // `STATE PARENT ...`, behind a name that may hold anything
  const at = stat.lastIndexOf(')') + 2;
  const state = stat[at];
  return at < 2 || state === undefined || state === 'Z' || state === 'X'
    ? -1
    : Number.parseInt(stat.slice(at + 2, at + 2 + PID_DIGITS), 10);
};

export const tableOfProcesses = (): Table => {
  const all = new Map<number, string>();
  const children = new Map<number, number[]>();
  const names = sys.readdir('/proc');
  for (const name of isErrno(names) ? [] : names) {
    if (name < '0' || name > ':') continue;
    const stat = readSmall(`/proc/${name}/stat`);
    if (typeof stat !== 'string') continue;
    const parent = parentIn(stat);
    if (parent < 0) continue;
    const pid = Number(name);
    all.set(pid, stat);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [pid]);
    else siblings.push(pid);
  }
  return { all, children };
};

let pageBytes = 0;

/** Our own size in bytes by our own size in pages: the page's, a power of two. It does not hurt that either may change. */
const sizeOfPage = (): number => {
  const [status, statm] = [readSmall('/proc/self/status'), readSmall('/proc/self/statm')];
  if (isErrno(status) || isErrno(statm)) return 0;
  const at = status.indexOf(SIZE) + SIZE.length;
  const bytes = Number.parseInt(status.slice(at, at + SIZE_DIGITS), 10) * KIB;
  const pages = Number.parseInt(statm, 10);
  if (!(bytes > 0 && pages > 0)) return 0;
  let size = 1024;
  while (size * Math.SQRT2 < bytes / pages) size *= 2;
  return size;
};

/**
 * What of its memory is in the machine's. Of the files that tell it statm costs the kernel the least; stat, which is read
 * anyway, is out by dozens of pages since Linux 6.2.
 */
export const memoryOf = (pid: number): number => {
  const statm = readSmall(`/proc/${pid}/statm`);
  if (isErrno(statm)) return 0;
  if (pageBytes === 0) pageBytes = sizeOfPage();
  return Number(statm.split(' ', 2)[1]) * pageBytes;
};

/** Of a process and all that descend from it; null where it is not there. */
export const usageOf = ({ all, children }: Table, pid: number): Usage | null => {
  if (!all.has(pid)) return null;
  const family = [pid];
  let cpuSeconds = 0;
  let memoryBytes = 0;
  for (let at = 0; at < family.length; at++) {
    const member = family[at] as number;
    const below = children.get(member);
    if (below !== undefined) family.push(...below);
    cpuSeconds += cpuSecondsIn(all.get(member) as string);
    memoryBytes += memoryOf(member);
  }
  return { cpuSeconds, memoryBytes, processes: family.length };
};
