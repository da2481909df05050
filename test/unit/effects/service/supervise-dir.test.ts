// What may lie where runsv has its files: links, directories, fifos, somebody else's files. What is not safe is replaced, or refused.
import { describe, expect, it } from 'vitest';
import { runsv } from '../../../../src/applets/runsv.ts';
import { EACCES, ENOSPC, EROFS } from '../../../../src/abi/errno.ts';
import { type Ending, VirtualKernel } from '../../../sim/kernel/kernel.ts';

const USER = 1000;

const newWorld = (): VirtualKernel => {
  const kernel = new VirtualKernel();
  kernel.user.program('/svc/run', { livesMs: 'forever' });
  return kernel;
};

const play = (kernel: VirtualKernel): Ending => {
  kernel.after(2000, () => kernel.user.send('/svc/supervise/control', 'x'));
  kernel.after(4000, () => kernel.mainLives && kernel.killMain());
  return kernel.run(() => runsv.run(['runsv', '/svc']), { argv: ['runsv', '/svc'] });
};

const EXITED = { how: 'exited', code: 0 };
const FAILED = { how: 'exited', code: 111 };

describe('a supervise that is a link', () => {
  it.each(['/run/svc', '../run/svc', '/run/deep/er/svc'])('leads to a directory that is made: %s', (target) => {
    const kernel = newWorld();
    kernel.user.folder('/run');
    kernel.user.symlink(target, '/svc/supervise');
    expect(play(kernel)).toEqual(EXITED);
    expect(kernel.user.exists(`${target.replace('..', '')}/status`)).toBe(true);
  });

  it('of another user leads to no directory that would have to be made above', () => {
    const kernel = newWorld();
    kernel.user.folder('/run');
    kernel.user.symlink('/run/deep/svc', '/svc/supervise');
    kernel.user.chown('/svc/supervise', USER);
    expect(play(kernel)).toEqual(FAILED);
    expect(kernel.user.exists('/run/deep')).toBe(false);
  });

  it('whose target is too long is refused', () => {
    const kernel = newWorld();
    kernel.user.symlink(`/${'x'.repeat(300)}`, '/svc/supervise');
    expect(play(kernel)).toEqual(FAILED);
    expect(kernel.stderr.text).toContain('unable to readlink ./supervise: name too long');
  });
});

describe('a supervise that cannot be made', () => {
  it.each([
    [EROFS, ': make it a link to a directory in /run\n'],
    [EACCES, ': make it a link to a directory in /run\n'],
    [ENOSPC, ': out of disk space\n'],
  ])('ends runsv, which says what to do: %d', (errno, hint) => {
    const kernel = newWorld();
    kernel.fault({ call: 'mkdir', errno });
    expect(play(kernel)).toEqual(FAILED);
    expect(kernel.stderr.text.endsWith(hint)).toBe(true);
  });

  it.each(['supervise'])('because a file has its name ends runsv: %s', (name) => {
    const kernel = newWorld();
    kernel.user.file(`/svc/${name}`, 'mine');
    expect(play(kernel)).toEqual(FAILED);
    expect(kernel.user.read(`/svc/${name}`)).toBe('mine');
  });
});

describe('a name in supervise', () => {
  const plants: readonly [string, (kernel: VirtualKernel, path: string) => unknown][] = [
    ['link', (kernel, path) => kernel.user.symlink('/etc/target', path)],
    ['fifo', (kernel, path) => kernel.user.fifo(path)],
    [
      'file of a user',
      (kernel, path) => {
        kernel.user.file(path, 'theirs');
        kernel.user.chown(path, USER);
      },
    ],
    ['file that others may write', (kernel, path) => kernel.user.file(path, 'theirs', 0o666)],
  ];
  const names = ['status', 'stat', 'pid', 'lock', 'status.new', 'lock.new', 'exitcode'];

  it.each(plants)('that is a %s is not written through', (_what, plant) => {
    for (const name of names) {
      const kernel = newWorld();
      kernel.user.file('/etc/target', 'secret');
      plant(
        kernel,
        `/svc/supervise/${name}`.replace('/svc/supervise/', (folder) => {
          kernel.user.folder(folder);
          return folder;
        }),
      );
      expect([name, play(kernel)]).toEqual([name, EXITED]);
      expect(kernel.user.read('/etc/target')).toBe('secret');
    }
  });

  it.each(['control', 'ok'])('%s that is a link is replaced by a fifo', (name) => {
    const kernel = newWorld();
    kernel.user.file('/etc/target', 'secret');
    kernel.user.folder('/svc/supervise');
    kernel.user.symlink('/etc/target', `/svc/supervise/${name}`);
    expect(play(kernel)).toEqual(EXITED);
    expect(kernel.user.read('/etc/target')).toBe('secret');
  });

  it.each(['control', 'ok'])('%s that is a file of a user is replaced by a fifo', (name) => {
    const kernel = newWorld();
    kernel.user.folder('/svc/supervise');
    kernel.user.file(`/svc/supervise/${name}`, 'theirs');
    kernel.user.chown(`/svc/supervise/${name}`, USER);
    expect(play(kernel)).toEqual(EXITED);
  });

  it.each([
    ['control', 'file'],
    ['control', 'directory'],
    ['ok', 'file'],
    ['ok', 'directory'],
  ])('%s that is a %s of ours is refused', (name, kind) => {
    const kernel = newWorld();
    kernel.user.folder('/svc/supervise');
    if (kind === 'file') kernel.user.file(`/svc/supervise/${name}`, 'mine', 0o600);
    else kernel.user.folder(`/svc/supervise/${name}`);
    expect(play(kernel)).toEqual(FAILED);
    expect(kernel.stderr.text).toContain(`supervise/${name} exists but is not a fifo`);
  });

  it.each(['control', 'ok'])('%s that cannot be opened or made ends runsv', (name) => {
    for (const call of ['open', 'mkfifo'] as const) {
      const kernel = newWorld();
      const isIt = (...args: readonly unknown[]): boolean => args[0] === `supervise/${name}`;
      kernel.fault({ call, errno: EROFS, when: isIt });
      expect(play(kernel)).toEqual(FAILED);
      expect(kernel.stderr.text).toMatch(new RegExp(`unable to (open|read) supervise/${name}: `));
    }
  });
});

