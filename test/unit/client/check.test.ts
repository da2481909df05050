// A service's ./check while sv waits; runsv is played by hand.
import { describe, expect, it } from 'vitest';
import { EAGAIN, ECHILD, EMFILE, ENOSYS } from '../../../src/abi/errno.ts';
import { SETTLED_MS } from '../../../src/machine/client/stability.ts';
import { RETRY_MS } from '../../../src/client/check.ts';
import { SvWorld } from './world.ts';

const DOWN = { pid: 0, phase: 'down', want: 'down' } as const;

describe('./check', () => {
  it('says when the service is up', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 250 });
    const ran = world.run('start a');
    expect(ran.code).toBe(0);
    expect(Math.round(ran.ms)).toBe(250);
  });

  it('is asked again 0.42 s after a no', () => {
    const world = new SvWorld();
    world.service('a');
    let asked = 0;
    world.kernel.user.program('/svc/a/check', () => ({ livesMs: 10, exit: ++asked < 3 ? 1 : 0 }));
    const ran = world.run('start a');
    expect(ran.code).toBe(0);
    expect(asked).toBe(3);
    expect(Math.round(ran.ms)).toBe(10 + 430 + 430);
  });

  it('that hangs holds up no other service, and does not outlive the waiting', () => {
    const world = new SvWorld();
    world.service('a');
    const b = world.service('b', DOWN);
    world.kernel.user.program('/svc/a/check', {});
    world.at(200, () => b.become({ pid: 80, phase: 'run', want: 'up' }));
    world.at(850, () => expect(world.kernel.stdout.text).toBe('ok: run: b: (pid 80) 0s\n'));
    const ran = world.run('-w 1 start a b');
    expect(ran.code).toBe(1);
    expect(Math.round(ran.ms)).toBe(1260);
    expect(world.kernel.live()).toEqual([]);
  });

  it('that is killed has not said yes', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 1, exit: { signal: 9 } });
    expect(world.run('-w 0 start a').code).toBe(1);
  });

  it('that cannot be run is told once, and has not said yes', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.program('/svc/a/check', {}, 0o644);
    expect(world.run('-w 2 start a')).toMatchObject({
      code: 1,
      err: 'warning: unable to run a/check: access denied\nsv: a: ./check could not be run\n',
    });
  });

  it('that cannot be looked up is told once, and has not said yes', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.symlink('check', '/svc/a/check');
    expect(world.run('-w 2 start a')).toMatchObject({
      code: 1,
      err: 'warning: unable to stat a/check: symbolic link loop\nsv: a: ./check could not be run\n',
    });
  });

  it('is looked at from time to time where there is no pidfd', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.fault({ call: 'pidfd', errno: ENOSYS });
    world.kernel.user.program('/svc/a/check', { livesMs: 55 });
    const ran = world.run('start a');
    expect(ran.code).toBe(0);
    expect(ran.ms).toBeLessThan(80);
  });

  it('tells its exit code though sv was started with SIGCHLD ignored', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 5 });
    expect(world.run('-w 0 start a', { ignores: [17] }).code).toBe(0);
  });

  it('about a process that has been replaced meanwhile is asked anew', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 100 });
    world.at(50, () => a.become({ pid: 90 }));
    // and a yes does not count until the second process has lasted
    expect(Math.round(world.run('start a').ms)).toBe(50 + SETTLED_MS + 100);
  });

  it('that cannot be forked is reported, and tried again', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 10 });
    world.kernel.fault({ call: 'spawn', errno: EAGAIN, times: 1 });
    const ran = world.run('start a');
    expect(ran).toMatchObject({ code: 0, err: 'warning: unable to run a/check: temporary failure\n' });
    expect(Math.round(ran.ms)).toBe(RETRY_MS + 10);
  });

  it('runs for at most 64 services at the same time', () => {
    const world = new SvWorld();
    const names = Array.from({ length: 100 }, (_, at) => `s${at}`);
    let [running, most] = [0, 0];
    for (const name of names) {
      world.service(name);
      world.kernel.user.program(`/svc/${name}/check`, () => {
        most = Math.max(most, ++running);
        world.at(world.kernel.nowMs + 100, () => running--);
        return { livesMs: 100 };
      });
    }
    const ran = world.run(`start ${names.join(' ')}`);
    expect(ran.code).toBe(0);
    expect(most).toBe(64);
    expect(ran.ms).toBeLessThan(250);
  });

  it('has our standard output only where /dev/null cannot be opened', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 10 });
    world.kernel.fault({ call: 'open', errno: EMFILE, when: (path) => path === '/dev/null' });
    expect(world.run('start a').code).toBe(0);
  });

  it('whose end somebody else collected has failed', () => {
    const world = new SvWorld();
    world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 10 });
    world.kernel.fault({ call: 'waitpid', errno: ECHILD, times: 1 });
    expect(Math.round(world.run('start a').ms)).toBeGreaterThan(RETRY_MS);
  });

  it('is reaped, where the service goes down meanwhile', () => {
    const world = new SvWorld();
    const a = world.service('a');
    world.kernel.user.program('/svc/a/check', { livesMs: 30 });
    world.at(20, () => a.become({ pid: 0, phase: 'down' }));
    world.at(100, () => a.show({}));
    world.at(101, () => expect(world.kernel.zombies()).toBe(0));
    expect(world.run('-w 0 start a').code).toBe(1);
  });

  it('is not asked about a service that is not up', () => {
    const world = new SvWorld();
    world.service('a', DOWN);
    world.kernel.user.program('/svc/a/check', {});
    world.run('-w 1 check a');
    expect(world.kernel.record('/svc/a/check').starts).toBe(0);
  });
});
