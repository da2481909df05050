// Taking supervise/lock where a call is refused: what could not be taken is not held.
import { expect, it } from 'vitest';
import { EIO } from '../../../../src/abi/errno.ts';
import { sys } from '../../../../src/host/sys.ts';
import { takeLock } from '../../../../src/effects/service/lock.ts';
import { makeSupervise } from '../../../../src/effects/service/supervise-dir.ts';
import { VirtualKernel } from '../../../sim/kernel/kernel.ts';

const taken = (): string => {
  try {
    const lock = takeLock('', 'directory', null);
    if (lock === null || lock === 'busy') return String(lock);
    sys.close(lock.fd);
    return 'taken';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

it.each([0, 1000])('a lock file of user %d that cannot be read is not kept locked', (owner) => {
  const kernel = new VirtualKernel();
  kernel.user.folder('/svc');
  const seen: string[] = [];
  const ending = kernel.run(
    () => {
      sys.chdir('/svc');
      makeSupervise('');
      seen.push(taken());
      kernel.user.chown('/svc/supervise/lock', owner);
      kernel.fault({ call: 'read', errno: EIO, times: 1 });
      seen.push(taken(), taken());
      return 0;
    },
    { argv: ['test'] },
  );
  expect(ending).toEqual({ how: 'exited', code: 0 });
  expect(seen).toEqual(['taken', 'unable to read supervise/lock: input/output error', 'taken']);
});
