// Bringing a container down, phase by phase.
import { describe, expect, it } from 'vitest';
import {
  DRAIN_MS,
  handleShutdown,
  newShutdown,
  type Shutdown,
  type ShutdownEvent,
  type ShutdownOutcome,
} from '../../../../src/machine/container/shutdown.ts';

const ASKED: ShutdownEvent = { kind: 'stopRequested', code: 0 };
const DUE: ShutdownEvent = { kind: 'due' };
const STARTED: ShutdownEvent = { kind: 'commandStarted' };
const left = (runsvs: number, anybody = true): ShutdownEvent => ({ kind: 'seen', runsvs, anybody });
const NOBODY = left(0, false);
const commandEnds = (code: number): ShutdownEvent => ({ kind: 'commandEnded', code });
const essentialOver = (code: number): ShutdownEvent => ({ kind: 'essentialFinished', code });

type Timed = readonly [number, ShutdownEvent];

const play = (...events: readonly Timed[]): ShutdownOutcome =>
  events.reduce<ShutdownOutcome>((out, [ms, event]) => handleShutdown(out.shutdown, event, ms), {
    shutdown: newShutdown(7000),
    effects: [],
  });

const told = ({ shutdown, effects }: ShutdownOutcome): readonly unknown[] => [
  shutdown.phase,
  shutdown.dueMs,
  ...effects.map(({ kind }) => kind),
];
const ending = ({ shutdown }: ShutdownOutcome): readonly unknown[] => [shutdown.phase, shutdown.code];

describe('a container without a main command', () => {
  it('does nothing until it is asked to end', () => {
    expect(told(play([5, DUE]))).toEqual(['none', null]);
    expect(told(play([5, left(0)]))).toEqual(['none', null]);
  });

  it('tells every runsv, and ends when nobody is left', () => {
    expect(told(play([100, ASKED]))).toEqual(['services', 350, 'stopServices']);
    expect(told(play([100, ASKED], [200, left(2)]))).toEqual(['services', 350]);
    expect(ending(play([100, ASKED], [200, NOBODY]))).toEqual(['done', 0]);
    expect(ending(play([100, { kind: 'stopRequested', code: 111 }], [200, NOBODY]))).toEqual(['done', 111]);
  });

  it('insists when it is asked again, but not within the same second', () => {
    expect(told(play([0, ASKED], [999, ASKED]))).toEqual(['services', 250]);
    expect(told(play([0, ASKED], [1000, ASKED]))).toEqual(['services', 250, 'stopServices']);
    expect(told(play([0, ASKED], [7000, DUE], [9000, ASKED]))).toEqual(['draining', 7000 + DRAIN_MS]);
  });

  it('gives what services left behind a second, but not more than there is', () => {
    expect(told(play([0, ASKED], [500, left(0)]))).toEqual(['strays', 1500, 'termStrays']);
    expect(told(play([0, ASKED], [6500, left(0)]))).toEqual(['strays', 7000, 'termStrays']);
    expect(told(play([0, ASKED], [500, left(0)], [600, left(0)]))).toEqual(['strays', 1500]);
    expect(told(play([0, ASKED], [500, left(0)], [1499, DUE]))).toEqual(['strays', 1500]);
    expect(told(play([0, ASKED], [500, left(0)], [1500, DUE]))).toEqual(['killing', 1600, 'killAll']);
    expect(ending(play([0, ASKED], [500, left(0)], [700, NOBODY]))).toEqual(['done', 0]);
  });

  it('kills what is left at the deadline, and lets logs drain', () => {
    expect(told(play([0, ASKED], [7000, DUE]))).toEqual(['draining', 8000, 'killButLogs']);
    expect(ending(play([0, ASKED], [7000, DUE], [7100, NOBODY]))).toEqual(['done', 0]);
    expect(told(play([0, ASKED], [7000, DUE], [7100, left(0)]))).toEqual(['draining', 8000]);
    expect(told(play([0, ASKED], [7000, DUE], [8000, DUE]))).toEqual(['killing', 8100, 'killAll']);
  });

  it('ends in bounded time when somebody cannot be killed', () => {
    let at = play([0, ASKED], [7000, DUE], [8000, DUE]).shutdown;
    const firsts = [];
    for (let ms = 8100; at.phase === 'killing'; ms += 100) {
      const next = handleShutdown(at, DUE, ms);
      firsts.push(...next.effects);
      at = next.shutdown;
      expect(ms).toBeLessThan(10_000);
    }
    expect([at.phase, at.code, firsts.length]).toEqual(['done', 0, 9]);
    expect(firsts).toContainEqual({ kind: 'killAll', first: false });
    expect(told(handleShutdowns(at, DUE, ASKED, left(3), STARTED))).toEqual(['done', null]);
  });
});

