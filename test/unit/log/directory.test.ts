// Opening, rotating and closing a log directory, and what svlogd does when a step fails.
import { describe, expect, it } from 'vitest';
import { EIO, EINVAL, ELOOP, ENOENT, ENOSPC, EROFS } from '../../../src/abi/errno.ts';
import { SIGALRM, SIGHUP, SIGKILL } from '../../../src/abi/signals.ts';
import { LogWorld } from './world.ts';

describe('a log directory', () => {
  it('gets every line, and a newline for the last one', () => {
    const world = new LogWorld();
    expect(world.log('one\ntwo\nhalf')).toEqual({ code: 0, out: '', err: '' });
    expect(world.current).toBe('one\ntwo\nhalf\n');
    expect(world.mode('current')).toBe(0o744);
  });

  it('is appended to if current was closed safely', () => {
    const world = new LogWorld();
    world.log('one\n');
    expect(world.log('two\n', '-v d').err).toBe('svlogd: info: append: d/current\nsvlogd: info: close: d\n');
    expect(world.current).toBe('one\ntwo\n');
    expect(world.mode('lock')).toBe(0o600);
  });

  it('keeps a current that was not closed safely as @STAMP.u', () => {
    const world = new LogWorld();
    world.feed(0, 'one\n');
    world.do(10, () => world.kernel.killMain());
    expect(world.run().code).toBe('killed');
    expect(world.mode('current')).toBe(0o644);
    world.log('two\n');
    expect(world.current).toBe('two\n');
    expect(world.oldTexts('u')).toEqual(['one\n']);
  });

  it('is left out if it is missing; without any other svlogd exits 111', () => {
    const world = new LogWorld();
    expect(world.log('one\n', 'missing d')).toEqual({
      code: 0,
      out: '',
      err: 'svlogd: warning: unable to open log directory: missing: file does not exist\n',
    });
    expect(world.current).toBe('one\n');
    expect(world.run('missing')).toMatchObject({
      code: 111,
      err: expect.stringMatching(/fatal: no functional log directories\.\n$/),
    });
  });

  it('is left out if it cannot be entered', () => {
    const world = new LogWorld();
    let calls = 0;
    world.kernel.fault({ call: 'fchdir', errno: EIO, when: () => ++calls % 2 === 0 });
    expect(world.run()).toMatchObject({
      code: 111,
      err: 'svlogd: warning: unable to change directory: d: input/output error\nsvlogd: fatal: no functional log directories.\n',
    });
  });

  it('is used if only the first attempt to enter it is refused', () => {
    const world = new LogWorld();
    let calls = 0;
    world.kernel.fault({ call: 'fchdir', errno: EIO, when: () => ++calls === 2 });
    world.endInput(10);
    expect(world.run()).toMatchObject({ code: 0, err: '' });
  });

  it('is left out if another process has its lock', () => {
    const world = new LogWorld();
    world.kernel.user.lock('/log/d/lock');
    expect(world.run()).toMatchObject({
      code: 111,
      err: expect.stringMatching(/^svlogd: warning: unable to lock directory: d: /),
    });
  });

  it.each([
    ['is a directory', (world: LogWorld) => world.kernel.user.folder('/log/d/lock')],
    ['is a symbolic link', (world: LogWorld) => world.kernel.user.symlink('/etc/target', '/log/d/lock')],
    ['is not a regular file', (world: LogWorld) => world.kernel.user.fifo('/log/d/lock')],
  ])('is left out if its lock %s', (what, plant) => {
    const world = new LogWorld();
    plant(world);
    expect(world.run().err).toMatch(`unable to lock directory, as lock ${what}: d: `);
    expect(world.kernel.user.exists('/etc/target')).toBe(false);
  });

  it('needs signals and a working directory', () => {
    const world = new LogWorld();
    world.kernel.fault({ call: 'open', errno: EIO, when: (path) => path === '.' });
    expect(world.run()).toMatchObject({
      code: 111,
      err: 'svlogd: fatal: unable to open current working directory: input/output error\n',
    });
    const failing = new LogWorld();
    failing.kernel.fault({ call: 'catchSignals', errno: EINVAL });
    expect(failing.run()).toMatchObject({
      code: 111,
      err: 'svlogd: fatal: unable to open current working directory\n',
    });
  });
});

