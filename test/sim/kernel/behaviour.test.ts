// Virtual programs: how they live, read, write, react and end.
import { describe, expect, test } from 'vitest';
import type { Fd } from '../../../src/host/calls.ts';
import { SIGCONT, SIGHUP, SIGKILL, SIGPIPE, SIGSTOP, SIGTERM, SIGUSR1 } from '../../../src/abi/signals.ts';
import { sys } from '../../../src/host/sys.ts';
import { type Behaviour, type Ending, VirtualKernel } from './kernel.ts';

const start = (path: string, fds: readonly number[] = []): number => sys.spawn(path, [path], [], '', fds, 0, -1, '');

/** Runs one program as a child, sends it signals at times, and tells when and how it ended. */
const lifeOf = (behaviour: Behaviour, signals: readonly (readonly [number, number])[] = []): unknown => {
  const kernel = new VirtualKernel({ callCostNs: 0 });
  kernel.user.program('/p', behaviour);
  let life: unknown = 'for ever';
  kernel.run(() => {
    const pid = start('/p');
    for (const [ms, signal] of signals) kernel.at(ms, () => kernel.kill(pid, signal));
    const ended = sys.waitpid(pid, 0);
    if (typeof ended !== 'number') life = [kernel.nowMs, ended[1]];
  });
  return life;
};

describe('a program', () => {
  test('lives as long as it was told and ends as it was told', () => {
    expect(lifeOf({ livesMs: 700, exit: 3 })).toEqual([700, 0x300]);
    expect(lifeOf({ livesMs: 0 })).toEqual([0, 0]);
    expect(lifeOf({ livesMs: 5, exit: { signal: 11 } })).toEqual([5, 11]);
    expect(lifeOf({})).toBe('for ever');
  });

  test('dies of TERM, ignores it, or takes its time', () => {
    expect(lifeOf({}, [[10, SIGTERM]])).toEqual([10, SIGTERM]);
    expect(lifeOf({ livesMs: 50, onTerm: 'ignore' }, [[10, SIGTERM]])).toEqual([50, 0]);
    expect(lifeOf({ onTerm: { exitAfterMs: 100, code: 7 } }, [[10, SIGTERM]])).toEqual([110, 0x700]);
    expect(lifeOf({ livesMs: 60, onTerm: { exitAfterMs: 100, code: 7 } }, [[10, SIGTERM]])).toEqual([60, 0]);
  });

  test('reacts to other signals as listed, else as by default; nothing helps against KILL', () => {
    expect(
      lifeOf({ on: { [SIGHUP]: 'ignore' } }, [
        [1, SIGHUP],
        [2, SIGUSR1],
      ]),
    ).toEqual([2, SIGUSR1]);
    expect(lifeOf({ on: { [SIGKILL]: 'ignore' } }, [[1, SIGKILL]])).toEqual([1, SIGKILL]);
    expect(lifeOf({ on: { 17: 'die' } }, [[1, 17]])).toEqual([1, 17]);
    expect(lifeOf({ livesMs: 5 }, [[1, 17]])).toEqual([5, 0]);
  });

  test('does nothing while it is stopped, not even die of TERM, and catches up afterwards', () => {
    expect(
      lifeOf({ livesMs: 100 }, [
        [10, SIGSTOP],
        [500, SIGCONT],
      ]),
    ).toEqual([500, 0]);
    expect(
      lifeOf({}, [
        [10, SIGSTOP],
        [20, SIGTERM],
        [500, SIGCONT],
      ]),
    ).toEqual([500, SIGTERM]);
    expect(
      lifeOf({}, [
        [10, SIGSTOP],
        [20, SIGKILL],
      ]),
    ).toEqual([20, SIGKILL]);
    expect(
      lifeOf({ livesMs: 1000 }, [
        [10, SIGSTOP],
        [20, SIGCONT],
      ]),
    ).toEqual([1000, 0]);
  });

  test('is chosen anew at each start where the scenario gives a choice', () => {
    const kernel = new VirtualKernel();
    const codes = [1, 2, 3];
    kernel.user.program('/p', ({ argv }) => ({ livesMs: 1, exit: (codes.shift() ?? 0) * argv.length }));
    kernel.run(() => {
      for (const code of [1, 2, 3]) {
        const pid = start('/p');
        expect(sys.waitpid(pid, 0)).toEqual([pid, code << 8]);
      }
    });
  });

  test('can be chosen for executables that nobody described; without a choice it is a mistake', () => {
    const kernel = new VirtualKernel();
    kernel.user.file('/bin/sh', '\x7fELF', 0o755);
    kernel.user.file('/svc/run', '#!/bin/sh\n', 0o755);
    expect(() => kernel.run(() => void start('/svc/run'))).toThrow('does not say what /svc/run does');
    kernel.killMain();
    kernel.behaviourOf(({ path }) => (path === '/svc/run' ? { livesMs: 1, exit: 9 } : null));
    kernel.run(() => expect(sys.waitpid(start('/svc/run'), 0)).toMatchObject({ 1: 9 << 8 }));
  });
});

