// Process 1's table, event by event: what is said and done in every state.
import { describe, expect, it } from 'vitest';
import {
  FORK_RETRY_MS,
  handleStages,
  newStages,
  OFF_MS,
  PAUSE_MS,
  STOP_MS,
} from '../../../../src/machine/init/table.ts';
import type { Stage, Stages, StagesEffect, StagesEvent } from '../../../../src/machine/init/model.ts';

const NOW = 1000;

/** An effect as a short word. */
const word = (effect: StagesEffect): string => {
  switch (effect.kind) {
    case 'tell':
      return effect.text;
    case 'start':
      return `start ${effect.stage}`;
    case 'runScript':
      return `run ${effect.name}`;
    case 'send':
      return `kill ${effect.pid} ${effect.signal}`;
    case 'request':
      return `ask for ${effect.what}`;
    case 'switchOff':
      return `switch off: ${effect.how}`;
    default:
      return effect.kind;
  }
};

/** A life: events go in, what was done since the last look comes out. */
class Life {
  now: Stages = newStages();
  #done: string[] = [];

  take(...events: readonly StagesEvent[]): this {
    for (const event of events) {
      const { stages, effects } = handleStages(this.now, event, NOW);
      this.now = stages;
      this.#done.push(...effects.map(word));
    }
    return this;
  }

  done(): readonly string[] {
    return this.#done.splice(0);
  }

  /** In a stage, whose process has ten times its number. */
  static in(stage: Stage): Life {
    const life = new Life().take({ kind: 'begin' }, started(10));
    if (stage > 1) life.take(ended(10), started(20));
    if (stage > 2) life.take(ended(20), started(30));
    life.done();
    return life;
  }

  /** Stage 1 or 2 cannot be executed, and the shell that was asked for is process 99. */
  static helping(stage: 1 | 2): Life {
    const life = stage === 1 ? new Life().take({ kind: 'begin' }) : Life.in(1).take(ended(10));
    life.take({ kind: 'unable' }, started(99)).done();
    return life;
  }

  static over(): Life {
    const life = Life.in(3).take(ended(30));
    life.done();
    return life;
  }
}

const started = (pid: number): StagesEvent => ({ kind: 'started', pid });
const ended = (pid: number, code: number | null = 0): StagesEvent => ({ kind: 'ended', pid, code });
const cont = (stop = true, reboot = false): StagesEvent => ({ kind: 'cont', stop, reboot });
const int = (runnable = true): StagesEvent => ({ kind: 'alarm', name: 'ctrlaltdel', runnable });
const pwr = (runnable = true): StagesEvent => ({ kind: 'alarm', name: 'pwrfail', runnable });
const due: StagesEvent = { kind: 'due' };
const unable: StagesEvent = { kind: 'unable' };
const forkRefused: StagesEvent = { kind: 'forkRefused' };

const enter = (n: Stage): readonly string[] => [`enter stage: /etc/runit/${n}`, `start ${n}`];
const leave = (n: Stage): string => `leave stage: /etc/runit/${n}`;
const warns = (text: string): string => `warning: ${text}`;
const failed = (n: Stage): string => warns(`child failed: /etc/runit/${n}`);
const crashed = (n: Stage): string => warns(`child crashed: /etc/runit/${n}`);
const KILLS = ['sending KILL signal to all processes...', 'killAll'];
const SKIPS = warns('skipping stage 2...');
const TOO_LATE = warns('signals only work in stage 2.');

