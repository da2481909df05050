// A supervise directory that another process has locked for a moment, to make or replace the lock in it: runsv tries again from
// its loop, and goes on with whatever else there is to do meanwhile.
import { expect, it } from 'vitest';
import { runsv } from '../../../../src/applets/runsv.ts';
import { LOCK_EX } from '../../../../src/abi/flags.ts';
import { SIGTERM } from '../../../../src/abi/signals.ts';
import { type Ending, VirtualKernel } from '../../../sim/kernel/kernel.ts';

const play = (kernel: VirtualKernel): Ending => kernel.run(() => runsv.run(['runsv', '/svc']));

/** A service whose program runs until it is told to end; its log's, too, where `log` says that there is one. */
const service = (log = false): VirtualKernel => {
  const kernel = new VirtualKernel();
  kernel.user.program('/svc/run', { livesMs: 'forever' });
  if (log) kernel.user.program('/svc/log/run', { readsStdinUntilEof: true });
  return kernel;
};

/** Holds a directory's lock, as a runsv that makes its own; when it is let go. */
const hold = (kernel: VirtualKernel, folder: string, untilMs: number | null): void => {
  kernel.user.folder(folder);
  const held = kernel.user.lockFolder(folder, LOCK_EX);
  if (typeof held === 'number') throw new Error('not locked');
  if (untilMs !== null) kernel.at(untilMs, () => held.close());
};

const starts = (kernel: VirtualKernel, path = '/svc/run'): number => kernel.record(path).starts;

it.each(['/svc/supervise', '/svc/log/supervise'])('starts when %s is let go', (folder) => {
  const kernel = service(true);
  hold(kernel, folder, 500);
  kernel.at(495, () => expect(starts(kernel)).toBe(0));
  kernel.at(520, () => expect([starts(kernel), starts(kernel, '/svc/log/run')]).toEqual([1, 1]));
  kernel.at(600, () => kernel.kill(kernel.main.pid, SIGTERM));
  expect(play(kernel)).toEqual({ how: 'exited', code: 0 });
  expect(kernel.stderr.text).toBe('');
});

it.each([
  ['/svc/supervise', 'supervise'],
  ['/svc/log/supervise', 'log/supervise'],
])('gives up after a second where nobody lets go of %s', (folder, name) => {
  const kernel = service(true);
  hold(kernel, folder, null);
  expect(play(kernel)).toEqual({ how: 'exited', code: 111 });
  expect(Math.round(kernel.nowMs / 100)).toBe(10);
  expect(kernel.stderr.text).toBe(`runsv /svc: fatal: unable to lock ${name}: temporary failure\n`);
  expect(starts(kernel)).toBe(0);
});

it('keeps in mind that it was told to end before it had the lock', () => {
  const kernel = service();
  hold(kernel, '/svc/supervise', 500);
  kernel.at(100, () => kernel.kill(kernel.main.pid, SIGTERM));
  expect(play(kernel)).toEqual({ how: 'exited', code: 0 });
  expect(kernel.nowMs).toBeLessThan(600);
  expect(kernel.live()).toEqual([]);
});

it('obeys commands while the lock of a log that came later is waited for', () => {
  const kernel = service();
  kernel.at(1500, () => {
    kernel.user.program('/svc/log/run', { readsStdinUntilEof: true });
    hold(kernel, '/svc/log/supervise', 2200);
    kernel.user.write('/svc/supervise/control', 't');
  });
  kernel.at(2000, () => {
    expect(starts(kernel)).toBe(1);
    kernel.user.write('/svc/supervise/control', 'd');
  });
  kernel.at(2100, () => expect(kernel.user.read('/svc/supervise/stat')).toBe('down\n'));
  kernel.at(2150, () => kernel.user.write('/svc/supervise/control', 'u'));
  kernel.at(2300, () => expect([starts(kernel), starts(kernel, '/svc/log/run')]).toEqual([2, 1]));
  kernel.at(2400, () => kernel.kill(kernel.main.pid, SIGTERM));
  expect(play(kernel)).toEqual({ how: 'exited', code: 0 });
  expect(kernel.stderr.text).toBe('');
});

it('starts without its log where nobody lets go of the lock of one that came later', () => {
  const kernel = service();
  kernel.at(1500, () => {
    kernel.user.program('/svc/log/run', { readsStdinUntilEof: true });
    hold(kernel, '/svc/log/supervise', null);
    kernel.user.write('/svc/supervise/control', 't');
  });
  kernel.at(20_000, () => kernel.kill(kernel.main.pid, SIGTERM));
  expect(play(kernel)).toEqual({ how: 'exited', code: 0 });
  expect(starts(kernel)).toBe(2);
  expect(kernel.stderr.text).toBe(
    'runsv /svc: warning: unable to lock log/supervise: temporary failure, trying again\n' +
      'runsv /svc: warning: unable to lock log/supervise: temporary failure, starting ./run without its log\n',
  );
});
