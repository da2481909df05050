// runit as process 1 of the virtual kernel: the stages, the console, requests, the engine's failure.
import { describe, expect, it } from 'vitest';
import { runit } from '../../../../src/applets/runit.ts';
import { runitInit } from '../../../../src/applets/runit-init.ts';
import { EACCES, EAGAIN, EINTR, ENOMEM } from '../../../../src/abi/errno.ts';
import { SPAWN_CONTROLLING } from '../../../../src/abi/flags.ts';
import { SIGCONT, SIGINT, SIGPWR, SIGTERM } from '../../../../src/abi/signals.ts';
import { type Behaviour, type Ending, type RunOptions, VirtualKernel } from '../../../sim/kernel/kernel.ts';

const AS_INIT: RunOptions = { argv: ['runit'], pid: 1, path: '/sbin/runit' };

class Machine {
  readonly kernel = new VirtualKernel();
  /** The stages in the order they were started. */
  readonly started: string[] = [];

  constructor(stages: Readonly<Record<string, Behaviour>> = {}) {
    const usual: Record<string, Behaviour> = { 1: { livesMs: 10 }, 2: { livesMs: 'forever' }, 3: { livesMs: 10 } };
    for (const [stage, behaviour] of Object.entries({ ...usual, ...stages })) this.stage(stage, behaviour);
  }

  stage(name: string, behaviour: Behaviour): void {
    this.kernel.user.program(`/etc/runit/${name}`, () => {
      this.started.push(name);
      return behaviour;
    });
  }

  signal(ms: number, signal: number): void {
    this.kernel.after(ms, () => this.kernel.kill(1, signal));
  }

  /** Asks for the stop as runit-init does. */
  stop(ms: number, file = '/etc/runit/stopit'): void {
    this.kernel.after(ms, () => this.kernel.user.file(file, '', 0o100));
    this.signal(ms, SIGCONT);
  }

  run(): Ending {
    let ending = this.kernel.run(() => runit.run(['runit']), AS_INIT);
    while (ending.how === 'executed') ending = this.kernel.runOn(() => runit.run(['runit']), ending.env);
    return ending;
  }

  /** Makes the console a terminal: an emergency shell can have it. */
  terminal(): void {
    const { calls } = this.kernel;
    const spawn = calls.spawn.bind(calls);
    Object.defineProperty(calls, 'spawn', {
      value: (...args: Parameters<typeof spawn>) => {
        args[5] &= ~SPAWN_CONTROLLING;
        return spawn(...args);
      },
    });
  }

  get said(): string {
    return this.kernel.stderr.text;
  }
}

const EXITED = { how: 'exited', code: 0 };

