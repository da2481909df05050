// sv waiting for a service that does not stay up, or that ./check speaks for; runsv is played by hand.
import { describe, expect, it } from 'vitest';
import { BUSY_MS, STABLE_MS, SETTLED_MS } from '../../../src/machine/client/stability.ts';
import { type FakeRunsv, SvWorld } from './world.ts';

const DOWN = { pid: 0, phase: 'down', want: 'down' } as const;
const RUN = { phase: 'run', want: 'up' } as const;

/** A process every `everyMs`, each living `livesMs`, from `fromMs` on. */
const loop = (world: SvWorld, a: FakeRunsv, livesMs: number, everyMs = 1000, fromMs = 1): void => {
  for (let life = 0; life < 20; life++) {
    const begin = fromMs + life * everyMs;
    world.at(begin, () => a.become({ ...RUN, pid: 100 + life }));
    world.at(begin + livesMs, () => a.become({ pid: 0, phase: 'down', want: 'up' }));
  }
};

describe('sv start', () => {
  it('is done when the process has lasted', () => {
    const world = new SvWorld();
    const a = world.service('a', DOWN);
    world.at(3, () => a.become({ ...RUN, pid: 100 }));
    const ran = world.run('start a');
    expect(ran).toMatchObject({ code: 0, out: 'ok: run: a: (pid 100) 0s\n', err: '' });
    expect(Math.round(ran.ms)).toBeGreaterThanOrEqual(3 + STABLE_MS);
    expect(ran.ms).toBeLessThan(5 + STABLE_MS);
  });

  it('waits with one deadline, not by looking again and again', () => {
    const world = new SvWorld();
    const a = world.service('a', DOWN);
    let early = 0;
    world.at(1, () => a.become({ ...RUN, pid: 100 }));
    world.at(100, () => {
      early = world.kernel.wakeUps;
    });
    world.run('start a');
    expect(world.kernel.wakeUps - early).toBe(1);
  });

  describe('of a process that is busy after 200 ms', () => {
    const startBusy = (make: (world: SvWorld) => void): number => {
      const world = new SvWorld({ proc: false });
      const a = world.service('a', DOWN);
      world.at(3, () => a.become({ ...RUN, pid: 100 }));
      make(world);
      const ran = world.run('start a');
      expect(ran.code).toBe(0);
      return Math.round(ran.ms);
    };
    const write = (world: SvWorld, path: string, text: string) => world.kernel.user.file(`/proc/${path}`, text);

    it.each(['R', 'D', 'Z'])('(%s) waits until it comes to rest', (state) => {
      const ms = startBusy((world) => {
        write(world, '100/stat', `100 (a) b) ${state} 1 1`);
        world.at(500, () => write(world, '100/stat', '100 (a) b) S 1 1'));
      });
      expect(ms).toBeGreaterThanOrEqual(500);
      expect(ms).toBeLessThan(500 + 2 * BUSY_MS);
    });

    it('waits for a child likewise, and its child', () => {
      const ms = startBusy((world) => {
        for (const pid of [100, 101]) write(world, `${pid}/stat`, `${pid} (sh) S 1 1`);
        write(world, '100/task/100/children', '101 ');
        write(world, '101/task/101/children', '102 103 ');
        write(world, '103/stat', '103 (x) R 1 1');
        world.at(400, () => write(world, '103/stat', '103 (x) Z 1 1'));
      });
      expect(ms).toBeGreaterThanOrEqual(400);
      expect(ms).toBeLessThan(400 + 2 * BUSY_MS);
    });

    it('counts it after 1.2 s, should it be busy all the time', () => {
      expect(startBusy((world) => write(world, '100/stat', '100 (a) R 1 1'))).toBe(3 + SETTLED_MS);
    });
  });

  it.each([5, 100, 190])('fails for lives of %d ms', (livesMs) => {
    const world = new SvWorld();
    loop(world, world.service('a', DOWN), livesMs);
    const ran = world.run('start a');
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/^timeout: (run|down): a: /);
    expect(ran.err).toMatch(/^sv: a: .\/run ended [78] times while sv waited\n$/);
  });

  it.each(['start', 'check', 'restart', 'try-restart', 'force-restart', '-v up', '-v term'])(
    '%s in the midst of lives of 0.9 s fails',
    (word) => {
      for (const fromMs of [100, 500, 950]) {
        const world = new SvWorld();
        const a = world.service('a');
        if (fromMs < 900) a.become({ pid: 99 });
        else a.become({ pid: 0, phase: 'down', want: 'up' });
        world.at(fromMs - 50, () => a.become({ pid: 0, phase: 'down', want: 'up' }));
        loop(world, a, 900, 1000, fromMs);
        expect(world.run(`${word} a`).code, `${word}, next start after ${fromMs} ms`).toBe(1);
      }
    },
  );

  it('of a service that stays the second time is done a second after that', () => {
    const world = new SvWorld();
    const a = world.service('a', DOWN);
    world.at(5, () => a.become({ ...RUN, pid: 100 }));
    world.at(30, () => a.become({ pid: 0, phase: 'down' }));
    world.at(1005, () => a.become({ ...RUN, pid: 101 }));
    const ran = world.run('start a');
    expect(ran.code).toBe(0);
    expect(Math.round(ran.ms)).toBe(1005 + SETTLED_MS);
  });

  it.each(['start', 'check', '-v up'])('%s of one that has been up for long is done at once', (word) => {
    const world = new SvWorld();
    world.service('a');
    const ran = world.run(`${word} a`);
    expect(ran).toMatchObject({ code: 0, out: 'ok: run: a: (pid 77) 10s\n' });
    expect(ran.ms).toBeLessThan(1);
    expect(world.kernel.wakeUps).toBe(0);
  });

  it('keeps its time when the clock is set', () => {
    for (const step of [-3600_000, 3600_000]) {
      const world = new SvWorld();
      const a = world.service('a', DOWN);
      world.at(3, () => a.become({ ...RUN, pid: 100 }));
      world.at(100, () => world.kernel.stepWall(step));
      expect(world.run('start a')).toMatchObject({ code: 0, ms: expect.closeTo(3 + STABLE_MS, -1) });
    }
  });
});

