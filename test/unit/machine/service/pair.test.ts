// A service and its log service: who goes first, who goes last.
import { describe, expect, it } from 'vitest';
import { LETTERS, eventOf } from '../../../../src/machine/service/letters.ts';
import {
  dropLog,
  FIRST_EVENT,
  handleDue,
  handleInput,
  handlePair,
  newPair,
  nextDue,
  type Pair,
  type PairOutcome,
  type Side,
  withControl,
  withLog,
  withStop,
} from '../../../../src/machine/service/pair.ts';
import { newService } from '../../../../src/machine/service/table.ts';
import { firstOf, NO_TIMERS } from '../../../../src/machine/service/timers.ts';
import type { Event, Now } from '../../../../src/machine/service/model.ts';

const at = (ms: number): Now => ({ ms, wall: { sec: 1000, nsec: 500 } });
const T0 = at(0);
const NO: Event = { kind: 'scriptDone', veto: false };
const started = (pid: number): Event => ({ kind: 'started', pid });
const ended: Event = { kind: 'ended', code: 0, status: 0 };

const play = (pair: Pair, ...events: readonly (readonly [Side, Event])[]): PairOutcome =>
  events.reduce<PairOutcome>((out, [side, event]) => handlePair(out.pair, side, event, at(5000)), {
    pair,
    effects: [],
  });

const kinds = (out: PairOutcome): readonly string[] =>
  out.effects.map((each) => (each.kind === 'on' ? `${each.side} ${each.effect.kind}` : each.kind));

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
    const first = (want: 'up' | 'down'): Pair =>
      play(newPair(newService(want, true, T0), null), ['main', FIRST_EVENT]).pair;
    expect([first('up').main.state, first('down').main.state]).toEqual(['preparing', 'down']);
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
    expect(out.pair.done).toBe(true);
    expect(play(out.pair, ['main', { kind: 'up' }]).effects).toEqual([]);
    expect(play(alone(), ['log', { kind: 'up' }]).effects).toEqual([]);
  });

  it('with a log closes the pipe, and is over when the log has ended', () => {
    const pair = leaving();
    expect([pair.draining !== null, pair.done]).toEqual([true, false]);
    expect(pair.log?.want).toBe('exit');
    expect(play(pair, ['log', ended]).pair.done).toBe(true);
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
      log: restarting.log && { ...restarting.log, state: 'backoff', process: null, timers: { start: 9 } },
    };
    const left = play(
      soon,
      ['main', { kind: 'exit' }],
      ['main', NO],
      ['main', NO],
      ['main', ended],
      ['main', { kind: 'noFinish' }],
    );
    expect(left.pair).toMatchObject({
      draining: { termSent: false },
      done: false,
      log: { state: 'backoff', want: 'exit' },
    });
    expect(play(left.pair, ['log', { kind: 'due', timer: 'start' }]).effects).toEqual([
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
    expect(play(back.pair, ['main', { kind: 'noFinish' }]).pair).toMatchObject({ draining: null, done: false });
  });

  it('owes the earlier of its two deadlines', () => {
    const none = running();
    expect(nextDue(none)).toBe(null);
    expect(nextDue(alone())).toBe(null);
    const logSoon: Pair = { ...none, log: none.log && { ...none.log, timers: { start: 5 } } };
    expect(nextDue(logSoon)).toBe(5);
    expect(nextDue({ ...logSoon, main: { ...none.main, timers: { start: 3 } } })).toBe(3);
    expect(nextDue({ ...none, main: { ...none.main, timers: { start: 3 } } })).toBe(3);
  });
});

/** Takes everything that is due up to a moment, as the pipe is found each time; what was wanted, and when. */
const until = (
  pair: Pair,
  endMs: number,
  input: { readonly held: boolean; readonly empty: boolean },
): { readonly pair: Pair; readonly seen: readonly string[] } => {
  const seen: string[] = [];
  let current = pair;
  const take = (out: PairOutcome | null, ms: number): void => {
    if (out === null) return;
    current = out.pair;
    for (const [n, kind] of kinds(out).entries()) {
      const effect = out.effects[n];
      const what = effect?.kind === 'on' && effect.effect.kind === 'send' ? `signal ${effect.effect.signal}` : kind;
      if (kind === 'pollInput') take(handleInput(current, input, at(ms)), ms);
      else if (!kind.includes('publish')) seen.push(`${ms} ${what}`);
    }
  };
  for (let ms = nextDue(current); ms !== null && ms <= endMs; ms = nextDue(current))
    take(handleDue(current, at(ms)), ms);
  return { pair: current, seen };
};

