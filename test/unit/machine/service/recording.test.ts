// What is recorded of a service, step by step. Read next: src/machine/service/recording.ts.
import { describe, expect, it } from 'vitest';
import type { HistoryEvent } from '../../../../src/formats/history.ts';
import { NEW_STATE, type SupervisorState } from '../../../../src/formats/state.ts';
import type { Event, Now, Service } from '../../../../src/machine/service/model.ts';
import { endsUnasked, isQuiet, isRepeated, record, timeText } from '../../../../src/machine/service/recording.ts';
import { handle, newService } from '../../../../src/machine/service/table.ts';

const at = (ms: number): Now => ({ ms, wall: { sec: 1_700_000_000 + Math.floor(ms / 1000), nsec: (ms % 1000) * 1e6 } });
const clock = (ms: number): string => timeText(at(ms).wall);

interface Life {
  readonly service: Service;
  readonly state: SupervisorState;
  readonly events: readonly HistoryEvent[];
  /** How many ends came without a request. */
  readonly unasked: number;
}

/** Applies events, each at its time, and records every step; events are those of all steps. */
const play = (life: Life, ...events: readonly (readonly [number, Event])[]): Life =>
  events.reduce<Life>(({ service, state, events: before, unasked }, [ms, event]) => {
    const { service: next, effects } = handle(service, event, at(ms));
    const sent = effects.flatMap((effect) => (effect.kind === 'send' ? [effect.signal] : []));
    const exit = event.kind === 'ended' ? event : { code: 0, status: 0 };
    const records = record(state, { before: service, after: next, sent, exit, oom: null, now: at(ms) });
    const ends = endsUnasked(service, next) ? 1 : 0;
    return { service: next, state: records.state, events: [...before, ...records.events], unasked: unasked + ends };
  }, life);

const newLife = (scripts = true): Life => ({
  // without control scripts, so that a signal is sent in the step that asks for it
  service: { ...newService('up', scripts, at(0)), control: false },
  state: NEW_STATE,
  events: [],
  unasked: 0,
});
const NO: Event = { kind: 'scriptDone', veto: false };
const ended = (code: number, status = 0): Event => ({ kind: 'ended', code, status });
const started = (pid: number): Event => ({ kind: 'started', pid });
const NO_FINISH: Event = { kind: 'noFinish' };

const start = (life: Life, ms: number, pid: number, by: Event = { kind: 'up' }): Life =>
  play(life, [ms, by], [ms, NO], [ms, started(pid)]);
const up = (pid = 7): Life => start(newLife(), 0, pid);
/** Those of the last steps. */
const later = (life: Life, ...events: readonly (readonly [number, Event])[]): Life =>
  play({ ...life, events: [] }, ...events);

describe('a step between an end and the next start', () => {
  const state: SupervisorState = { ...NEW_STATE, pid: 0, next: null };
  const on = (name: Service['state'], more: Partial<Service> = {}): Service => ({
    ...up().service,
    state: name,
    ...more,
  });

  it.each(['ending', 'preparing', 'starting'] as const)('from or to %s is not worth a look', (name) => {
    const { lastRun, streak, conclusion, life } = on(name);
    const same = { lastRun, streak, conclusion, life };
    expect(isQuiet(state, on(name, same), on('preparing', same))).toBe(true);
    expect(isQuiet(state, on('preparing', same), on(name, same))).toBe(true);
  });

  it.each([
    ['a process that is recorded', { pid: 7 }, {}],
    ['a start that is recorded', { next: clock(5) }, {}],
    ['another run', {}, { lastRun: { ...up().service.lastRun } }],
    ['another streak', {}, { streak: { ...up().service.streak } }],
    ['a conclusion', {}, { conclusion: { outcome: 'failed', reason: 'exit code 3' } }],
    ['a life', {}, { life: undefined as unknown as null }],
    ['another state', {}, { state: 'up' }],
  ] as const)('is worth one with %s', (_, recorded, change) => {
    const before = on('ending');
    expect(isQuiet({ ...state, ...recorded }, before, { ...before, ...change })).toBe(false);
  });

  it('is worth one from another state', () => {
    const before = on('up');
    expect(isQuiet(state, before, { ...before, state: 'ending' })).toBe(false);
  });
});

