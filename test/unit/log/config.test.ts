// What a log directory's config does, and what svlogd reports about it.
import { describe, expect, it } from 'vitest';
import { EIO, EPERM } from '../../../src/abi/errno.ts';
import { LogWorld } from './world.ts';

const PASSWD = 'root:x:0:0::/root:/bin/sh\nlog:x:77:78::/:/bin/false\n';

describe('config', () => {
  it('may be a symbolic link', () => {
    const world = new LogWorld();
    world.kernel.user.file('/etc/log-config', 'pP:\n');
    world.kernel.user.symlink('/etc/log-config', '/log/d/config');
    expect(world.log('one\n', '-v d').err).toMatch(/^svlogd: info: read: d\/config\n/);
    expect(world.current).toBe('P:one\n');
  });

  it('reports what it does not understand', () => {
    const world = new LogWorld();
    world.config('u1.2.3\nsx\n');
    expect(world.log('one\n').err).toBe(
      'svlogd: warning: unable to scan ip address: 1.2.3\n' +
        'svlogd: warning: d/config: line 2: expected a number, using 0: sx\n',
    );
  });

  it.each([
    ['is not a regular file', (world: LogWorld) => world.kernel.user.fifo('/log/d/config')],
    ['has more than 1048576 bytes', (world: LogWorld) => world.config('#'.repeat(1_050_000))],
  ])('is not used if it %s', (what, plant) => {
    const world = new LogWorld();
    plant(world);
    expect(world.log('one\n').err).toBe(`svlogd: warning: unable to read config: d/config ${what}\n`);
    expect(world.current).toBe('one\n');
  });

  it('is not used if a read fails', () => {
    const world = new LogWorld();
    world.config('pP:\n');
    world.kernel.fault({ call: 'read', errno: EIO, when: (fd) => fd > 2, times: 1 });
    expect(world.log('one\n').err).toBe('svlogd: warning: unable to read config: d/config: input/output error\n');
    expect(world.current).toBe('one\n');
  });

  it('is not used if it cannot be checked', () => {
    const world = new LogWorld();
    world.config('pP:\n');
    const isConfig = (fd: number): boolean => world.kernel.main.at(fd)?.inode?.name === 'config';
    world.kernel.fault({ call: 'fstat', errno: EIO, when: isConfig });
    const open = world.kernel.openFds;
    expect(world.log('one\n').err).toMatch(/unable to read config: d\/config: input\/output error\n$/);
    expect(open.call(world.kernel).filter((fd) => fd.includes('config'))).toEqual([]);
  });
});

describe('owner', () => {
  const owned = (owner: string): LogWorld => {
    const world = new LogWorld();
    world.kernel.user.file('/etc/passwd', PASSWD);
    world.kernel.user.file('/etc/group', 'adm:x:4:\n');
    world.config(`owner ${owner}\n`);
    return world;
  };
  const ownerOf = (world: LogWorld): string => {
    const held = world.kernel.user.open('/log/d/current');
    if (typeof held === 'number') throw new Error('no current');
    const { inode } = held.description;
    held.close();
    return `${inode?.uid}:${inode?.gid}`;
  };

  it.each([
    ['log', '77:0'],
    ['log:adm', '77:4'],
    ['5:6', '5:6'],
  ])('%s gets the files', (owner, ids) => {
    const world = owned(owner);
    expect(world.log('one\n').err).toBe('');
    expect(ownerOf(world)).toBe(ids);
  });

  it.each(['nobody-here', 'log:nobody-here'])('%s is reported as unknown', (owner) => {
    const world = owned(owner);
    expect(world.log('one\n').err).toBe(`svlogd: warning: d/config: unknown user or group: ${owner}\n`);
    expect(ownerOf(world)).toBe('0:0');
  });

  it('is reported once if the kernel refuses to change it', () => {
    const world = owned('log');
    world.config('owner log\ns1500\n');
    world.kernel.fault({ call: 'fchown', errno: EPERM });
    expect(world.log(`${'x'.repeat(4000)}\n`).err).toBe(
      'svlogd: warning: unable to change owner to log: d/current: permission denied\n',
    );
  });
});

describe('patterns', () => {
  it('select lines for the log and for standard error', () => {
    const world = new LogWorld();
    world.config('-*\n+*keep*\ne*fail*\n');
    const { err } = world.log(`a\nkeep b\nfail c\nkeep fail d\nfail ${'x'.repeat(2000)}\n`);
    expect(world.current).toBe('keep b\nkeep fail d\n');
    expect(err).toBe(`fail c\nkeep fail d\nfail ${'x'.repeat(995)}...\n`);
  });

  it('apply to the first len bytes, and to lines that arrive in parts', () => {
    const world = new LogWorld();
    world.config('-ab*\ne*\n');
    world.feed(0, 'a');
    world.feed(5, 'bc');
    world.feed(10, 'de\nother\nab');
    world.endInput(20);
    expect(world.run('-l 4 d').err).toBe('abcd...\nothe...\nab\n');
    expect(world.current).toBe('other\n');
  });
});

describe('udp', () => {
  /** A socket that is a file: what is sent can be read from it. */
  const listening = (world: LogWorld): void => {
    Object.defineProperty(world.kernel.calls, 'socket', {
      value: () => world.kernel.calls.open('/log/sent', 0o1101, 0o600),
    });
  };

  it('sends each line, and writes it too with u', () => {
    const world = new LogWorld();
    world.config('u10.0.0.1:99\npP:\n');
    listening(world);
    world.log('one\ntwo\n');
    expect(world.kernel.user.read('/log/sent')).toBe('P:one\nP:two\n');
    expect(world.current).toBe('P:one\nP:two\n');
  });

  it('sends each line, and does not write it with U', () => {
    const world = new LogWorld();
    world.config('U10.0.0.1\n');
    listening(world);
    world.feed(0, 'one\n');
    world.feed(5, 'two\n');
    world.endInput(10);
    world.run();
    expect(world.kernel.user.read('/log/sent')).toBe('one\ntwo\n');
    expect(world.current).toBe('');
  });

  it.each([
    [101, 'failure sending through udp'],
    [24, 'no udp socket available'],
  ])('writes a warning for each line that cannot be sent: %d', (errno, reason) => {
    const world = new LogWorld();
    world.config('U10.0.0.1\n');
    world.kernel.fault({ call: 'socket', errno });
    world.log('one\ntwo\n');
    expect(world.current).toBe(`warning: ${reason}: one\nwarning: ${reason}: two\n`);
  });

  it.each([
    [1, 'one\ntwo\n', ''],
    [2, 'two\n', 'warning: failure sending through udp: one\n'],
  ])('sends a line again after ECONNREFUSED, %d times', (times, sent, warnings) => {
    const world = new LogWorld();
    world.config('U10.0.0.1\n');
    listening(world);
    world.kernel.fault({ call: 'write', errno: 111, times });
    world.log('one\ntwo\n');
    expect(world.kernel.user.read('/log/sent')).toBe(sent);
    expect(world.current).toBe(warnings);
  });

  it('writes warnings at the end of a line only', () => {
    const world = new LogWorld();
    world.config('u10.0.0.1\n');
    world.feed(0, 'x'.repeat(1500));
    world.feed(5, 'y\n');
    world.endInput(10);
    world.run();
    const short = `warning: failure sending through udp: ${'x'.repeat(1000)}...\n`;
    expect(world.current).toBe(`${'x'.repeat(1500)}y\n${short}`);
  });
});
