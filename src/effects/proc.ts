// What /proc tells of one process, and signals to processes that are no children of ours.
//
// A child's number is its own until we have reaped it, so children are signalled by number. Anybody else may end and be
// reaped at any moment, and his number be used again: he is held by a pidfd, whose process is compared with what we
// mean after it was opened, and signalled through it.
import { type Bytes, type Errno, type Fd, refused } from '../host/calls.ts';
import { ENOSYS, EPERM, ESRCH, O_RDONLY, POLLIN } from '../host/linux.ts';
import { sys } from '../host/sys.ts';

/** A small file of /proc. */
export const readSmall = (path: Bytes): Bytes | Errno => {
  const fd = sys.open(path, O_RDONLY, 0);
  if (refused(fd)) return fd;
  const text = sys.read(fd, 4096);
  sys.close(fd);
  return text;
};

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: Bytes;
  /** When it was started, in ticks since boot: with the pid, who it is. */
  readonly start: number;
}

const PARENT = 1;
const START = 19;

/** `PID (NAME) STATE PARENT ...`, where the name may hold anything; null for one that has ended. */
export const processIn = (pid: number, stat: Bytes): Process | null => {
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' ', START + 1);
  const start = Number(fields[START]);
  if (end < 0 || fields[0] === 'Z' || fields[0] === 'X' || Number.isNaN(start)) return null;
  return { pid, parent: Number(fields[PARENT]), name: stat.slice(stat.indexOf('(') + 1, end), start };
};

/** null: it has ended, or /proc does not tell. */
export const processOf = (pid: number): Process | null => {
  const stat = readSmall(`/proc/${pid}/stat`);
  return refused(stat) ? null : processIn(pid, stat);
};

/** Whether the process of a pidfd has ended; until then its number is its own. */
export const hasEnded = (pidfd: Fd): boolean => {
  const ready = sys.poll([pidfd, POLLIN], 0);
  return !refused(ready) && ready[0] !== 0;
};

/** Signals the process of a pidfd; by its number where the kernel has no such call, or it is not allowed. */
export const signalHeld = (pid: number, pidfd: Fd, signal: number): void => {
  const sent = sys.pidfdKill(pidfd, signal);
  if ((sent === -ENOSYS || sent === -EPERM) && !hasEnded(pidfd)) sys.kill(pid, signal);
};

const isStill = ({ pid, start }: Process): boolean => processOf(pid)?.start === start;

/** Signals a process that was seen in /proc a moment ago, if its number is still its own. */
export const signalSeen = (process: Process, signal: number): void => {
  const pidfd = sys.pidfd(process.pid);
  if (pidfd === -ESRCH) return;
  if (isStill(process)) {
    if (refused(pidfd)) sys.kill(process.pid, signal);
    else signalHeld(process.pid, pidfd, signal);
  }
  if (!refused(pidfd)) sys.close(pidfd);
};