describe('./check', () => {
  it('counts at once, where its process is still there', () => {
    const world = new SvWorld();
    const a = world.service('a', DOWN);
    world.kernel.user.program('/svc/a/check', { livesMs: 10 });
    world.at(3, () => a.become({ ...RUN, pid: 100 }));
    expect(world.run('start a')).toMatchObject({ code: 0, ms: expect.closeTo(13, -1) });
  });

  it('does not count for a process that ended meanwhile', () => {
    const world = new SvWorld();
    const a = world.service('a', DOWN);
    world.kernel.user.program('/svc/a/check', { livesMs: 10 });
    loop(world, a, 8);
    const ran = world.run('start a');
    expect(ran.code).toBe(1);
    expect(ran.err).toBe('sv: a: ./run ended 8 times while sv waited\n');
  });

  it('that says yes makes no loop of lives ok', () => {
    const world = new SvWorld();
    const a = world.service('a');
    a.become({ pid: 0, phase: 'down', want: 'up' });
    world.kernel.user.program('/svc/a/check', { livesMs: 1 });
    loop(world, a, 900, 1000, 50);
    expect(world.run('check a').code).toBe(1);
  });
});

describe('why a service was given up', () => {
  const why = (act: (a: FakeRunsv, world: SvWorld) => void, line: string): string => {
    const world = new SvWorld();
    act(world.service('a'), world);
    const ran = world.run(`-w 1 ${line} a`);
    expect(ran.code).toBe(1);
    return ran.err;
  };
  const nothing = () => undefined;
  const check =
    (exit: number | { signal: number }, livesMs = 1) =>
    (_: FakeRunsv, world: SvWorld) =>
      world.kernel.user.program('/svc/a/check', { livesMs, exit });

  it.each([
    ['stop', nothing, 'process 77 is still running'],
    ['stop', (a: FakeRunsv) => a.show({ want: 'down', gotTerm: true }), 'process 77 has not ended since it got TERM'],
    ['stop', (a: FakeRunsv) => a.show({ pid: 78, phase: 'finish', want: 'down' }), './finish is still running'],
    ['stop', (a: FakeRunsv) => a.show({ pid: 0, phase: 'down' }), 'runsv has not carried out the command yet'],
    ['start', (a: FakeRunsv) => a.show(DOWN), 'runsv has not carried out the command yet'],
    ['start', (a: FakeRunsv) => a.show({ pid: 78, phase: 'finish' }), './finish is still running'],
    ['start', (a: FakeRunsv) => a.show({ want: 'down' }), 'process 77 is still running'],
    ['check', (a: FakeRunsv) => a.show({ want: 'down' }), 'process 77 is still running'],
    ['check', (a: FakeRunsv) => a.show({ pid: 0, phase: 'down' }), './run is not running, and will be started again'],
    ['restart', nothing, 'process 77 has not ended'],
    ['restart', (a: FakeRunsv) => a.show({ gotTerm: true }), 'process 77 has not ended since it got TERM'],
    ['start', check(3), './check exited 3'],
    ['start', check({ signal: 9 }), './check was killed by signal 9'],
    ['start', check(0, 60_000), './check is still running'],
    ['force-stop', nothing, 'process 77 is still running'],
    ['shutdown', nothing, 'runsv is still running'],
  ] as const)('%s', (line, act, expected) => {
    expect(why(act, line)).toBe(`sv: a: ${expected}\n`);
  });

  it('is that a young process has not been up for long enough', () => {
    const world = new SvWorld();
    world.service('a').become({ pid: 100 });
    expect(world.run('-w 0 start a')).toMatchObject({
      code: 1,
      err: 'sv: a: ./run has not been up for long enough\n',
    });
  });

  it('is not told where there is nothing to say', () => {
    expect(why(nothing, 'pause')).toBe('');
  });

  it('names an init script by its own name', () => {
    const world = new SvWorld();
    world.service('a');
    const ran = world.run('', { argv: ['/etc/init.d/a', '-w', '0', 'stop'] });
    expect(ran.err).toBe('a: a: process 77 is still running\n');
  });
});
