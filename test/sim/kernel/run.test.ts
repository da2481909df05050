// How a main program runs on the virtual kernel: time, rest, endings, steps, faults.
import { describe, expect, test } from 'vitest';
import type { Calls, Fd } from '../../../src/host/calls.ts';
import { EAGAIN, EINTR, EIO, ENOENT, EPIPE } from '../../../src/abi/errno.ts';
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from '../../../src/abi/flags.ts';
import { O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY, POLLIN } from '../../../src/abi/flags.ts';
import { SIGCHLD } from '../../../src/abi/signals.ts';
import { SIGPIPE, SIGSTOP, SIGCONT, SIGTERM, SIGUSR1 } from '../../../src/abi/signals.ts';
import { sys } from '../../../src/host/sys.ts';
import { VirtualKernel } from './kernel.ts';

const idle = (): void => {
  sys.poll([], -1);
};

const monotonicMs = (calls: Calls): number => {
  const [sec, ns] = calls.clock(CLOCK_MONOTONIC);
  return sec * 1000 + ns / 1e6;
};

describe('time', () => {
  test('passes while the program waits, exactly as long as it waits', () => {
    const kernel = new VirtualKernel({ callCostNs: 0 });
    const tookMs: number[] = [];
    kernel.run(() => {
      for (const waitMs of [0, 1, 250, 3_600_000]) {
        const startMs = monotonicMs(sys);
        expect(sys.poll([], waitMs)).toEqual([]);
        tookMs.push(monotonicMs(sys) - startMs);
      }
    });
    expect(tookMs).toEqual([0, 1, 250, 3_600_000]);
  });

  test('passes a little with each call', () => {
    const kernel = new VirtualKernel({ callCostNs: 1000 });
    kernel.run(() => {
      for (let i = 0; i < 10; i++) sys.getpid();
    });
    expect(kernel.nowMs).toBeCloseTo(0.01, 9);
  });

  test('what is due meanwhile happens between two calls, not only in a poll', () => {
    const kernel = new VirtualKernel({ callCostNs: 1000 });
    kernel.at(0.0045, () => kernel.user.file('/tmp/f'));
    const seen: boolean[] = [];
    kernel.run(() => {
      for (let i = 0; i < 6; i++) seen.push(sys.access('/tmp/f', 0) === 0);
    });
    expect(seen).toEqual([false, false, false, false, true, true]);
  });

  test('the wall clock can be stepped while a poll waits, which then still waits its time', () => {
    const kernel = new VirtualKernel({ wallSec: 1000, callCostNs: 0 });
    kernel.at(500, () => kernel.stepWall(-100_000));
    kernel.run(() => {
      sys.poll([], 1000);
      expect(sys.clock(CLOCK_REALTIME)).toEqual([901, 0]);
    });
    expect(kernel.nowMs).toBe(1000);
  });
});

