import { describe, expect, it } from 'vitest';
import type { Status } from '../../../../src/formats/status.ts';
import {
  BUSY_MS,
  busy,
  hasLasted,
  hasSettled,
  isSameProcess,
  type Lasting,
  LASTING_MS,
  NOT_SEEN,
  notSeen,
  SETTLED_MS,
  mustSettle,
  seen,
} from '../../../../src/machine/client/lasting.ts';

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
const play = (start: Lasting, looks: readonly (readonly [number, Status])[]): Lasting =>
  looks.reduce((lasting, [ms, it]) => seen(lasting, it, it.phase === 'run', at(ms)), start);

describe('a process that was seen to start', () => {
  const stopped = notSeen(status({ pid: 0, phase: 'down', want: 'down' }), at(0).wall);

  it('has lasted after a moment', () => {
    const lasting = play(stopped, [
      [0, down],
      [5, status()],
    ]);
    expect(lasting.dueMs).toBe(5 + LASTING_MS);
    expect([204, 205].map((ms) => hasLasted(lasting, ms))).toEqual([false, true]);
  });

  it('keeps its time, whatever is seen of it meanwhile', () => {
    const lasting = play(stopped, [
      [5, status()],
      [100, status({ gotTerm: true })],
      [150, status({ paused: true })],
    ]);
    expect(lasting.dueMs).toBe(5 + LASTING_MS);
  });

  it('and ended makes its successors last longer than a second', () => {
    const lasting = play(stopped, [
      [5, status()],
      [10, down],
      [1005, status({ pid: 43, sec: SEC + 1 })],
    ]);
    expect(lasting).toMatchObject({ ends: 1, unstable: true, dueMs: 1005 + SETTLED_MS });
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
    let lasting = stopped;
    for (let life = 0; life < 100; life++) {
      const begin = life * 1000;
      lasting = play(lasting, [[begin, status({ pid: 100 + life, sec: SEC + life })]]);
      expect(hasLasted(lasting, begin + (life === 0 ? 150 : 950))).toBe(false);
      lasting = play(lasting, [[begin + (life === 0 ? 150 : 950), down]]);
    }
    expect(lasting.ends).toBe(100);
  });

  it('does not count while it is not what is waited for', () => {
    expect(seen(stopped, status(), false, at(5)).process).toBe(null);
  });
});

describe('a process that is busy', () => {
  const stopped = notSeen(status({ pid: 0, phase: 'down', want: 'down' }), at(0).wall);
  const fresh = seen(stopped, status(), true, at(5));

  it('is looked at again soon, until it counts all the same', () => {
    expect(busy(fresh, 205).dueMs).toBe(205 + BUSY_MS);
    expect(busy(fresh, SETTLED_MS).dueMs).toBe(5 + SETTLED_MS);
    expect([1204, 1205].map((ms) => hasSettled(busy(fresh, 205), ms))).toEqual([false, true]);
  });

  it('and has been up for long counts at once', () => {
    expect(hasSettled(seen(notSeen(status(), at(600_000).wall), status(), true, at(600_000)), 600_000)).toBe(true);
  });
});

describe('a process that was there before', () => {
  it('and is old has lasted', () => {
    const lasting = seen(notSeen(status(), at(600_000).wall), status(), true, at(600_000));
    expect(hasLasted(lasting, 600_000)).toBe(true);
  });

  it('and is young may be one of many', () => {
    const lasting = seen(notSeen(status(), at(400).wall), status(), true, at(401));
    expect(lasting).toMatchObject({ dueMs: SETTLED_MS, unstable: false });
    expect(mustSettle(lasting)).toBe(true);
  });

  it('and is of the future is as young as can be', () => {
    const past = { ms: 400, wall: { sec: SEC - 3600, nsec: 0 } };
    expect(seen(notSeen(status(), past.wall), status(), true, past).dueMs).toBe(400 + SETTLED_MS);
  });

  it('makes a successor last longer where it was young', () => {
    const next = status({ pid: 43, sec: SEC + 1 });
    expect(seen(notSeen(status(), at(400).wall), next, true, at(1000)).dueMs).toBe(1000 + SETTLED_MS);
    expect(seen(notSeen(status(), at(5000).wall), next, true, at(6000)).dueMs).toBe(6000 + LASTING_MS);
  });
});

describe('a service that was between two starts', () => {
  it.each([down, status({ phase: 'finish' })])('must last longer: %o', (before) => {
    const lasting = seen(notSeen(before, at(0).wall), status({ pid: 43 }), true, at(10));
    expect(lasting).toMatchObject({ unstable: true, dueMs: 10 + SETTLED_MS });
  });

  it('is not one that was down, and wanted down', () => {
    expect(notSeen({ ...down, want: 'down' }, at(0).wall).unstable).toBe(false);
  });
});

describe('nothing seen', () => {
  it('has not lasted', () => {
    expect(hasLasted(NOT_SEEN, 1e9)).toBe(false);
    expect(notSeen(null, at(0).wall)).toBe(NOT_SEEN);
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
