// Readiness as its table has it, with what the history and state.json say of it, and what the table of the service makes of its
// deadlines.
import { describe, expect, it } from 'vitest';
import type { HistoryEvent } from '../../../../src/formats/history.ts';
import { NEW_STATE, type SupervisorState } from '../../../../src/formats/state.ts';
import type { Effect, Event, Now, Policy, Service, ServiceState } from '../../../../src/machine/service/model.ts';
import { handle, newService, STOP_FOR_MS } from '../../../../src/machine/service/table.ts';
import {
  handleReadiness,
  newTold,
  type ReadinessEvent,
  type ReadinessPolicy,
} from '../../../../src/machine/service/readiness.ts';
import { record } from '../../../../src/machine/service/recording.ts';

const at = (ms: number): Now => ({ ms, wall: { sec: 1_700_000_000 + Math.floor(ms / 1000), nsec: (ms % 1000) * 1e6 } });

type Step =
  | readonly [ms: number, event: Event, kind?: 'table']
  | readonly [ms: number, event: ReadinessEvent, kind: 'told'];

interface Played {
  readonly service: Service;
  readonly state: SupervisorState;
  readonly events: readonly HistoryEvent[];
  /** Of the last step. */
  readonly effects: readonly Effect[];
}

const apply = (service: Service, [ms, event, kind]: Step): ReturnType<typeof handle> =>
  kind === 'told' ? handleReadiness(service, event, at(ms)) : handle(service, event as Event, at(ms));

const play = (before: Played, ...steps: readonly Step[]): Played =>
  steps.reduce<Played>((played, step) => {
    const { service, effects } = apply(played.service, step);
    const sent = effects.flatMap((effect) => (effect.kind === 'send' ? [effect.signal] : []));
    const [ms, event] = step;
    const exit = event.kind === 'ended' ? event : { code: 0, status: 0 };
    const { state, events } = record(played.state, {
      before: played.service,
      after: service,
      sent,
      exit,
      oom: null,
      now: at(ms),
    });
    return { service, state, events: [...played.events, ...events], effects };
  }, before);

const told = (ms: number, event: ReadinessEvent): Step => [ms, event, 'told'];
const BY_FD: ReadinessPolicy = { by: 'fd', checkMs: null, upMs: null, watchdogMs: null };
const BY_CHECK: ReadinessPolicy = { by: 'check', checkMs: 5000, upMs: null, watchdogMs: null };
const began = (policy: ReadinessPolicy, ready: Partial<SupervisorState> = {}): ReadinessEvent => ({
  kind: 'began',
  policy,
  told: { ...newTold(policy.by, null), ...ready },
});
const yes = (ms: number): Step => told(ms, { kind: 'checked', yes: true });
const no = (ms: number): Step => told(ms, { kind: 'checked', yes: false });
const ready = (ms: number): Step => told(ms, { kind: 'ready', by: 'fd' });
const due = (ms: number, timer: 'up' | 'watchdog' | 'check' | 'kill'): Step => [ms, { kind: 'due', timer }];

/** Running as process 7 since 0, plainly. */
const plain = (): Played =>
  play(
    {
      service: { ...newService('up', true, at(0)), control: false },
      state: NEW_STATE,
      events: [],
      effects: [],
    },
    [0, { kind: 'up' }],
    [0, { kind: 'scriptDone', veto: false }],
    [0, { kind: 'started', pid: 7 }],
  );
const up = (policy: ReadinessPolicy): Played => ({ ...play(plain(), told(0, began(policy))), events: [] });