describe('an end', () => {
  it('without a request is unexpected, and the start after it is the next event', () => {
    const life = later(up(), [2213, ended(3)], [2213, NO_FINISH], [2213, NO], [2220, started(8)]);
    expect(life.events).toEqual([
      { event: 'ended', pid: 7, code: 3, ran: 2.213, cause: 'exit' },
      { event: 'started', pid: 8 },
    ]);
    expect(life.unasked).toBe(1);
    expect(life.state).toEqual({
      ...NEW_STATE,
      pid: 8,
      starts: 2,
      failures: 1,
      consecutiveFailures: 1,
      last: { at: clock(2213), pid: 7, code: 3, signal: 0, ranSeconds: 2.213, cause: 'exit', oom: null },
    });
  });

  it('by a signal has its name', () => {
    const life = later(up(), [5, ended(-1, 0x8b)]);
    expect(life.events).toEqual([{ event: 'ended', pid: 7, signal: 'SEGV', ran: 0.005, cause: 'exit' }]);
    expect(life.state.last).toMatchObject({ code: -1, signal: 11 });
  });

  it('of a process of another supervisor is unknown', () => {
    const life = later(up(), [5, ended(-1, 0)]);
    expect(life.events).toMatchObject([{ code: null }]);
    expect(life.state.last).toMatchObject({ code: -1, signal: 0 });
  });

  it.each([
    ['down', 'sv'],
    ['term', 'sv'],
    ['exit', 'exit'],
  ] as const)('after %s is asked for, as is a KILL then', (kind, by) => {
    const life = later(up(), [2000, { kind }], [3000, { kind: 'kill' }], [3001, ended(-1, 9)]);
    expect(life.events).toEqual([
      { event: 'stopping', pid: 7, signal: 'TERM', by },
      { event: 'stopping', pid: 7, signal: 'KILL', by },
      { event: 'ended', pid: 7, signal: 'KILL', ran: 3.001, cause: 'asked' },
    ]);
    expect(life.unasked).toBe(0);
    expect(life.state).toMatchObject({ failures: 0, consecutiveFailures: 0 });
  });

  it('of a log whose input was closed is asked for', () => {
    const log = play(newLife(false), [0, { kind: 'up' }], [0, started(7)]);
    const life = later(log, [2000, { kind: 'drain' }], [2001, ended(1)]);
    expect(life.events).toMatchObject([{ event: 'ended', cause: 'asked' }]);
    expect(life.unasked).toBe(0);
  });

  it.each([
    [0, 0],
    [1, 1],
  ])('with exit code %i of a service started once counts as %i failures', (code, failures) => {
    const life = later(start(newLife(), 0, 7, { kind: 'once' }), [2000, ended(code)], [2000, NO_FINISH]);
    expect(life.events).toEqual([{ event: 'ended', pid: 7, code, ran: 2, cause: 'exit' }]);
    expect(life.unasked).toBe(failures);
    expect(life.state).toMatchObject({ failures, consecutiveFailures: failures, starts: 1, pid: 0 });
  });

  it('after ten seconds ends the failures in a row', () => {
    const short = play(up(), [1500, ended(1)], [1500, NO_FINISH], [1500, NO], [1500, started(8)]);
    expect(short.state).toMatchObject({ failures: 1, consecutiveFailures: 1 });
    expect(play(short, [11_499, ended(1)]).state).toMatchObject({ failures: 2, consecutiveFailures: 2 });
    expect(play(short, [11_500, ended(1)]).state).toMatchObject({ failures: 2, consecutiveFailures: 0 });
  });
});

describe('a start', () => {
  it('that is due later is told with its time, until it comes', () => {
    const life = later(up(), [400, ended(1)], [400, NO_FINISH]);
    expect(life.events).toEqual([
      { event: 'ended', pid: 7, code: 1, ran: 0.4, cause: 'exit' },
      { event: 'waiting', why: 'delay', seconds: 1 },
    ]);
    expect(life.state.next).toBe(clock(1400));
    expect(play(life, [700, { kind: 'down' }]).state.next).toBeNull();
    const again = later(life, [900, { kind: 'up' }]);
    expect(again.events).toEqual([]);
    expect(again.state).toBe(life.state);
    expect(play(life, [1400, { kind: 'due', timer: 'start' }]).state.next).toBeNull();
  });

  it('is put off where a fork is refused, or the log is not ready', () => {
    const refused = later(newLife(), [0, { kind: 'up' }], [0, NO], [0, { kind: 'forkRefused' }]);
    expect(refused.events).toEqual([{ event: 'waiting', why: 'fork', seconds: 1 }]);
    const notReady = later(newLife(), [0, { kind: 'up' }], [0, { kind: 'notReady' }]);
    expect(notReady.events).toEqual([{ event: 'waiting', why: 'log', seconds: 1 }]);
  });

  it('of what cannot be executed is an end with 111, of no process', () => {
    const life = later(newLife(), [0, { kind: 'up' }], [0, NO], [3, { kind: 'execFailed' }]);
    expect(life.events).toEqual([{ event: 'ended', pid: 0, code: 111, ran: 0, cause: 'exit' }]);
    expect(life.state).toMatchObject({ starts: 1, failures: 1 });
    expect(life.unasked).toBe(1);
  });
});

describe('./finish', () => {
  const finishing = play(up(), [2000, ended(1)], [2000, started(8)]);

  it.each([
    [3000, ended(0), []],
    [3001, ended(0), [{ event: 'finished', code: 0, took: 1.001 }]],
    [2100, ended(1), [{ event: 'finished', code: 1, took: 0.1 }]],
    [2100, ended(-1, 9), [{ event: 'finished', signal: 'KILL', took: 0.1 }]],
  ])('is told where it fails or takes long: %i', (ms, end, events) => {
    expect(later(finishing, [ms, end]).events).toEqual(events);
  });

  it('that gets KILL is no stop of ./run', () => {
    expect(later(finishing, [2100, { kind: 'kill' }], [2101, { kind: 'pause' }]).events).toEqual([]);
  });
});

it('other signals are no events', () => {
  const life = later(up(), [1, { kind: 'signal', letter: 'h' }], [2, { kind: 'pause' }], [3, { kind: 'cont' }]);
  expect(life.events).toEqual([]);
  expect(life.state.pid).toBe(7);
});

it.each([
  [{ event: 'waiting', why: 'fork', seconds: 1 }, true],
  [{ event: 'waiting', why: 'log', seconds: 1 }, false],
  [{ event: 'started', pid: 1 }, false],
  [null, false],
] as const)('another refused fork after %j is a repetition: %j', (last, repeated) => {
  expect(isRepeated(last, { event: 'waiting', why: 'fork', seconds: 1 })).toBe(repeated);
});

it.each([
  { event: 'waiting', why: 'delay', seconds: 1 },
  { event: 'waiting', why: 'dependency', for: ['db'] },
  { event: 'started', pid: 1 },
] as const)('%j is never one', (event) => {
  expect(isRepeated(event, event)).toBe(false);
});
