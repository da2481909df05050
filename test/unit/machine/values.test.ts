// Initial states, times and tables of the machines as they are: what `make mutation` found that no other test would notice.
import { describe, expect, it } from 'vitest';
import type { Status } from '../../../src/formats/status.ts';
import { BUSY_MS, isSameProcess, STABLE_MS, UNOBSERVED, SETTLED_MS } from '../../../src/machine/client/stability.ts';
import { handleShutdown, newShutdown, type ShutdownEvent } from '../../../src/machine/container/shutdown.ts';
import { FORK_RETRY_MS, newStages, OFF_MS, PAUSE_MS, STOP_MS } from '../../../src/machine/init/table.ts';
import { planOf, type ExecOptions } from '../../../src/machine/exec/plan.ts';
import { handleTree, newTree, type Tree, type TreeEvent } from '../../../src/machine/scan/table.ts';
import { nextTurn, type Turn } from '../../../src/machine/scan/turn.ts';
import { newDraining } from '../../../src/machine/service/drain.ts';
import { eventOf, LETTERS } from '../../../src/machine/service/letters.ts';
import { meantFor } from '../../../src/machine/service/steps.ts';
import { newService } from '../../../src/machine/service/table.ts';

describe('times', () => {
  it('are those of runit, or documented', () => {
    expect([PAUSE_MS, STOP_MS, FORK_RETRY_MS, OFF_MS]).toEqual([5000, 5000, 5000, 2000]);
    expect([STABLE_MS, SETTLED_MS, BUSY_MS]).toEqual([200, 1200, 20]);
  });
});

describe('initial states', () => {
  it('of process 1', () => {
    expect(newStages()).toEqual({
      state: 'starting',
      stage: 1,
      pid: 0,
      dueMs: null,
      helped: false,
      kept: { stop: null, scripts: [] },
      script: null,
      off: null,
    });
  });

  it('of a service', () => {
    const now = { ms: 7, wall: { sec: 1, nsec: 2 } };
    expect(newService('up', true, now)).toEqual({
      state: 'down',
      want: 'up',
      process: null,
      since: now.wall,
      lastRun: { startedMs: 7, endedMs: 7, exit: { code: 0, status: 0 }, cause: null, neverReady: false },
      notBeforeMs: 7,
      timers: {},
      steps: [],
      runningScript: null,
      scripts: true,
      control: true,
      essential: false,
      stopRequested: false,
      stopCause: null,
      life: null,
      waitingFor: [],
      stop: { signal: 15, killMs: null },
      policy: null,
      streak: { bad: 0, lastDelayMs: 0, failuresMs: [] },
      conclusion: null,
      finalExitCode: null,
    });
  });

  it('of the end of a container', () => {
    expect(newShutdown(7000)).toEqual({
      phase: 'none',
      killAfterMs: 7000,
      command: false,
      code: null,
      sinceMs: 0,
      deadlineMs: 0,
      dueMs: null,
      rounds: 0,
      straysMs: null,
      straysDone: false,
    });
  });

  it('of a process that is waited for', () => {
    expect(UNOBSERVED).toEqual({
      before: null,
      suspect: false,
      process: null,
      dueMs: 0,
      settledMs: 0,
      ends: 0,
      unstable: false,
    });
  });
});

it('each control byte is one event', () => {
  expect(Object.fromEntries(LETTERS.map((letter) => [letter, eventOf(letter)]))).toEqual({
    u: { kind: 'up' },
    d: { kind: 'down' },
    o: { kind: 'once' },
    x: { kind: 'exit' },
    t: { kind: 'term' },
    k: { kind: 'kill' },
    p: { kind: 'pause' },
    c: { kind: 'cont' },
    h: { kind: 'signal', letter: 'h' },
    a: { kind: 'signal', letter: 'a' },
    i: { kind: 'signal', letter: 'i' },
    q: { kind: 'signal', letter: 'q' },
    1: { kind: 'signal', letter: '1' },
    2: { kind: 'signal', letter: '2' },
  });
});

it('signals that wait for a start are meant for the process that it makes; the start is not', () => {
  const steps = meantFor([{ kind: 'start' }, { kind: 'continue', pid: 0 }] as Parameters<typeof meantFor>[0], 7);
  expect(steps).toEqual([{ kind: 'start' }, { kind: 'continue', pid: 7 }]);
});

it('a status of the same process is told by its pid and its moment', () => {
  const status: Status = { sec: 5, nsec: 0, pid: 42, paused: false, want: 'up', gotTerm: false, phase: 'run' };
  expect(isSameProcess(status, { ...status, paused: true })).toBe(true);
  expect(isSameProcess(status, { ...status, pid: 43 })).toBe(false);
});