describe('endings', () => {
  test('a return value and exit() are exit codes', () => {
    expect(new VirtualKernel().run(() => 7)).toEqual({ how: 'exited', code: 7 });
    expect(new VirtualKernel().run(() => {})).toEqual({ how: 'exited', code: 0 });
    expect(new VirtualKernel().run(() => sys.exit(257))).toEqual({ how: 'exited', code: 1 });
  });

  test('a wait for nothing is rest, and says when it began', () => {
    const kernel = new VirtualKernel();
    kernel.at(1234, () => {});
    expect(kernel.run(idle)).toEqual({ how: 'atRest' });
    expect(kernel.nowMs).toBe(1234);
    expect(kernel.wakeUps).toBe(0);
  });

  test('whoever is left when the world rests can go on with it', () => {
    const kernel = new VirtualKernel();
    const said: string[] = [];
    kernel.user.fifo('/f');
    kernel.whenAtRest(() => {
      said.push('first rest');
      kernel.user.send('/f', 'x');
    });
    kernel.whenAtRest(() => said.push('second rest'));
    const ending = kernel.run(() => {
      const fd = sys.open('/f', O_RDWR | O_NONBLOCK, 0) as Fd;
      for (;;) {
        sys.poll([fd, POLLIN], -1);
        said.push(`read ${sys.read(fd, 9)}`);
      }
    });
    expect(said).toEqual(['first rest', 'read x', 'second rest']);
    expect(ending).toEqual({ how: 'atRest' });
  });

  test('a program that catches everything cannot go on after its end', () => {
    const kernel = new VirtualKernel();
    kernel.killMainAt(3);
    let calls = 0;
    const ending = kernel.run(() => {
      for (let i = 0; i < 10; i++) {
        try {
          sys.getpid();
          calls++;
        } catch {
          // goes on regardless
        }
      }
      return 0;
    });
    expect(ending).toEqual({ how: 'killed', signal: 9 });
    expect(calls).toBe(2);
  });

  test('a bug comes out as it was thrown', () => {
    const kernel = new VirtualKernel();
    expect(() =>
      kernel.run(() => {
        throw new TypeError('a bug');
      }),
    ).toThrow(new TypeError('a bug'));
  });

  test('a loop that never waits is a livelock, by polls and by calls', () => {
    const spinning = new VirtualKernel({ maxSpins: 100 });
    expect(
      spinning.run(() => {
        for (;;) sys.poll([], 0);
      }).how,
    ).toBe('livelock');
    expect(spinning.polls).toBe(101);
    const busy = new VirtualKernel({ maxSteps: 500 });
    expect(
      busy.run(() => {
        for (;;) sys.getpid();
      }),
    ).toEqual({ how: 'livelock', steps: 501, polls: 0 });
  });

  test('a poll on a hung-up fifo that is not read is such a loop', () => {
    const kernel = new VirtualKernel();
    kernel.user.fifo('/f');
    const ending = kernel.run(() => {
      const fd = sys.open('/f', O_RDONLY | O_NONBLOCK, 0) as Fd;
      sys.close(sys.open('/f', O_WRONLY | O_NONBLOCK, 0) as Fd);
      for (;;) sys.poll([fd, POLLIN], -1);
    });
    expect(ending.how).toBe('livelock');
  });

  test('stop() from an event ends the run and leaves the process as it is', () => {
    const kernel = new VirtualKernel();
    kernel.at(10, () => kernel.stop());
    expect(kernel.run(idle)).toEqual({ how: 'stopped' });
    expect(kernel.mainLives).toBe(true);
    expect(() => kernel.run(idle)).toThrow('still lives');
    kernel.killMain();
    expect(kernel.run(() => 0)).toEqual({ how: 'exited', code: 0 });
  });

  test('exec ends the run, keeps the process and drops what is close-on-exec', () => {
    const kernel = new VirtualKernel();
    kernel.user.file('/bin/next', '\x7fELF', 0o755);
    const first = kernel.run(() => {
      sys.open('/tmp', O_RDONLY, 0);
      sys.catchSignals([SIGTERM]);
      return sys.exec('/bin/next', ['next', 'x'], []);
    });
    expect(first).toEqual({ how: 'executed', path: '/bin/next', argv: ['next', 'x'], env: [] });
    const { pid } = kernel.main;
    kernel.at(5, () => kernel.kill(pid, SIGTERM));
    const second = kernel.runOn(() => {
      expect([sys.getpid(), sys.args(), kernel.openFds().length]).toEqual([pid, ['next', 'x'], 3]);
      idle();
    });
    expect(second).toEqual({ how: 'killed', signal: SIGTERM });
  });

  test('exec of a missing file returns and changes nothing', () => {
    const kernel = new VirtualKernel();
    expect(kernel.run(() => -sys.exec('/bin/none', ['none'], []))).toEqual({ how: 'exited', code: ENOENT });
  });
});