describe('the stages', () => {
  it('follow each other, and at the end everything is killed', () => {
    const life = new Life().take({ kind: 'begin' });
    expect(life.done()).toEqual(enter(1));
    expect(life.take(started(10), ended(10)).done()).toEqual([leave(1), ...enter(2)]);
    expect(life.take(started(20), ended(20)).done()).toEqual([leave(2), ...enter(3)]);
    expect(life.take(started(30), ended(30)).done()).toEqual([leave(3), ...KILLS]);
  });

  it.each([
    [1, 1, [failed(1), leave(1), ...enter(2)]],
    [1, 111, [failed(1), leave(1), ...enter(2)]],
    [1, 100, [failed(1), leave(1), SKIPS, ...enter(3)]],
    [1, null, [crashed(1), leave(1), SKIPS, ...enter(3)]],
    [2, 1, [failed(2), leave(2), ...enter(3)]],
    [2, 100, [failed(2), leave(2), ...enter(3)]],
    [2, 111, [failed(2), warns('killing all processes in stage 2...'), 'kill -20 9']],
    [2, null, [crashed(2), warns('killing all processes in stage 2...'), 'kill -20 9']],
    [3, 1, [failed(3), leave(3), ...KILLS]],
    [3, 111, [failed(3), leave(3), ...KILLS]],
    [3, null, [crashed(3), leave(3), ...KILLS]],
  ] as const)('are followed, where stage %d ends with %s, by what runit has', (stage, code, done) => {
    expect(
      Life.in(stage)
        .take(ended(stage * 10, code))
        .done(),
    ).toEqual(done);
  });

  it('are not impressed by the end of an orphan', () => {
    const life = Life.in(2);
    const before = life.now;
    expect(life.take(ended(77), ended(78, null)).done()).toEqual([]);
    expect(life.now).toEqual(before);
  });

  it('begin stage 2 again after five seconds', () => {
    const life = Life.in(2).take(ended(20, 111));
    life.done();
    expect(life.now.dueMs).toBe(NOW + PAUSE_MS);
    expect(life.take(due).done()).toEqual([warns('restarting.'), ...enter(2)]);
    expect(life.now.dueMs).toBeNull();
  });

  it('ask again for a stage that could not be forked, without entering it twice', () => {
    const life = new Life().take({ kind: 'begin' }, forkRefused);
    life.done();
    expect(life.now.dueMs).toBe(NOW + FORK_RETRY_MS);
    expect(life.take(due).done()).toEqual(['start 1']);
    expect(life.take(started(10)).now).toMatchObject({ state: 'running', stage: 1, pid: 10, dueMs: null });
  });
});

describe('a stage that cannot be executed', () => {
  it('brings a shell, and is tried again when that has ended', () => {
    const life = new Life().take({ kind: 'begin' });
    life.done();
    expect(life.take(unable).done()).toEqual(['help']);
    const told = warns('emergency shell on the console, /etc/runit/1 is tried again when it ends.');
    expect(life.take(started(99)).done()).toEqual([told]);
    expect(life.take(ended(99, 3)).done()).toEqual(['start 1']);
    expect(life.take(started(10), ended(10)).done()).toEqual([leave(1), ...enter(2)]);
    expect(life.take(unable).done()).toEqual(['help']);
  });

  it.each([unable, forkRefused])('fails if no shell can be started: $kind', (answer) => {
    const life = new Life().take({ kind: 'begin' }, unable);
    life.done();
    expect(life.take(answer).done()).toEqual([failed(1), leave(1), ...enter(2)]);
    expect(life.take(unable, answer).done()).toEqual(['help', failed(2), leave(2), ...enter(3)]);
    expect(life.take(unable).done()).toEqual([failed(3), leave(3), ...KILLS]);
  });

  it('has failed where it cannot be executed after the shell either', () => {
    expect(Life.helping(2).take(ended(99), unable).done()).toEqual(['start 2', failed(2), leave(2), ...enter(3)]);
  });

  it('gives way to a stop that is asked for in the shell', () => {
    const life = Life.helping(2).take(cont(true, true));
    expect(life.done()).toEqual(['withdrawStop', 'kill -99 9']);
    expect(life.take(ended(99, null)).done()).toEqual([leave(2), 'ask for reboot', ...enter(3)]);
    const first = Life.helping(1).take(cont());
    first.done();
    expect(first.take(ended(99, null)).done()).toEqual([leave(1), SKIPS, ...enter(3)]);
  });
});

