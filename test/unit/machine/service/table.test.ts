// The table of states and events, situation by situation. Read next: src/machine/service/model.ts (the model).
import { describe, expect, it } from 'vitest';
import { handle, isAtRest, newService, RESTART_MS } from '../../../../src/machine/service/table.ts';
import type { Effect, Event, Now, Service, ServiceState } from '../../../../src/machine/service/model.ts';

const at = (ms: number): Now => ({ ms, wall: { sec: 1000 + ms / 1000, nsec: 500 } });
const T0 = at(0);

interface Run {
  readonly service: Service;
  readonly effects: readonly Effect[];
}

/** Applies events one after the other, each at its time; effects are those of the last. */
const play = (service: Service, ...events: readonly (readonly [number, Event])[]): Run =>
  events.reduce<Run>((run, [ms, event]) => handle(run.service, event, at(ms)), { service, effects: [] });

const names = (effects: readonly Effect[]): readonly string[] =>
  effects.map((effect) => {
    if (effect.kind === 'send') return `send ${effect.signal} to ${effect.pid}`;
    if (effect.kind === 'runScript') return `ask ${effect.letter} ${effect.pid}`;
    if (effect.kind === 'finish') return `finish ${effect.code} ${effect.status}`;
    return effect.kind;
  });

const YES: Event = { kind: 'scriptDone', veto: true };
const NO: Event = { kind: 'scriptDone', veto: false };
const ended = (code: number, status: number): Event => ({ kind: 'ended', code, status });
const started = (pid: number): Event => ({ kind: 'started', pid });

const fresh = (want: 'up' | 'down' = 'up'): Service => newService(want, true, T0);
const freshLog = (): Service => newService('up', false, T0);
/** A service in each state, reached by events alone. */
const reach: Readonly<Record<ServiceState, (want?: 'up' | 'down') => Service>> = {
  down: () => fresh('down'),
  preparing: () => play(fresh(), [0, { kind: 'up' }]).service,
  starting: () => play(fresh(), [0, { kind: 'up' }], [0, NO]).service,
  up: () => play(fresh(), [0, { kind: 'up' }], [0, NO], [0, started(7)]).service,
  ending: () => play(reach.up(), [5000, ended(1, 0)]).service,
  finishing: () => play(reach.ending(), [5000, started(8)]).service,
  waiting: () => play(reach.preparing(), [0, { kind: 'unmet', names: ['db'] }]).service,
  backoff: () => play(reach.up(), [10, ended(0, 0)], [20, { kind: 'noFinish' }]).service,
};
const STATES = Object.keys(reach) as readonly ServiceState[];

const found = { process: { pid: 9, startedMs: -5000, paused: true, gotTerm: true }, since: T0.wall } as const;
const EVENTS: readonly Event[] = [
  { kind: 'up' },
  { kind: 'down' },
  { kind: 'once' },
  { kind: 'exit' },
  { kind: 'drain' },
  { kind: 'term' },
  { kind: 'kill' },
  { kind: 'pause' },
  { kind: 'cont' },
  { kind: 'signal', letter: 'h' },
  YES,
  NO,
  { kind: 'looked', policy: null },
  { kind: 'looked', policy: { restart: 'always', delay: null, limit: null } },
  started(9),
  { kind: 'notReady' },
  { kind: 'unmet', names: ['db', 'cache'] },
  { kind: 'met' },
  { kind: 'forkRefused' },
  { kind: 'execFailed' },
  ended(0, 0),
  { kind: 'noFinish' },
  { kind: 'due', timer: 'start' },
  { kind: 'due', timer: 'kill' },
  { kind: 'due', timer: 'finish' },
  { kind: 'adopted', ...found, phase: 'run' },
  { kind: 'adopted', ...found, phase: 'finish' },
];

describe('every cell of the table', () => {
  for (const state of STATES) {
    it(`in state ${state} keeps a process exactly where a state has one`, () => {
      const service = reach[state]();
      expect(service.state).toBe(state);
      for (const event of EVENTS) {
        const next = handle(service, event, at(9000)).service;
        expect([next.state, next.process !== null]).toEqual([
          next.state,
          next.state === 'up' || next.state === 'finishing',
        ]);
        expect(next.timers.start !== undefined && next.state !== 'backoff' && next.state !== 'ending').toBe(false);
      }
    });
  }
});