const handleShutdowns = (shutdown: Shutdown, ...events: readonly ShutdownEvent[]): ShutdownOutcome =>
  events.reduce<ShutdownOutcome>((out, event) => handleShutdown(out.shutdown, event, 99_000), {
    shutdown,
    effects: [],
  });

const RESTED: ShutdownEvent = { kind: 'rested' };

describe('what services left behind while their logs are waited for', () => {
  it('is looked for now and then', () => {
    expect(told(play([0, ASKED], [250, DUE]))).toEqual(['services', 500, 'lookForRest']);
    expect(told(play([0, ASKED], [5900, DUE]))).toEqual(['services', 6000, 'lookForRest']);
  });

  it('is told to end when no service runs any more, and killed a second later', () => {
    const asked: readonly Timed[] = [
      [0, ASKED],
      [250, DUE],
      [250, RESTED],
    ];
    expect(play(...asked).effects).toEqual([{ kind: 'termLeftovers', rested: true }]);
    expect(told(play(...asked))).toEqual(['services', 1250, 'termLeftovers']);
    expect(told(play(...asked, [300, RESTED]))).toEqual(['services', 1250]);
    expect(told(play(...asked, [1250, DUE]))).toEqual(['services', 7000, 'killLeftovers']);
    expect(told(play(...asked, [1250, DUE], [1300, RESTED]))).toEqual(['services', 7000]);
    expect(told(play(...asked, [1250, DUE], [7000, DUE]))).toEqual(['draining', 8000, 'killButLogs']);
    expect(ending(play(...asked, [400, NOBODY]))).toEqual(['done', 0]);
  });

  it('is told to end a second before the deadline though services run', () => {
    const late: readonly Timed[] = [
      [0, ASKED],
      [6000, DUE],
    ];
    expect(play(...late).effects).toEqual([{ kind: 'termLeftovers', rested: false }]);
    expect(told(play(...late))).toEqual(['services', 7000, 'termLeftovers']);
    expect(told(play(...late, [7000, DUE]))).toEqual(['draining', 8000, 'killButLogs']);
  });

  it('is not told before anything is asked to end', () => {
    expect(told(play([0, RESTED]))).toEqual(['none', null]);
  });
});

describe('a container with a main command', () => {
  it('stops everything when the command ends, and exits with its code', () => {
    expect(told(play([0, STARTED], [50, commandEnds(3)]))).toEqual(['services', 300, 'stopServices']);
    expect(ending(play([0, STARTED], [50, commandEnds(3)], [60, NOBODY]))).toEqual(['done', 3]);
  });

  it('asked to end, tells the command first, which has half of the time before services are told', () => {
    expect(told(play([0, STARTED], [50, ASKED]))).toEqual(['command', 3550, 'termCommand']);
    expect(told(play([0, STARTED], [50, ASKED], [60, left(2)]))).toEqual(['command', 3550]);
    expect(told(play([0, STARTED], [50, ASKED], [60, ASKED]))).toEqual(['command', 3550, 'termCommand']);
    expect(told(play([0, STARTED], [50, ASKED], [60, commandEnds(9)]))).toEqual(['services', 310, 'stopServices']);
    expect(told(play([0, STARTED], [50, ASKED], [3550, DUE]))).toEqual(['services', 3800, 'stopServices']);
  });

  it('exits with the code of the command whenever that ends, with 137 where it never did', () => {
    const late: readonly Timed[] = [
      [0, STARTED],
      [50, ASKED],
      [3550, DUE],
      [3600, left(0)],
    ];
    expect(told(play(...late))).toEqual(['strays', 7050, 'termStrays']);
    expect(ending(play(...late, [3700, commandEnds(143)], [3701, NOBODY]))).toEqual(['done', 143]);
    expect(ending(play(...late, [3701, NOBODY]))).toEqual(['done', 137]);
  });
});

describe('an essential service that is over', () => {
  it('ends the container with its code', () => {
    expect(told(play([10, essentialOver(4)]))).toEqual(['services', 260, 'stopServices']);
    expect(ending(play([10, essentialOver(4)], [20, NOBODY]))).toEqual(['done', 4]);
  });

  it('has its code exited with even if a main command ends later', () => {
    const both = play([0, STARTED], [10, essentialOver(4)], [20, commandEnds(5)], [30, NOBODY]);
    expect(ending(both)).toEqual(['done', 4]);
  });

  it('changes nothing once the end is under way', () => {
    expect(ending(play([0, ASKED], [10, essentialOver(4)], [20, NOBODY]))).toEqual(['done', 0]);
  });
});