describe('CONT', () => {
  it('means nothing in stage 2 without a file that asks for the stop', () => {
    expect(Life.in(2).take(cont(false)).done()).toEqual([]);
  });

  it('stops stage 2, which has five seconds', () => {
    const life = Life.in(2).take(cont());
    expect(life.done()).toEqual(['withdrawStop', 'kill 20 15']);
    expect(life.now.dueMs).toBe(NOW + STOP_MS);
    expect(life.take(cont(), cont(false), int(), pwr(), pwr(false)).done()).toEqual(['withdrawStop', 'withdrawStop']);
    expect(life.take(due).done()).toEqual([warns('stage 2 not terminated, sending sigkill...'), 'kill 20 9']);
    expect(life.now.dueMs).toBeNull();
    expect(life.take(ended(20, null)).done()).toEqual([leave(2), ...enter(3)]);
  });

  it.each([[3], [111], [null]])('takes any end of stage 2 for a good one: %s', (code) => {
    const life = Life.in(2).take(cont());
    life.done();
    expect(life.take(ended(20, code)).done()).toEqual([leave(2), ...enter(3)]);
  });

  it('is kept in stage 1, and with it that the files said reboot', () => {
    const life = Life.in(1).take(cont(true, true));
    expect(life.done()).toEqual([warns('stage 1 has not ended yet, stopping after it.'), 'withdrawStop']);
    expect(life.take(ended(10)).done()).toEqual([leave(1), SKIPS, 'ask for reboot', ...enter(3)]);
  });

  it('counts as it was last', () => {
    const life = Life.in(1).take(cont(true, true), cont(true, false));
    life.done();
    expect(life.take(ended(10, 1)).done()).toEqual([failed(1), leave(1), SKIPS, ...enter(3)]);
  });

  it('comes too late in stage 3, and is reported in stage 1 where it requests nothing', () => {
    expect(Life.in(3).take(cont(), cont(false)).done()).toEqual([TOO_LATE, TOO_LATE]);
    expect(Life.in(1).take(cont(false)).done()).toEqual([TOO_LATE]);
  });

  it('between two runs of stage 2 leads to stage 3 at once', () => {
    const life = Life.in(2).take(ended(20, 111));
    life.done();
    expect(life.take(cont()).done()).toEqual(['withdrawStop', leave(2), ...enter(3)]);
    expect(life.now.dueMs).toBeNull();
  });

  it('while a stage waits for a fork leads to stage 3 at once', () => {
    const life = new Life().take({ kind: 'begin' }, forkRefused);
    life.done();
    expect(life.take(cont()).done()).toEqual(['withdrawStop', leave(1), SKIPS, ...enter(3)]);
    expect(life.take(forkRefused, cont()).done()).toEqual([TOO_LATE]);
  });

  it('that comes while stage 2 is being started stops it as soon as it runs', () => {
    const life = Life.in(1).take(ended(10));
    life.done();
    expect(life.take(cont(), started(20)).done()).toEqual(['withdrawStop', 'kill 20 15']);
  });
});

describe('Ctrl-Alt-Del', () => {
  it('runs its script beside stage 2, and then looks whether to stop', () => {
    const life = Life.in(2).take(int());
    expect(life.done()).toEqual(['ctrl-alt-del request...', 'enter stage: /etc/runit/ctrlaltdel', 'run ctrlaltdel']);
    life.take({ kind: 'scriptStarted', name: 'ctrlaltdel', pid: 50 }, int());
    expect(life.done()).toEqual([]);
    expect(life.take(ended(50, 3)).done()).toEqual(['leave stage: /etc/runit/ctrlaltdel', 'checkStopFiles']);
    expect(life.now).toMatchObject({ state: 'running', script: null });
  });

  it('means nothing in stage 2 without a script, and is reported elsewhere', () => {
    expect(Life.in(2).take(int(false)).done()).toEqual([]);
    expect(Life.in(1).take(int(false)).done()).toEqual([TOO_LATE]);
    expect(Life.in(3).take(int(false), int()).done()).toEqual([TOO_LATE, TOO_LATE]);
  });

  it('is kept in stage 1 until stage 2 runs, once', () => {
    const life = Life.in(1).take(int(), int());
    const told = warns('stage 1 has not ended yet, /etc/runit/ctrlaltdel runs after it.');
    expect(life.done()).toEqual([told, told]);
    life.take(ended(10)).done();
    expect(life.take(started(20)).done().at(-1)).toBe('run ctrlaltdel');
    life.take({ kind: 'scriptUnable', name: 'ctrlaltdel' });
    expect(life.done()).toEqual(['leave stage: /etc/runit/ctrlaltdel', 'checkStopFiles']);
  });

  it('that ends when stage 3 has begun looks at nothing', () => {
    const life = Life.in(2).take(int(), { kind: 'scriptStarted', name: 'ctrlaltdel', pid: 50 }, ended(20));
    life.take(started(30)).done();
    expect(life.take(ended(50)).done()).toEqual(['leave stage: /etc/runit/ctrlaltdel']);
  });

  it('waits for the script of a failing power', () => {
    const life = Life.in(2).take(pwr(), { kind: 'scriptStarted', name: 'pwrfail', pid: 51 }, int());
    life.done();
    expect(life.take(ended(51)).done()).toEqual([
      'leave stage: /etc/runit/pwrfail',
      'checkStopFiles',
      'ctrl-alt-del request...',
      'enter stage: /etc/runit/ctrlaltdel',
      'run ctrlaltdel',
    ]);
  });
});

