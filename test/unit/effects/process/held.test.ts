// Processes that are no children, found again by number and start, on the virtual kernel.
import { expect, it } from 'vitest';
import { type Held, hold, holdAgain, letGo, withStart } from '../../../../src/effects/process/held.ts';
import { EIO, ENOSYS } from '../../../../src/abi/errno.ts';
import { VirtualKernel } from '../../../sim/kernel/kernel.ts';

/** What `look` gives where process 1 is held, and how many descriptors it has kept. */
const looked = (look: (first: Held) => unknown, prepare: (kernel: VirtualKernel) => void = () => undefined) => {
  const kernel = new VirtualKernel();
  prepare(kernel);
  let result: unknown = null;
  let kept = 0;
  kernel.run(() => {
    const before = kernel.openFds().length;
    const held = withStart(hold(1) as Held);
    letGo(held);
    result = look(held);
    kept = kernel.openFds().length - before;
  });
  return { result, kept };
};

const NO_PIDFD = (kernel: VirtualKernel): unknown => kernel.fault({ call: 'pidfd', errno: ENOSYS });

it.each([
  ['with pidfds', () => undefined, 1],
  ['without', NO_PIDFD, 0],
])('is held again where its start is the same, %s', (_, prepare, fds) => {
  const { result, kept } = looked(({ pid, start }) => holdAgain(pid, start), prepare);
  expect(result).toMatchObject({ pid: 1, start: 100_000 });
  expect(kept).toBe(fds);
});

it.each([
  ['with pidfds', () => undefined],
  ['without', NO_PIDFD],
])('is gone where its number is that of another, %s, and no descriptor is kept', (_, prepare) => {
  expect(looked(({ pid, start }) => holdAgain(pid, Number(start) + 1), prepare)).toEqual({ result: null, kept: 0 });
});

it('is gone where nobody has its number', () => {
  expect(looked(() => holdAgain(4711, 0))).toEqual({ result: null, kept: 0 });
});

it('is taken for the same where that cannot be told', () => {
  const isStat = (path: string): boolean => path === '/proc/1/stat';
  const prepare = (kernel: VirtualKernel): unknown =>
    kernel.fault({ call: 'open', errno: EIO, when: (path) => isStat(path) });
  expect(looked(() => holdAgain(1, 12), prepare).result).toMatchObject({ pid: 1, start: 12 });
});
