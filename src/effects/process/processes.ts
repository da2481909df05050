// Other processes: those in /proc, and who descends from whom.
//
// Promises: leaves out zombies; finds nobody if /proc is not mounted. The result is a moment old.
import { decodeStatus } from '../../formats/status.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { type Process, processOf } from './proc.ts';
import { readThere } from '../trusted-file.ts';

/** All processes but this one. */
export const others = (): readonly Process[] => {
  const names = sys.readdir('/proc');
  if (isErrno(names)) return [];
  const self = sys.getpid();
  const found: Process[] = [];
  for (const name of names) {
    if (name < '0' || name > ':') continue;
    const process = processOf(Number(name));
    if (process !== null && process.pid !== self) found.push(process);
  }
  return found;
};

/** The printable part of a name that a process gave itself. */
export const shownName = ({ name }: Process): Bytes => name.replace(/[^ -9;-~]/g, '?');

/** Those of `all` that descend from one of `roots`, without the roots. */
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

/** Whether the service in this directory has no process, neither ./run nor ./finish. */
export const hasRested = (directory: Bytes): boolean => {
  const file = readThere(`${directory}/supervise/status`, 64);
  return file?.ours === true && decodeStatus(file.text)?.phase === 'down';
};

/**
 * The process of the log service of the service in this directory, which this process supervises; 0: none. A file that a user may have
 * written counts if the process is a child of that supervisor: he can name another process of the same service, and nobody else's.
 */
export const logOf = (directory: Bytes, runsv: number, all: readonly Process[]): number => {
  const file = readThere(`${directory}/log/supervise/pid`, 16);
  if (file === null || !/^\d+\n$/.test(file.text)) return 0;
  const pid = Number(file.text);
  return file.ours || all.some((process) => process.pid === pid && process.parent === runsv) ? pid : 0;
};
