// Waiting until commands take effect; runsv is played by hand, on the virtual kernel.
import { describe, expect, it } from 'vitest';
import { EINVAL, ENOSYS } from '../../../src/abi/errno.ts';
import { STABLE_MS, SETTLED_MS } from '../../../src/machine/client/stability.ts';
import { SvWorld } from './world.ts';

const DOWN = { pid: 0, phase: 'down', want: 'down' } as const;

describe('sv that waits', () => {
  it('returns as soon as the state changes', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(123, () => a.become(DOWN));
    const ran = world.run('stop a');
    expect(ran).toMatchObject({ code: 0, out: 'ok: down: a: 0s, normally up\n' });
    expect(ran.ms).toBeGreaterThanOrEqual(123);
    expect(ran.ms).toBeLessThan(124);
    expect(a.got).toBe('d');
  });

  it('sleeps until there are news, but for the first milliseconds', () => {
    const world = new SvWorld();
    const a = world.service('a');
    let early = 0;
    world.at(100, () => {
      early = world.kernel.wakeUps;
    });
    world.at(3000, () => a.become(DOWN));
    world.run('stop a');
    expect(early).toBeLessThanOrEqual(20);
    expect(world.kernel.wakeUps - early).toBe(1);
  });

  it.each([2, 12])('does without inotify for what is done after %d ms', (ms) => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(ms, () => a.become(DOWN));
    const ran = world.run('stop a');
    expect(ran.code).toBe(0);
    expect(ran.ms).toBeLessThan(ms + 2);
    expect(world.kernel.trace().filter((line) => line.includes('inotify'))).toEqual([]);
  });

  it('misses no change between its last look and the watch', () => {
    let asleepAt = 0;
    const quiet = new SvWorld();
    quiet.service('a');
    quiet.at(100, () => {
      asleepAt = quiet.kernel.steps;
    });
    quiet.run('stop a');
    for (let step = 10; step <= asleepAt; step++) {
      const world = new SvWorld();
      const a = world.service('a');
      world.kernel.atStep(step, () => a.become(DOWN));
      expect(world.run('stop a').ms, `change before call ${step} of ${asleepAt}`).toBeLessThan(30);
    }
    expect(asleepAt).toBeGreaterThan(100);
  });

  it('looks every 0.42 s where inotify is refused', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.kernel.fault({ call: 'inotify', errno: ENOSYS });
    world.at(500, () => a.become(DOWN));
    const ran = world.run('stop a');
    expect(ran.code).toBe(0);
    expect(ran.ms).toBeGreaterThan(855);
    expect(ran.ms).toBeLessThan(865);
  });

  it.each([
    ['-w 0', 420],
    ['-w 1', 1260],
    ['-w nonsense', 420],
    ['-w 7', 7140],
    ['-w 2 -w 1', 1260],
  ])('gives up with %s after %d ms', (options, ms) => {
    const world = new SvWorld();
    world.service('a');
    const ran = world.run(`${options} stop a`);
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/^timeout: run: a: \(pid 77\) \d+s\n$/);
    expect(Math.round(ran.ms)).toBe(ms);
  });

  it.each([
    [['SVDIR=/svc'], 7140],
    [['SVDIR=/svc', 'SVWAIT=1'], 1260],
    [['SVDIR=/svc', 'SVWAIT=x'], 420],
  ])('gives up with the environment %j after %d ms', (env, ms) => {
    const world = new SvWorld();
    world.service('a');
    expect(Math.round(world.run('stop a', { env }).ms)).toBe(ms);
  });

  it.each([-3600_000, 3600_000])('keeps its time when the clock is set by %d ms', (step) => {
    const world = new SvWorld();
    world.service('a');
    world.at(500, () => world.kernel.stepWall(step));
    expect(Math.round(world.run('-w 1 restart a').ms)).toBe(1260);
  });

  it('believes that a service is down only when runsv has read the command', () => {
    const world = new SvWorld();
    const a = world.service('a', { pid: 0, phase: 'down', want: 'up' });
    world.at(900, () => a.show({ want: 'down' }));
    const ran = world.run('stop a');
    expect(ran.code).toBe(0);
    expect(Math.round(ran.ms)).toBe(900);
  });

  it('sends KILL after force-stop, and says so', () => {
    const world = new SvWorld();
    const a = world.service('a');
    expect(world.run('-w 0 force-stop a')).toMatchObject({ code: 1, out: 'kill: run: a: (pid 77) 10s\n' });
    expect(a.got).toBe('dk');
  });

  it('tells all services before it waits for any', () => {
    const world = new SvWorld();
    const [a, b] = [world.service('a'), world.service('b')];
    world.at(100, () => expect([a.got, b.got]).toEqual(['d', 'd']));
    world.at(200, () => b.become(DOWN));
    world.at(300, () => a.become(DOWN));
    expect(world.run('stop a b').out).toBe('ok: down: a: 0s, normally up\nok: down: b: 0s, normally up\n');
  });

  it('does not keep what is done long for what is not', () => {
    const world = new SvWorld();
    const [a, b] = [world.service('a'), world.service('b')];
    world.at(10, () => b.become(DOWN));
    world.at(5000, () => a.become(DOWN));
    world.at(450, () => expect(world.kernel.stdout.text).toMatch(/^ok: down: b/));
    expect(world.run('stop a b').code).toBe(0);
  });

  it('waits for one service under two names', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(10, () => a.become(DOWN));
    const ran = world.run('stop a ./a');
    expect(ran.out).toBe('ok: down: a: 0s, normally up\nok: down: ./a: 0s, normally up\n');
    expect(ran.ms).toBeLessThan(11);
  });

  it('fails when runsv ends meanwhile', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(50, () => a.end());
    const ran = world.run('stop a');
    expect(ran).toMatchObject({ code: 1, out: 'fail: a: runsv not running\n' });
    expect(ran.ms).toBeLessThan(51);
  });

  it('answers shutdown when runsv ends', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(50, () => a.become(DOWN));
    world.at(800, () => a.end());
    const ran = world.run('shutdown a');
    expect(ran).toMatchObject({ code: 0, out: 'ok: a: runsv not running\n' });
    expect(Math.round(ran.ms)).toBe(800);
    expect(world.kernel.wakeUps).toBe(1);
  });

  it('stays with a runsv that replaced itself', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(50, () => {
      a.end();
      a.listen();
    });
    world.at(90, () => a.become(DOWN));
    expect(world.run('stop a')).toMatchObject({ code: 0, out: 'ok: down: a: 0s, normally up\n' });
  });

  it.each([
    ['it keeps fifos of', 1024],
    ['it can open files', 40],
  ])('waits for more services than %s', (_what, fdLimit) => {
    const world = new SvWorld();
    // the host's own limit
    world.kernel.fault({ call: 'poll', errno: EINVAL, when: (fds) => fds.length > 2 * 512 });
    const names = Array.from({ length: 600 }, (_, at) => `s${at}`);
    const all = names.map((name) => world.service(name));
    for (const service of all) world.at(100, () => service.become(DOWN));
    const ran = world.run(`stop ${names.join(' ')}`, { fdLimit });
    expect(ran.code).toBe(0);
    expect(ran.out.split('\n').length).toBe(601);
    expect(ran.ms).toBeLessThan(1000);
  });

  it('fails when the status cannot be read meanwhile', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(500, () => {
      world.kernel.user.remove(`${a.dir}/supervise/status`);
      world.kernel.user.file(`${a.dir}/supervise/status`, 'short');
    });
    expect(world.run('-w 1 stop a')).toMatchObject({
      code: 1,
      out: 'warning: a: unable to read supervise/status: bad format\n',
    });
  });

  it('waits for shutdown of more services than it keeps fifos of', () => {
    const world = new SvWorld();
    const names = Array.from({ length: 210 }, (_, at) => `s${at}`);
    const all = names.map((name) => world.service(name));
    for (const service of all) world.at(100, () => service.end());
    const ran = world.run(`shutdown ${names.join(' ')}`);
    expect(ran.code).toBe(0);
    expect(ran.out).toBe(names.map((name) => `ok: ${name}: runsv not running\n`).join(''));
    expect(ran.ms).toBeLessThan(100 + 420 + 10);
  });

  it('survives inotify events that it cannot read', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(100, () => a.become(DOWN));
    world.kernel.fault({ call: 'read', errno: EINVAL, when: (fd, bytes) => fd > 2 && bytes === 4096, times: 1 });
    expect(world.run('stop a').code).toBe(0);
  });

  it('leaves nothing open and nobody behind', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 100, exit: 1 });
    world.run('-w 1 start a');
    expect(world.kernel.live()).toEqual([]);
    expect(world.kernel.zombies()).toBe(0);
  });
});

