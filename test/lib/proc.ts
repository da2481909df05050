// Processes as /proc shows them, and the end of all that a test started.
//
// Promises: a process that is gone is no error; a zombie counts as gone. A process is ended by its number, found by a mark in
// its environment, so nothing that others run is touched.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { sleep, TimeoutError } from './wait.ts';

/** The environment variable that every process of a test carries: its world's directory. */
export const MARK = 'RUNITBOX_TEST';

/** The text of /proc/PID/NAME; empty where the process is gone. `pid` may be a path to that of a namespace. */
export const proc = (pid: number | string, name: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
};

/** R, S, T, ...; null for a process that is gone or only waits to be reaped. */
export const stateOf = (pid: number | string): string | null => {
  const state = /\) (\S)/.exec(proc(pid, 'stat').slice(-400))?.[1];
  return state === undefined || state === 'Z' || state === 'X' ? null : state;
};

export const isAlive = (pid: number): boolean => pid > 0 && stateOf(pid) !== null;

/** As isAlive, of a process by its number in the PID namespace of `first`, which has a /proc of its own. */
export const isAliveWithin = (first: number, pid: number): boolean =>
  pid > 0 && stateOf(`${first}/root/proc/${pid}`) !== null;

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

/** A field of /proc/PID/status, as `SigBlk`. */
export const procField = (pid: number, field: string): string =>
  new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(proc(pid, 'status'))?.[1] ?? 'gone';

/** Sends a signal to a process, or to a group by its negative number. */
export const kill = (pid: number, signal: NodeJS.Signals): void => {
  try {
    if (pid !== 0 && Math.abs(pid) !== 1) process.kill(pid, signal);
  } catch {
    // It ended before.
  }
};

/** Ends every process that carries `mark`, and those that they start meanwhile, until there is none. */
export const killMarked = async (mark: string): Promise<void> => {
  for (let waitMs = 5; waitMs < 2000; waitMs *= 1.2) {
    const left = marked(mark);
    if (left.length === 0) return;
    // stopped first, so that none can start another while its neighbours are being ended
    for (const name of ['SIGSTOP', 'SIGKILL'] as const) for (const pid of left) kill(pid, name);
    await sleep(waitMs);
  }
  throw new TimeoutError(`processes that cannot be ended: ${marked(mark).join(' ')}`);
};