describe('a service without control scripts', () => {
  const up = (): Pair => play(alone(), ['main', { kind: 'up' }], ['main', NO], ['main', started(7)]).pair;

  it('takes the steps of exit at once', () => {
    const out = play(withControl(up(), false), ['main', { kind: 'exit' }]);
    expect(kinds(out)).toEqual(['main publish', 'main send', 'main publish', 'main send']);
    expect(out.pair.main.runningScript).toBeNull();
    expect(out.pair.main.steps).toEqual([]);
  });

  it('requests control/u all the same, because the log is looked for with it', () => {
    const out = play(withControl(alone(), false), ['main', { kind: 'up' }]);
    expect(kinds(out)).toEqual(['main publish', 'main runScript']);
  });

  it('requests them again once there are some', () => {
    const pair = withControl(up(), true);
    expect(withControl(pair, true)).toBe(pair);
    expect(kinds(play(withControl(withControl(pair, false), true), ['main', { kind: 'exit' }]))).toEqual([
      'main publish',
      'main runScript',
    ]);
  });
});

describe('a log that does not end', () => {
  const HELD = { held: true, empty: true };
  /** All that happens in a minute from the moment, 5000, at which its input was closed. */
  const minute = (input: { readonly held: boolean; readonly empty: boolean }): readonly string[] =>
    until(leaving(), 65_000, input).seen;
  const told = (ms: number): readonly string[] => [
    `${ms} warnLog`,
    `${ms} signal 15`,
    `${ms} signal 18`,
    `${ms + 6000} warnLog`,
    `${ms + 6000} signal 9`,
  ];

  it('gets TERM half a second after a service that left somebody behind, once it has read everything; then KILL', () => {
    expect(minute(HELD)).toEqual(told(5500));
  });

  it('has five seconds to end at the end of its input', () => {
    expect(minute({ held: false, empty: true })).toEqual(told(10_000));
  });

  it('has more where it has not read everything', () => {
    expect(minute({ held: true, empty: false })).toEqual(told(10_000));
    expect(minute({ held: false, empty: false })).toEqual(told(35_000));
  });

  it('has a quarter of a second for what it took last', () => {
    const busy = until(leaving(), 6900, { held: true, empty: false }).pair;
    expect(until(busy, 8000, HELD).seen).toEqual(['7250 warnLog', '7250 signal 15', '7250 signal 18']);
  });

  it('is not started any more when its time is over', () => {
    const waiting = leaving();
    const pair = {
      ...waiting,
      log: waiting.log && { ...waiting.log, state: 'backoff' as const, pid: 0, timers: { start: 90_000 } },
    };
    expect(until(pair, 65_000, HELD).pair.done).toBe(true);
  });

  it('is told once, and looked at only while it drains', () => {
    const out = handleInput(until(leaving(), 6000, HELD).pair, HELD, at(9000));
    expect(out.effects).toEqual([]);
    expect(handleInput(running(), HELD, at(9000)).effects).toEqual([]);
    expect(until(leaving(), 6000, HELD).pair.done).toBe(false);
    expect(play(until(leaving(), 6000, HELD).pair, ['log', ended]).pair.done).toBe(true);
  });
});

describe('a control script that outlives its service', () => {
  const asked = (letter: 'h' | 'i' = 'h'): Pair => play(running(), ['main', { kind: 'signal', letter }]).pair;

  it('has ten seconds once the service has gone for good, then it is ended', () => {
    const gone = play(asked(), ['main', { kind: 'exit' }], ['main', ended], ['main', { kind: 'noFinish' }]).pair;
    expect(until(gone, 14_999, { held: false, empty: true }).seen).toEqual([]);
    expect(until(gone, 65_000, { held: false, empty: true }).seen).toEqual([
      '15000 warnScript',
      '15000 main killScript',
    ]);
    expect(play(gone, ['log', { kind: 'cont' }]).pair.script).toBe(gone.script);
    const next = play(gone, ['main', NO]);
    expect(kinds(next)).toEqual(['main runScript']);
    expect(next.pair.script).toMatchObject({ step: { kind: 'notify', letter: 'x' } });
    expect(play(next.pair, ['main', NO]).pair.script).toBe(null);
  });

  it('has all the time it wants while there may be another start', () => {
    const down = play(asked(), ['main', { kind: 'down' }], ['main', ended], ['main', { kind: 'noFinish' }]).pair;
    expect(down.script).toBe(null);
    expect(handleDue(down, at(60_000))).toBe(null);
    const gone = play(down, ['main', { kind: 'exit' }]).pair;
    expect(gone.script).not.toBe(null);
    expect(play(gone, ['main', { kind: 'down' }]).pair.script).toBe(null);
  });
});

