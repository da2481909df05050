// Stops with a deadline, and starts that a policy puts off or refuses, as the table has them.
import { describe, expect, it } from 'vitest';
import { CLASSIC_STOP, handle, isAtRest, newService } from '../../../../src/machine/service/table.ts';
import type { Effect, Event, Now, Policy, Service } from '../../../../src/machine/service/model.ts';

const at = (ms: number): Now => ({ ms, wall: { sec: 1000 + ms / 1000, nsec: 0 } });
const T0 = at(0);

interface Played {
  readonly service: Service;
  readonly effects: readonly Effect[];
}

/** Applies events one after the other, each at its time; effects are those of the last. */
const play = (service: Service, ...events: readonly (readonly [number, Event])[]): Played =>
  events.reduce<Played>((run, [ms, event]) => handle(run.service, event, at(ms)), { service, effects: [] });

const names = (effects: readonly Effect[]): readonly string[] =>
  effects.map((effect) => {
    if (effect.kind === 'send') return `send ${effect.signal} to ${effect.pid}`;
    if (effect.kind === 'killAll') return `kill all of ${effect.pid}`;
    if (effect.kind === 'runScript') return `ask ${effect.letter} ${effect.pid}`;
    if (effect.kind === 'warnFailed') return `failed: ${effect.reason}${effect.isOver ? ', over' : ''}`;
    return effect.kind;
  });

const NO: Event = { kind: 'scriptDone', veto: false };
const YES: Event = { kind: 'scriptDone', veto: true };
const NO_FINISH: Event = { kind: 'noFinish' };
const ended = (code: number, status = 0): Event => ({ kind: 'ended', code, status });
const started = (pid: number, limitMs: number | null = null): Event => ({ kind: 'started', pid, limitMs });
const looked = (policy: Policy | null): Event => ({ kind: 'looked', policy });

const GROWING: Policy = { restart: 'always', delay: { firstMs: 4000, maxMs: 60_000, resetMs: 10_000 }, limit: null };
const ONCE_ONLY: Policy = { restart: 'on-failure', delay: null, limit: { count: 1, withinMs: null } };

/** Up as process 7, since 0. */
const up = (policy: Policy | null = null, essential = false): Service =>
  play(newService('up', true, T0, essential), [0, { kind: 'up' }], [0, NO], [0, looked(policy)], [0, started(7)])
    .service;
const timed = (killMs: number | null = 1500, signal = 15): Service => ({ ...up(), stop: { signal, killMs } });

/** The run that ends at `ms`, without ./finish. */
const endsAt = (service: Service, ms: number, code = 1): Played => play(service, [ms, ended(code)], [ms, NO_FINISH]);

describe('the signal of a stop', () => {
  it('takes the place of TERM, and counts as such', () => {
    for (const kind of ['down', 'exit', 'term'] as const) {
      const told = play(timed(null, 3), [5, { kind }], [5, NO]);
      expect(names(told.effects)).toContain('send 3 to 7');
      expect(names(told.effects)).not.toContain('send 15 to 7');
      expect(told.service.process?.gotTerm).toBe(true);
    }
  });

  it('is the one known when it is sent, after control/t was asked', () => {
    const asked = play(timed(null, 3), [5, { kind: 'term' }]);
    expect(names(asked.effects)).toEqual(['ask t 7']);
    expect(names(play({ ...asked.service, stop: CLASSIC_STOP }, [6, NO]).effects)).toEqual(['send 15 to 7', 'publish']);
  });
});

describe('the deadline of a stop', () => {
  it('begins with the request, whoever sends it', () => {
    for (const kind of ['down', 'exit', 'term'] as const) {
      expect(play(timed(), [100, { kind }]).service.timers).toEqual({ kill: 1600 });
    }
    expect(play(timed(null), [100, { kind: 'down' }]).service.timers).toEqual({});
  });

  it('also runs where control/t takes the signal over', () => {
    const vetoed = play(timed(), [100, { kind: 'down' }], [200, YES], [200, NO]);
    expect(vetoed.service.timers).toEqual({ kill: 1600 });
    expect(names(play(vetoed.service, [1600, { kind: 'due', timer: 'kill' }]).effects)).toEqual(['kill all of 7']);
  });

  it('is not put off by further requests', () => {
    expect(play(timed(), [100, { kind: 'term' }], [900, { kind: 'down' }]).service.timers).toEqual({ kill: 1600 });
  });

  it('ends a control script that hangs, too, and what waits behind it', () => {
    const hanging = play(timed(), [100, { kind: 'down' }], [1600, { kind: 'due', timer: 'kill' }]);
    expect(names(hanging.effects)).toEqual(['killScript', 'kill all of 7']);
    expect(hanging.service).toMatchObject({ steps: [], timers: {} });
  });

  it('is over with the process; the start that follows is as ever', () => {
    const gone = play(timed(), [100, { kind: 'term' }], [100, NO], [1200, ended(-1, 15)]);
    expect(gone.service.timers).toEqual({});
    expect(play(gone.service, [1200, NO_FINISH]).service.state).toBe('preparing');
  });

  it('begins anew for a process that another supervisor had told to stop', () => {
    const process = { pid: 9, startedMs: -5000, paused: false, gotTerm: true };
    const found = { kind: 'adopted', process, since: T0.wall, phase: 'run' } as const;
    const fresh = { ...newService('down', true, T0), stop: { signal: 15, killMs: 700 } };
    expect(handle(fresh, found, at(50)).service.timers).toEqual({ kill: 750 });
    const untold = { ...found, process: { ...process, gotTerm: false } };
    expect(handle(fresh, untold, at(50)).service.timers).toEqual({});
    expect(handle({ ...fresh, stop: CLASSIC_STOP }, found, at(50)).service.timers).toEqual({});
  });

  it('is none of another timer', () => {
    expect(play(timed(), [100, { kind: 'down' }], [200, { kind: 'due', timer: 'start' }]).effects).toEqual([]);
  });
});

