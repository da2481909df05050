// Processors of rotated files: one at a time, retried, waited for, and never at the cost of the log.
import { describe, expect, it } from 'vitest';
import { EAGAIN, EIO } from '../../../src/abi/errno.ts';
import { SIGALRM, SIGHUP, SIGTERM } from '../../../src/abi/signals.ts';
import { LogWorld } from './world.ts';

const LABEL = '@40000000000000000000000';
/** A processor that writes what it reads to nowhere, and a text of its own to each descriptor. */
const works = (livesMs = 10) => ({
  livesMs,
  writes: [
    { fd: 1, bytes: 'processed\n' },
    { fd: 5, bytes: 'new state\n' },
  ],
});
const fails = { livesMs: 10, exit: 1 };

const withProcessor = (config = ''): LogWorld => {
  const world = new LogWorld();
  world.config(`!gzip\n${config}`);
  world.shell(() => works());
  return world;
};

/** Feeds lines and rotates after each, `everyMs` apart. */
const rotations = (world: LogWorld, count: number, everyMs: number): void => {
  for (let n = 0; n < count; n++) {
    world.feed(n * everyMs, `${n}\n`);
    world.signal(n * everyMs + 1, SIGALRM);
  }
};

describe('a processor', () => {
  it('makes @STAMP.s of @STAMP.u, and the next state', () => {
    const world = withProcessor();
    rotations(world, 1, 0);
    world.endInput(50);
    expect(world.run('-v d').err).toMatch(/processing: d\/(@[0-9a-f]{24})\.u\n.*processed: d\/\1\.s\n/);
    expect([world.oldTexts('s'), world.old('u'), world.old('t')]).toEqual([['processed\n'], [], []]);
    expect(world.read('state')).toBe('new state\n');
    expect(world.mode(world.old()[0] ?? '')).toBe(0o744);
  });

  it('is run for one file at a time, oldest first', () => {
    const world = withProcessor();
    world.shell(() => works(1000));
    rotations(world, 4, 10);
    world.endInput(100);
    world.run();
    expect(world.kernel.record('/bin/sh')).toMatchObject({ starts: 4, mostLive: 1 });
    expect(world.oldTexts()).toEqual(Array(4).fill('processed\n'));
  });

  it('that fails is retried after a pause that doubles, and the file stays', () => {
    const world = withProcessor();
    const started: number[] = [];
    world.shell(() => {
      started.push(Math.round(world.kernel.nowMs / 100) / 10);
      return started.length < 4 ? fails : works();
    });
    rotations(world, 1, 0);
    world.endInput(20_000);
    expect(world.run().err).toBe('svlogd: warning: processor failed, restart: d\n'.repeat(3));
    expect(started).toEqual([0, 1, 3, 7]);
    expect(world.oldTexts()).toEqual(['processed\n']);
  });

  it('is retried once at the end of input; the file stays for the next svlogd', () => {
    const world = withProcessor();
    world.shell(() => fails);
    rotations(world, 1, 0);
    world.endInput(500);
    expect(world.run()).toMatchObject({ code: 0, err: 'svlogd: warning: processor failed, restart: d\n'.repeat(2) });
    expect(world.oldTexts('u')).toEqual(['0\n']);
    world.shell(() => works());
    world.endInput(10);
    world.run();
    expect([world.oldTexts('u'), world.oldTexts()]).toEqual([[], ['processed\n']]);
  });

  it('that is killed by a second TERM leaves its file', () => {
    const world = withProcessor();
    world.shell(() => ({ livesMs: 'forever' }));
    rotations(world, 1, 0);
    world.signal(100);
    world.signal(200, SIGTERM);
    expect(world.run().code).toBe(0);
    expect(world.oldTexts('u')).toEqual(['0\n']);
    expect(world.kernel.live()).toEqual([]);
  });

  it('that cannot be started is retried', () => {
    const world = withProcessor();
    world.kernel.fault({ call: 'spawn', errno: EAGAIN, times: 1 });
    rotations(world, 1, 0);
    world.endInput(3000);
    expect(world.run().err).toMatch(/^svlogd: warning: unable to run processor: d: /);
    expect(world.oldTexts()).toEqual(['processed\n']);
  });

  it('whose files cannot be opened is retried', () => {
    const world = withProcessor();
    world.kernel.fault({ call: 'open', errno: EIO, when: (path) => path === 'newstate', times: 1 });
    rotations(world, 1, 0);
    world.endInput(3000);
    expect(world.run().err).toBe(
      'svlogd: warning: unable to open files for processor: d/newstate: input/output error\n',
    );
    expect(world.oldTexts()).toEqual(['processed\n']);
  });

  it('gets no state that is a link, or has another name in a directory of others', () => {
    const world = withProcessor();
    world.kernel.user.symlink('/etc/shadow', '/log/d/state');
    rotations(world, 1, 0);
    world.do(900, () => world.kernel.user.remove('/log/d/state'));
    world.endInput(3000);
    expect(world.run().err).toBe('svlogd: warning: unable to open files for processor: d/state is a symbolic link\n');
    expect(world.oldTexts()).toEqual(['processed\n']);
  });

  it.each([
    ['fsync', 'unable to rename processed: d'],
    ['rename', 'unable to rename processed: d'],
  ] as const)('whose result cannot be kept is run again: %s', (call, message) => {
    const world = withProcessor();
    let isOn = false;
    const onEnd = (): void => {
      isOn = true;
    };
    world.shell(() => ({ ...works(), onEnd }));
    world.kernel.fault({ call, errno: EIO, when: () => isOn, times: 1 });
    rotations(world, 1, 0);
    world.endInput(3000);
    expect(world.run().err).toBe(`svlogd: warning: ${message}: input/output error\n`);
    expect([world.oldTexts(), world.oldTexts('u')]).toEqual([['processed\n'], []]);
  });

  it('whose state cannot be renamed, or input removed, has done its work', () => {
    const world = withProcessor();
    world.kernel.fault({ call: 'rename', errno: EIO, when: (from) => from === 'newstate' });
    world.kernel.fault({ call: 'unlink', errno: EIO, when: (name) => name.endsWith('.u') });
    rotations(world, 1, 0);
    world.endInput(100);
    expect(world.run().err).toMatch(
      /^svlogd: warning: unable to rename state: d: .*\nsvlogd: warning: unable to unlink: d\/@.*\.u: /,
    );
    expect(world.oldTexts()).toEqual(['processed\n']);
  });
});

