// A container on the virtual kernel: the main command, services that must listen first, essential services, the end.
import { describe, expect, it } from 'vitest';
import { EACCES, EAGAIN, EMFILE, ENOMEM } from '../../../../src/abi/errno.ts';
import { SIGHUP, SIGTERM, SIGUSR1 } from '../../../../src/abi/signals.ts';
import type { Behaviour } from '../../../sim/kernel/kernel.ts';
import { OLD_MS, type Runsv, ScanWorld } from '../scan/world.ts';

const withCommand = (behaviour: Behaviour, services = ['a'], runsv?: Runsv): ScanWorld => {
  const world = new ScanWorld(services, runsv);
  world.kernel.user.program('/bin/main', behaviour);
  return world;
};
const run = (world: ScanWorld, command = 'main', pid?: number) =>
  world.run(['-P', '/service', '--', command, 'argument'], pid === undefined ? {} : { pid });

describe('the main command', () => {
  it.each([
    [{ livesMs: 100, exit: 7 }, 7],
    [{ livesMs: 100, exit: { signal: 9 } }, 137],
  ] as const)('ends everything with its exit code: %j', (behaviour, code) => {
    const world = withCommand(behaviour);
    expect(run(world, 'main', 1)).toEqual({ how: 'exited', code });
    expect(world.kernel.live()).toEqual([]);
    expect(world.kernel.record('/bin/main').starts).toBe(1);
  });

  it('starts once every runsv listens', () => {
    let atMs = 0;
    const world = withCommand({ livesMs: 10 }, ['a', 'b'], () => ({ listens: false }));
    world.kernel.user.program('/bin/main', () => {
      atMs = world.kernel.nowMs - OLD_MS;
      return { livesMs: 10 };
    });
    world.kernel.after(700, () => {
      for (const name of ['a', 'b']) world.kernel.user.open(`/service/${name}/supervise/ok`);
    });
    run(world);
    expect(atMs).toBeGreaterThan(699);
    expect(atMs).toBeLessThan(1000);
    expect(world.said).toBe('');
  });

  it.each(['inotify', 'watch'] as const)('starts once every runsv listens, where %s is refused', (call) => {
    const world = withCommand({ livesMs: 10 }, ['a'], () => ({ listens: false }));
    world.kernel.fault({ call, errno: EMFILE });
    world.kernel.after(700, () => world.kernel.user.open('/service/a/supervise/ok'));
    run(world);
    expect(world.said).toBe('');
    expect(world.kernel.nowMs - OLD_MS).toBeLessThan(2000);
  });

  it('starts after 5 seconds all the same, and names who does not listen', () => {
    const names = Array.from({ length: 10 }, (_, n) => `s${n}`);
    const world = withCommand({ livesMs: 10 }, names, () => ({ listens: false }));
    run(world);
    expect(world.said).toMatch(/no runsv listens after 5 s in s\d(, s\d){7} and 2 more, starting main anyway\n/);
    expect(world.kernel.record('/bin/main').starts).toBe(1);
  });

  it.each([
    ['nowhere', 127],
    ['/bin/nowhere', 127],
    ['/etc/data', 126],
  ])('%s that cannot be started ends everything with %i', (command, code) => {
    const world = withCommand({});
    world.kernel.user.file('/etc/data', 'text', 0o644);
    expect(run(world, command)).toEqual({ how: 'exited', code });
    expect(world.said).toContain(`fatal: unable to start ${command}: `);
  });

  it('without a process ends everything with 111', () => {
    const world = withCommand({});
    world.kernel.fault({ call: 'spawn', errno: EAGAIN, when: (path) => path === '/bin/main' });
    expect(run(world)).toEqual({ how: 'exited', code: 111 });
  });

  it('does not start where the end was asked for before', () => {
    const world = withCommand({}, ['a'], () => ({ listens: false }));
    world.signal(100, SIGTERM);
    expect(run(world, 'main', 1)).toEqual({ how: 'exited', code: 0 });
    expect(world.kernel.record('/bin/main').starts).toBe(0);
  });

  it('gets signals that are its own, and TERM before the services', () => {
    const got: number[] = [];
    const world = withCommand({ livesMs: 'forever', on: { [SIGUSR1]: 'ignore' } });
    const { calls } = world.kernel;
    const kill = calls.kill.bind(calls);
    Object.defineProperty(calls, 'kill', {
      value: (pid: number, signal: number) => {
        if (signal !== 0) got.push(signal);
        return kill(pid, signal);
      },
    });
    world.signal(500, SIGUSR1);
    world.signal(600, SIGHUP);
    expect(run(world).how).toBe('exited');
    expect(got.slice(0, 2)).toEqual([SIGUSR1, SIGHUP]);
  });

  it('survives failures of the engine, and starts once', () => {
    for (const ms of [5, 20, 60, 300]) {
      const world = withCommand({ livesMs: 200, exit: 3 });
      world.kernel.after(ms, () => world.kernel.failEngine());
      expect(run(world, 'main', 1)).toEqual({ how: 'exited', code: 3 });
      expect(world.kernel.record('/bin/main').starts).toBe(1);
    }
  });

  it('is started once whichever call the engine fails at', () => {
    for (let step = 20; step < 400; step += 3) {
      const world = withCommand({ livesMs: 200, exit: 3 });
      world.kernel.atStep(step, () => world.kernel.failEngine());
      expect(run(world, 'main', 1)).toEqual({ how: 'exited', code: 3 });
      expect(world.kernel.record('/bin/main').starts).toBe(1);
    }
  });

  it('is not started without memory to say so', () => {
    const world = withCommand({});
    world.kernel.fault({ call: 'checkpoint', errno: ENOMEM });
    expect(() => run(world, 'main', 1)).toThrow('out of memory');
    expect(world.kernel.record('/bin/main').starts).toBe(0);
  });
});