describe('starting', () => {
  it('asks control/u, then starts ./run, then tells', () => {
    expect(names(play(fresh(), [0, { kind: 'up' }]).effects)).toEqual(['publish', 'ask u 0']);
    expect(names(play(reach.preparing(), [0, YES]).effects)).toEqual(['run']);
    const up = play(reach.starting(), [3, started(7)]);
    expect(names(up.effects)).toEqual(['publish']);
    expect(up.service).toMatchObject({ state: 'up', process: { pid: 7, startedMs: 3 }, since: at(3).wall });
  });

  it('has no scripts to ask for a log service', () => {
    expect(names(play(freshLog(), [0, { kind: 'up' }]).effects)).toEqual(['publish', 'run']);
  });

  it('tries a refused fork again a second later, and stays obedient meanwhile', () => {
    const refused = play(reach.starting(), [50, { kind: 'forkRefused' }]);
    expect(refused.service).toMatchObject({ state: 'backoff', timers: { start: 1050 }, want: 'up' });
    expect(play(refused.service, [60, { kind: 'down' }]).service).toMatchObject({ state: 'down', timers: {} });
    expect(names(play(refused.service, [1050, { kind: 'due', timer: 'start' }]).effects)).toEqual(['ask u 0']);
  });

  it('waits a second where what it needs is not ready, and asks again', () => {
    const later = play(reach.preparing(), [50, { kind: 'notReady' }]);
    expect(later.service).toMatchObject({ state: 'backoff', timers: { start: 1050 }, want: 'up', runningScript: null });
    expect(play(later.service, [60, { kind: 'exit' }]).service).toMatchObject({ state: 'down', want: 'exit' });
    expect(names(play(later.service, [1050, { kind: 'due', timer: 'start' }]).effects)).toEqual(['ask u 0']);
  });

  it('that is not ready, and was cancelled before it was asked for, leaves nothing that is waited for', () => {
    const hanging = play(reach.up(), [0, { kind: 'term' }], [5000, ended(0, 0)], [5000, { kind: 'noFinish' }]);
    const cancelled = play(hanging.service, [5000, { kind: 'exit' }], [5000, NO]);
    expect(names(cancelled.effects)).toEqual(['ask u 0']);
    expect(isAtRest(play(cancelled.service, [5000, { kind: 'notReady' }]).service)).toBe(true);
  });

  it('runs finish with 111 0 for a ./run that cannot be executed', () => {
    const failed = play(reach.starting(), [0, { kind: 'execFailed' }]);
    expect(names(failed.effects)).toEqual(['finish 111 0']);
    expect(play(failed.service, [0, { kind: 'noFinish' }]).service).toMatchObject({
      state: 'backoff',
      timers: { start: RESTART_MS },
    });
  });

  it('is cancelled by down or exit as long as ./run has not been started', () => {
    for (const state of ['preparing', 'backoff'] as const) {
      expect(play(reach[state](), [30, { kind: 'down' }]).service).toMatchObject({ state: 'down', want: 'down' });
      expect(play(reach[state](), [30, { kind: 'exit' }]).service).toMatchObject({ state: 'down', want: 'exit' });
    }
    const late = play(reach.preparing(), [30, { kind: 'down' }], [40, NO]);
    expect([late.service.state, late.effects.length]).toEqual(['down', 0]);
  });

  it('stops a process that was told to go down between the fork and its answer', () => {
    const told = play(reach.starting(), [0, { kind: 'down' }], [1, started(7)]);
    expect(names(told.effects)).toEqual(['publish', 'ask t 7']);
    expect(play(reach.starting(), [0, { kind: 'exit' }]).service.want).toBe('exit');
  });

  it('starts one process for two ups around a down', () => {
    const asked = play(reach.preparing(), [0, { kind: 'down' }], [0, { kind: 'up' }], [0, NO]);
    expect(names(asked.effects)).toEqual(['run']);
    const up = play(asked.service, [0, started(7)]);
    expect(names(up.effects)).toEqual(['publish', 'ask u 7']);
    expect(names(play(up.service, [0, NO]).effects)).toEqual([]);
  });

  it('starts once where the want is down', () => {
    const once = play(fresh('down'), [0, { kind: 'once' }], [0, NO], [0, started(7)], [5000, ended(0, 0)]);
    expect(play(once.service, [5000, { kind: 'noFinish' }]).service).toMatchObject({ state: 'down', want: 'down' });
  });
});