describe('files of an earlier svlogd', () => {
  it('are processed; one that was processed just before a crash is only deleted', () => {
    const world = withProcessor();
    world.kernel.user.file(`/log/d/${LABEL}0.u`, 'zero\n');
    world.kernel.user.file(`/log/d/${LABEL}0.s`, 'done\n');
    world.kernel.user.file('/log/d/newstate', 'state of zero\n');
    world.kernel.user.file(`/log/d/${LABEL}1.u`, 'one\n');
    world.kernel.user.file(`/log/d/${LABEL}1.t`, 'half\n');
    world.endInput(100);
    world.run();
    expect([world.oldTexts(), world.oldTexts('u')]).toEqual([['done\n', 'processed\n'], []]);
    expect(world.kernel.record('/bin/sh').starts).toBe(1);
  });

  it('are not processed if they are no log files', () => {
    const world = withProcessor();
    world.kernel.user.symlink('/etc/passwd', `/log/d/${LABEL}0.u`);
    world.endInput(100);
    expect(world.run().err).toBe(`svlogd: warning: not processed: d/${LABEL}0.u is a symbolic link\n`);
    expect(world.kernel.record('/bin/sh').starts).toBe(0);
  });

  it('lose their unfinished output at the first rotation', () => {
    const world = new LogWorld();
    world.kernel.user.file(`/log/d/${LABEL}1.t`, 'half\n');
    rotations(world, 1, 0);
    world.endInput(50);
    world.run();
    expect([world.old('t'), world.oldTexts()]).toEqual([[], ['0\n']]);
  });

  it('that vanish while they wait are skipped', () => {
    const world = withProcessor();
    world.shell(() => works(1000));
    for (const n of [0, 1]) world.kernel.user.file(`/log/d/${LABEL}${n}.u`, `${n}\n`);
    world.do(500, () => world.kernel.user.remove(`/log/d/${LABEL}1.u`));
    world.endInput(2000);
    expect(world.run()).toEqual({ code: 0, out: '', err: '' });
    expect(world.kernel.record('/bin/sh').starts).toBe(1);
  });
});

describe('a queue that is full', () => {
  it('makes a rotation wait for the processor, for 10 seconds', () => {
    const world = withProcessor('n2\n');
    world.shell(() => works(4000));
    rotations(world, 5, 10);
    world.endInput(30_000);
    expect(world.run().err).toBe('');
    expect(world.kernel.record('/bin/sh').starts).toBeGreaterThanOrEqual(4);
  });

  it('loses its oldest file if the processor takes longer', () => {
    const world = withProcessor('n2\n');
    world.shell(() => ({ livesMs: 'forever' }));
    rotations(world, 5, 10);
    world.endInput(30_000);
    world.signal(31_000);
    world.signal(32_000);
    expect(world.run().err).toMatch(
      /^(svlogd: warning: too many files wait for the processor, delete: d\/@[0-9a-f]{24}\.u\n)+/,
    );
  });

  it('is cut to the number of files that are kept when a directory is opened', () => {
    const world = withProcessor('n2\n');
    world.shell(() => fails);
    for (let n = 0; n < 5; n++) world.kernel.user.file(`/log/d/${LABEL}${n}.u`, `${n}\n`);
    world.endInput(100);
    expect(world.run().err).toMatch(/too many files wait for the processor, delete: d\/@400000000000000000000001\.u\n/);
  });
});

describe('HUP', () => {
  it('keeps the running processor, and does not start it twice', () => {
    const world = withProcessor();
    world.shell(() => works(1000));
    rotations(world, 1, 0);
    world.signal(100, SIGHUP);
    world.endInput(3000);
    world.run();
    expect(world.kernel.record('/bin/sh').starts).toBe(1);
    expect(world.oldTexts()).toEqual(['processed\n']);
  });

  it('leaves the file if the directory is gone when the processor ends', () => {
    const world = withProcessor();
    world.kernel.user.folder('/log/e');
    world.shell(() => works(1000));
    rotations(world, 1, 0);
    world.do(100, () => world.kernel.user.rename('/log/d', '/log/gone'));
    world.signal(200, SIGHUP);
    world.endInput(3000);
    expect(world.run('d e').code).toBe(0);
    expect(world.oldTexts('u', 'gone')).toEqual(['0\n']);
  });
});
