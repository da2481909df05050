// Who else runs: the processes that /proc tells of, and who descends from whom.
//
// Promises: zombies are left out; nobody where /proc is not mounted. What is told is a moment old when it is told.
import { type Bytes, refused } from '../host/calls.ts';
import { O_RDONLY } from '../host/linux.ts';
import { sys } from '../host/sys.ts';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: Bytes;
}

const readSmall = (path: Bytes): Bytes => {
  const fd = sys.open(path, O_RDONLY, 0);
  if (refused(fd)) return '';
  const text = sys.read(fd, 4096);
  sys.close(fd);
  return refused(text) ? '' : text;
};

/** `PID (NAME) STATE PARENT ...`, where the name may hold anything; '' where it cannot be had. */
export const statOf = (pid: Bytes | number): Bytes => readSmall(`/proc/${pid}/stat`);

const processOf = (pid: Bytes): Process | null => {
  const stat = statOf(pid);
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' ', 2);
  if (end < 0 || fields[0] === 'Z' || fields[0] === 'X') return null;
  return { pid: Number(pid), parent: Number(fields[1]), name: stat.slice(stat.indexOf('(') + 1, end) };
};

/** Everybody but this process. */
export const others = (): readonly Process[] => {
  const names = sys.readdir('/proc');
  if (refused(names)) return [];
  const self = sys.getpid();
  const found: Process[] = [];
  for (const name of names) {
    if (name < '0' || name > ':') continue;
    const process = processOf(name);
    if (process !== null && process.pid !== self) found.push(process);
  }
  return found;
};

/** Those of `all` that descend from one of `roots`, themselves not among them. */
export const descendants = (all: readonly Process[], roots: readonly number[]): readonly Process[] => {
  const family = new Set(roots);
  const found = new Map<number, Process>();
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const process of all) {
      if (!family.has(process.parent) || family.has(process.pid)) continue;
      family.add(process.pid);
      found.set(process.pid, process);
    }
  }
  return [...found.values()];
};

/** The log service's process of the service that this runsv supervises; 0 for none. */
export const logOf = (runsv: number): number => Number(readSmall(`/proc/${runsv}/cwd/log/supervise/pid`));
