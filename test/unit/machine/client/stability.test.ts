import { describe, expect, it } from 'vitest';
import type { Status } from '../../../../src/formats/status.ts';
import {
  BUSY_MS,
  postpone,
  isDue,
  hasSettled,
  isSameProcess,
  type Stability,
  STABLE_MS,
  UNOBSERVED,
  unobserved,
  SETTLED_MS,
  mustSettle,
  observe,
} from '../../../../src/machine/client/stability.ts';

const SEC = 1000;

const status = (change: Partial<Status> = {}): Status => ({
  sec: SEC,
  nsec: 0,
  pid: 42,
  paused: false,
  want: 'up',
  gotTerm: false,
  phase: 'run',
  ...change,
});

const down = status({ pid: 0, phase: 'down' });

/** The wall clock and the monotonic one, `ms` after SEC. */
const at = (ms: number) => ({ ms, wall: { sec: SEC + Math.floor(ms / 1000), nsec: (ms % 1000) * 1e6 } });

/** What is seen at each of the times. */
const play = (start: Stability, looks: readonly (readonly [number, Status])[]): Stability =>
  looks.reduce((stability, [ms, it]) => observe(stability, it, it.phase === 'run', at(ms)), start);

describe('a process that was seen to start', () => {
  const stopped = unobserved(status({ pid: 0, phase: 'down', want: 'down' }), at(0).wall);

  it('has lasted after a moment', () => {
    const stability = play(stopped, [
      [0, down],
      [5, status()],
    ]);
    expect(stability.dueMs).toBe(5 + STABLE_MS);
    expect([204, 205].map((ms) => isDue(stability, ms))).toEqual([false, true]);
  });

  it('keeps its time, whatever is seen of it meanwhile', () => {
    const stability = play(stopped, [
      [5, status()],
      [100, status({ gotTerm: true })],
      [150, status({ paused: true })],
    ]);
    expect(stability.dueMs).toBe(5 + STABLE_MS);
  });

  it('and ended makes its successors last longer than a second', () => {
    const stability = play(stopped, [
      [5, status()],
      [10, down],
      [1005, status({ pid: 43, sec: SEC + 1 })],
    ]);
    expect(stability).toMatchObject({ ends: 1, unstable: true, dueMs: 1005 + SETTLED_MS });
  });

  it('and is another one at the next look has ended', () => {
    expect(
      play(stopped, [
        [5, status()],
        [10, status({ pid: 43 })],
      ]),
    ).toMatchObject({ ends: 1, process: { pid: 43 } });
    // its number was given again
    expect(
      play(stopped, [
        [5, status()],
        [10, status({ nsec: 1 })],
      ]).ends,
    ).toBe(1);
  });

  it('and is in finish has ended', () => {
    expect(
      play(stopped, [
        [5, status()],
        [10, status({ pid: 43, phase: 'finish' })],
      ]),
    ).toMatchObject({
      ends: 1,
      process: null,
    });
  });

  it('never lasts while lives are shorter than a second', () => {
    let stability = stopped;
    for (let life = 0; life < 100; life++) {
      const begin = life * 1000;
      stability = play(stability, [[begin, status({ pid: 100 + life, sec: SEC + life })]]);
      expect(isDue(stability, begin + (life === 0 ? 150 : 950))).toBe(false);
      stability = play(stability, [[begin + (life === 0 ? 150 : 950), down]]);
    }
    expect(stability.ends).toBe(100);
  });

  it('does not count while it is not what is waited for', () => {
    expect(observe(stopped, status(), false, at(5)).process).toBe(null);
  });
});

describe('a process that is busy', () => {
  const stopped = unobserved(status({ pid: 0, phase: 'down', want: 'down' }), at(0).wall);
  const fresh = observe(stopped, status(), true, at(5));

  it('is looked at again soon, until it counts all the same', () => {
    expect(postpone(fresh, 205).dueMs).toBe(205 + BUSY_MS);
    expect(postpone(fresh, SETTLED_MS).dueMs).toBe(5 + SETTLED_MS);
    expect([1204, 1205].map((ms) => hasSettled(postpone(fresh, 205), ms))).toEqual([false, true]);
  });

  it('and has been up for long counts at once', () => {
    expect(hasSettled(observe(unobserved(status(), at(600_000).wall), status(), true, at(600_000)), 600_000)).toBe(
      true,
    );
  });
});

describe('a process that was there before', () => {
  it('and is old has lasted', () => {
    const stability = observe(unobserved(status(), at(600_000).wall), status(), true, at(600_000));
    expect(isDue(stability, 600_000)).toBe(true);
  });

  it('and is young may be one of many', () => {
    const stability = observe(unobserved(status(), at(400).wall), status(), true, at(401));
    expect(stability).toMatchObject({ dueMs: SETTLED_MS, unstable: false });
    expect(mustSettle(stability)).toBe(true);
  });

  it('and is of the future is as young as can be', () => {
    const past = { ms: 400, wall: { sec: SEC - 3600, nsec: 0 } };
    expect(observe(unobserved(status(), past.wall), status(), true, past).dueMs).toBe(400 + SETTLED_MS);
  });

  it('makes a successor last longer where it was young', () => {
    const next = status({ pid: 43, sec: SEC + 1 });
    expect(observe(unobserved(status(), at(400).wall), next, true, at(1000)).dueMs).toBe(1000 + SETTLED_MS);
    expect(observe(unobserved(status(), at(5000).wall), next, true, at(6000)).dueMs).toBe(6000 + STABLE_MS);
  });
});

describe('a service that was between two starts', () => {
  it.each([down, status({ phase: 'finish' })])('must last longer: %o', (before) => {
    const stability = observe(unobserved(before, at(0).wall), status({ pid: 43 }), true, at(10));
    expect(stability).toMatchObject({ unstable: true, dueMs: 10 + SETTLED_MS });
  });

  it('is not one that was down, and wanted down', () => {
    expect(unobserved({ ...down, want: 'down' }, at(0).wall).unstable).toBe(false);
  });
});

describe('nothing seen', () => {
  it('has not lasted', () => {
    expect(isDue(UNOBSERVED, 1e9)).toBe(false);
    expect(unobserved(null, at(0).wall)).toBe(UNOBSERVED);
  });
});

describe('the same process', () => {
  it('has the same number and the same start, and runs', () => {
    expect(isSameProcess(status(), status({ want: 'down', gotTerm: true, paused: true }))).toBe(true);
    for (const change of [{ pid: 1 }, { sec: 1 }, { nsec: 1 }, { phase: 'finish' } as const]) {
      expect(isSameProcess(status(), status(change))).toBe(false);
      expect(isSameProcess(status(change), status())).toBe(false);
    }
  });
});