describe('a service that tells by itself', () => {
  it('is ready from then on, and its history says after what time', () => {
    const played = play(up(BY_FD), ready(1500));
    expect(played.state).toMatchObject({ pid: 7, by: 'fd', ready: true, readyAt: '2023-11-14T22:13:21.500Z' });
    expect(played.events).toEqual([{ event: 'ready', pid: 7, after: 1.5 }]);
  });

  it('is not ready before, whatever its check says', () => {
    const played = play(up({ ...BY_FD, checkMs: 1000 }), yes(10));
    expect(played.state).toMatchObject({ by: 'fd', ready: false });
    expect(played.events).toEqual([]);
  });

  it('stays ready when it says so again', () => {
    const played = play(up(BY_FD), ready(10), ready(20));
    expect(played.state.readyAt).toBe('2023-11-14T22:13:20.010Z');
    expect(played.events).toHaveLength(1);
  });

  it('stays ready while it reloads, and is ready anew after that', () => {
    const reloading = play(up(BY_FD), ready(10), told(20, { kind: 'reloading' }), told(21, { kind: 'reloading' }));
    expect(reloading.state).toMatchObject({ ready: true, reloading: true });
    const done = play(reloading, told(30, { kind: 'ready', by: 'socket' }));
    expect(done.state).toMatchObject({
      by: 'socket',
      ready: true,
      reloading: false,
      readyAt: '2023-11-14T22:13:20.030Z',
    });
    expect(done.events.map(({ event }) => event)).toEqual(['ready', 'reloading']);
  });

  it('is ready no more when it stops, and a yes does not bring that back', () => {
    const played = play(up({ ...BY_FD, checkMs: 1000 }), ready(10), told(20, { kind: 'stopping' }), yes(30));
    expect(played.state).toMatchObject({ ready: false, stopping: true });
    expect(played.events.map(({ event }) => event)).toEqual(['ready', 'unready']);
    expect(play(up(BY_FD), told(20, { kind: 'stopping' })).events).toEqual([]);
  });

  it('tells a text, which is no event', () => {
    const played = play(up(BY_FD), told(10, { kind: 'text', text: 'half way' }));
    expect(played.state.text).toBe('half way');
    expect(played.events).toEqual([]);
    expect(played.effects).toEqual([{ kind: 'publish' }]);
  });

  it('resets the streak of its failures', () => {
    const { service } = up(BY_FD);
    const streak = { bad: 3, lastDelayMs: 7, failuresMs: [] };
    expect(handleReadiness({ ...service, streak }, { kind: 'resetStreak' }, at(1)).service.streak.bad).toBe(0);
  });

  it('leaves only how it tells behind when it has ended', () => {
    const played = play(up(BY_FD), ready(10), [20, { kind: 'ended', code: 0, status: 0 }]);
    expect(played.state).toMatchObject({ pid: 0, by: 'fd', ready: false, readyAt: null });
    expect(played.service.life).toBeNull();
    expect(played.service.lastRun).toMatchObject({ cause: null, neverReady: false });
  });

  it('is plain again when it has none of the files any more', () => {
    const down = play(up(BY_FD), [20, { kind: 'ended', code: 0, status: 0 }], [20, { kind: 'noFinish' }]);
    const again = play(
      down,
      [2000, { kind: 'due', timer: 'start' }],
      [2000, { kind: 'scriptDone', veto: false }],
      [2000, { kind: 'started', pid: 8 }],
    );
    expect(again.state).toMatchObject({ pid: 8, by: null });
  });
});

describe('a polled check', () => {
  it('is asked at once, then every 420 ms until its first yes, then every interval', () => {
    const begun = up(BY_CHECK);
    expect(begun.service.timers).toEqual({ check: 0 });
    const asked = play(begun, due(0, 'check'));
    expect(asked.effects).toEqual([{ kind: 'check' }]);
    expect(asked.service.timers).toEqual({});
    expect(play(asked, no(100)).service.timers).toEqual({ check: 520 });
    expect(play(asked, no(100), yes(600)).service.timers).toEqual({ check: 5600 });
    expect(play(asked, no(100), yes(600), no(5600)).service.timers).toEqual({ check: 10_600 });
    expect(play(up({ ...BY_CHECK, checkMs: 50 }), no(100)).service.timers).toEqual({ check: 150 });
  });

  it('writes no file with a yes that changes nothing', () => {
    const before = play(up(BY_CHECK), yes(600));
    const after = play(before, yes(5600));
    expect(after.effects).toEqual([]);
    expect(after.state).toBe(before.state);
  });

  it('makes it ready with its first yes', () => {
    const played = play(up(BY_CHECK), no(100), yes(600), yes(5600));
    expect(played.state).toMatchObject({ by: 'check', ready: true, readyAt: '2023-11-14T22:13:20.600Z' });
    expect(played.events).toEqual([{ event: 'ready', pid: 7, after: 0.6 }]);
  });

  it('takes that back after three noes in a row, until the next yes', () => {
    const two = play(up(BY_CHECK), yes(0), no(1), no(2), yes(3), no(4), no(5));
    expect(two.state.ready).toBe(true);
    const three = play(two, no(6), no(7));
    expect(three.state).toMatchObject({ ready: false, readyAt: '2023-11-14T22:13:20.000Z' });
    expect(play(three, yes(8)).events.map(({ event }) => event)).toEqual(['ready', 'unready', 'ready']);
  });

  it('does so too where the service itself has told', () => {
    const gone = play(up({ ...BY_FD, checkMs: 1000 }), ready(0), no(1), no(2), no(3));
    expect(gone.state.ready).toBe(false);
    expect(play(gone, yes(4)).state.ready).toBe(true);
  });

  it('is suspended by a pause, and asked at once when it goes on', () => {
    const paused = play(up(BY_CHECK), yes(0), [10, { kind: 'pause' }]);
    expect(paused.service.process?.paused).toBe(true);
    const silent = play(paused, due(5000, 'check'));
    expect(silent).toMatchObject({ effects: [], service: { timers: {} } });
    expect(play(paused, yes(5100)).service.timers.check).toBeUndefined();
    const on = play(silent, [9000, { kind: 'cont' }]);
    expect(on.effects).toContainEqual({ kind: 'resume' });
    expect(play(on, told(9000, { kind: 'resumed' })).service.timers).toEqual({ check: 9000 });
    expect(play(plain(), [10, { kind: 'pause' }], [20, { kind: 'cont' }]).effects).not.toContainEqual({
      kind: 'resume',
    });
    expect(play(up(BY_FD), told(20, { kind: 'resumed' })).service.timers).toEqual({});
  });
});

