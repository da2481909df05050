// What is recorded of deadlines and policies. Read first: recording.test.ts.
import { describe, expect, it } from 'vitest';
import type { HistoryEvent } from '../../../../src/formats/history.ts';
import { NEW_STATE, type Oom, type SupervisorState } from '../../../../src/formats/state.ts';
import { type Event, NO_STREAK, type Now, type Policy, type Service } from '../../../../src/machine/service/model.ts';
import { isFirst, record } from '../../../../src/machine/service/recording.ts';
import { resumedStreak } from '../../../../src/machine/service/restart-policy.ts';
import { handle, newService } from '../../../../src/machine/service/table.ts';

const at = (ms: number): Now => ({ ms, wall: { sec: 1_700_000_000 + Math.floor(ms / 1000), nsec: 0 } });

interface Life {
  readonly service: Service;
  readonly state: SupervisorState;
  readonly events: readonly HistoryEvent[];
  readonly firsts: number;
}

const play = (life: Life, oom: Oom, ...events: readonly (readonly [number, Event])[]): Life =>
  events.reduce<Life>((before, [ms, event]) => {
    const { service, effects } = handle(before.service, event, at(ms));
    const sent = effects.flatMap((effect) => (effect.kind === 'send' ? [effect.signal] : []));
    const exit = event.kind === 'ended' ? event : { code: 0, status: 0 };
    const step = { before: before.service, after: service, sent, exit, oom, now: at(ms) };
    const { state, events: more } = record(before.state, step);
    const firsts = before.firsts + (isFirst(before.service, service) ? 1 : 0);
    return { service, state, events: [...before.events, ...more], firsts };
  }, life);

const NO: Event = { kind: 'scriptDone', veto: false };
const NO_FINISH: Event = { kind: 'noFinish' };
const started = (pid: number, limitMs: number | null = null): Event => ({ kind: 'started', pid, limitMs });
const ended = (code: number, status = 0): Event => ({ kind: 'ended', code, status });
const LIMITED: Policy = { restart: 'always', delay: null, limit: { count: 2, withinMs: null } };

const up = (policy: Policy | null, killMs: number | null = null): Life => {
  const fresh = { ...newService('up', true, at(0)), control: false, stop: { signal: 15, killMs } };
  const life: Life = { service: fresh, state: NEW_STATE, events: [], firsts: 0 };
  return {
    ...play(life, null, [0, { kind: 'up' }], [0, NO], [0, { kind: 'looked', policy }], [0, started(7)]),
    events: [],
  };
};

describe('a deadline that is over', () => {
  it('is worth a record, even the first one', () => {
    const life = play(up(null, 500), null, [10, { kind: 'down' }], [510, { kind: 'due', timer: 'kill' }]);
    expect(life.events).toEqual([
      { event: 'stopping', pid: 7, signal: 'TERM', by: 'sv' },
      { event: 'killed', pid: 7, by: 'timeout-kill' },
    ]);
    expect(life.firsts).toBe(1);
  });

  it('of ./finish is told as such', () => {
    const life = play(
      up(null),
      null,
      [10, { kind: 'down' }],
      [20, ended(0)],
      [20, started(8, 300)],
      [320, { kind: 'due', timer: 'finish' }],
      [321, ended(-1, 9)],
    );
    expect(life.events.slice(-2)).toEqual([
      { event: 'killed', pid: 8, by: 'timeout-finish' },
      { event: 'finished', signal: 'KILL', took: 0.301 },
    ]);
  });

  it('is none where the process ended in time', () => {
    expect(play(up(null, 500), null, [10, { kind: 'down' }], [20, ended(0)]).events.map(({ event }) => event)).toEqual([
      'stopping',
      'ended',
    ]);
  });
});

describe('what a policy makes of a service', () => {
  const failed = (): Life => {
    const once = play(up(LIMITED), null, [10, ended(3)], [10, NO_FINISH], [1010, { kind: 'due', timer: 'start' }]);
    return play(once, null, [1010, NO], [1010, started(8)], [1020, ended(3)], [1020, NO_FINISH]);
  };

  it('is told, and kept in state.json until somebody asks for a start', () => {
    const life = failed();
    expect(life.events.at(-1)).toEqual({ event: 'failed', reason: 'exit code 3, 2 failures in a row' });
    expect(life.state).toMatchObject({
      consecutiveFailures: 2,
      outcome: 'failed',
      reason: 'exit code 3, 2 failures in a row',
      next: null,
    });
    const asked = play(life, null, [5000, { kind: 'up' }]);
    expect(asked.state).toMatchObject({ consecutiveFailures: 0, outcome: null, reason: null });
  });

  it('counts bad runs as the policy does', () => {
    const short: Policy = { ...LIMITED, delay: { firstMs: 10, maxMs: 10, resetMs: 100 }, limit: null };
    const life = play(up(short), null, [150, ended(3)], [150, NO_FINISH]);
    expect(life.state).toMatchObject({ failures: 1, consecutiveFailures: 0 });
  });
});

describe('an end by KILL', () => {
  it('may be for lack of memory', () => {
    const life = play(up(null), 'possible', [10, ended(-1, 9)]);
    expect(life.events).toMatchObject([{ event: 'ended', signal: 'KILL', oom: 'possible' }]);
    expect(life.state).toMatchObject({ ooms: 1, last: { oom: 'possible' } });
  });

  it('is not where somebody asked for it', () => {
    const life = play(up(null), 'possible', [5, { kind: 'kill' }], [10, ended(-1, 9)]);
    expect(life.state).toMatchObject({ ooms: 0, last: { oom: null } });
  });
});

describe('a streak that an earlier supervisor has counted', () => {
  it('goes on with the delay that belongs to it', () => {
    const growing: Policy = { restart: 'always', delay: { firstMs: 1000, maxMs: 60_000, resetMs: 1 }, limit: null };
    expect(resumedStreak(growing, 0)).toBe(NO_STREAK);
    expect(resumedStreak(growing, 3)).toEqual({ bad: 3, lastDelayMs: 4000, failuresMs: [] });
    expect(resumedStreak(LIMITED, 3)).toEqual({ bad: 3, lastDelayMs: 0, failuresMs: [] });
  });
});

it('a run that only its ./finish tells of counts as a failure, as the streak has it', () => {
  const fresh: Service = { ...newService('up', true, at(0)), policy: LIMITED, streak: resumedStreak(LIMITED, 1) };
  const adopted: Event = {
    kind: 'adopted',
    phase: 'finish',
    since: at(0).wall,
    process: { pid: 8, startedMs: 0, paused: false, gotTerm: false },
  };
  const state: SupervisorState = { ...NEW_STATE, starts: 1, failures: 1, consecutiveFailures: 1 };
  const life = play({ service: fresh, state, events: [], firsts: 0 }, null, [0, adopted], [5, ended(0)]);
  expect(life.state).toMatchObject({ starts: 2, failures: 2, consecutiveFailures: 2 });
});
