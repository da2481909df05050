// A service and its log service: who goes first, who goes last.
import { describe, expect, it } from 'vitest';
import { LETTERS, eventOf } from '../../../src/machine/letters.ts';
import {
  firstEvent,
  handlePair,
  newPair,
  nextDue,
  type Pair,
  type PairOutcome,
  type Side,
} from '../../../src/machine/pair.ts';
import { newService } from '../../../src/machine/service.ts';
import type { Event, Now } from '../../../src/machine/types.ts';

const at = (ms: number): Now => ({ ms, wall: { sec: 1000, nsec: 500 } });
const T0 = at(0);
const NO: Event = { kind: 'answered', veto: false };
const started = (pid: number): Event => ({ kind: 'started', pid });
const ended: Event = { kind: 'ended', code: 0, status: 0 };

const play = (pair: Pair, ...events: readonly (readonly [Side, Event])[]): PairOutcome =>
  events.reduce<PairOutcome>((out, [side, event]) => handlePair(out.pair, side, event, at(5000)), {
    pair,
    effects: [],
  });

const kinds = (out: PairOutcome): readonly string[] =>
  out.effects.map((each) => (each.kind === 'endInput' ? 'endInput' : `${each.side} ${each.effect.kind}`));

const alone = (): Pair => newPair(newService('up', true, T0), null);
const both = (): Pair => newPair(newService('up', true, T0), newService('up', false, T0));
const running = (): Pair =>
  play(
    both(),
    ['log', { kind: 'up' }],
    ['log', started(5)],
    ['main', { kind: 'up' }],
    ['main', NO],
    ['main', started(6)],
  ).pair;
/** The service has gone, the pipe is closed, the log still runs. */
const leaving = (): Pair =>
  play(
    running(),
    ['main', { kind: 'exit' }],
    ['main', NO],
    ['main', NO],
    ['main', ended],
    ['main', { kind: 'noFinish' }],
  ).pair;

describe('a pair', () => {
  it('begins as the down file says', () => {
    expect(firstEvent(newService('up', true, T0))).toEqual({ kind: 'up' });
    expect(firstEvent(newService('down', true, T0))).toEqual({ kind: 'down' });
  });

  it('without a log is over once the service has exited', () => {
    const up = play(alone(), ['main', { kind: 'up' }], ['main', NO], ['main', started(6)]).pair;
    const out = play(
      up,
      ['main', { kind: 'exit' }],
      ['main', NO],
      ['main', NO],
      ['main', ended],
      ['main', { kind: 'noFinish' }],
    );
    expect(out.pair.over).toBe(true);
    expect(play(out.pair, ['main', { kind: 'up' }]).effects).toEqual([]);
    expect(play(alone(), ['log', { kind: 'up' }]).effects).toEqual([]);
  });

  it('with a log closes the pipe, and is over when the log has ended', () => {
    const pair = leaving();
    expect([pair.leaving, pair.over]).toEqual([true, false]);
    expect(pair.log?.want).toBe('exit');
    expect(play(pair, ['log', ended]).pair.over).toBe(true);
  });

  it('closes the pipe exactly once', () => {
    const exit = play(running(), ['main', { kind: 'exit' }], ['main', NO], ['main', NO], ['main', ended]);
    expect(kinds(play(exit.pair, ['main', { kind: 'noFinish' }]))).toEqual(['main publish', 'endInput', 'log publish']);
    expect(kinds(play(leaving(), ['main', { kind: 'exit' }]))).not.toContain('endInput');
  });

  it('helps a log that does not end: TERM for a second exit, KILL for kill', () => {
    const term = play(leaving(), ['main', { kind: 'exit' }]);
    expect(term.effects).toContainEqual({ kind: 'on', side: 'log', effect: { kind: 'send', pid: 5, signal: 15 } });
    const kill = play(leaving(), ['main', { kind: 'kill' }]);
    expect(kill.effects).toContainEqual({ kind: 'on', side: 'log', effect: { kind: 'send', pid: 5, signal: 9 } });
  });

  it('still starts a log that was about to be started, and sooner for a kill', () => {
    const restarting = play(running(), ['log', { kind: 'ended', code: 0, status: 0 }]).pair;
    const soon: Pair = {
      ...restarting,
      log: restarting.log && { ...restarting.log, state: 'waiting', pid: 0, dueMs: 9 },
    };
    const left = play(
      soon,
      ['main', { kind: 'exit' }],
      ['main', NO],
      ['main', NO],
      ['main', ended],
      ['main', { kind: 'noFinish' }],
    );
    expect(left.pair).toMatchObject({ leaving: true, over: false, log: { state: 'waiting', want: 'exit' } });
    expect(play(left.pair, ['log', { kind: 'due' }]).effects).toEqual([
      { kind: 'on', side: 'log', effect: { kind: 'run' } },
    ]);
    expect(play(left.pair, ['main', { kind: 'kill' }]).effects).toEqual([
      { kind: 'on', side: 'log', effect: { kind: 'run' } },
    ]);
  });

  it('has no way back once it leaves', () => {
    expect(play(leaving(), ['main', { kind: 'up' }]).effects).toEqual([]);
    expect(play(leaving(), ['log', { kind: 'up' }]).effects).toEqual([]);
    expect(play(leaving(), ['log', { kind: 'once' }]).effects).toEqual([]);
    expect(play(leaving(), ['log', { kind: 'term' }]).effects).not.toEqual([]);
  });

  it('does not let its log exit alone', () => {
    expect(play(running(), ['log', { kind: 'exit' }]).effects).toEqual([]);
  });

  it('cancels an exit that has not come to pass', () => {
    const back = play(
      running(),
      ['main', { kind: 'exit' }],
      ['main', NO],
      ['main', NO],
      ['main', { kind: 'up' }],
      ['main', ended],
    );
    expect(play(back.pair, ['main', { kind: 'noFinish' }]).pair).toMatchObject({ leaving: false, over: false });
  });

  it('owes the earlier of its two deadlines', () => {
    const none = running();
    expect(nextDue(none)).toBe(null);
    expect(nextDue(alone())).toBe(null);
    const logSoon: Pair = { ...none, log: none.log && { ...none.log, dueMs: 5 } };
    expect(nextDue(logSoon)).toBe(5);
    expect(nextDue({ ...logSoon, main: { ...none.main, dueMs: 3 } })).toBe(3);
    expect(nextDue({ ...none, main: { ...none.main, dueMs: 3 } })).toBe(3);
  });
});

describe('the bytes of control', () => {
  it('each mean an event', () => {
    expect(LETTERS.join('')).toHaveLength(14);
    for (const letter of LETTERS) expect(eventOf(letter)).not.toBe(null);
  });

  it('mean nothing where they are not listed', () => {
    expect(['z', '\0', '\xff', 'U', ' '].map(eventOf)).toEqual([null, null, null, null, null]);
  });
});