describe('the stages', () => {
  it.each(['/etc/runit/stopit', '/run/runit.stopit'])('run one after the other, until %s asks for a stop', (file) => {
    const machine = new Machine();
    machine.stop(1000, file);
    expect(machine.run()).toEqual(EXITED);
    expect(machine.started).toEqual(['1', '2', '3']);
    expect(machine.said).toMatch(/enter stage: \/etc\/runit\/1\n(.*\n)*.*enter stage: \/etc\/runit\/3\n/);
  });

  it('ignore CONT unless a file asks for the stop', () => {
    const machine = new Machine();
    machine.kernel.user.file('/etc/runit/stopit', '', 0o000);
    machine.signal(500, SIGCONT);
    machine.stop(1000);
    machine.run();
    expect(machine.kernel.nowMs).toBeGreaterThan(1000);
  });

  it('skip stage 2 if stage 1 exits 100', () => {
    const machine = new Machine({ 1: { livesMs: 10, exit: 100 } });
    expect(machine.run()).toEqual(EXITED);
    expect(machine.started).toEqual(['1', '3']);
  });

  it('skip stage 2 if stage 1 crashes', () => {
    const machine = new Machine({ 1: { livesMs: 10, exit: { signal: 11 } } });
    machine.run();
    expect(machine.started).toEqual(['1', '3']);
  });

  it('start stage 2 again 5 seconds after it exits 111', () => {
    const machine = new Machine({ 2: { livesMs: 10, exit: 111 } });
    machine.stop(7000);
    machine.run();
    expect(machine.started).toEqual(['1', '2', '2', '3']);
  });

  it('kill a stage 2 that ignores TERM', () => {
    const machine = new Machine({ 2: { livesMs: 'forever', onTerm: 'ignore' } });
    machine.stop(1000);
    expect(machine.run()).toEqual(EXITED);
    expect(machine.started).toEqual(['1', '2', '3']);
    expect(machine.kernel.live()).toEqual([]);
  });

  it('are retried if fork fails', () => {
    const machine = new Machine();
    machine.kernel.fault({ call: 'spawn', errno: EAGAIN, times: 1 });
    machine.stop(10_000);
    machine.run();
    expect(machine.said).toContain('warning: unable to fork for "/etc/runit/1" pausing: ');
    expect(machine.started).toEqual(['1', '2', '3']);
  });

  it('reap every orphan', () => {
    const orphan = { key: '/orphan', behaviour: { livesMs: 50 } };
    const machine = new Machine({ 1: { livesMs: 10, children: [orphan] } });
    machine.stop(1000);
    machine.run();
    expect(machine.kernel.zombies()).toBe(0);
  });

  it.each(['/etc/runit/reboot', '/run/runit.reboot'])('end in a reboot if %s asks for it', (file) => {
    const machine = new Machine();
    machine.kernel.user.file(file, '', 0o100);
    machine.kernel.user.file('/etc/runit/nosync');
    machine.stop(100);
    expect(machine.run()).toEqual(EXITED);
    expect(machine.said).toMatch(/reboot/);
  });
});

describe('a stage that cannot be executed', () => {
  it.each(['/sbin/sulogin', '/bin/sh'])('brings an emergency shell: %s', (shell) => {
    const machine = new Machine();
    machine.kernel.user.remove('/etc/runit/2');
    machine.terminal();
    machine.kernel.user.program(shell, { livesMs: 100 });
    machine.kernel.after(50, () => machine.stage('2', { livesMs: 'forever' }));
    machine.stop(60_000);
    machine.run();
    expect(machine.said).toContain('fatal: unable to start child: /etc/runit/2: file does not exist');
    expect(machine.kernel.record(shell).starts).toBe(1);
  });

  it('is given up without a shell', () => {
    const machine = new Machine();
    machine.kernel.user.remove('/etc/runit/1');
    machine.stop(60_000);
    machine.run();
    expect(machine.started).not.toContain('1');
  });

  it('is given up with a shell that may not be executed', () => {
    const machine = new Machine();
    machine.kernel.user.remove('/etc/runit/1');
    machine.kernel.user.file('/sbin/sulogin', '', 0o644);
    machine.kernel.user.program('/bin/sh', { livesMs: 100 });
    machine.stop(60_000);
    machine.run();
    expect(machine.kernel.record('/bin/sh').starts).toBe(0);
  });
});

