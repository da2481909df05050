// A service that waits for its dependencies: the table, and what is recorded of it. Read first: table.test.ts.
import { describe, expect, it } from 'vitest';
import type { HistoryEvent } from '../../../../src/formats/history.ts';
import { NEW_STATE, type SupervisorState } from '../../../../src/formats/state.ts';
import type { Effect, Event, Now, Service } from '../../../../src/machine/service/model.ts';
import { isFirst, record } from '../../../../src/machine/service/recording.ts';
import { handle, newService } from '../../../../src/machine/service/table.ts';

const at = (ms: number): Now => ({ ms, wall: { sec: 1_700_000_000 + Math.floor(ms / 1000), nsec: 0 } });

interface Life {
  readonly service: Service;
  readonly state: SupervisorState;
  readonly events: readonly HistoryEvent[];
  readonly firsts: number;
  /** Of the last event. */
  readonly effects: readonly string[];
}

const named = (effect: Effect): string => (effect.kind === 'send' ? `send ${effect.signal}` : effect.kind);

const play = (life: Life, ...events: readonly (readonly [number, Event])[]): Life =>
  events.reduce<Life>((before, [ms, event]) => {
    const { service, effects } = handle(before.service, event, at(ms));
    const sent = effects.flatMap((effect) => (effect.kind === 'send' ? [effect.signal] : []));
    const exit = event.kind === 'ended' ? event : { code: 0, status: 0 };
    const step = { before: before.service, after: service, sent, exit, oom: null, now: at(ms) };
    const { state, events: more } = record(before.state, step);
    return {
      service,
      state,
      events: [...before.events, ...more],
      firsts: before.firsts + (isFirst(before.service, service) ? 1 : 0),
      effects: effects.map(named),
    };
  }, life);

const NO: Event = { kind: 'scriptDone', veto: false };
const unmet = (...names: string[]): Event => ({ kind: 'unmet', names });
const MET: Event = { kind: 'met' };

const fresh: Life = {
  service: { ...newService('up', true, at(0)), control: false },
  state: NEW_STATE,
  events: [],
  firsts: 0,
  effects: [],
};
const waiting = play(fresh, [0, { kind: 'up' }], [0, unmet('cache', 'db')]);
const up = play(waiting, [100, MET], [100, NO], [100, { kind: 'started', pid: 7 }]);

describe('a service with dependencies', () => {
  it('waits, tells for whom, and asks control/u once they are met', () => {
    expect(waiting.service).toMatchObject({ state: 'waiting', want: 'up', process: null, timers: {} });
    expect(waiting.effects).toEqual(['publish']);
    expect(play(waiting, [100, MET]).effects).toEqual(['runScript']);
    expect(play(waiting, [100, MET], [100, NO]).effects).toEqual(['run']);
    expect(up.service.state).toBe('up');
  });

  it('may have to wait again when it is about to start', () => {
    const again = play(waiting, [100, MET], [100, unmet('db')]);
    expect(again.service).toMatchObject({ state: 'waiting', waitingFor: ['db'], runningScript: null });
  });

  it('obeys while it waits', () => {
    expect(play(waiting, [5, { kind: 'down' }]).service).toMatchObject({ state: 'down', want: 'down' });
    expect(play(waiting, [5, { kind: 'exit' }]).service).toMatchObject({ state: 'down', want: 'exit' });
    expect(play(waiting, [5, { kind: 'once' }]).service).toMatchObject({ state: 'waiting', want: 'down' });
    expect(play(waiting, [5, { kind: 'once' }], [6, { kind: 'up' }]).service).toMatchObject({ want: 'up' });
    expect(play(waiting, [5, { kind: 'drain' }]).service).toMatchObject({ state: 'waiting', want: 'exit' });
    for (const kind of ['term', 'kill', 'pause', 'cont'] as const) {
      expect(play(waiting, [5, { kind }])).toMatchObject({ service: { state: 'waiting' }, effects: [] });
    }
  });

  it('ends with a dependency, and starts again as any other', () => {
    const ending = play(up, [5000, { kind: 'stopFor', cause: 'dependency' }]);
    expect(ending.effects).toEqual(['send 15', 'publish', 'send 18']);
    expect(ending.service.timers).toEqual({});
    const limited = { ...up, service: { ...up.service, stop: { signal: 3, killMs: 700 } } };
    expect(play(limited, [5000, { kind: 'stopFor', cause: 'dependency' }]).service.timers).toEqual({ kill: 5700 });
    const over = play(ending, [5010, { kind: 'ended', code: -1, status: 15 }], [5010, { kind: 'noFinish' }]);
    expect(over.effects).toEqual(['publish', 'runScript']);
    const later = play(over, [5010, unmet('db')]);
    expect(later.service).toMatchObject({ state: 'waiting', want: 'up' });
    expect(later.events.slice(2)).toEqual([
      { event: 'stopping', pid: 7, signal: 'TERM', by: 'dependency' },
      { event: 'ended', pid: 7, signal: 'TERM', ran: 4.91, cause: 'dependency' },
      { event: 'waiting', why: 'dependency', for: ['db'] },
    ]);
    expect(later.state).toMatchObject({ failures: 0, consecutiveFailures: 0, waiting: ['db'] });
    expect(play(later, [6000, MET], [6000, NO], [6000, { kind: 'started', pid: 8 }]).service.stopCause).toBeNull();
  });

  it('that somebody has stopped already ends for that reason', () => {
    const asked = play(up, [5000, { kind: 'term' }], [5001, { kind: 'stopFor', cause: 'dependency' }]);
    expect(play(asked, [5010, { kind: 'ended', code: 0, status: 0 }]).events.at(-1)).toMatchObject({ cause: 'asked' });
  });

  it('with a policy does not count such an end', () => {
    const policy = { restart: 'never', delay: null, limit: null } as const;
    const limited = { ...up, service: { ...up.service, policy } };
    const over = play(
      limited,
      [5000, { kind: 'stopFor', cause: 'dependency' }],
      [5010, { kind: 'ended', code: 1, status: 0 }],
      [5010, { kind: 'noFinish' }],
    );
    expect(over.service).toMatchObject({ state: 'preparing', conclusion: null });
  });

  it('is recorded from its first wait on: one event, and who is left', () => {
    expect(waiting.firsts).toBe(1);
    expect(waiting.events).toEqual([{ event: 'waiting', why: 'dependency', for: ['cache', 'db'] }]);
    const rest = play(waiting, [50, unmet('db')]);
    expect([rest.events.length, rest.state.waiting]).toEqual([1, ['db']]);
    expect(up.state).toMatchObject({ pid: 7, waiting: [], starts: 1 });
    expect(play(rest, [60, { kind: 'down' }]).state.waiting).toEqual([]);
  });

  it('does not go on waiting as its killed supervisor did', () => {
    const successor = { ...fresh, state: waiting.state };
    expect(play(successor, [0, { kind: 'up' }]).state.waiting).toEqual([]);
  });
});