describe('the end of a container', () => {
  const play = (killAfterMs: number, ...events: readonly (readonly [number, ShutdownEvent])[]) =>
    events.reduce<ReturnType<typeof handleShutdown>>((out, [ms, event]) => handleShutdown(out.shutdown, event, ms), {
      shutdown: newShutdown(killAfterMs),
      effects: [],
    });
  const ASKED: ShutdownEvent = { kind: 'stopRequested', code: 0 };
  const DUE: ShutdownEvent = { kind: 'due' };

  it('leaves strays half of a time that is shorter than two seconds', () => {
    const { shutdown, effects } = play(1000, [0, ASKED], [500, DUE]);
    expect(effects).toEqual([{ kind: 'termLeftovers', rested: false }]);
    expect(shutdown.straysMs).toBe(500);
    expect(play(1000, [0, ASKED], [499, DUE]).effects).toEqual([{ kind: 'lookForRest' }]);
  });

  it('insists by the time since services were told, whatever the clock says', () => {
    expect(play(7000, [5000, ASKED], [5500, ASKED]).effects).toEqual([]);
    expect(play(7000, [5000, ASKED], [6000, ASKED]).effects).toEqual([{ kind: 'stopServices' }]);
  });

  it('is not begun again when the main command ends later', () => {
    const started: ShutdownEvent = { kind: 'commandStarted' };
    const begun = [
      [0, started],
      [0, ASKED],
      [3500, DUE],
    ] as const;
    const { shutdown, effects } = play(7000, ...begun, [3600, { kind: 'commandEnded', code: 3 }]);
    expect([shutdown.phase, shutdown.code, effects]).toEqual(['services', 3, []]);
  });

  it('is over when nobody is left while it kills, and says which kill is the first', () => {
    const killing = [
      [0, ASKED],
      [0, { kind: 'seen', runsvs: 0, anybody: true }],
      [1000, DUE],
    ] as const;
    expect(play(7000, ...killing).effects).toEqual([{ kind: 'killAll', first: true }]);
    expect(play(7000, ...killing, [1100, DUE]).effects).toEqual([{ kind: 'killAll', first: false }]);
    expect(play(7000, ...killing, [1050, { kind: 'seen', runsvs: 0, anybody: false }]).shutdown.phase).toBe('done');
  });
});

describe('a scan directory', () => {
  const play = (...events: readonly (readonly [number, TreeEvent])[]): Tree =>
    events.reduce<Tree>((tree, [ms, event]) => handleTree(tree, event, ms).tree, newTree());
  const found = (...keys: readonly string[]): TreeEvent => ({
    kind: 'scanned',
    found: keys.map((key) => ({ name: key, key })),
  });

  it('takes a new service for one that was last started a second ago', () => {
    const { tree } = handleTree(newTree(), found('a'), 5000);
    expect(tree.wanted.get('a')).toMatchObject({ pid: 0, startedMs: 5000 });
    expect(play([5000, found('a')], [5000, { kind: 'notStarted', keys: ['a'] }]).wanted.get('a')?.dueMs).toBe(6000);
  });

  it('ignores events of services that are gone', () => {
    expect(play([0, { kind: 'started', runsvs: [{ key: 'x', pid: 9 }] }]).wanted.size).toBe(0);
    expect(play([0, { kind: 'notStarted', keys: ['x'] }]).wanted.size).toBe(0);
  });

  it('keeps what changes nothing as it is', () => {
    const before = play([0, found('a')], [0, { kind: 'started', runsvs: [{ key: 'a', pid: 9 }] }]);
    expect(handleTree(before, { kind: 'due' }, 10).tree).toBe(before);
  });

  it('ends nothing that has no process', () => {
    const before = play([0, found('a')], [0, { kind: 'notStarted', keys: ['a'] }]);
    const { effects } = handleTree(before, { kind: 'ended', runsvs: [{ pid: 0, code: 1, signal: 9 }] }, 10);
    expect(effects).toEqual([]);
  });

  it('is supervised beside a holder out of sight after four tries', () => {
    const busy = { kind: 'busy', holder: 0 } as const;
    const turns = [1, 2, 3, 4, 5].reduce<Turn[]>((all) => [...all, nextTurn(all.at(-1) ?? { kind: 'ours' }, busy)], []);
    expect(turns.map(({ kind }) => kind)).toEqual(['unsure', 'unsure', 'unsure', 'unsure', 'beside']);
  });
});

it('a log that drains was not empty before it was looked at', () => {
  const now = { ms: 5, wall: { sec: 0, nsec: 0 } };
  expect(newDraining(now)).toMatchObject({ sinceMs: 5, wasEmpty: false, termSent: false });
});

it.each([true, undefined])('an identity has all groups only if that is asked for: %s', (allGroups) => {
  const wish = { identity: { user: 1, group: 2, groups: [] }, ...(allGroups === true ? { allGroups } : {}) };
  const step = planOf(wish as unknown as ExecOptions).find(({ kind }) => kind === 'identity');
  expect(step).toMatchObject({ allGroups: allGroups === true });
});