describe('signals to the main program', () => {
  test('one that is not caught kills it, even in a poll', () => {
    const kernel = new VirtualKernel();
    kernel.at(100, () => kernel.kill(kernel.main.pid, SIGTERM));
    expect(kernel.run(idle)).toEqual({ how: 'killed', signal: SIGTERM });
    expect(kernel.nowMs).toBe(100);
  });

  test('one that is caught interrupts a poll once, and can then be read from the descriptor', () => {
    const kernel = new VirtualKernel();
    kernel.at(100, () => kernel.kill(kernel.main.pid, SIGUSR1));
    kernel.run(() => {
      const fd = sys.catchSignals([SIGUSR1]) as Fd;
      expect(sys.poll([fd, POLLIN], -1)).toBe(-EINTR);
      expect(sys.poll([fd, POLLIN], -1)).toEqual([POLLIN]);
      expect(sys.takeSignals()).toEqual([SIGUSR1]);
      expect(sys.poll([fd, POLLIN], 0)).toEqual([0]);
    });
  });

  test('one that comes between two calls does not interrupt the next poll but makes it return', () => {
    const kernel = new VirtualKernel();
    kernel.atStep(2, () => kernel.kill(kernel.main.pid, SIGUSR1));
    kernel.run(() => {
      const fd = sys.catchSignals([SIGUSR1]) as Fd;
      expect(sys.poll([fd, POLLIN], -1)).toEqual([POLLIN]);
    });
  });

  test('a blocking read goes on after a signal', () => {
    const kernel = new VirtualKernel();
    kernel.at(10, () => kernel.kill(kernel.main.pid, SIGUSR1));
    kernel.at(20, () => kernel.feed('line\n'));
    kernel.run(
      () => {
        sys.catchSignals([SIGUSR1]);
        expect(sys.read(0 as Fd, 100)).toBe('line\n');
        expect(sys.takeSignals()).toEqual([SIGUSR1]);
      },
      { stdin: 'pipe' },
    );
  });

  test('as process 1 it does not die of what it does not catch', () => {
    const kernel = new VirtualKernel();
    for (const signal of [SIGTERM, 9, SIGSTOP]) kernel.at(signal, () => kernel.kill(1, signal));
    kernel.at(100, () => kernel.stop());
    expect(kernel.run(idle, { pid: 1 })).toEqual({ how: 'stopped' });
    expect(kernel.main.stopped).toBe(false);
  });

  test('as process 1 it takes everybody along when it ends, and can be started anew', () => {
    const kernel = new VirtualKernel();
    kernel.user.program('/p', {});
    const start = (): void => {
      expect(sys.spawn('/p', ['p'], [], '', [], 0, -1, '')).toBeGreaterThan(1);
      expect([sys.getpid(), sys.getppid(), kernel.live().length]).toEqual([1, 0, 1]);
    };
    for (let times = 0; times < 3; times++) {
      expect(kernel.run(start, { pid: 1 })).toEqual({ how: 'exited', code: 0 });
      expect([kernel.live(), kernel.world.processes.count]).toEqual([[], 0]);
    }
    expect(kernel.run(() => expect(sys.getppid()).toBe(1))).toEqual({ how: 'exited', code: 0 });
    expect(kernel.world.processes.count).toBe(1);
  });

  test('stopped, it does nothing until it is continued', () => {
    const kernel = new VirtualKernel();
    kernel.at(100, () => kernel.kill(kernel.main.pid, SIGSTOP));
    kernel.at(5000, () => kernel.kill(kernel.main.pid, SIGCONT));
    kernel.run(() => {
      sys.poll([], 200);
    });
    expect(kernel.nowMs).toBe(5000);
  });

  test('writing where nobody reads is SIGPIPE, or EPIPE where that is ignored', () => {
    const write = (): number => {
      const [from, to] = sys.pipe(0) as readonly [Fd, Fd];
      sys.close(from);
      return -sys.write(to, 'x');
    };
    expect(new VirtualKernel().run(write)).toEqual({ how: 'killed', signal: SIGPIPE });
    expect(new VirtualKernel().run(write, { ignores: [SIGPIPE] })).toEqual({ how: 'exited', code: EPIPE });
  });
});

describe('waiting calls', () => {
  test('open of a fifo waits for the other end', () => {
    const kernel = new VirtualKernel();
    kernel.user.fifo('/f');
    kernel.at(70, () => expect(kernel.user.open('/f', O_WRONLY)).toBeTypeOf('object'));
    kernel.run(() => {
      expect(sys.open('/f', O_RDONLY, 0)).toBeGreaterThan(2);
      expect(kernel.nowMs).toBe(70);
    });
  });

  test('a write to a full pipe waits for room and then writes all of it', () => {
    const kernel = new VirtualKernel();
    kernel.user.fifo('/f');
    const held = kernel.user.open('/f', O_RDONLY);
    if (typeof held === 'number') throw new Error('no fifo');
    let read = 0;
    for (const ms of [10, 20, 30])
      kernel.at(ms, () => {
        read += (held.read() as string).length;
      });
    kernel.run(() => {
      const fd = sys.open('/f', O_WRONLY, 0) as Fd;
      expect(sys.write(fd, 'x'.repeat(150_000))).toBe(150_000);
    });
    expect(kernel.nowMs).toBe(20);
    expect(read).toBe(131_072);
  });

  test('flock waits until the other holder is gone, or a signal comes', () => {
    const kernel = new VirtualKernel();
    kernel.user.file('/lock');
    const held = kernel.user.lock('/lock');
    if (typeof held === 'number') throw new Error('no lock');
    kernel.at(10, () => kernel.kill(kernel.main.pid, SIGUSR1));
    kernel.at(30, () => held.close());
    kernel.run(() => {
      sys.catchSignals([SIGUSR1]);
      const fd = sys.open('/lock', O_RDWR, 0) as Fd;
      expect(sys.flock(fd, 2 | 4)).toBe(-EAGAIN);
      expect(sys.flock(fd, 2)).toBe(-EINTR);
      expect(sys.flock(fd, 2)).toBe(0);
      expect(kernel.nowMs).toBe(30);
      expect(kernel.user.lock('/lock')).toBe(-EAGAIN);
    });
    expect(kernel.user.lock('/lock')).toBeTypeOf('object');
  });

  test('waitpid waits for the child', () => {
    const kernel = new VirtualKernel();
    kernel.user.program('/bin/p', { livesMs: 300, exit: 4 });
    kernel.run(() => {
      const pid = sys.spawn('/bin/p', ['p'], [], '', [], 0, -1, '');
      expect(sys.waitpid(-1, 0)).toEqual([pid, 4 << 8]);
    });
    expect(Math.floor(kernel.nowMs)).toBe(300);
  });
});