describe('the deadline of ./finish', () => {
  it('sends KILL', () => {
    const finishing = play(up(), [5000, ended(1)], [5000, started(8, 2000)]);
    expect(finishing.service.timers).toEqual({ finish: 7000 });
    const killed = play(finishing.service, [7000, { kind: 'due', timer: 'finish' }]);
    expect(names(killed.effects)).toEqual(['send 9 to 8']);
    expect(play(killed.service, [7001, ended(-1, 9)]).service.state).toBe('preparing');
    expect(play(finishing.service, [7000, { kind: 'due', timer: 'start' }]).effects).toEqual([]);
  });

  it('begins anew after an adoption', () => {
    const process = { pid: 9, startedMs: -5000, paused: false, gotTerm: false };
    const found = { kind: 'adopted', process, since: T0.wall, phase: 'finish' } as const;
    const fresh = newService('up', true, T0);
    expect(handle(fresh, { ...found, limitMs: 300 }, at(50)).service.timers).toEqual({ finish: 350 });
    expect(handle(fresh, found, at(50)).service.timers).toEqual({});
  });
});

describe('a restart policy', () => {
  it('is that of the last look', () => {
    expect(up(GROWING).policy).toBe(GROWING);
    expect(play(up(GROWING), [5, looked(null)]).service.policy).toBe(null);
  });

  it('delays a start after a run that nobody stopped, counted from the end of finish', () => {
    expect(endsAt(up(GROWING), 10).service).toMatchObject({ state: 'backoff', timers: { start: 4010 } });
    const slow = play(up(GROWING), [10, ended(1)], [10, started(8)], [2010, ended(0)]);
    expect(slow.service).toMatchObject({ state: 'backoff', timers: { start: 6010 }, streak: { bad: 1 } });
  });

  it('never starts twice within a second', () => {
    const quick: Policy = { ...GROWING, delay: { firstMs: 1, maxMs: 5, resetMs: 9000 } };
    expect(endsAt(up(quick), 10).service).toMatchObject({ state: 'backoff', timers: { start: 1000 } });
    expect(endsAt(up(quick), 1500).service).toMatchObject({ state: 'backoff', timers: { start: 1501 } });
  });

  it("leaves runit's pace after a good run, and where there is no delay", () => {
    expect(endsAt(up(GROWING), 10_000).service.state).toBe('preparing');
    expect(endsAt(up({ ...ONCE_ONLY, limit: null }), 1500).service.state).toBe('preparing');
    expect(endsAt(up({ ...ONCE_ONLY, limit: null }), 500).service).toMatchObject({ timers: { start: 1500 } });
  });

  it('counts a ./run that cannot be executed', () => {
    const starting = play(newService('up', true, T0), [0, { kind: 'up' }], [0, NO], [0, looked(ONCE_ONLY)]).service;
    const failed = play(starting, [0, { kind: 'execFailed' }], [0, NO_FINISH]);
    expect(failed.service.conclusion).toEqual({ outcome: 'failed', reason: 'exit code 111, 1 failure in a row' });
  });

  it('has no say about ends that somebody requested', () => {
    for (const kind of ['term', 'kill'] as const) {
      const asked = play(up(ONCE_ONLY), [10, { kind }], [10, NO]).service;
      expect(endsAt(asked, 20).service).toMatchObject({ state: 'backoff', conclusion: null, timers: { start: 1020 } });
    }
    const down = play(up(ONCE_ONLY), [10, { kind: 'down' }], [10, NO], [10, NO]).service;
    expect(endsAt(down, 20).service).toMatchObject({ state: 'down', want: 'down', conclusion: null });
  });

  it('has none about a service that is started once', () => {
    const once = play(up(ONCE_ONLY), [10, { kind: 'once' }]).service;
    expect(endsAt(once, 20).service).toMatchObject({ state: 'down', want: 'down', conclusion: null });
  });

  it('forgets failures when a run ends on request', () => {
    const again = play(
      { ...up(GROWING), streak: { bad: 3, lastDelayMs: 9, failuresMs: [1] } },
      [10, { kind: 'term' }],
      [10, NO],
    ).service;
    expect(endsAt(again, 20).service.streak).toEqual({ bad: 0, lastDelayMs: 0, failuresMs: [] });
  });
});