describe('a current that svlogd may not append to', () => {
  it.each([
    [
      'is a symbolic link',
      (world: LogWorld) => {
        world.kernel.user.file('/etc/target', 'mine\n', 0o744);
        world.kernel.user.symlink('/etc/target', '/log/d/current');
      },
    ],
    ['is a directory', (world: LogWorld) => world.kernel.user.folder('/log/d/current')],
    ['is not a regular file', (world: LogWorld) => world.kernel.user.fifo('/log/d/current')],
  ])('is put aside if it %s', (what, plant) => {
    const world = new LogWorld();
    plant(world);
    expect(world.log('one\n').err).toMatch(
      new RegExp(`^svlogd: warning: put aside as @[0-9a-f]{24}\\.u: d/current ${what}\n$`),
    );
    expect(world.current).toBe('one\n');
    expect(world.kernel.user.read('/etc/target') ?? 'mine\n').toBe('mine\n');
  });

  it('is put aside if it has another name', () => {
    const world = new LogWorld();
    world.kernel.user.file('/log/d/current', 'mine\n', 0o744);
    world.kernel.start();
    world.kernel.calls.link('/log/d/current', '/log/other');
    world.kernel.killMain(SIGKILL);
    expect(world.log('one\n').err).toMatch(/d\/current has other names\n$/);
    expect(world.kernel.user.read('/log/other')).toBe('mine\n');
  });

  it('becomes a link between lstat and open: retried', () => {
    const world = new LogWorld();
    world.kernel.fault({ call: 'open', errno: ELOOP, when: (path) => path === 'current', times: 1 });
    world.feed(0, 'one\n');
    world.endInput(4000);
    expect(world.run().err).toMatch(/^svlogd: pausing: unable to open current, which : d: /);
    expect(world.current).toBe('one\n');
  });
});

describe('a step that fails', () => {
  it.each([
    ['lstat', 'unable to stat current'],
    ['open', 'unable to open current'],
    ['fchmod', 'unable to set mode of current'],
  ] as const)('at startup is retried after 3 seconds: %s', (call, message) => {
    const world = new LogWorld();
    const when = (...args: readonly unknown[]): boolean => call === 'fchmod' || args[0] === 'current';
    world.kernel.fault({ call, errno: EIO, when, times: 1 });
    world.feed(0, 'one\n');
    world.endInput(5000);
    expect(world.run().err).toBe(`svlogd: pausing: ${message}: d: input/output error\n`);
    expect(world.current).toBe('one\n');
  });

  it.each([
    ['fsync', 'unable to fsync current logfile'],
    ['fchmod', 'unable to set mode of current'],
    ['rename', 'unable to rename current'],
  ] as const)('in a rotation is retried after 3 seconds: %s', (call, message) => {
    const world = new LogWorld();
    let isOn = false;
    world.kernel.fault({ call, errno: EIO, when: () => isOn, times: 1 });
    world.feed(0, 'one\n');
    world.do(5, () => {
      isOn = true;
    });
    world.signal(10, SIGALRM);
    world.feed(20, 'two\n');
    world.endInput(5000);
    expect(world.run().err).toBe(`svlogd: pausing: ${message}: d: input/output error\n`);
    expect([...world.oldTexts(), world.current]).toEqual(['one\n', 'two\n']);
  });

  it('to open the new current after a rotation is retried', () => {
    const world = new LogWorld();
    world.kernel.fault({
      call: 'open',
      errno: EIO,
      when: (path) => path === 'current' && world.old().length > 0,
      times: 1,
    });
    world.feed(0, 'one\n');
    world.signal(10, SIGALRM);
    world.feed(20, 'two\n');
    world.endInput(5000);
    expect(world.run().err).toMatch(/^svlogd: pausing: unable to open current: d: /);
    expect([...world.oldTexts(), world.current]).toEqual(['one\n', 'two\n']);
  });

  it('to rename a current that was not closed safely is retried', () => {
    const world = new LogWorld();
    world.kernel.user.file('/log/d/current', 'left\n', 0o644);
    world.kernel.fault({ call: 'rename', errno: EIO, times: 1 });
    world.feed(0, 'one\n');
    world.endInput(5000);
    expect(world.run().err).toBe('svlogd: pausing: unable to rename current: d: input/output error\n');
    expect([...world.oldTexts('u'), world.current]).toEqual(['left\n', 'one\n']);
  });

  it.each([EINVAL, EROFS])('is none if current does not support fsync: %d', (errno) => {
    const world = new LogWorld();
    world.kernel.fault({ call: 'fsync', errno });
    world.feed(0, 'one\n');
    world.signal(10, SIGALRM);
    world.endInput(20);
    expect(world.run().err).toBe('');
    expect(world.oldTexts()).toEqual(['one\n']);
  });

  it('to write loses nothing', () => {
    const world = new LogWorld();
    world.kernel.fault({ call: 'write', errno: EIO, when: (_fd, data) => data.startsWith('one'), times: 2 });
    world.feed(0, 'one\n');
    world.feed(10, 'two\n');
    world.endInput(6000);
    expect(world.run().err).toBe('svlogd: pausing: unable to write to current: d: input/output error\n');
    expect(world.current).toBe('one\ntwo\n');
  });
});

