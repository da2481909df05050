// Essential services: one that is over for good ends the container that it is in, with its own exit code.
//
// A file `flag-essential` makes a service essential. The runsv of one that is over leaves how it ended in
// supervise/exitcode, one decimal number, and itself exits 125.
// Read next: ../machine/service.ts (when a service is over).
import { type Bytes, refused } from '../host/calls.ts';
import { O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { ESSENTIAL_OVER } from '../machine/tree.ts';
import type { Voice } from './messages.ts';

/** The name is s6-rc's. */
export const ESSENTIAL_FLAG = 'flag-essential';

/** How the service in the current directory once ended is no news any more. */
export const forgetEnding = (): void => {
  sys.unlink('supervise/exitcode');
};

/** Whether the essential service in `service` has told how it ended. */
export const hasEnding = (service: Bytes): boolean => !refused(sys.stat(`${service}/supervise/exitcode`));

/** Tells how the service in the current directory ended; the exit code for its runsv. */
export const leaveEnding = (voice: Voice, code: number): number => {
  const fd = sys.open('supervise/exitcode', O_WRONLY | O_CREAT | O_TRUNC, 0o644);
  const put = refused(fd) ? fd : sys.write(fd, `${code}\n`);
  if (refused(put)) voice.warn('unable to write supervise/exitcode', put);
  if (!refused(fd)) sys.close(fd);
  return ESSENTIAL_OVER;
};

/** How the essential service in `service` ended; 125 where that cannot be read. */
export const readEnding = (service: Bytes): number => {
  const fd = sys.open(`${service}/supervise/exitcode`, O_RDONLY, 0);
  if (refused(fd)) return ESSENTIAL_OVER;
  const text = sys.read(fd, 16);
  sys.close(fd);
  return !refused(text) && /^\d{1,3}\n$/.test(text) ? Number(text) & 255 : ESSENTIAL_OVER;
};