describe('a log that comes and goes', () => {
  it('joins a service that runs', () => {
    const up = play(alone(), ['main', { kind: 'up' }], ['main', NO], ['main', started(6)]).pair;
    const pair = withLog(up, newService('up', false, T0));
    expect(kinds(play(pair, ['log', { kind: 'up' }]))).toEqual(['log publish', 'log run']);
  });

  it('is given the end of its input when it is removed, and closed when it has ended', () => {
    const dropped = dropLog(running(), at(5000));
    expect(kinds(dropped)).toEqual(['endInput', 'log publish']);
    expect(dropLog(dropped.pair, at(5000)).effects).toEqual([]);
    expect(dropLog(alone(), at(5000)).effects).toEqual([]);
    const closed = play(dropped.pair, ['log', ended]);
    expect(kinds(closed)).toEqual(['log publish', 'closeLog']);
    expect(closed.pair).toMatchObject({ log: null, draining: null, done: false });
  });

  it('lets its service be commanded meanwhile, and takes everything along when that exits', () => {
    const dropped = dropLog(running(), at(5000)).pair;
    expect(kinds(play(dropped, ['main', { kind: 'term' }]))).toEqual(['main runScript']);
    expect(play(dropped, ['log', { kind: 'up' }]).effects).toEqual([]);
    const gone = play(
      dropped,
      ['main', { kind: 'exit' }],
      ['main', NO],
      ['main', NO],
      ['main', ended],
      ['main', { kind: 'noFinish' }],
    );
    expect(gone.pair).toMatchObject({ done: false, draining: { termSent: false } });
    expect(kinds(gone)).not.toContain('endInput');
    expect(play(gone.pair, ['log', ended]).pair.done).toBe(true);
  });

  it('at rest is closed at once', () => {
    const pair = newPair(newService('up', true, T0), newService('down', false, T0));
    expect(kinds(dropLog(pair, at(5000)))).toEqual(['endInput', 'log publish', 'closeLog']);
  });
});

describe('what is due', () => {
  it('comes one after the other', () => {
    const soon = (side: Side, pair: Pair): Pair => ({
      ...pair,
      [side]: pair[side] && { ...pair[side], state: 'backoff', process: null, timers: { start: 9 } },
    });
    expect(kinds(handleDue(soon('log', running()), at(9)) as PairOutcome)).toEqual(['log run']);
    expect(kinds(handleDue(soon('main', running()), at(9)) as PairOutcome)).toEqual(['main runScript']);
    expect(handleDue(running(), at(9))).toBe(null);
    expect(handleDue(alone(), at(9))).toBe(null);
    expect(handleDue(leaving(), at(5001))).toBe(null);
  });
});

describe('the bytes of control', () => {
  it('each mean an event', () => {
    for (const letter of LETTERS) expect(eventOf(letter)).not.toBe(null);
  });

  it('mean nothing where they are not listed', () => {
    expect(['z', '\0', '\xff', 'U', ' '].map(eventOf)).toEqual([null, null, null, null, null]);
  });
});

describe('how a service is stopped', () => {
  it('is noted only where it changes', () => {
    const pair = alone();
    expect(withStop(pair, { signal: 15, killMs: null })).toBe(pair);
    expect(withStop(pair, { signal: 3, killMs: null }).main.stop).toEqual({ signal: 3, killMs: null });
    expect(withStop(pair, { signal: 15, killMs: 5 }).main.stop).toEqual({ signal: 15, killMs: 5 });
  });
});

describe('timers', () => {
  it('are due one after the other', () => {
    expect(firstOf(NO_TIMERS)).toBe(null);
    expect(firstOf({ start: 5 })).toEqual({ timer: 'start', dueMs: 5 });
    expect(firstOf({ start: 5, kill: 3, finish: 4 })).toEqual({ timer: 'kill', dueMs: 3 });
  });
});