describe('the second between two starts', () => {
  it('is counted from the end of a program that lived less', () => {
    const soon = play(reach.up(), [900, ended(0, 0)], [900, { kind: 'noFinish' }]);
    expect(soon.service).toMatchObject({ state: 'backoff', timers: { start: 1900 } });
    expect(play(soon.service, [1900, { kind: 'due', timer: 'start' }]).service.state).toBe('preparing');
  });

  it('is not waited for after a program that lived longer', () => {
    const late = play(reach.up(), [1100, ended(0, 0)], [1100, { kind: 'noFinish' }]);
    expect(late.service.state).toBe('preparing');
    expect(names(late.effects)).toEqual(['publish', 'ask u 0']);
  });

  it('also holds for an up that comes after a down', () => {
    const down = play(reach.up(), [10, { kind: 'down' }], [20, ended(-1, 15)], [20, { kind: 'noFinish' }]);
    expect(down.service.state).toBe('down');
    expect(play(down.service, [30, { kind: 'up' }]).service).toMatchObject({
      state: 'backoff',
      timers: { start: 1020 },
    });
  });

  it('does not hold up an exit', () => {
    const going = play(reach.up(), [10, { kind: 'exit' }], [20, ended(-1, 15)], [20, { kind: 'noFinish' }]);
    expect(going.service.state).toBe('down');
  });
});

describe('stopping', () => {
  it('sends TERM and CONT, and tells control/d', () => {
    const asked = play(reach.up(), [0, { kind: 'down' }]);
    expect(names(asked.effects)).toEqual(['publish', 'ask t 7']);
    const sent = play(asked.service, [0, NO]);
    expect(names(sent.effects)).toEqual(['send 15 to 7', 'publish', 'send 18 to 7', 'ask d 7']);
    expect(sent.service).toMatchObject({ process: { gotTerm: true }, want: 'down' });
    expect(names(play(sent.service, [0, YES]).effects)).toEqual([]);
  });

  it('tells control/x on the way out', () => {
    const sent = play(reach.up(), [0, { kind: 'exit' }], [0, NO]);
    expect(names(sent.effects).at(-1)).toBe('ask x 7');
  });

  it('sends no TERM where control/t objects, and no CONT where the service is wanted up', () => {
    const vetoed = play(reach.up(), [0, { kind: 'down' }], [0, YES]);
    expect(names(vetoed.effects)).toEqual(['send 18 to 7', 'ask d 7']);
    expect(vetoed.service.process?.gotTerm).toBe(false);
    expect(names(play(reach.up(), [0, { kind: 'term' }], [0, NO]).effects)).toEqual(['send 15 to 7', 'publish']);
  });

  it('forgets a signal that was meant for a process that is gone', () => {
    const gone = play(reach.up(), [0, { kind: 'term' }], [5000, ended(0, 0)], [5000, { kind: 'noFinish' }]);
    const again = play(gone.service, [5000, NO]);
    expect(names(again.effects)).toEqual(['ask u 0']);
    const up = play(again.service, [5000, NO], [5000, started(9)]);
    expect(names(up.effects)).toEqual(['publish']);
  });
});

describe('signals', () => {
  it('go to ./run alone', () => {
    for (const state of STATES.filter((each) => each !== 'up' && each !== 'starting')) {
      for (const kind of ['term', 'pause', 'cont'] as const) {
        expect(play(reach[state](), [0, { kind }]).effects).toEqual([]);
      }
    }
  });

  it('have their numbers', () => {
    const sent = (['h', 'a', 'i', 'q', '1', '2'] as const).map(
      (letter) => names(play(reach.up(), [0, { kind: 'signal', letter }], [0, NO]).effects)[0],
    );
    expect(sent).toEqual([1, 14, 2, 3, 10, 12].map((signal) => `send ${signal} to 7`));
  });

  it('pause and continue are shown, vetoed or not', () => {
    const paused = play(reach.up(), [0, { kind: 'pause' }], [0, YES]);
    expect(names(paused.effects)).toEqual(['publish']);
    expect(paused.service.process?.paused).toBe(true);
    const resumed = play(paused.service, [0, { kind: 'cont' }], [0, NO]);
    expect(names(resumed.effects)).toEqual(['send 18 to 7', 'publish']);
    expect(resumed.service.process?.paused).toBe(false);
  });

  it('wait for the script that is being asked', () => {
    const two = play(reach.up(), [0, { kind: 'signal', letter: 'h' }], [0, { kind: 'signal', letter: '1' }]);
    expect(two.effects).toEqual([]);
    expect(names(play(two.service, [0, NO]).effects)).toEqual(['send 1 to 7', 'ask 1 7']);
  });
});