describe('a log service', () => {
  const withLog = (program: () => void, service: Behaviour, log: Behaviour): VirtualKernel => {
    const kernel = new VirtualKernel();
    kernel.user.program('/service', service);
    kernel.user.program('/log', log);
    kernel.run(program);
    return kernel;
  };

  const both = (): void => {
    const [from, to] = sys.pipe(0) as readonly [Fd, Fd];
    const [service, log] = [start('/service', [1, to]), start('/log', [0, from])];
    sys.close(from);
    sys.close(to);
    expect([sys.waitpid(service, 0), sys.waitpid(log, 0)]).toEqual([
      [service, 0],
      [log, 6 << 8],
    ]);
  };

  test('takes every line and ends when all writers are gone', () => {
    const writes = [
      { bytes: 'one\ntwo\n', everyMs: 100 },
      { bytes: 'end', afterMs: 250 },
    ];
    const log = { readsStdinUntilEof: true, keepsInput: true, exit: 6 };
    const kernel = withLog(both, { livesMs: 350, writes }, log);
    const record = kernel.record('/log');
    expect([record.linesRead, record.bytesRead, kernel.record('/service').bytesWritten]).toEqual([8, 35, 35]);
    expect(record.input).toBe('one\ntwo\none\ntwo\none\ntwo\nendone\ntwo\n');
  });

  test('that is stopped fills the pipe and blocks the writer, which loses nothing', () => {
    const kernel = new VirtualKernel();
    kernel.user.program('/service', {
      livesMs: 20_000,
      writes: [{ bytes: 'x'.repeat(1000), everyMs: 10, times: 200 }],
    });
    kernel.user.program('/log', { readsStdinUntilEof: true });
    const written = (): number => kernel.record('/service').bytesWritten;
    kernel.run(() => {
      const [from, to] = sys.pipe(0) as readonly [Fd, Fd];
      start('/service', [1, to]);
      const log = start('/log', [0, from]);
      kernel.at(100, () => kernel.kill(log, SIGSTOP));
      kernel.at(5000, () => {
        expect(written() - kernel.record('/log').bytesRead).toBeGreaterThan(60_000);
        expect(written() - kernel.record('/log').bytesRead).toBeLessThanOrEqual(65_536);
        kernel.kill(log, SIGCONT);
      });
      sys.poll([], 15_000);
    });
    expect([written(), kernel.record('/log').bytesRead]).toEqual([200_000, 200_000]);
  });

  test('that ends, with the pipe held open, leaves what it did not read to the next', () => {
    const kernel = new VirtualKernel();
    kernel.user.program('/service', { writes: [{ bytes: 'line\n', everyMs: 100, times: 10 }] });
    kernel.user.program('/log', { readsStdinUntilEof: true, livesMs: 350 });
    kernel.run(() => {
      const [from, to] = sys.pipe(0) as readonly [Fd, Fd];
      start('/service', [1, to]);
      sys.waitpid(start('/log', [0, from]), 0);
      sys.poll([], 2000);
      sys.waitpid(start('/log', [0, from]), 0);
    });
    expect([kernel.record('/log').linesRead, kernel.record('/log').starts]).toEqual([10, 2]);
  });

  test('that nobody reads for any more ends the writer by SIGPIPE', () => {
    const kernel = new VirtualKernel();
    kernel.user.program('/service', { writes: [{ bytes: 'x', everyMs: 10 }] });
    kernel.run(() => {
      const [from, to] = sys.pipe(0) as readonly [Fd, Fd];
      const service = start('/service', [1, to]);
      sys.poll([], 25);
      sys.close(from);
      expect(sys.waitpid(service, 0)).toEqual([service, SIGPIPE]);
    });
  });
});