describe('sv restart', () => {
  it('waits for a process that started after the command', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(1, () => a.show({ gotTerm: true }));
    world.at(700, () => a.become({ pid: 0, phase: 'down', gotTerm: false }));
    world.at(1700, () => a.become({ pid: 78, phase: 'run' }));
    const ran = world.run('restart a');
    expect(ran).toMatchObject({ code: 0, out: 'ok: run: a: (pid 78) 0s\n' });
    expect(Math.round(ran.ms)).toBe(1700 + STABLE_MS);
    expect(a.got).toBe('tcu');
  });

  it('is not fooled by a service that started in the same second, before it', () => {
    const world = new SvWorld();
    world.service('a').become({});
    expect(world.run('-w 1 restart a').code).toBe(1);
  });

  it('sees the new process though the clock was set back', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.at(100, () => world.kernel.stepWall(-3600_000));
    world.at(200, () => a.become({ pid: 78 }));
    expect(world.run('restart a')).toMatchObject({ code: 0, ms: expect.closeTo(200 + STABLE_MS, 0) });
  });

  it('of a service that is down only if it is wanted: try-restart', () => {
    const world = new SvWorld();
    world.service('a', DOWN);
    expect(world.run('try-restart a')).toMatchObject({ code: 0, out: 'ok: down: a: 10s, normally up\n' });
  });
});

describe('sv once', () => {
  it('is done when the process came and went', () => {
    const world = new SvWorld();
    const a = world.service('a', DOWN);
    world.at(30, () => a.become({}));
    expect(world.run('-v once a')).toMatchObject({ code: 0, out: 'ok: down: a: 0s, normally up\n' });
  });
});

describe('sv check', () => {
  it('sends nothing and waits for what is wanted', () => {
    const world = new SvWorld();
    const a = world.service('a', { pid: 0, phase: 'down', want: 'up' });
    world.at(600, () => a.become({ pid: 79, phase: 'run' }));
    const ran = world.run('check a');
    expect(ran).toMatchObject({ code: 0, out: 'ok: run: a: (pid 79) 1s\n' });
    // it was about to be started again
    expect(Math.round(ran.ms)).toBe(600 + SETTLED_MS);
    expect(a.got).toBe('');
  });

  it('fails where there is no runsv', () => {
    const world = new SvWorld();
    world.service('a').end();
    expect(world.run('check a')).toMatchObject({ code: 1, out: 'fail: a: runsv not running\n' });
  });
});
