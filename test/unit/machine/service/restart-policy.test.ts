// The restart policy by itself: good runs and bad ones, delays, limits; then what holds for any policy and any run.
import { describe, expect, it } from 'vitest';
import { decide, type Decision } from '../../../../src/machine/service/restart-policy.ts';
import {
  type ExitStatus,
  NO_STREAK,
  type Now,
  type Policy,
  type Run,
  type Streak,
} from '../../../../src/machine/service/model.ts';
import { Random } from '../../../sim/random.ts';

const at = (ms: number, nsec = 0): Now => ({ ms, wall: { sec: 1000, nsec } });
const run = (ranMs: number, exit: Partial<ExitStatus> = {}, endedMs = 100_000): Run => ({
  startedMs: endedMs - ranMs,
  endedMs,
  exit: { code: 1, status: 0, ...exit },
  cause: null,
  neverReady: false,
});
const ALWAYS: Policy = { restart: 'always', delay: null, limit: null };
const GROWING: Policy = { ...ALWAYS, delay: { firstMs: 1000, maxMs: 60_000, resetMs: 10_000 } };

const delayOf = (decision: Decision): number | null | string =>
  decision.kind === 'again' ? decision.delayMs : `${decision.conclusion.outcome}: ${decision.conclusion.reason}`;

/** What follows each of these runs, one after the other. */
const playAll = (policy: Policy, runs: readonly Run[], nsec = 0): readonly (number | null | string)[] => {
  let streak: Streak = NO_STREAK;
  return runs.map((each) => {
    const decision = decide(policy, streak, each, false, at(each.endedMs, nsec));
    streak = decision.streak;
    return delayOf(decision);
  });
};