describe('a start that takes too long', () => {
  const slow = up({ ...BY_FD, upMs: 700 });

  it('is stopped, killed ten seconds later, and a failure whatever its exit code', () => {
    expect(slow.service.timers).toEqual({ up: 700 });
    const stopped = play(slow, due(700, 'up'));
    expect(stopped.effects.filter(({ kind }) => kind === 'send')).toEqual([
      { kind: 'send', pid: 7, signal: 15 },
      { kind: 'send', pid: 7, signal: 18 },
    ]);
    expect(stopped.service.timers).toEqual({ kill: 700 + STOP_FOR_MS });
    expect(stopped.events).toEqual([{ event: 'stopping', pid: 7, signal: 'TERM', by: 'timeout-up' }]);
    const over = play(stopped, [800, { kind: 'ended', code: 0, status: 0 }]);
    expect(over.state).toMatchObject({ failures: 1, last: { cause: 'timeout-up' } });
    expect(over.service.lastRun).toMatchObject({ cause: 'timeout-up', neverReady: true });
  });

  it('counts as failed for a policy, and its reason says why', () => {
    const policy: Policy = { restart: 'on-failure', delay: null, limit: { count: 1, withinMs: null } };
    const late = { ...slow, service: { ...slow.service, policy } };
    const over = play(
      late,
      due(700, 'up'),
      [20_000, { kind: 'ended', code: 0, status: 0 }],
      [20_000, { kind: 'noFinish' }],
    );
    expect(over.service.conclusion).toEqual({
      outcome: 'failed',
      reason: 'not ready in time, exit code 0, 1 failure in a row',
    });
    expect(over.state.consecutiveFailures).toBe(1);
  });

  it('counts as a failure in a row, however long it took', () => {
    const over = play(slow, due(700, 'up'), [20_000, { kind: 'ended', code: 1, status: 0 }]);
    expect(over.state.consecutiveFailures).toBe(1);
  });

  it('has its deadline no more once it is ready, or found ready', () => {
    expect(play(slow, ready(500)).service.timers).toEqual({});
    const known = began({ ...BY_FD, upMs: 700 }, { ready: true, readyAt: 't' });
    expect(play(plain(), told(0, known)).service.timers).toEqual({});
  });

  it('ends no sooner than it has asked for, and neither does a stop', () => {
    const extend = told(100, { kind: 'extend', ms: 5000 });
    expect(play(slow, extend).service.timers).toEqual({ up: 5100 });
    expect(play(slow, told(100, { kind: 'extend', ms: 1 })).service.timers).toEqual({ up: 700 });
    const stopping = { ...slow, service: { ...slow.service, stop: { signal: 15, killMs: 300 } } };
    const later = play(stopping, [100, { kind: 'down' }], extend).service.timers;
    expect(later).toEqual({ up: 5100, kill: 5100 });
  });

  it('is not stopped twice', () => {
    const stopped = play(slow, [100, { kind: 'term' }], due(700, 'up'));
    expect(stopped.effects).toEqual([]);
    expect(stopped.service).toMatchObject({ stopCause: null, timers: {} });
  });
});

