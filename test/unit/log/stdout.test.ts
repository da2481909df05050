// --stdout and --json: what a container's log gets, and what happens when its reader is slow, refuses or goes away.
import { describe, expect, it } from 'vitest';
import { EAGAIN, EINVAL, EIO, ENOSPC, EPIPE } from '../../../src/abi/errno.ts';
import { LogWorld } from './world.ts';

const MAX_LINE_BYTES = 131_072;

describe('--stdout', () => {
  it('has each line after the name of its service, with and without a directory', () => {
    const world = new LogWorld();
    expect(world.log('one\ntwo', '--stdout --name=web')).toEqual({ code: 0, out: 'web: one\nweb: two\n', err: '' });
    expect(world.log('one\n', '--stdout --name=web d').out).toBe('web: one\n');
    expect(world.current).toBe('one\n');
  });

  it.each([
    ['/etc/sv/web/log', 'web: one\n'],
    ['/etc/sv/web', 'web: one\n'],
    ['/', 'one\n'],
  ])('names the service that it was started for in %s', (cwd, out) => {
    const world = new LogWorld();
    world.kernel.user.folder('/etc/sv/web/log');
    world.feed(0, 'one\n');
    world.endInput(5);
    expect(world.run('--stdout', null, cwd).out).toBe(out);
  });

  it('has a stamp before the name', () => {
    const world = new LogWorld();
    expect(world.log('one\n', '-ttt --stdout --name=web').out).toMatch(/^2027-01-15T08:00:00\.\d{5} web: one\n$/);
  });

  it('splits a line over 128 KiB, in one read or in several', () => {
    const line = 'x'.repeat(2 * MAX_LINE_BYTES + 10);
    const world = new LogWorld();
    world.feed(0, `${line}\nshort\n`);
    world.endInput(2000);
    const { out } = world.run('--stdout --name=w');
    expect(out.split('\n').map((part) => part.length)).toEqual([MAX_LINE_BYTES + 6, MAX_LINE_BYTES + 6, 13, 8, 0]);
  });

  it('completes a line that arrives in parts', () => {
    const world = new LogWorld();
    world.feed(0, 'x'.repeat(1500));
    world.feed(10, 'y'.repeat(10));
    world.feed(20, '\nnext\nha');
    world.feed(30, 'lf');
    world.endInput(40);
    expect(world.run('--stdout --name=w').out).toBe(`w: ${'x'.repeat(1500)}${'y'.repeat(10)}\nw: next\nw: half\n`);
  });
});

describe('--json', () => {
  it('makes an object of each line, and of each part of a long one', () => {
    const world = new LogWorld();
    const lines = world.log(`a"\xff\n${'x'.repeat(MAX_LINE_BYTES + 3)}\n`, '--json --name=web').out.split('\n');
    const objects = lines.slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(objects[0]).toEqual({
      time: expect.stringMatching(/^2027-01-15T08:00:00\.\d+Z$/),
      service: 'web',
      line: 'a"ï¿½',
    });
    expect(objects.slice(1).map(({ partial, line }) => [partial, (line as string).length])).toEqual([
      [true, MAX_LINE_BYTES],
      [undefined, 3],
    ]);
  });
});