describe('requests', () => {
  it('INT runs ctrlaltdel and stops, if its owner may execute it', () => {
    const machine = new Machine();
    const onEnd = (): void => machine.kernel.user.file('/etc/runit/stopit', '', 0o100);
    machine.stage('ctrlaltdel', { livesMs: 10, onEnd });
    machine.signal(500, SIGINT);
    expect(machine.run()).toEqual(EXITED);
    expect(machine.started).toEqual(['1', '2', 'ctrlaltdel', '3']);
  });

  it('INT is ignored without ctrlaltdel', () => {
    const machine = new Machine();
    machine.signal(500, SIGINT);
    machine.stop(1000);
    machine.run();
    expect(machine.kernel.nowMs).toBeGreaterThan(1000);
  });

  it('PWR runs pwrfail first if there is one', () => {
    const machine = new Machine({ pwrfail: { livesMs: 10 } });
    machine.signal(500, SIGPWR);
    machine.stop(1000);
    machine.run();
    expect(machine.started).toEqual(['1', '2', 'pwrfail', '3']);
  });

  it('a script that cannot be started is reported', () => {
    const machine = new Machine();
    machine.kernel.user.file('/etc/runit/ctrlaltdel', '', 0o100);
    machine.kernel.fault({ call: 'spawn', errno: 4096 + EACCES, when: (path) => path.endsWith('ctrlaltdel') });
    machine.signal(500, SIGINT);
    machine.stop(1000);
    machine.run();
    expect(machine.said).toMatch(/unable to start child: \/etc\/runit\/ctrlaltdel: /);
  });

  it('are handled if the calls that wait are interrupted', () => {
    const machine = new Machine();
    machine.kernel.fault({ call: 'waitpid', errno: EINTR, times: 2 });
    machine.kernel.fault({ call: 'poll', errno: EINTR, when: (_fds, ms) => ms !== 200, times: 2 });
    machine.stop(1000);
    expect(machine.run()).toEqual(EXITED);
    expect(machine.started).toEqual(['1', '2', '3']);
  });
});

describe('the console', () => {
  it('gets what runit says, and is the descriptors of stages', () => {
    const machine = new Machine({ 1: { livesMs: 10, writes: [{ bytes: 'stage 1 here\n' }] } });
    machine.kernel.user.fifo('/dev/console');
    const held = machine.kernel.user.open('/dev/console');
    machine.stop(1000);
    machine.run();
    expect(typeof held === 'number' ? held : held.read()).toMatch(/booting\.\n(.*\n)*stage 1 here\n/);
    expect(machine.said).toBe('');
  });

  it('that nobody reads does not hold the stages up', () => {
    const machine = new Machine();
    machine.kernel.user.fifo('/dev/console');
    const held = machine.kernel.user.open('/dev/console', 2);
    if (typeof held === 'number') throw new Error('no console');
    while (held.write('x'.repeat(4096)) > 0);
    machine.kernel.fault({ call: 'poll', errno: EINTR, times: 1 });
    machine.stop(5000);
    expect(machine.run()).toEqual(EXITED);
    expect(machine.started).toEqual(['1', '2', '3']);
  });
});

