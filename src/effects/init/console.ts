// The console, as process 1 has it: it comes and goes, is hung up by others, and may not be read by anybody.
//
// Promises: nothing here waits for whoever is at the console, but at most a moment for a line to go out; so it is opened
// anew for each line, and never as a controlling terminal.
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, refused } from '../../host/calls.ts';
import { EINTR } from '../../abi/errno.ts';
import { O_NOCTTY, O_NONBLOCK, O_RDWR, O_WRONLY, POLLOUT } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';

const CONSOLE = '/dev/console';
const STANDARD = [0, 1, 2] as readonly number[] as readonly Fd[];
const STDERR = 2 as Fd;
/** How long a line waits for a console that is full; then its rest is dropped. */
const PATIENCE_MS = 200;

const put = (fd: Fd, text: Bytes): void => {
  let rest = text;
  while (rest !== '') {
    const ready = sys.poll([fd, POLLOUT], PATIENCE_MS);
    if (ready === -EINTR) continue;
    if (refused(ready) || ((ready[0] ?? 0) & POLLOUT) === 0) return;
    const written = sys.write(fd, rest);
    if (refused(written)) return;
    rest = rest.slice(written);
  }
};

/** Says a line on the console, or on standard error where there is none. */
export const sayOnConsole = (text: Bytes): void => {
  const fd = sys.open(CONSOLE, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0);
  put(refused(fd) ? STDERR : fd, text);
  if (!refused(fd)) sys.close(fd);
};

/** Makes the console our standard input, output and error; the refusal where it cannot be opened. */
export const takeConsole = (): number => {
  const fd = sys.open(CONSOLE, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (refused(fd)) return fd;
  for (const standard of STANDARD) sys.dup2(fd, standard);
  if (!STANDARD.includes(fd)) sys.close(fd);
  return 0;
};

const openWaiting = (flags: number): Fd | null => {
  // opened without waiting for a carrier, which process 1 must not do
  const fd = sys.open(CONSOLE, flags | O_NONBLOCK | O_NOCTTY, 0);
  if (refused(fd)) return null;
  sys.setBlocking(fd);
  return fd;
};

/**
 * Calls `body` with what spawn takes as descriptors: the console as standard descriptors 0, 1 and 2, the first for
 * reading where asked; ours where there is none.
 */
export const withConsole = (reading: boolean, body: (fds: readonly number[]) => number): number => {
  const out = openWaiting(O_WRONLY);
  const read = reading ? openWaiting(O_RDWR) : out;
  const fds = out === null || read === null ? [] : [0, read, 1, out, 2, out];
  const result = body(fds);
  for (const fd of new Set([out, read])) if (fd !== null) sys.close(fd);
  return result;
};