describe('a full disk', () => {
  /** The first refusal is the fast path's, which reports nothing. */
  const fill = (config: string, old: number): LogWorld => {
    const world = new LogWorld();
    world.config(config);
    for (let n = 0; n < old; n++) world.kernel.user.file(`/log/d/@40000000000000000000000${n}.s`, `${n}\n`);
    world.kernel.fault({ call: 'write', errno: ENOSPC, when: (_fd, data) => data.startsWith('one'), times: 2 });
    world.feed(0, 'one\n');
    world.endInput(6000);
    return world;
  };

  it('costs the oldest file while there are more than N says', () => {
    const world = fill('n5\nN2\n', 3);
    expect(world.run().err).toBe('svlogd: warning: out of disk space, delete: d/@400000000000000000000000.s\n');
    expect(world.current).toBe('one\n');
    expect(world.oldTexts()).toEqual(['1\n', '2\n']);
  });

  it.each(['n0\n', 'n5\nN2\n'])('pauses the log if nothing may be deleted: %j', (config) => {
    const world = fill(config, 2);
    expect(world.run().err).toBe('svlogd: pausing: unable to write to current: d: out of disk space\n');
    expect(world.current).toBe('one\n');
    expect(world.oldTexts()).toEqual(['0\n', '1\n']);
  });

  it('pauses the log if the oldest file cannot be deleted', () => {
    const world = fill('n5\nN2\n', 3);
    world.kernel.fault({ call: 'unlink', errno: EROFS });
    expect(world.run().err).toMatch(/pausing: unable to write to current: d: out of disk space\n$/);
    expect(world.current).toBe('one\n');
  });
});

describe('rotation', () => {
  const line = (n: number): string => `${String(n).padStart(499, '.')}\n`;
  const lines = Array.from({ length: 12 }, (_, n) => line(n));

  it('begins a new file where the next line might not fit', () => {
    const world = new LogWorld();
    world.config('s2000\n');
    world.log(lines.join(''), '-l 500 d');
    expect(world.oldTexts().map((text) => text?.length)).toEqual([1500, 1500, 1500, 1500]);
    expect([...world.oldTexts(), world.current].join('')).toBe(lines.join(''));
  });

  it('breaks a line that does not fit into a whole file', () => {
    const world = new LogWorld();
    world.config('s1500\n');
    world.log(`${'x'.repeat(4000)}\n`);
    expect(world.oldTexts().map((text) => text?.length)).toEqual([1500, 1500, 1001]);
    expect(world.current).toBe('');
  });

  it('keeps the number of files that config says, one fewer per rotation without', () => {
    const [said, unsaid] = [new LogWorld(), new LogWorld()];
    said.config('s2000\nn2\n');
    for (const world of [said, unsaid])
      for (let n = 0; n < 9; n++) world.kernel.user.file(`/log/d/@40000000000000000000000${n}.s`, `${n}\n`);
    expect(said.log(lines.join(''), '-v -l 500 d').err.match(/info: delete: /g)).toHaveLength(11);
    expect(said.oldTexts().map((text) => text?.length)).toEqual([1500, 1500]);
    unsaid.log('one\n');
    expect(unsaid.old()).toHaveLength(9);
  });

  it('reports a surplus file that cannot be deleted', () => {
    const world = new LogWorld();
    world.config('n1\n');
    for (const n of [0, 1]) world.kernel.user.file(`/log/d/@40000000000000000000000${n}.s`, `${n}\n`);
    world.kernel.fault({ call: 'unlink', errno: EROFS });
    expect(world.log('one\n').err).toMatch(/^svlogd: warning: unable to unlink: d\/@400000000000000000000000\.s: /);
  });

  it('reports a directory that cannot be read', () => {
    const world = new LogWorld();
    world.config('n1\n');
    world.kernel.fault({ call: 'readdir', errno: EIO });
    expect(world.log('one\n').err).toBe('svlogd: warning: unable to read directory: d: input/output error\n');
  });

  it.each([0, 999.9995])('finds an unused name when the clock stands still, at .%d', (ms) => {
    const world = new LogWorld({ callCostNs: 0, mtimeTickMs: 0 });
    world.kernel.advance(ms);
    world.config('s1500\n');
    world.log(`${'x'.repeat(6000)}\n`, 'd');
    expect(world.oldTexts().map((text) => text?.length)).toEqual([1500, 1500, 1500, 1500]);
  });

  it('happens at the age of a current that is not empty', () => {
    const world = new LogWorld();
    world.config('t10\n');
    world.feed(25_000, 'one\n');
    world.feed(26_000, 'two\n');
    world.feed(31_000, 'three\n');
    world.endInput(32_000);
    world.run();
    expect([...world.oldTexts(), world.current]).toEqual(['one\ntwo\n', 'three\n']);
  });

  it('happens on ALRM, unless current is empty', () => {
    const world = new LogWorld();
    world.signal(5, SIGALRM);
    world.feed(10, 'one\n');
    world.signal(20, SIGALRM);
    world.endInput(30);
    expect(world.run('-v d').err).toMatch(
      /^svlogd: info: new: d\/current\n(svlogd: info: sigalarm received\.\n){2}svlogd: info: rename: d\/current @[0-9a-f]{24}\.s 4\nsvlogd: info: close: d\n$/,
    );
    expect([...world.oldTexts(), world.current]).toEqual(['one\n', '']);
  });
});