describe('a failing power', () => {
  it('stops the system without a script', () => {
    expect(Life.in(2).take(pwr(false)).done()).toEqual(['withdrawStop', 'kill 20 15']);
    expect(Life.in(3).take(pwr(false)).done()).toEqual([TOO_LATE]);
    const life = Life.in(1).take(pwr(false));
    life.done();
    expect(life.take(ended(10)).done()).toEqual([leave(1), SKIPS, ...enter(3)]);
  });

  it('runs its script with the stop asked for, so that the script may take it back', () => {
    expect(Life.in(2).take(pwr()).done()).toEqual([
      'powerfail event...',
      'enter stage: /etc/runit/pwrfail',
      'ask for stop',
      'run pwrfail',
    ]);
  });

  it.each([
    ['a pause', Life.in(2).take(ended(20, 111))],
    ['a shell', Life.helping(2)],
    ['a wait for a fork', Life.in(1).take(ended(10), forkRefused)],
    ['a start', Life.in(1).take(ended(10))],
  ])('runs its script during %s too', (_name, life) => {
    life.done();
    expect(life.take(pwr()).done().at(-1)).toBe('run pwrfail');
  });
});

describe('the end', () => {
  it.each([
    [true, 'system reboot.', 'reboot'],
    [false, 'power off...', 'powerOff'],
  ] as const)('is decided by the files: %s', (reboot, text, how) => {
    expect(Life.over().take({ kind: 'verdict', reboot }).done()).toEqual([text, `switch off: ${how}`]);
  });

  it('halts a machine that does not switch itself off', () => {
    const life = Life.over().take({ kind: 'verdict', reboot: false }, { kind: 'stillOn', permitted: true });
    life.done();
    expect(life.now.dueMs).toBe(NOW + OFF_MS);
    expect(life.take(due).done()).toEqual(['system halt.', 'switch off: halt']);
    expect(life.take({ kind: 'stillOn', permitted: true }).done()).toEqual([]);
    expect(life.now.dueMs).toBeNull();
  });

  it('is to leave where nothing may be switched off', () => {
    const life = Life.over().take({ kind: 'verdict', reboot: true }, { kind: 'stillOn', permitted: false });
    expect(life.done().slice(-2)).toEqual([warns('not permitted to switch anything off, exiting.'), 'exit']);
  });
});

describe('every state', () => {
  const lives: Readonly<Record<string, () => Life>> = {
    starting: () => new Life(),
    running: () => Life.in(1),
    backoff: () => new Life().take({ kind: 'begin' }, forkRefused),
    helping: () => Life.helping(1),
    pausing: () => Life.in(2).take(ended(20, 111)),
    stopping: () => Life.in(2).take(cont()),
    done: () => Life.over(),
  };
  const events: readonly StagesEvent[] = [
    { kind: 'begin' },
    started(1),
    forkRefused,
    unable,
    { kind: 'scriptStarted', name: 'pwrfail', pid: 5 },
    { kind: 'scriptUnable', name: 'ctrlaltdel' },
    ended(10),
    cont(),
    cont(false),
    int(),
    int(false),
    pwr(),
    pwr(false),
    { kind: 'verdict', reboot: true },
    { kind: 'stillOn', permitted: true },
    due,
  ];

  it.each(Object.entries(lives))('%s answers every event, and says what it has to say in a line', (state, make) => {
    expect(make().now.state).toBe(state);
    for (const event of events) {
      const life = make();
      life.done();
      for (const line of life.take(event).done()) expect(line).not.toContain('\n');
      expect(life.now.stage).toBeGreaterThan(0);
    }
  });
});