describe('kill', () => {
  it('sends KILL after control/k, and does not touch the state', () => {
    const killed = play(reach.up(), [0, { kind: 'kill' }], [0, NO]);
    expect(names(killed.effects)).toEqual(['send 9 to 7']);
    expect(killed.service.state).toBe('up');
  });

  it('ends a control script that hangs', () => {
    const hanging = play(reach.up(), [0, { kind: 'down' }], [0, { kind: 'kill' }]);
    expect(names(hanging.effects)).toEqual(['killScript']);
    expect(names(play(reach.preparing(), [0, { kind: 'kill' }]).effects)).toEqual(['killScript']);
    expect(names(play(reach.down(), [0, { kind: 'kill' }]).effects)).toEqual([]);
  });

  it('drops what waits behind a script that hangs', () => {
    const waiting = play(
      reach.up(),
      [0, { kind: 'down' }],
      [0, { kind: 'term' }],
      [0, { kind: 'signal', letter: 'h' }],
    );
    const killed = play(waiting.service, [0, { kind: 'kill' }], [0, NO]);
    expect(names(killed.effects)).toEqual(['send 15 to 7', 'publish', 'ask k 7']);
    expect(names(play(killed.service, [0, NO]).effects)).toEqual(['send 9 to 7']);
  });

  it('reaches a finish script, which then is not run again', () => {
    expect(names(play(reach.finishing(), [0, { kind: 'kill' }]).effects)).toEqual(['send 9 to 8']);
    expect(names(play(reach.finishing(), [5000, { kind: 'kill' }], [5000, ended(-1, 9)]).effects)).toEqual([
      'publish',
      'ask u 0',
    ]);
  });
});

describe('finishing', () => {
  it('keeps the time at which the run began', () => {
    expect(reach.finishing()).toMatchObject({ process: { pid: 8, gotTerm: false, startedMs: 5000 }, since: T0.wall });
  });

  it('tries a refused fork again', () => {
    const refused = play(reach.ending(), [5000, { kind: 'forkRefused' }]);
    expect(refused.service).toMatchObject({ state: 'ending', timers: { start: 6000 } });
    expect(names(play(refused.service, [6000, { kind: 'due', timer: 'start' }]).effects)).toEqual(['finish 1 0']);
  });

  it('counts a finish that cannot be executed as done', () => {
    expect(play(reach.ending(), [5000, { kind: 'execFailed' }]).service.state).toBe('preparing');
  });

  it('does nothing more for once', () => {
    const once = play(reach.finishing(), [5000, { kind: 'once' }], [5000, ended(0, 0)]);
    expect(once.service.state).toBe('down');
  });

  it('is not there for a log service', () => {
    const up = play(freshLog(), [0, { kind: 'up' }], [0, started(5)], [5000, ended(0, 0)]);
    expect(names(up.effects)).toEqual(['publish', 'run']);
  });
});

describe('adoption', () => {
  it('takes a process as it is, with its time', () => {
    const run = handle(fresh(), { kind: 'adopted', ...found, phase: 'run' }, T0).service;
    expect(run).toMatchObject({ ...found, state: 'up', want: 'up' });
    const finish = handle(fresh(), { kind: 'adopted', ...found, phase: 'finish' }, T0).service;
    expect(finish.state).toBe('finishing');
  });

  it('restarts at once what had lived long enough', () => {
    const run = handle(fresh(), { kind: 'adopted', ...found, phase: 'run' }, T0).service;
    expect(play(run, [10, ended(-1, 0)], [10, { kind: 'noFinish' }]).service.state).toBe('preparing');
  });
});

describe('rest', () => {
  it('is a state without process, coming start or open question', () => {
    expect(isAtRest(reach.down())).toBe(true);
    expect(STATES.filter((state) => isAtRest(reach[state]()))).toEqual(['down']);
    expect(isAtRest(play(reach.preparing(), [0, { kind: 'exit' }]).service)).toBe(false);
  });

  it('ignores an answer that nobody asked for', () => {
    expect(play(reach.up(), [0, NO]).effects).toEqual([]);
  });
});

