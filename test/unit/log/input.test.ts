// Input and its end: parts of lines, stamps, replacements, TERM, lines that cannot be written.
import { describe, expect, it } from 'vitest';
import { EAGAIN, EIO, ENOSPC } from '../../../src/abi/errno.ts';
import { SIGTERM } from '../../../src/abi/signals.ts';
import { LogWorld } from './world.ts';

const STAMP = '2027-01-15_08:00:00';

describe('lines', () => {
  it('have the time at which they began', () => {
    const world = new LogWorld();
    world.feed(0, 'one\nhalf');
    world.feed(2000, 'done\nnext\n');
    world.endInput(3000);
    world.run('-tt d');
    expect(world.current?.replace(/\.\d{5}/g, '')).toBe(`${STAMP} one\n${STAMP} halfdone\n2027-01-15_08:00:02 next\n`);
  });

  it.each([
    ['-t', /^@[0-9a-f]{24} one\n$/],
    ['-tt', /^2027-01-15_08:00:00\.\d{5} one\n$/],
    ['-ttt', /^2027-01-15T08:00:00\.\d{5} one\n$/],
  ])('are stamped with %s', (option, text) => {
    const world = new LogWorld();
    world.log('one\n', `${option} d`);
    expect(world.current).toMatch(text);
  });

  it('have bytes replaced within their first len bytes', () => {
    const world = new LogWorld();
    world.feed(0, 'a\tb\x01\n');
    world.feed(5, '12345678\t9\tx');
    world.feed(10, '\ty\n');
    world.endInput(20);
    world.run('-r . -R b -l 10 d');
    expect(world.current).toBe('a...\n12345678.9\tx\ty\n');
  });

  it('go to every directory', () => {
    const world = new LogWorld();
    world.kernel.user.folder('/log/e');
    world.config('pE:\n', 'e');
    world.log('one\ntwo\n', 'd e');
    expect([world.current, world.read('current', 'e')]).toEqual(['one\ntwo\n', 'E:one\nE:two\n']);
  });

  it('are written once if one directory fails', () => {
    const world = new LogWorld();
    world.kernel.user.folder('/log/e');
    world.config('pE:\n', 'e');
    world.kernel.fault({ call: 'write', errno: EIO, when: (_fd, data) => data.startsWith('E:'), times: 3 });
    world.feed(0, 'one\n');
    world.feed(5, 'two\n');
    world.endInput(20_000);
    world.run('d e');
    expect([world.current, world.read('current', 'e')]).toEqual(['one\ntwo\n', 'E:one\nE:two\n']);
  });

  it('are written once after a write that was cut short', () => {
    const world = new LogWorld();
    const write = world.kernel.calls.write.bind(world.kernel.calls);
    let isFirst = true;
    Object.defineProperty(world.kernel.calls, 'write', {
      value: (fd: never, data: string) => {
        const isShort = isFirst && data.startsWith('one');
        if (isShort) isFirst = false;
        return write(fd, isShort ? data.slice(0, 5) : data);
      },
    });
    world.log('one\ntwo\n');
    expect(world.current).toBe('one\ntwo\n');
  });

  it('that fill current exactly are followed by a rotation', () => {
    const world = new LogWorld();
    world.config('s2000\n');
    for (let n = 0; n < 30; n++) world.feed(n * 5, `${'x'.repeat(199)}\n`);
    world.endInput(200);
    world.run('-tt -l 100 d');
    expect(world.oldTexts().every((text) => (text?.length ?? 0) <= 2000)).toBe(true);
    expect([...world.oldTexts(), world.current].join('').match(/x+\n/g)).toHaveLength(30);
  });
});

describe('standard input', () => {
  it('that fails is reported, and ends svlogd', () => {
    const world = new LogWorld();
    world.kernel.fault({ call: 'read', errno: EIO, when: (fd) => fd === 0 });
    world.feed(0, 'one\n');
    expect(world.run()).toMatchObject({
      code: 0,
      err: 'svlogd: warning: unable to read standard input: input/output error\n',
    });
  });

  it('is read again after EAGAIN', () => {
    const world = new LogWorld();
    world.kernel.fault({ call: 'read', errno: EAGAIN, when: (fd) => fd === 0, times: 2 });
    expect(world.log('one\n')).toEqual({ code: 0, out: '', err: '' });
    expect(world.current).toBe('one\n');
  });

  it('is read in bursts, after which memory is trimmed once', () => {
    const world = new LogWorld();
    let trims = 0;
    Object.defineProperty(world.kernel.calls, 'trim', { value: () => ++trims });
    const text = `${'x'.repeat(99)}\n`.repeat(500);
    world.feed(0, text);
    world.feed(3000, 'y\n');
    world.endInput(10_000);
    world.run();
    expect(trims).toBe(1);
    expect(world.current).toBe(`${text}y\n`);
  });
});