describe('a pipe as standard output', () => {
  it('that is full is waited for, and nothing more is read meanwhile', () => {
    const world = new LogWorld();
    const [reader, writer] = world.pipe();
    const text = `${'x'.repeat(99)}\n`.repeat(1500);
    world.feed(0, text);
    world.endInput(3000);
    let got = '';
    for (let ms = 100; ms < 9000; ms += 100)
      world.do(ms, () => {
        const read = reader.read(65_536);
        if (typeof read === 'string') got += read;
      });
    expect(world.run('--stdout --name= d', writer)).toMatchObject({ code: 0, err: '' });
    world.kernel.advance(1000);
    expect(got).toBe(text);
    expect(world.current).toBe(text);
  });

  it('whose reader goes away ends svlogd, or leaves it its directory', () => {
    const run = (line: string): ReturnType<LogWorld['run']> & { current: string | null } => {
      const world = new LogWorld();
      const [reader, writer] = world.pipe();
      world.feed(0, 'one\n');
      world.do(10, () => reader.release());
      world.feed(20, 'two\n');
      world.feed(30, 'three\n');
      world.endInput(40);
      return { ...world.run(line, writer), current: world.current };
    };
    const warning = 'svlogd: warning: unable to write to standard output: broken pipe\n';
    expect(run('--stdout')).toMatchObject({
      code: 111,
      err: `${warning}svlogd: fatal: no functional log directories.\n`,
    });
    expect(run('--stdout d')).toMatchObject({ code: 0, err: warning, current: 'one\ntwo\nthree\n' });
  });

  it('is locked while a line is written', () => {
    const world = new LogWorld();
    const [reader, writer] = world.pipe();
    const holds: number[] = [];
    Object.defineProperty(world.kernel.calls, 'posixLock', {
      value: (_fd: number, taken: number) => holds.push(taken),
    });
    world.feed(0, 'one\n');
    world.feed(10, 'two\n');
    world.endInput(20);
    world.run('--stdout --name=w', writer);
    expect(reader.read(100)).toBe('w: one\nw: two\n');
    expect(holds).toEqual([1, 0, 1, 0]);
  });

  it('that another process has locked is retried, for 10 seconds', () => {
    const world = new LogWorld();
    const [reader, writer] = world.pipe();
    world.kernel.fault({ call: 'posixLock', errno: EAGAIN, when: (_fd, taken) => taken === 1 });
    world.feed(0, 'one\n');
    world.feed(11_000, 'two\n');
    world.endInput(12_000);
    expect(world.run('--stdout --name=w', writer).err).toBe(
      'svlogd: warning: standard output is locked by another process, lines may mix.\n',
    );
    expect(reader.read(100)).toBe('w: one\nw: two\n');
  });

  it('that was locked for a moment gets its line once the lock is free', () => {
    const world = new LogWorld();
    const [reader, writer] = world.pipe();
    world.kernel.fault({ call: 'posixLock', errno: EAGAIN, times: 5 });
    world.feed(0, 'one\n');
    world.endInput(1000);
    expect(world.run('--stdout --name=w', writer).err).toBe('');
    expect(reader.read(100)).toBe('w: one\n');
  });

  it('that cannot be locked is written without', () => {
    const world = new LogWorld();
    const [reader, writer] = world.pipe();
    world.kernel.fault({ call: 'posixLock', errno: EINVAL });
    world.log('', 'd');
    world.feed(0, 'one\n');
    world.endInput(10);
    expect(world.run('--stdout --name=w', writer).code).toBe(0);
    expect(reader.read(100)).toBe('w: one\n');
  });
});

describe('a write to standard output that fails', () => {
  const failing = (errno: number, times?: number): LogWorld => {
    const world = new LogWorld();
    const fault = { call: 'write', errno, when: (fd: number) => fd === 1 } as const;
    world.kernel.fault(times === undefined ? fault : { ...fault, times });
    return world;
  };

  it('is retried after 3 seconds', () => {
    const world = failing(EIO, 2);
    world.feed(0, 'one\n');
    world.endInput(10_000);
    const { out, err } = world.run('--stdout --name=w');
    expect([out, err]).toEqual([
      'w: one\n',
      'svlogd: pausing: unable to write to standard output: input/output error\n'.repeat(2),
    ]);
  });

  it('is retried at once after EAGAIN', () => {
    const world = failing(EAGAIN, 1);
    expect(world.log('one\n', '--stdout --name=w')).toEqual({ code: 0, out: 'w: one\n', err: '' });
  });

  it('is given up after 20 attempts', () => {
    const world = failing(EIO);
    world.feed(0, 'one\n');
    world.endInput(200_000);
    const { code, err } = world.run('--stdout --name=w');
    expect(code).toBe(111);
    expect(err).toMatch(/7 bytes are lost: input\/output error\nsvlogd: fatal: no functional/);
    expect(err.match(/pausing/g)).toHaveLength(19);
  });

  it('is retried for as long as there is input if the disk is full', () => {
    const world = failing(ENOSPC, 30);
    world.feed(0, 'one\n');
    world.endInput(200_000);
    expect(world.run('--stdout --name=w')).toMatchObject({ code: 0, out: 'w: one\n' });
  });

  it('costs the log directory nothing', () => {
    const world = failing(EPIPE);
    world.feed(0, 'one\nhalf');
    world.feed(10, '\n');
    world.endInput(20);
    world.run('--stdout --name=w d');
    expect(world.current).toBe('one\nhalf\n');
  });

  it('is reported as lost bytes after TERM', () => {
    const world = failing(ENOSPC);
    world.feed(0, 'one\n');
    world.signal(10);
    expect(world.run('--stdout --name=w')).toMatchObject({
      code: 111,
      err: expect.stringMatching(/fatal: 7 bytes could not be written\n$/),
    });
  });
});