describe('a delay', () => {
  it('doubles from FIRST to MAX while runs are bad', () => {
    const runs = Array.from({ length: 8 }, () => run(10));
    expect(playAll(GROWING, runs)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('begins anew after a good run, which is followed at once', () => {
    expect(playAll(GROWING, [run(10), run(10), run(10_000), run(10)])).toEqual([1000, 2000, null, 1000]);
  });

  it('makes a run good only where it lasted as long, too', () => {
    const policy: Policy = { ...GROWING, delay: { firstMs: 1000, maxMs: 60_000, resetMs: 100 } };
    expect(playAll(policy, [run(10), run(500), run(1999), run(4000)])).toEqual([1000, 2000, 4000, null]);
  });

  it('is shorter by up to an eighth, as the wall clock has it', () => {
    expect(playAll(GROWING, [run(10)], 500_000_000)).toEqual([938]);
    expect(playAll(GROWING, [run(10), run(10)], 999_999_999)).toEqual([875, 1750]);
  });

  it("is runit's without a file for it", () => {
    expect(playAll(ALWAYS, [run(10), run(10)])).toEqual([null, null]);
  });

  it('stays a number however long the streak', () => {
    const zero: Policy = { ...ALWAYS, delay: { firstMs: 0, maxMs: 5, resetMs: 10 } };
    expect(delayOf(decide(zero, { ...NO_STREAK, bad: 5000 }, run(1), false, at(0)))).toBe(0);
    expect(delayOf(decide(GROWING, { ...NO_STREAK, bad: 5000 }, run(1), false, at(0)))).toBe(60_000);
  });
});

describe('a limit', () => {
  it('in a row counts bad runs', () => {
    const policy: Policy = { ...ALWAYS, limit: { count: 3, withinMs: null } };
    expect(playAll(policy, [run(10), run(10), run(10)])).toEqual([
      null,
      null,
      'failed: exit code 1, 3 failures in a row',
    ]);
    expect(playAll(policy, [run(10), run(10), run(10_000), run(10), run(10)])).toEqual([null, null, null, null, null]);
    expect(playAll({ ...policy, limit: { count: 1, withinMs: null } }, [run(5)])).toEqual([
      'failed: exit code 1, 1 failure in a row',
    ]);
  });

  it('within a time counts failures of good runs too, but not their successes', () => {
    const policy: Policy = { ...ALWAYS, limit: { count: 3, withinMs: 60_000 } };
    const ends = (...ms: readonly number[]): readonly Run[] => ms.map((each) => run(15_000, {}, each));
    expect(playAll(policy, ends(0, 20_000, 40_000))).toEqual([null, null, 'failed: exit code 1, 3 failures in 60 s']);
    expect(playAll(policy, ends(0, 20_000, 60_000, 79_999))).toEqual([
      null,
      null,
      null,
      'failed: exit code 1, 3 failures in 60 s',
    ]);
    const fine = [0, 1, 2].map((ms) => run(15_000, { code: 0 }, ms));
    expect(playAll(policy, fine)).toEqual([null, null, null]);
    expect(playAll(policy, [run(1, { code: 0 }, 0), run(1, {}, 1), run(1, {}, 2)]).at(-1)).toMatch(/^failed/);
  });
});

describe('an end', () => {
  it.each([
    ['always', 0, null],
    ['always', 1, null],
    ['on-failure', 0, 'done: exit code 0'],
    ['on-failure', 1, null],
    ['never', 0, 'done: exit code 0'],
    ['never', 3, 'failed: exit code 3'],
  ] as const)('with restart %s and exit code %d', (restart, code, expected) => {
    expect(playAll({ ...ALWAYS, restart }, [run(10, { code })])).toEqual([expected]);
  });

  it('by a signal, or nobody knows how, is a failure', () => {
    const never: Policy = { ...ALWAYS, restart: 'never' };
    expect(playAll(never, [run(10, { code: -1, status: 11 })])).toEqual(['failed: signal SEGV']);
    expect(playAll(never, [run(10, { code: -1, status: 0 })])).toEqual(['failed: exit code unknown']);
  });

  it('that ./finish calls final is one, whatever the policy', () => {
    const decision = decide(ALWAYS, NO_STREAK, run(99_999, { code: 0 }), true, at(0));
    expect(delayOf(decision)).toBe('failed: exit code 0, ./finish exited 125');
  });
});

describe('for any policy and any runs', () => {
  const randomPolicy = (random: Random): Policy => {
    const firstMs = random.int(3000);
    return {
      restart: random.pick(['always', 'on-failure', 'never']),
      delay: random.chance(0.7) ? { firstMs, maxMs: firstMs + random.int(9000), resetMs: random.int(5000) } : null,
      limit: random.chance(0.7)
        ? { count: 1 + random.int(5), withinMs: random.chance(0.5) ? 1 + random.int(30_000) : null }
        : null,
    };
  };

  it('holds what the policy promises', () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const random = new Random(seed);
      const policy = randomPolicy(random);
      let streak: Streak = NO_STREAK;
      let nowMs = 0;
      let last = 0;
      for (let n = 0; n < 12; n++) {
        nowMs += random.int(20_000);
        const code = random.int(3);
        const each = run(random.int(12_000), { code }, nowMs);
        const before = streak;
        const decision = decide(policy, streak, each, false, at(nowMs, random.int(1_000_000_000)));
        streak = decision.streak;
        const ranMs = each.endedMs - each.startedMs;
        const isGood = ranMs >= Math.max(policy.delay?.resetMs ?? 10_000, last);
        expect(streak.bad).toBe(isGood ? 0 : before.bad + 1);
        expect(streak.failuresMs.length).toBeLessThanOrEqual(policy.limit?.count ?? 0);
        if (policy.limit !== null && policy.limit.withinMs === null && streak.bad >= policy.limit.count)
          expect(decision.kind).toBe('conclude');
        if (decision.kind === 'conclude') break;
        expect(policy.restart === 'always' || (policy.restart === 'on-failure' && code !== 0)).toBe(true);
        expect(decision.delayMs === null).toBe(isGood || policy.delay === null);
        if (decision.delayMs !== null && policy.delay !== null) {
          const whole = Math.min(policy.delay.maxMs, policy.delay.firstMs * 2 ** (streak.bad - 1));
          expect(streak.lastDelayMs).toBe(whole);
          expect(decision.delayMs).toBeGreaterThanOrEqual(Math.floor((whole * 7) / 8));
          expect(decision.delayMs).toBeLessThanOrEqual(whole);
        }
        last = streak.lastDelayMs;
      }
    }
  });
});
