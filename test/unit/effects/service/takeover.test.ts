// What a new runsv makes of what a killed one has left, where the kernel refuses a look, or somebody else owns the record:
// played with the virtual kernel. At most one instance of ./run, whatever happens.
import { describe, expect, it } from 'vitest';
import { runsv } from '../../../../src/applets/runsv.ts';
import { EACCES, EIO, ELOOP, ENOENT, ENOTDIR } from '../../../../src/abi/errno.ts';
import { SIGKILL } from '../../../../src/abi/signals.ts';
import { type Ending, VirtualKernel } from '../../../sim/kernel/kernel.ts';

const LOCK = '/svc/supervise/lock';
const NOBODY = 65534;

const play = (kernel: VirtualKernel, service = '/svc'): Ending =>
  kernel.run(() => runsv.run(['runsv', service]), { argv: ['runsv', service] });

/** kill -9 after so many milliseconds. */
const playUntil = (kernel: VirtualKernel, ms: number, service?: string): void => {
  kernel.after(ms, () => kernel.killMain());
  expect(play(kernel, service)).toEqual({ how: 'killed', signal: SIGKILL });
};

/** A service that runs without a supervisor. */
const left = (): VirtualKernel => {
  const kernel = new VirtualKernel();
  kernel.user.program('/svc/run', { livesMs: 'forever' });
  playUntil(kernel, 3000);
  expect(kernel.live()).toHaveLength(1);
  return kernel;
};

const starts = (kernel: VirtualKernel): number => kernel.record('/svc/run').starts;

const giveAway = (kernel: VirtualKernel, path: string): void => {
  const { tree } = kernel.world;
  expect(tree.at.find(kernel.main, path, false)).toBe(0);
  Object.assign(tree.at.node as object, { uid: NOBODY, gid: NOBODY });
};

const taken = /taking over \.\/run, still running as process \d+\n$/;

describe('a look that the kernel refuses', () => {
  it('at the directory ends runsv, and the next one takes the service over', () => {
    const kernel = left();
    const fault = kernel.fault({ call: 'stat', errno: EIO, when: (path) => path === '.' });
    expect(play(kernel)).toEqual({ how: 'exited', code: 111 });
    fault.off();
    playUntil(kernel, 1000);
    expect(kernel.stderr.text).toMatch(taken);
    expect(starts(kernel)).toBe(1);
  });

  it.each(['cwd', 'stat'])('at %s of the process, too', (name) => {
    const kernel = left();
    giveAway(kernel, LOCK);
    const isIt = (path: string): boolean => path === `/proc/${kernel.live()[0]?.pid}/${name}`;
    const fault =
      name === 'cwd'
        ? kernel.fault({ call: 'stat', errno: EIO, when: isIt })
        : kernel.fault({ call: 'open', errno: EIO, when: (path) => isIt(path) });
    expect(play(kernel)).toEqual({ how: 'exited', code: 111 });
    fault.off();
    playUntil(kernel, 1000);
    expect(kernel.stderr.text).toMatch(taken);
    expect(starts(kernel)).toBe(1);
  });
});

describe('a file down that cannot be looked at', () => {
  it.each(['down', 'log/down', 'flag-essential'])('ends runsv, which starts nothing: %s', (file) => {
    const kernel = new VirtualKernel();
    kernel.user.program('/svc/run', { livesMs: 'forever' });
    kernel.user.program('/svc/log/run', { livesMs: 'forever' });
    const fault = kernel.fault({ call: 'stat', errno: EIO, when: (path) => path === file });
    expect(play(kernel)).toEqual({ how: 'exited', code: 111 });
    expect(kernel.stderr.text).toBe(`runsv /svc: fatal: unable to stat ${file}: input/output error\n`);
    expect(starts(kernel)).toBe(0);
    fault.off();
    playUntil(kernel, 1000);
    expect(starts(kernel)).toBe(1);
  });

  it.each([ENOENT, ENOTDIR, EACCES, ELOOP])('is none where the kernel says so: %d', (errno) => {
    const kernel = new VirtualKernel();
    kernel.user.program('/svc/run', { livesMs: 'forever' });
    kernel.fault({ call: 'stat', errno, when: (path) => path === 'down' });
    playUntil(kernel, 1000);
    expect(starts(kernel)).toBe(1);
  });
});

describe('a record that somebody else may have written', () => {
  it('counts for every later runsv once the kernel has vouched for it', () => {
    const kernel = left();
    giveAway(kernel, LOCK);
    playUntil(kernel, 1000);
    playUntil(kernel, 1000);
    expect(kernel.stderr.text.match(/taking over/g)).toHaveLength(2);
    expect(starts(kernel)).toBe(1);
  });

  it('is written anew with what the kernel tells of the process, whatever moments it named', () => {
    const kernel = left();
    const own = kernel.user.read(LOCK) ?? '';
    const [phase, boot, here, before, , pid] = own.split(/ +/);
    kernel.user.file(LOCK, `${phase} ${boot} ${here} 0 99999999999999 ${pid}`, 0o600);
    giveAway(kernel, LOCK);
    playUntil(kernel, 1000);
    expect(kernel.stderr.text).toMatch(taken);
    expect((kernel.user.read(LOCK) ?? '').split(/ +/)).toEqual([phase, boot, here, before, before, pid]);
    expect(starts(kernel)).toBe(1);
  });

  it.each([' ', ' '.repeat(26)])('is believed by no later runsv either, with %j before the directory', (spaces) => {
    const kernel = left();
    const [pid = 0] = kernel.live().map((each) => each.pid);
    const [, , here = ''] = (kernel.user.read(LOCK) ?? '').split(/ +/);
    kernel.kill(pid, SIGKILL);
    kernel.user.file('/svc/down');
    kernel.user.program('/other/run', { livesMs: 'forever' });
    playUntil(kernel, 3000, '/other');
    const [phase, boot, , ...rest] = (kernel.user.read('/other/supervise/lock') ?? '').split(/ +/);
    kernel.user.file(LOCK, `${phase} ${boot}${spaces}${here} ${rest.join(' ')}`, 0o600);
    giveAway(kernel, LOCK);
    for (let life = 0; life < 3; life++) playUntil(kernel, 1000);
    expect(kernel.stderr.text).toBe('');
  });
});