describe('a watchdog', () => {
  const guarded = play(up({ ...BY_FD, watchdogMs: 2000 }), ready(100));

  it('counts from when it is ready, and anew from each sign of life', () => {
    expect(up({ ...BY_FD, watchdogMs: 2000 }).service.timers).toEqual({});
    expect(play(up({ ...BY_FD, watchdogMs: 2000 }), told(5, { kind: 'sign' })).service.timers).toEqual({});
    expect(guarded.service.timers).toEqual({ watchdog: 2100 });
    expect(play(guarded, told(900, { kind: 'sign' })).service.timers).toEqual({ watchdog: 2900 });
    expect(play(guarded, ready(900)).service.timers).toEqual({ watchdog: 2100 });
    const checked = play(up({ ...BY_CHECK, watchdogMs: 2000 }), yes(0), yes(900));
    expect(checked.service.timers).toEqual({ check: 5900, watchdog: 2900 });
  });

  it('sends ABRT and CONT, and KILL when timeout-kill is over', () => {
    const hung = { ...guarded, service: { ...guarded.service, stop: { signal: 15, killMs: 300 } } };
    const stopped = play(hung, due(2100, 'watchdog'));
    expect(stopped.events.at(-1)).toEqual({ event: 'stopping', pid: 7, signal: 'ABRT', by: 'watchdog' });
    expect(stopped.service.timers).toEqual({ kill: 2400 });
    expect(play(stopped, due(2400, 'kill')).effects).toContainEqual({ kind: 'killAll', pid: 7 });
    const over = play(stopped, [2200, { kind: 'ended', code: -1, status: 6 }]);
    expect(over.state.last).toMatchObject({ cause: 'watchdog', signal: 6 });
  });

  it('can be set, ended and triggered by the service', () => {
    expect(play(guarded, told(200, { kind: 'watchdog', ms: 50 })).service.timers).toEqual({ watchdog: 250 });
    expect(play(guarded, told(200, { kind: 'watchdog', ms: 0 })).service.timers).toEqual({});
    expect(play(up(BY_FD), told(200, { kind: 'trigger' })).service.timers).toEqual({ watchdog: 200 });
  });

  it('is suspended by a pause, and begins anew', () => {
    const paused = play(guarded, [200, { kind: 'pause' }], due(2100, 'watchdog'));
    expect(paused).toMatchObject({ effects: [], service: { stopCause: null, timers: {} } });
    expect(play(paused, told(5000, { kind: 'resumed' })).service.timers).toEqual({ watchdog: 7000 });
  });

  it('goes on after a supervisor was replaced, as does what it had told', () => {
    const found = began({ ...BY_FD, watchdogMs: 2000 }, { ready: true, readyAt: 't' });
    expect(play(plain(), told(50, found)).service.timers).toEqual({ watchdog: 2050 });
    const unready = play(plain(), told(50, began(BY_CHECK, { readyAt: 't' })), yes(60));
    expect(unready.state.ready).toBe(true);
    const lost = play(plain(), told(50, began({ ...BY_FD, checkMs: 9 }, { readyAt: 't' })), yes(60));
    expect(lost.state.ready).toBe(true);
  });
});

describe('an end for the sake of a dependency', () => {
  it('is requested: no failure', () => {
    const stopped = play(plain(), [100, { kind: 'stopFor', cause: 'dependency' }]);
    expect(stopped.service).toMatchObject({ stopCause: 'dependency', stopRequested: true });
    const over = play(stopped, [200, { kind: 'ended', code: 1, status: 0 }]);
    expect(over.state).toMatchObject({ failures: 0, last: { cause: 'dependency' } });
  });
});

describe('readiness of what does not run', () => {
  const EVENTS: readonly ReadinessEvent[] = [
    began(BY_FD),
    { kind: 'ready', by: 'fd' },
    { kind: 'reloading' },
    { kind: 'stopping' },
    { kind: 'text', text: 'x' },
    { kind: 'sign' },
    { kind: 'trigger' },
    { kind: 'watchdog', ms: 1 },
    { kind: 'extend', ms: 1 },
    { kind: 'resetStreak' },
    { kind: 'checked', yes: true },
    { kind: 'resumed' },
  ];
  const STATES: readonly ServiceState[] = ['down', 'backoff', 'preparing', 'starting', 'ending', 'finishing'];

  it.each(STATES)('%s: nothing is changed by any event', (state) => {
    const service: Service = { ...up(BY_FD).service, state };
    for (const event of EVENTS) expect(handleReadiness(service, event, at(9))).toEqual({ service, effects: [] });
  });

  it('nor is a service that cannot tell', () => {
    const { service } = plain();
    for (const event of EVENTS.slice(1))
      expect(handleReadiness(service, event, at(9))).toEqual({ service, effects: [] });
  });
});