describe('an essential service that has ended', () => {
  const ending = (text: string) => {
    const world = new ScanWorld(['a', 'b'], (name) => (name === 'a' ? { livesMs: 100, exit: 125 } : {}));
    world.kernel.user.file('/service/a/flag-essential');
    world.kernel.after(50, () => world.kernel.user.file('/service/a/supervise/exitcode', text));
    return { world, ended: world.run(['-P', '/service'], { pid: 1 }) };
  };

  it.each([
    ['7\n', 7],
    ['nonsense\n', 125],
    ['7', 125],
  ])('ends the container with its exit code: %j', (text, code) => {
    const { world, ended } = ending(text);
    expect(ended).toEqual({ how: 'exited', code });
    expect(world.kernel.live()).toEqual([]);
  });
});

describe('the end of a container', () => {
  it('kills and names what ignores TERM', () => {
    const world = new ScanWorld(['a'], () => ({
      onTerm: 'ignore',
      children: [{ key: 'stubborn', behaviour: { onTerm: 'ignore' } }],
    }));
    world.signal(500, SIGTERM);
    expect(world.run(['-P', '-k', '2', '/service'], { pid: 1 }).how).toBe('exited');
    expect(world.said).toMatch(/killed/);
    expect(world.kernel.live()).toEqual([]);
  });

  it('ends at once if a second signal asks', () => {
    const world = new ScanWorld(['a'], () => ({ onTerm: 'ignore' }));
    world.signal(500, SIGTERM);
    world.signal(700, SIGTERM);
    expect(world.run(['-P', '/service'], { pid: 1 }).how).toBe('exited');
    expect(world.kernel.live()).toEqual([]);
  });

  it('does not need to see processes', () => {
    const world = new ScanWorld(['a'], () => ({ onTerm: 'ignore' }));
    world.kernel.fault({ call: 'readdir', errno: EACCES, when: (path) => path === '/proc' });
    world.signal(500, SIGTERM);
    expect(world.run(['-P', '-k', '1', '/service'], { pid: 1 }).how).toBe('exited');
    expect(world.kernel.live()).toEqual([]);
  });
});