describe('a lock', () => {
  it('that another runsv holds is named', () => {
    const kernel = newWorld();
    kernel.user.lock('/svc/supervise/x');
    kernel.user.folder('/svc/supervise');
    kernel.user.lock('/svc/supervise/lock');
    expect(play(kernel)).toEqual(FAILED);
    expect(kernel.stderr.text).toMatch(/^runsv \/svc: fatal: unable to lock supervise\/lock: /);
  });

  it('that was given away while runsv lives is replaced', () => {
    const kernel = newWorld();
    kernel.after(500, () => kernel.user.chown('/svc/supervise/lock', USER));
    kernel.after(600, () => kernel.user.send('/svc/supervise/control', 't'));
    expect(play(kernel)).toEqual(EXITED);
    expect(kernel.overlaps).toEqual([]);
  });
});

describe('a log', () => {
  const withLog = (): VirtualKernel => {
    const kernel = newWorld();
    kernel.user.program('/svc/run', { livesMs: 700, writes: [{ bytes: 'line\n' }] });
    kernel.user.program('/svc/log/run', { readsStdinUntilEof: true, keepsInput: true });
    return kernel;
  };
  const stop = (kernel: VirtualKernel, ms: number): Ending => {
    kernel.after(ms, () => kernel.user.send('/svc/supervise/control', 'x'));
    kernel.after(ms + 5000, () => kernel.mainLives && kernel.killMain());
    return kernel.run(() => runsv.run(['runsv', '/svc']), { argv: ['runsv', '/svc'] });
  };

  it('whose lock another process holds is waited for', () => {
    const kernel = withLog();
    kernel.user.folder('/svc/log/supervise');
    const held = kernel.user.lock('/svc/log/supervise/lock');
    kernel.after(5000, () => (typeof held === 'number' ? 0 : held.close()));
    expect(stop(kernel, 12_000)).toEqual(EXITED);
    expect(kernel.stderr.text).toContain('waiting for the lock on log/supervise/lock');
    expect(kernel.record('/svc/log/run').input).toContain('line\n');
  });

  it('made later that cannot be opened holds ./run up for a while, then it runs without', () => {
    const kernel = newWorld();
    kernel.user.program('/svc/run', { livesMs: 700 });
    kernel.after(2000, () => kernel.user.file('/svc/log/supervise', 'mine'));
    expect(stop(kernel, 20_000)).toEqual(EXITED);
    expect(kernel.stderr.text).toMatch(/trying again\n(.*\n)*.*starting \.\/run without its log\n/);
    expect(kernel.record('/svc/run').starts).toBeGreaterThan(3);
  });

  it('that cannot be opened at the start ends runsv', () => {
    const kernel = withLog();
    kernel.user.file('/svc/log/supervise', 'mine');
    expect(stop(kernel, 5000)).toEqual(FAILED);
    expect(kernel.record('/svc/run').starts).toBe(0);
  });

  it('that is no directory is reported', () => {
    const kernel = newWorld();
    kernel.user.file('/svc/log', 'text');
    expect(stop(kernel, 3000)).toEqual(EXITED);
    expect(kernel.stderr.text).toBe('runsv /svc: warning: ./log: not a directory.\n');
  });

  it('that is removed ends, and ./run goes on without; that is made later is started', () => {
    const kernel = withLog();
    kernel.after(3000, () => kernel.user.rename('/svc/log', '/away'));
    kernel.after(9000, () => kernel.user.rename('/away', '/svc/log'));
    stop(kernel, 15_000);
    expect(kernel.stderr.text).toContain('./log was removed, starting ./run without a log');
    expect(kernel.record('/svc/log/run').starts).toBeGreaterThanOrEqual(1);
  });

  it('that is replaced is closed, and the other one started', () => {
    const kernel = withLog();
    kernel.after(3000, () => {
      kernel.user.rename('/svc/log', '/away');
      kernel.user.program('/svc/log/run', { key: 'other log', readsStdinUntilEof: true });
    });
    stop(kernel, 15_000);
    expect(kernel.stderr.text).toContain('./log was replaced');
    expect(kernel.record('other log').starts).toBeGreaterThanOrEqual(1);
  });
});