describe('TERM', () => {
  it('ends svlogd once everything read is written', () => {
    const world = new LogWorld();
    world.feed(0, 'one\n');
    world.signal(10);
    expect(world.run('-v d')).toEqual({
      code: 0,
      out: '',
      err: 'svlogd: info: new: d/current\nsvlogd: info: sigterm received.\nsvlogd: info: close: d\n',
    });
    expect(world.current).toBe('one\n');
  });

  it('waits for the end of the current line, and reads no further', () => {
    const world = new LogWorld();
    world.feed(0, 'half');
    world.signal(10);
    world.feed(1000, ' a li');
    world.feed(2000, 'ne\nnext\n');
    expect(world.run()).toEqual({ code: 0, out: '', err: '' });
    expect(world.current).toBe('half a line\n');
  });

  it('waits in the middle of a long line too', () => {
    const world = new LogWorld();
    world.feed(0, 'x'.repeat(1500));
    world.signal(10);
    world.feed(1000, `${'y'.repeat(1500)}\nnext\n`);
    world.run();
    expect(world.current).toBe(`${'x'.repeat(1500)}${'y'.repeat(1500)}\n`);
  });

  it('adds a newline after 5 seconds, or at the end of input', () => {
    const [late, ended] = [new LogWorld(), new LogWorld()];
    for (const world of [late, ended]) {
      world.feed(0, 'half');
      world.signal(10);
    }
    ended.endInput(100);
    expect(late.run().err).toBe('svlogd: warning: the last line did not end in time, newline added.\n');
    expect(late.kernel.nowMs).toBeCloseTo(5010, -2);
    expect(ended.run().err).toBe('');
    expect([late.current, ended.current]).toEqual(['half\n', 'half\n']);
  });

  it.each([EAGAIN, EIO])('ends the line if input cannot be read: %d', (errno) => {
    const world = new LogWorld();
    world.feed(0, 'half');
    world.kernel.fault({ call: 'read', errno, when: (_fd, max) => max === 1, times: 1 });
    world.signal(10);
    world.feed(20, 'x\n');
    world.run();
    expect(world.current).toBe(errno === EAGAIN ? 'halfx\n' : 'half\n');
  });

  it('sent twice does not wait for the line', () => {
    const world = new LogWorld();
    world.feed(0, 'half');
    world.signal(10);
    world.signal(20);
    expect(world.run()).toMatchObject({ code: 0 });
    expect(world.kernel.nowMs).toBeLessThan(100);
    expect(world.current).toBe('half\n');
  });

  it('retries a failed write at once, then for 5 seconds', () => {
    const world = new LogWorld();
    world.kernel.fault({ call: 'write', errno: ENOSPC, when: (_fd, data) => data.startsWith('one') });
    world.config('n0\n');
    world.feed(0, 'one\n');
    world.signal(100, SIGTERM);
    const { code, err } = world.run();
    expect(code).toBe(111);
    expect(err).toMatch(/^(svlogd: pausing: .*\n){3,5}svlogd: fatal: 4 bytes could not be written\n$/);
    expect(world.kernel.nowMs).toBeCloseTo(5100, -2);
  });

  it('sent twice gives up what cannot be written', () => {
    const world = new LogWorld();
    world.kernel.fault({ call: 'write', errno: ENOSPC, when: (_fd, data) => data.startsWith('one') });
    world.config('n0\n');
    world.feed(0, 'one\n');
    world.feed(50, 'two\nhalf');
    world.signal(100);
    world.signal(200);
    expect(world.run()).toMatchObject({
      code: 111,
      err: expect.stringMatching(/fatal: 4 bytes could not be written\n$/),
    });
    expect(world.kernel.nowMs).toBeLessThan(300);
  });
});

describe('the command line', () => {
  it.each(['', '-r ab d', '-b 10 d', '-V', '--unknown d'])('svlogd %s is a usage error', (line) => {
    const world = new LogWorld();
    expect(world.run(line)).toMatchObject({ code: 111, err: expect.stringMatching(/usage: svlogd /) });
  });
});