describe('a service that has failed', () => {
  const failed = (): Played => endsAt(up({ ...ONCE_ONLY, restart: 'always' }), 10, 3);

  it('is down, wanted down, and says why once', () => {
    const { service, effects } = failed();
    expect(names(effects)).toEqual(['failed: exit code 3, 1 failure in a row', 'publish']);
    expect(service).toMatchObject({
      state: 'down',
      want: 'down',
      process: null,
      timers: {},
      conclusion: { outcome: 'failed', reason: 'exit code 3, 1 failure in a row' },
    });
    expect(isAtRest(service)).toBe(true);
  });

  it('starts again when told to, not sooner than a second after its last start', () => {
    expect(play(failed().service, [20, { kind: 'up' }]).service).toMatchObject({
      state: 'backoff',
      want: 'up',
      timers: { start: 1000 },
      conclusion: null,
      streak: { bad: 0 },
    });
    expect(play(failed().service, [2000, { kind: 'once' }]).service).toMatchObject({
      state: 'preparing',
      want: 'down',
      conclusion: null,
      streak: { bad: 0 },
    });
  });

  it('is cleared by down', () => {
    expect(play(failed().service, [20, { kind: 'down' }]).service.conclusion).toBe(null);
  });

  it('has failed where ./finish says so by 125', () => {
    const final = play(up(GROWING), [10, ended(1)], [10, started(8)], [20, ended(125)]);
    expect(final.service.conclusion).toEqual({ outcome: 'failed', reason: 'exit code 1, ./finish exited 125' });
    const unusable = play(up(ONCE_ONLY), [10, ended(1)], [10, { kind: 'execFailed' }]);
    expect(unusable.service.conclusion?.outcome).toBe('failed');
  });

  it('starts again after all where somebody asks while ./finish runs', () => {
    const asked = play(up(ONCE_ONLY), [10, ended(1)], [10, started(8)], [20, { kind: 'up' }]).service;
    expect(play(asked, [30, ended(125)]).service).toMatchObject({ state: 'backoff', want: 'up', conclusion: null });
    const ending = play(up(ONCE_ONLY), [10, ended(1)], [10, { kind: 'up' }]).service;
    expect(play(ending, [10, NO_FINISH]).service).toMatchObject({ state: 'backoff', conclusion: null });
    const classic = play(up(), [10, ended(1)], [10, started(8)], [20, { kind: 'up' }]).service;
    expect(classic.stopRequested).toBe(false);
  });
});

describe('a service that is done', () => {
  it('is down without a word', () => {
    const { service, effects } = endsAt(up(ONCE_ONLY), 10, 0);
    expect(names(effects)).toEqual(['publish']);
    expect(service).toMatchObject({ want: 'down', conclusion: { outcome: 'done', reason: 'exit code 0' } });
  });
});

describe('a delay', () => {
  const delayed = (): Service => endsAt(up(GROWING), 10).service;

  it('ends with a command to start, but not the second between two starts', () => {
    for (const kind of ['up', 'once'] as const) {
      expect(play(delayed(), [500, { kind }]).service).toMatchObject({ state: 'backoff', timers: { start: 1000 } });
      expect(play(delayed(), [1500, { kind }]).service).toMatchObject({ state: 'preparing', streak: { bad: 0 } });
    }
    expect(play(delayed(), [500, { kind: 'once' }]).service.want).toBe('down');
  });

  it('is forgotten by down', () => {
    const down = play(delayed(), [500, { kind: 'down' }]).service;
    expect(down).toMatchObject({ state: 'down', timers: {} });
    expect(play(down, [1500, { kind: 'up' }]).service.state).toBe('preparing');
  });

  it('that a refused fork made is not shortened', () => {
    const starting = play(newService('up', true, T0), [0, { kind: 'up' }], [0, NO], [0, looked(GROWING)]).service;
    const refused = play(starting, [50, { kind: 'forkRefused' }], [60, { kind: 'up' }]);
    expect(refused.service).toMatchObject({ state: 'backoff', timers: { start: 1050 } });
  });

  it("of runit's is not shortened either", () => {
    expect(play(endsAt(up(), 900).service, [1100, { kind: 'up' }]).service).toMatchObject({ timers: { start: 1900 } });
  });
});

describe('an essential service with a policy', () => {
  it('is over when it is done or has failed, with its exit code', () => {
    const failed = endsAt(up({ ...ONCE_ONLY, restart: 'always' }, true), 10, 3);
    expect(names(failed.effects)[0]).toBe('failed: exit code 3, 1 failure in a row, over');
    expect(failed.service).toMatchObject({ want: 'exit', finalExitCode: 3 });
    expect(endsAt(up(ONCE_ONLY, true), 10, 0).service).toMatchObject({ want: 'exit', finalExitCode: 0 });
  });

  it('is not over while the policy starts it again', () => {
    expect(endsAt(up(GROWING, true), 10, 3).service).toMatchObject({ state: 'backoff', finalExitCode: null });
  });
});