describe('children of programs', () => {
  test('hold what their parent held, and go to process 1 when it ends', () => {
    const kernel = new VirtualKernel();
    const child = { key: 'grandchild', behaviour: { livesMs: 500 } };
    kernel.user.program('/service', { livesMs: 100, children: [child] });
    kernel.run(() => {
      const [from, to] = sys.pipe(0) as readonly [Fd, Fd];
      const pid = start('/service', [1, to]);
      sys.close(to);
      expect(kernel.live().map(({ key, parentPid }) => [key, parentPid])).toEqual([
        ['/service', sys.getpid()],
        ['grandchild', pid],
      ]);
      sys.waitpid(pid, 0);
      expect(kernel.live().map(({ key, parentPid }) => [key, parentPid])).toEqual([['grandchild', 1]]);
      expect(sys.read(from, 1)).toBe('');
      expect(Math.floor(kernel.nowMs)).toBe(500);
      expect(sys.waitpid(-1, 0)).toBe(-10);
    });
    expect(kernel.world.processes.count).toBe(1);
  });

  test('come to a main program that is process 1, which hears of their end', () => {
    const kernel = new VirtualKernel();
    kernel.user.program('/p', { livesMs: 10, children: [{ key: 'orphan', behaviour: { livesMs: 50, exit: 5 } }] });
    const program = (): void => {
      const fd = sys.catchSignals([17]) as Fd;
      const pid = start('/p');
      expect(sys.waitpid(pid, 0)).toEqual([pid, 0]);
      sys.takeSignals();
      sys.poll([fd, 1], -1);
      expect(sys.takeSignals()).toEqual([17]);
      expect(sys.waitpid(-1, 1)).toEqual([pid + 1, 5 << 8]);
    };
    expect(kernel.run(program, { pid: 1 })).toEqual({ how: 'exited', code: 0 });
  });
});

describe('what a scenario sees of them', () => {
  test('two instances at the same time are noted, with when and how many', () => {
    const kernel = new VirtualKernel({ callCostNs: 0 });
    kernel.user.program('/svc/run', { livesMs: 100 });
    kernel.run(() => {
      start('/svc/run');
      sys.poll([], 99);
      start('/svc/run');
      sys.poll([], 500);
      start('/svc/run');
    });
    expect(kernel.overlaps).toEqual([{ key: '/svc/run', atMs: 99, live: 2 }]);
    expect([kernel.record('/svc/run').mostLive, kernel.record('/svc/run').starts]).toEqual([2, 3]);
  });

  test('programs are counted under the key that their behaviour gives', () => {
    const kernel = new VirtualKernel();
    kernel.user.program('/bin/runsv', ({ argv }) => ({ key: `runsv ${argv[1]}`, livesMs: 10 }));
    kernel.run(() => {
      for (const name of ['a', 'b']) sys.spawn('/bin/runsv', ['runsv', name], [], '', [], 0, -1, '');
      expect(kernel.live().map(({ key }) => key)).toEqual(['runsv a', 'runsv b']);
    });
    expect(kernel.overlaps).toEqual([]);
  });

  test('a zombie is no live process, and counts until it is waited for', () => {
    const kernel = new VirtualKernel();
    kernel.user.program('/p', { livesMs: 1 });
    const ending: Ending = kernel.run(() => {
      start('/p');
      sys.poll([], 10);
      expect([kernel.live().length, kernel.zombies()]).toEqual([0, 1]);
      sys.waitpid(-1, 0);
      expect(kernel.zombies()).toBe(0);
    });
    expect(ending.how).toBe('exited');
  });
});