describe('faults', () => {
  test('refuse chosen calls before they do anything, and count as steps', () => {
    const kernel = new VirtualKernel();
    const fault = kernel.fault({ call: 'mkdir', errno: EIO, when: (path) => path.startsWith('/tmp'), times: 2 });
    kernel.run(() => {
      expect([sys.mkdir('/x', 0o755), sys.mkdir('/tmp/a', 0o755), sys.mkdir('/tmp/a', 0o755)]).toEqual([0, -EIO, -EIO]);
      expect(sys.mkdir('/tmp/a', 0o755)).toBe(0);
    });
    expect([fault.refused, kernel.steps]).toEqual([2, 4]);
  });

  test('can be likely, and switched off', () => {
    const kernel = new VirtualKernel({ seed: 5 });
    const fault = kernel.fault({ call: 'getppid', errno: EIO, probability: 0.3 });
    let refused = 0;
    kernel.run(() => {
      for (let i = 0; i < 1000; i++) if (sys.getppid() < 0) refused++;
      expect(refused).toBeGreaterThan(240);
      expect(refused).toBeLessThan(360);
      fault.off();
      for (let i = 0; i < 100; i++) expect(sys.getppid()).toBe(1);
    });
    expect(fault.refused).toBe(refused);
  });

  test('the limit of descriptors refuses every call that opens one', () => {
    const kernel = new VirtualKernel();
    const EMFILE = -24;
    kernel.run(
      () => {
        expect(sys.open('/tmp', O_RDONLY, 0)).toBe(3);
        expect(sys.pipe(0)).toBe(EMFILE);
        expect(sys.catchSignals([SIGCHLD])).toBe(EMFILE);
        expect(sys.inotify()).toBe(4);
        expect([sys.inotify(), sys.pidfd(sys.getpid()), sys.open('/tmp/new', O_WRONLY | O_CREAT, 0o600)]).toEqual([
          EMFILE,
          EMFILE,
          EMFILE,
        ]);
        expect(sys.access('/tmp/new', 0)).toBe(-ENOENT);
      },
      { fdLimit: 5 },
    );
  });
});

describe('repeating', () => {
  const scenario = (seed: number): readonly string[] => {
    const kernel = new VirtualKernel({ seed, trace: 10_000, readdirOrder: 'random' });
    kernel.fault({ call: 'spawn', errno: EAGAIN, probability: 0.5 });
    kernel.user.program('/bin/p', () => ({ livesMs: kernel.random.int(100), exit: kernel.random.int(5) }));
    for (const name of ['a', 'b', 'c', 'd', 'e']) kernel.user.file(`/dir/${name}`);
    kernel.run(() => {
      const fd = sys.catchSignals([SIGCHLD]) as Fd;
      for (let i = 0; i < 20; i++) {
        sys.readdir('/dir');
        sys.spawn('/bin/p', ['p'], [], '', [], 0, -1, '');
        sys.poll([fd, POLLIN], 20);
        sys.takeSignals();
        sys.waitpid(-1, 1);
      }
    });
    return kernel.trace();
  };

  test('a seed gives the same run, call for call; another seed another', () => {
    expect(scenario(1)).toEqual(scenario(1));
    expect(scenario(1)).not.toEqual(scenario(2));
    expect(scenario(1).length).toBe(1 + 20 * 5);
  });

  test('a program killed at any step leaves a world in which it can be run again', () => {
    const program = (): number => {
      const fd = sys.open('/lock', O_RDWR | O_CREAT, 0o600) as Fd;
      if (sys.flock(fd, 2 | 4) < 0) return 111;
      const [from, to] = sys.pipe(0) as readonly [Fd, Fd];
      const pid = sys.spawn('/bin/p', ['p'], [], '', [1, to], 0, -1, '');
      sys.close(to);
      const text = sys.read(from, 100);
      sys.waitpid(pid, 0);
      return text === 'hello' ? 0 : 1;
    };
    const world = (): VirtualKernel => {
      const kernel = new VirtualKernel();
      kernel.user.program('/bin/p', { livesMs: 50, writes: [{ bytes: 'hello', afterMs: 10 }] });
      return kernel;
    };
    const whole = world();
    expect(whole.run(program)).toEqual({ how: 'exited', code: 0 });
    expect(whole.steps).toBe(7);
    for (let step = 1; step <= whole.steps; step++) {
      const kernel = world();
      kernel.killMainAt(step);
      expect(kernel.run(program)).toEqual({ how: 'killed', signal: 9 });
      expect(kernel.run(program)).toEqual({ how: 'exited', code: 0 });
      kernel.advance(1000);
      expect([kernel.live(), kernel.world.processes.count]).toEqual([[], 1]);
    }
  });
});
