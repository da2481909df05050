// The console of process 1: it comes and goes, others hang it up, and nobody may be reading it.
//
// Promises: waits for nobody at the console, except a moment for a line to go out; so it opens the console
// for each line, and never as a controlling terminal.
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { EINTR } from '../../abi/errno.ts';
import { O_NOCTTY, O_NONBLOCK, O_RDWR, O_WRONLY, POLLOUT } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';

const CONSOLE = '/dev/console';
const STANDARD = [0, 1, 2] as readonly number[] as readonly Fd[];
const STDERR = 2 as Fd;
/** How long a line waits for a full console; then the rest is dropped. */
const TIMEOUT_MS = 200;

const put = (fd: Fd, text: Bytes): void => {
  let rest = text;
  while (rest !== '') {
    const ready = sys.poll([fd, POLLOUT], TIMEOUT_MS);
    if (ready === -EINTR) continue;
    if (isErrno(ready) || ((ready[0] ?? 0) & POLLOUT) === 0) return;
    const written = sys.write(fd, rest);
    if (isErrno(written)) return;
    rest = rest.slice(written);
  }
};

/** Writes a line to the console, or to standard error if there is none. */
export const sayOnConsole = (text: Bytes): void => {
  const fd = sys.open(CONSOLE, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0);
  put(isErrno(fd) ? STDERR : fd, text);
  if (!isErrno(fd)) sys.close(fd);
};

/** Makes the console our standard input, output and error; returns the error if it cannot be opened. */
export const takeConsole = (): number => {
  const fd = sys.open(CONSOLE, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (isErrno(fd)) return fd;
  for (const standard of STANDARD) sys.dup2(fd, standard);
  if (!STANDARD.includes(fd)) sys.close(fd);
  return 0;
};

const openWaiting = (flags: number): Fd | null => {
  // open without waiting for a carrier: process 1 must not wait
  const fd = sys.open(CONSOLE, flags | O_NONBLOCK | O_NOCTTY, 0);
  if (isErrno(fd)) return null;
  sys.setBlocking(fd);
  return fd;
};

/**
 * Calls `body` with descriptors for spawn: the console as 0, 1 and 2, readable if `reading`; none if there
 * is no console, so that ours are inherited.
 */
export const withConsole = (reading: boolean, body: (fds: readonly number[]) => number): number => {
  const out = openWaiting(O_WRONLY);
  const read = reading ? openWaiting(O_RDWR) : out;
  const fds = out === null || read === null ? [] : [0, read, 1, out, 2, out];
  const result = body(fds);
  for (const fd of new Set([out, read])) if (fd !== null) sys.close(fd);
  return result;
};