describe('after a failure of the engine', () => {
  const failAt = (machine: Machine, ms: number): void => {
    machine.kernel.after(ms, () => machine.kernel.failEngine());
  };

  it('the stages go on, none is started twice', () => {
    const machine = new Machine();
    for (const ms of [5, 500, 700]) failAt(machine, ms);
    machine.stop(1000);
    expect(machine.run()).toEqual(EXITED);
    expect(machine.started).toEqual(['1', '2', '3']);
    expect(machine.said).toContain('warning: re-executed after an engine failure.');
  });

  it('a stop that has begun goes on', () => {
    const machine = new Machine({ 2: { livesMs: 'forever', onTerm: 'ignore' }, 3: { livesMs: 500 } });
    machine.stop(1000);
    for (const ms of [1500, 3000, 16_200]) failAt(machine, ms);
    expect(machine.run()).toEqual(EXITED);
    expect(machine.started).toEqual(['1', '2', '3']);
  });

  it('an emergency shell is kept', () => {
    const machine = new Machine();
    machine.kernel.user.remove('/etc/runit/2');
    machine.terminal();
    machine.kernel.user.program('/sbin/sulogin', { livesMs: 1000 });
    failAt(machine, 500);
    machine.kernel.after(600, () => machine.stage('2', { livesMs: 'forever' }));
    machine.stop(60_000);
    machine.run();
    expect(machine.kernel.record('/sbin/sulogin').starts).toBe(1);
  });

  it.each(['spawn', 'sync', 'kill', 'reboot'] as const)('in the middle of %s everything ends once', (call) => {
    const machine = new Machine();
    const { calls } = machine.kernel;
    const below = (calls[call] as (...args: unknown[]) => unknown).bind(calls);
    let left = 1;
    Object.defineProperty(calls, call, {
      value: (...args: unknown[]) => {
        const result = below(...args);
        if (machine.started.length >= 1 && left-- > 0) machine.kernel.failEngine();
        return result;
      },
    });
    machine.stop(1000);
    expect(machine.run()).toEqual(EXITED);
    expect(machine.started).toEqual(['1', '2', '3']);
  });

  it.each(['before', 'after'] as const)('%s any call, nothing is omitted, and no stage starts twice', (when) => {
    const fallsAt = (n: number): boolean => {
      const machine = new Machine();
      const { calls } = machine.kernel;
      let count = 0;
      const failing = (below: (...args: unknown[]) => unknown) =>
        function (this: unknown, ...args: unknown[]): unknown {
          // one that fails before it has anything to lose just ends
          const now = machine.said !== '' && ++count === n;
          if (now && when === 'before') machine.kernel.failEngine();
          const result = below.apply(calls, args);
          if (now && when === 'after') machine.kernel.failEngine();
          return result;
        };
      for (const name of [
        'open',
        'close',
        'write',
        'stat',
        'chmod',
        'kill',
        'spawn',
        'sync',
        'reboot',
        'checkpoint',
      ] as const)
        Object.defineProperty(calls, name, { value: failing(calls[name] as never) });
      machine.stop(20_000);
      expect(machine.run()).toEqual(EXITED);
      expect(machine.started).toEqual(['1', '2', '3']);
      expect(machine.said).toContain('- runit: leave stage: /etc/runit/3\n');
      expect(machine.said).not.toContain('not terminated');
      return count >= n;
    };
    let n = 1;
    while (fallsAt(n)) n++;
    expect(n).toBeGreaterThan(30);
  });

  it('nothing is started if there is no memory to say so', () => {
    const machine = new Machine();
    machine.kernel.fault({ call: 'checkpoint', errno: ENOMEM });
    expect(() => machine.run()).toThrow('out of memory');
    expect(machine.started).toEqual([]);
  });
});

describe('runit-init', () => {
  const asked = (argument: string, pid: number, prepare = (_kernel: VirtualKernel): void => {}) => {
    const kernel = new VirtualKernel();
    kernel.user.folder('/run');
    kernel.user.folder('/etc/runit');
    prepare(kernel);
    const argv = ['init', ...(argument === '' ? [] : [argument])];
    const ending = kernel.run(() => runitInit.run(argv), { argv, pid });
    return { kernel, ending };
  };

  it.each([
    ['0', false],
    ['6', true],
  ])('%s leaves files for runit', (level, reboots) => {
    const { kernel, ending } = asked(level, 50);
    expect(ending).toEqual(EXITED);
    const mayExecute = (path: string): boolean => {
      const held = kernel.user.open(path);
      const mode = typeof held === 'number' ? 0 : (held.description.inode?.mode ?? 0);
      return (mode & 0o100) !== 0;
    };
    expect(['/etc/runit/stopit', '/run/runit.stopit'].map(mayExecute)).toEqual([true, true]);
    expect(mayExecute('/etc/runit/reboot')).toBe(reboots);
  });

  it('says so if it can leave them nowhere', () => {
    const { kernel, ending } = asked('0', 50, (world) => world.fault({ call: 'open', errno: EACCES }));
    expect(ending.how).toBe('exited');
    expect(kernel.stderr.text).toMatch(/\/etc\/runit\/stopit/);
  });

  it('becomes runit as process 1', () => {
    const { ending } = asked('', 1, (kernel) => kernel.user.program('/sbin/runit', {}));
    expect(ending).toMatchObject({ how: 'executed' });
  });
});

it('runit that is not process 1 exits 111', () => {
  const kernel = new VirtualKernel();
  expect(kernel.run(() => runit.run(['runit']), { argv: ['runit'] })).toEqual({ how: 'exited', code: 111 });
  kernel.kill(1, SIGTERM);
});
