import { describe, expect, it } from 'vitest';
import { EMFILE } from '../../../src/abi/errno.ts';
import { SIGHUP, SIGINT, SIGTERM } from '../../../src/abi/signals.ts';
import { pause } from '../../../src/applets/pause.ts';
import { VirtualKernel } from '../../sim/kernel/kernel.ts';

const run = (kernel: VirtualKernel, argv = ['pause']): string => {
  const ending = kernel.run(() => pause.run(argv), { argv });
  return ending.how === 'exited' ? `exit ${ending.code}` : ending.how;
};

describe('pause', () => {
  it.each([SIGINT, SIGTERM])('ends with 0 at signal %d, and not before', (signal) => {
    const kernel = new VirtualKernel();
    kernel.at(60_000, () => void kernel.kill(kernel.main.pid, signal));
    expect(run(kernel)).toBe('exit 0');
    expect(kernel.nowMs).toBeGreaterThanOrEqual(60_000);
  });

  it('is ended by other signals as any program is', () => {
    const kernel = new VirtualKernel();
    kernel.at(60_000, () => void kernel.kill(kernel.main.pid, SIGHUP));
    expect(run(kernel)).toBe('killed');
  });

  it('says what is wrong', () => {
    const kernel = new VirtualKernel();
    expect(run(kernel, ['pause', '1'])).toBe('exit 100');
    expect(kernel.stderr.text).toMatch(/^usage: pause /);
    kernel.fault({ call: 'catchSignals', errno: EMFILE });
    expect(run(kernel)).toBe('exit 111');
    expect(kernel.stderr.text).toMatch(/pause: fatal: unable to catch signals: process cannot open more files\n$/);
  });
});
