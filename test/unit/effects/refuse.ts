// Refuses the one system call that a program makes at a given step, whichever it is.
import type { Calls } from '../../../src/host/calls.ts';
import type { VirtualKernel } from '../../sim/kernel/kernel.ts';

/** Calls that a kernel may refuse. */
const REFUSABLE = [
  ...['open', 'read', 'write', 'pwrite', 'ftruncate', 'fsync', 'fchmod', 'fchown', 'stat', 'lstat', 'fstat', 'chmod'],
  ...['mkdir', 'mkfifo', 'rename', 'exchange', 'unlink', 'link', 'readlink', 'readdir', 'chdir', 'fchdir', 'dup2'],
  ...[
    'flock',
    'pipe',
    'setBlocking',
    'posixLock',
    'spawn',
    'kill',
    'pidfd',
    'pidfdKill',
    'catchSignals',
    'catchUnignored',
  ],
  ...['poll', 'inotify', 'watch', 'unwatch', 'republish', 'fstype', 'argWrite'],
] as const satisfies readonly (keyof Calls)[];

/** Refuses the call made `after` steps from now; the result says which call that was, once it was made. */
export const refuseAfter = (kernel: VirtualKernel, after: number, errno: number): { readonly call: () => string } => {
  const at = kernel.steps + after;
  let refused = '';
  for (const call of REFUSABLE) {
    const when = (): boolean => {
      if (refused !== '' || kernel.steps < at) return false;
      refused = call;
      return true;
    };
    kernel.fault({ call, errno, when });
  }
  return { call: () => refused };
};
