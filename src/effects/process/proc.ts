// What /proc says about one process.
import type { Bytes } from '../../abi/bytes.ts';
import { type Errno, type Fd, isErrno } from '../../host/calls.ts';
import { O_RDONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';

/** A small file of /proc. */
export const readSmall = (path: Bytes): Bytes | Errno => {
  const fd = sys.open(path, O_RDONLY, 0);
  // as isErrno says, without a call: `sv metrics` reads thousands of them
  if (fd < 0) return fd as Errno;
  const text = sys.read(fd as Fd, 4096);
  sys.close(fd as Fd);
  return text;
};

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: Bytes;
  /** When it was started, in ticks since boot: identifies it, together with the pid. */
  readonly start: number;
}

const PARENT = 1;
const START = 19;

/** `PID (NAME) STATE PARENT ...`, where NAME may contain anything; null: it has ended. */
export const processIn = (pid: number, stat: Bytes): Process | null => {
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' ', START + 1);
  const start = Number(fields[START]);
  if (end < 0 || fields[0] === 'Z' || fields[0] === 'X' || Number.isNaN(start)) return null;
  return { pid, parent: Number(fields[PARENT]), name: stat.slice(stat.indexOf('(') + 1, end), start };
};

/** null: it has ended, or /proc says nothing. */
export const processOf = (pid: number): Process | null => {
  const stat = readSmall(`/proc/${pid}/stat`);
  return isErrno(stat) ? null : processIn(pid, stat);
};

/** When this process was started, in ticks since boot; null: unknown. Identifies it, together with its number. */
export const ownStart = (): number | null => processOf(sys.getpid())?.start ?? null;