describe('an essential service', () => {
  const vital = (want: 'up' | 'down' = 'up'): Service => newService(want, true, T0, true);
  const running = (): Service => play(vital(), [0, { kind: 'up' }], [0, NO], [0, started(7)]).service;
  const NO_FINISH: Event = { kind: 'noFinish' };

  it('is over when it ends by itself and has no finish script, with its exit code', () => {
    const over = play(running(), [5000, ended(3, 0)], [5000, NO_FINISH]);
    expect(over.service).toMatchObject({ state: 'down', want: 'exit', finalExitCode: 3 });
    expect(isAtRest(over.service)).toBe(true);
    expect(play(running(), [5000, ended(-1, 11)], [5000, NO_FINISH]).service.finalExitCode).toBe(139);
    expect(play(running(), [5000, ended(-1, 0)], [5000, NO_FINISH]).service.finalExitCode).toBe(111);
  });

  it('is over when its finish script says so by 125, and starts again otherwise', () => {
    const finishing = play(running(), [5000, ended(4, 0)], [5000, started(8)]).service;
    expect(play(finishing, [5000, ended(125, 0)]).service).toMatchObject({ want: 'exit', finalExitCode: 4 });
    expect(play(finishing, [5000, ended(0, 0)]).service).toMatchObject({ state: 'preparing', finalExitCode: null });
    expect(play(finishing, [5000, ended(-1, 9)]).service).toMatchObject({ state: 'preparing', finalExitCode: null });
    const unusable = play(running(), [5000, ended(4, 0)], [5000, { kind: 'execFailed' }]);
    expect(unusable.service).toMatchObject({ state: 'preparing', finalExitCode: null });
  });

  it('is not over when a command has ended it', () => {
    for (const kind of ['term', 'kill', 'down', 'exit'] as const) {
      const asked = play(running(), [4000, { kind }], [5000, ended(0, 0)], [5000, NO_FINISH]).service;
      expect([kind, asked.finalExitCode]).toEqual([kind, null]);
    }
    const before = play(vital(), [0, { kind: 'up' }], [0, NO], [0, { kind: 'down' }], [0, started(7)]).service;
    expect(play(before, [5000, ended(0, 0)], [5000, NO_FINISH]).service.finalExitCode).toBe(null);
    const told = play(running(), [4000, { kind: 'term' }], [4000, NO], [5000, ended(0, 0)], [5000, NO_FINISH]);
    const again = play(told.service, [5000, NO]).service;
    expect(play(again, [5000, started(9)], [9000, ended(0, 0)], [9000, NO_FINISH]).service.finalExitCode).toBe(0);
  });

  it('is over after once, too', () => {
    const once = play(vital('down'), [0, { kind: 'once' }], [0, NO], [0, started(7)]).service;
    expect(play(once, [5000, ended(0, 0)], [5000, NO_FINISH]).service.finalExitCode).toBe(0);
  });

  it('is over when ./run cannot be executed', () => {
    const starting = play(vital(), [0, { kind: 'up' }], [0, NO]).service;
    expect(play(starting, [0, { kind: 'execFailed' }], [0, NO_FINISH]).service.finalExitCode).toBe(111);
  });

  it('that an earlier supervisor had told to end is not over', () => {
    const taken = handle(vital(), { kind: 'adopted', ...found, phase: 'run' }, T0).service;
    expect(play(taken, [10, ended(-1, 0)], [10, NO_FINISH]).service.finalExitCode).toBe(null);
  });

  it('only that: any other starts again', () => {
    expect(play(reach.up(), [5000, ended(0, 0)], [5000, NO_FINISH]).service).toMatchObject({
      finalExitCode: null,
      want: 'up',
    });
    expect(play(reach.finishing(), [5000, ended(125, 0)]).service).toMatchObject({ finalExitCode: null, want: 'up' });
  });
});

it('a refused fork leaves no step that would keep the service from being at rest', () => {
  // a signal for the process that is about to be started
  const { service } = play(
    reach.starting(),
    [0, { kind: 'signal', letter: 'h' }],
    [0, { kind: 'forkRefused' }],
    [1, NO],
    [2, { kind: 'exit' }],
  );
  expect(service.steps).toEqual([]);
  expect(isAtRest(service)).toBe(true);
});

it('nor does a ./run that cannot be executed', () => {
  const failed = play(reach.starting(), [0, { kind: 'down' }], [0, { kind: 'execFailed' }]);
  expect(names(failed.effects)).toEqual(['finish 111 0', 'ask d 0']);
  const { service } = play(failed.service, [1, { kind: 'noFinish' }], [2, NO], [3, { kind: 'exit' }]);
  expect(service.steps).toEqual([]);
  expect(isAtRest(service)).toBe(true);
});