describe('HUP', () => {
  it('reopens directories and reads their config', () => {
    const world = new LogWorld();
    world.feed(0, 'one\n');
    world.do(10, () => world.config('pP:\n'));
    world.signal(20, SIGHUP);
    world.feed(30, 'two\n');
    world.endInput(40);
    expect(world.run('-v d').err).toMatch(
      /sighangup received\.\n.*close: d\n.*read: d\/config\n.*append: d\/current\n/,
    );
    expect(world.current).toBe('one\nP:two\n');
  });

  it('ends svlogd if no directory is left', () => {
    const world = new LogWorld();
    world.feed(0, 'one\n');
    world.do(10, () => world.kernel.user.rename('/log/d', '/log/gone'));
    world.signal(20, SIGHUP);
    expect(world.run()).toMatchObject({ code: 111, err: expect.stringMatching(/no functional log directories\.\n$/) });
    expect(world.read('current', 'gone')).toBe('one\n');
  });

  it('keeps what could not be written', () => {
    const world = new LogWorld();
    const fault = world.kernel.fault({ call: 'write', errno: EIO, when: (_fd, data) => data.startsWith('one') });
    world.feed(0, 'one\n');
    world.do(10, () => fault.off());
    world.signal(20, SIGHUP);
    world.endInput(50);
    world.run();
    expect(world.current).toBe('one\n');
  });
});

describe('the clean mark', () => {
  const logged = (): LogWorld => {
    const world = new LogWorld();
    world.config('mode 0640\n');
    world.log('one\n');
    return world;
  };

  it('stands in for the x bit where mode has none', () => {
    const world = logged();
    expect(world.mode('current')).toBe(0o640);
    expect(world.read('lock')).toMatch(/^\d+:\d+:\d+ 4\n$/);
    world.log('two\n');
    expect(world.current).toBe('one\ntwo\n');
  });

  it('counts once, for the file and size it was written for', () => {
    const world = logged();
    world.kernel.user.file('/log/d/current', 'other text\n', 0o640);
    world.log('two\n');
    expect([...world.oldTexts('u'), world.current]).toEqual(['other text\n', 'two\n']);
  });

  it.each(['fstat', 'read'] as const)('does not count if %s of lock fails', (call) => {
    const world = logged();
    let seen = 0;
    const isLock = (fd: unknown): boolean => world.kernel.main.at(fd as number)?.inode?.name === 'lock';
    const when = (...args: readonly unknown[]): boolean => isLock(args[0]) && ++seen === (call === 'fstat' ? 2 : 1);
    world.kernel.fault({ call, errno: EIO, when });
    world.log('two\n');
    expect([...world.oldTexts('u'), world.current]).toEqual(['one\n', 'two\n']);
  });
});

it('says nothing of a file that vanished between two looks', () => {
  const world = new LogWorld();
  world.kernel.fault({ call: 'lstat', errno: ENOENT, when: (path) => path === 'current' });
  expect(world.log('one\n').err).toBe('');
  expect(world.current).toBe('one\n');
});
