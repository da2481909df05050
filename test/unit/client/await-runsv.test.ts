// sv and services whose runsv is to come: a runsvdir, played by hand, holds the lock on its directory.
import { describe, expect, it } from 'vitest';
import { ENOSYS } from '../../../src/abi/errno.ts';
import { O_RDONLY } from '../../../src/abi/flags.ts';
import { STABLE_MS, SETTLED_MS } from '../../../src/machine/client/stability.ts';
import { type FakeRunsv, SvWorld } from './world.ts';

/** A machine where a runsvdir holds /svc, and a service a without a runsv. */
const machine = (): SvWorld => {
  const world = new SvWorld();
  world.kernel.user.folder('/svc/a');
  expect(typeof world.kernel.user.lock('/svc', O_RDONLY)).toBe('object');
  return world;
};

/** runsv comes: its service runs at once. */
const come = (world: SvWorld, ms: number): FakeRunsv[] => {
  const came: FakeRunsv[] = [];
  world.at(ms, () => {
    const a = world.service('a', { pid: 0, phase: 'down' });
    came.push(a);
    world.at(ms + 2, () => a.become({ pid: 90, phase: 'run' }));
  });
  return came;
};

describe('a service that was linked a moment ago', () => {
  it.each([
    ['start', 'u'],
    ['check', ''],
    ['-w 7 up', 'u'],
    ['try-restart', 'tc'],
  ])('%s waits for its runsv', (word, bytes) => {
    const world = machine();
    const came = come(world, 3000);
    if (word === 'try-restart') world.at(3100, () => came[0]?.become({ pid: 91 }));
    const ran = world.run(`${word} a`);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/^ok: run: a: \(pid 9[01]\) \ds\n$/);
    // try-restart ends the first process, which is known only then
    expect(ran.ms).toBeLessThan(word === 'try-restart' ? 3110 + SETTLED_MS : 3010 + STABLE_MS);
    expect(came[0]?.got).toBe(bytes);
  });

  it('is reported by the kernel, not found by polling', () => {
    const world = machine();
    come(world, 3000);
    let early = 0;
    world.at(100, () => {
      early = world.kernel.wakeUps;
    });
    world.at(2999, () => expect(world.kernel.wakeUps - early).toBe(0));
    expect(world.run('start a').code).toBe(0);
  });

  it('gets nothing before the fifo ok has a reader, whatever an earlier runsv left', () => {
    const world = machine();
    const old = world.service('a', { pid: 50 });
    old.end();
    world.at(500, () => {
      old.become({ pid: 51 });
      old.listen();
    });
    const ran = world.run('start a');
    expect(ran).toMatchObject({ code: 0, out: 'ok: run: a: (pid 51) 0s\n' });
    expect(old.got).toBe('u');
  });

  it.each(['./a', '/svc/a', '/svc/a/', '/svc//a', '.'])('may be named %s', (name) => {
    const world = machine();
    come(world, 1000);
    expect(world.run(`start ${name}`, { cwd: name === '.' ? '/svc/a' : '/svc' }).code).toBe(0);
  });

  it('may be a link: the directory that names it counts', () => {
    const world = new SvWorld();
    world.kernel.user.folder('/etc/sv/a');
    world.kernel.user.symlink('/etc/sv/a', '/svc/a');
    expect(typeof world.kernel.user.lock('/svc', O_RDONLY)).toBe('object');
    come(world, 1000);
    expect(world.run('start a').code).toBe(0);
  });

  it('may be a log service', () => {
    const world = machine();
    world.kernel.user.folder('/svc/a/log');
    world.at(1000, () => world.service('a/log'));
    expect(world.run('start a/log').code).toBe(0);
  });

  it('is found without inotify', () => {
    const world = machine();
    world.kernel.fault({ call: 'inotify', errno: ENOSYS });
    come(world, 1000);
    const ran = world.run('start a');
    expect(ran.code).toBe(0);
    expect(ran.ms).toBeLessThan(1000 + 420 + 420 + STABLE_MS);
  });

  it('is found where supervise is a link to nowhere yet', () => {
    const world = machine();
    world.kernel.user.symlink('/run/a', '/svc/a/supervise');
    world.kernel.user.folder('/run');
    world.at(1000, () => {
      world.kernel.user.folder('/run/a');
      world.service('a');
    });
    const ran = world.run('start a');
    expect(ran.code).toBe(0);
    expect(ran.ms).toBeLessThan(1000 + 430 + STABLE_MS);
  });

  it('holds up no other service', () => {
    const world = machine();
    world.service('b');
    world.at(450, () => expect(world.kernel.stdout.text).toBe('ok: run: b: (pid 77) 10s\n'));
    const ran = world.run('-w 1 start a b');
    expect(ran.code).toBe(1);
    expect(ran.out).toContain('warning: a: unable to open supervise/control: file does not exist\n');
  });

  it('is given up when the time is over, in the words of one that is not waited for', () => {
    const world = machine();
    const ran = world.run('-w 1 start a');
    expect(ran).toMatchObject({
      code: 1,
      out: 'warning: a: unable to open supervise/control: file does not exist\n',
      err: 'sv: a: runsv did not start in time, though runsvdir runs\n',
    });
    expect(Math.round(ran.ms)).toBe(1260);
  });

  it('that gets as far as its fifos, and no further, is reported as it is then', () => {
    const world = machine();
    world.at(300, () => {
      const a = world.service('a');
      a.end();
    });
    expect(world.run('-w 1 start a')).toMatchObject({
      code: 1,
      out: 'fail: a: runsv not running\n',
      err: 'sv: a: runsv did not start in time, though runsvdir runs\n',
    });
  });

  it('is given up without KILL', () => {
    const world = machine();
    const a = world.service('a');
    a.end();
    expect(world.run('-w 1 force-stop a')).toMatchObject({ code: 1, out: 'fail: a: runsv not running\n' });
  });

  it('that is taken away meanwhile fails at once', () => {
    const world = machine();
    world.at(500, () => {
      world.kernel.user.rename('/svc/a', '/b');
      world.kernel.user.folder('/b/supervise');
    });
    const ran = world.run('start a');
    expect(ran).toMatchObject({
      code: 1,
      out: 'fail: a: unable to change to service directory: file does not exist\n',
    });
    expect(ran.ms).toBeLessThan(501);
  });
});

describe('a service without runsv fails at once', () => {
  const atOnce = (world: SvWorld, line: string, code = 1): void => {
    const ran = world.run(line);
    expect(ran.code).toBe(code);
    expect(ran.ms).toBeLessThan(1);
  };

  it('where no runsvdir runs', () => {
    const world = new SvWorld();
    world.kernel.user.folder('/svc/a');
    atOnce(world, 'start a');
    expect(world.kernel.user.lock('/svc', O_RDONLY), 'our try leaves no lock').toBeTypeOf('object');
  });

  it('where sv does not wait', () => atOnce(machine(), 'up a'));
  it('where it is not there at all', () => atOnce(machine(), 'start b'));
  it('where its end was wanted', () => {
    const world = machine();
    world.service('a').end();
    atOnce(world, 'shutdown a', 0);
  });
  it('where runsvdir passes it over', () => {
    const world = machine();
    world.kernel.user.folder('/svc/.a');
    atOnce(world, 'start /svc/.a');
  });
});
