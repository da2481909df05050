// What /proc tells of a process.
//
// Promises: a process that is gone is no error; a zombie counts as gone.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The environment variable that every process of a case carries. */
export const MARK = 'RUNITBOX_FAULT';

export const proc = (pid: number, name: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
};

/** R, S, T, ...; null for a process that is gone or only waits to be reaped. */
export const stateOf = (pid: number): string | null => {
  const state = /\) (\S)/.exec(proc(pid, 'stat').slice(-400))?.[1];
  return state === undefined || state === 'Z' || state === 'X' ? null : state;
};

export const isAlive = (pid: number): boolean => pid > 0 && stateOf(pid) !== null;

/** poll; ppoll where there is no poll. */
const POLL = process.arch === 'arm64' ? '73' : '7';

/** Whether a process sleeps in its poll: what it had to do is done. */
export const waitsInPoll = (pid: number): boolean => proc(pid, 'syscall').startsWith(`${POLL} `);

export const descriptorsOf = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));

/** Kilobytes of memory that are this process's alone and were written. */
export const privateKb = (pid: number): number =>
  Number(/^Private_Dirty:\s+(\d+)/m.exec(proc(pid, 'smaps_rollup'))?.[1] ?? Number.NaN);

/** The living processes whose environment carries `mark`. */
export const marked = (mark: string): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => proc(pid, 'environ').includes(`${MARK}=${mark}\0`) && isAlive(pid));

/** Milliseconds since boot at which a process started, as exact as /proc tells. */
export const startedMs = (pid: number): number => {
  const stat = proc(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) * 10;
};
