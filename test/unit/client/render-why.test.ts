import { describe, expect, it } from 'vitest';
import { eventText, timeOfDay } from '../../../src/client/render-event.ts';
import { type Facts, whyText } from '../../../src/client/render-why.ts';
import type { Recorded } from '../../../src/formats/history.ts';
import type { Snapshot } from '../../../src/formats/snapshot.ts';
import { NEW_STATE, type SupervisorState } from '../../../src/formats/state.ts';
import type { Status } from '../../../src/formats/status.ts';

const nowMs = Date.UTC(2026, 10, 27, 11, 53, 0);
const run: Status = {
  sec: nowMs / 1000 - 5,
  nsec: 0,
  pid: 311,
  paused: false,
  want: 'up',
  gotTerm: false,
  phase: 'run',
};
const down: Status = { ...run, pid: 0, phase: 'down' };
const recorded = (event: string, members: Record<string, unknown> = {}): Recorded => ({
  at: '2026-11-27T11:52:28.000Z',
  n: 1,
  event,
  members,
});

const facts = (status: Status | null, state: Partial<SupervisorState> | null, more: Partial<Facts> = {}): Facts => {
  const main = status === null ? null : { status, state: state === null ? null : { ...NEW_STATE, ...state } };
  const snapshot: Snapshot = {
    name: 'web',
    directory: '/s/web',
    main,
    error: null,
    normallyUp: true,
    log: null,
    usage: null,
  };
  return { snapshot, history: null, log: null, awaited: [], nowMs, ...more };
};

const firstLine = (given: Facts): string => whyText(given).split('\n')[0] ?? '';

describe('sv why', () => {
  it('explains a crash loop with its last ends and log lines', () => {
    const text = whyText(
      facts(
        down,
        { consecutiveFailures: 4, next: '2026-11-27T11:53:27.500Z' },
        {
          history: [
            recorded('started', { pid: 4655 }),
            recorded('ended', { pid: 4655, code: 1, ran: 0.2, cause: 'exit' }),
          ],
          log: { path: 'log/main/current', lines: ['bind() failed\x1b[2J'] },
        },
      ),
    );
    expect(text).toBe(
      [
        'web: backoff, starts again in 27s (4 failures in a row)',
        '  11:52:28  started, process 4655',
        '  11:52:28  ended after 0.2 s: exit code 1, unexpected',
        'last log lines (log/main/current):',
        '  bind() failed?[2J',
        'to start it now: sv start web',
        '',
      ].join('\n'),
    );
  });

  it.each([
    [facts(run, null), 'web: running for 5s, process 311'],
    [facts({ ...run, paused: true }, null), 'web: running for 5s, process 311, paused'],
    [facts(run, { pid: 311, by: 'fd', ready: true, readyAt: 't' }), 'web: ready for 5s, process 311'],
    [facts(run, { pid: 311, by: 'fd' }), 'web: starting, process 311, not ready after 5s'],
    [facts(run, { pid: 311, by: 'check', readyAt: 't' }), 'web: running, process 311, no longer ready'],
    [
      facts({ ...run, gotTerm: true }, null),
      'web: stopping, process 311, which was sent its stop signal and has not ended',
    ],
    [facts({ ...run, phase: 'finish' }, null), 'web: finishing: ./finish runs, process 311'],
    [facts({ ...down, want: 'down' }, null), 'web: down for 5s, stopped by a command'],
    [
      facts({ ...down, want: 'down' }, { outcome: 'failed', reason: 'exit code 1, 5 failures in a row' }),
      'web: failed for 5s: exit code 1, 5 failures in a row',
    ],
    [facts({ ...down, want: 'down' }, { outcome: 'done' }), 'web: done for 5s'],
    [facts(down, { next: '2026-11-27T11:53:00.500Z', consecutiveFailures: 1 }), 'web: backoff, its start is due'],
    [facts(down, null), 'web: backoff, its start is due'],
    [facts(down, { waiting: ['db'] }, { awaited: [{ name: 'db', condition: 'down' }] }), 'web: waiting for db (down)'],
    [facts(null, null), 'web: unsupervised: runsv not running'],
  ])('says what is going on: %#', (given, line) => expect(firstLine(given)).toBe(line));

  it('knows a service that is normally down', () => {
    const given = facts({ ...down, want: 'down' }, null);
    expect(firstLine({ ...given, snapshot: { ...given.snapshot, normallyUp: false } })).toBe(
      'web: down for 5s, normally down',
    );
  });
});

describe('an event in words', () => {
  it.each([
    [
      'ended',
      { signal: 'KILL', ran: 12.3, cause: 'asked', oom: true },
      'ended after 12 s: signal KILL (out of memory), asked for',
    ],
    ['ended', { signal: 'KILL', ran: 1, oom: 'possible' }, 'ended after 1.0 s: signal KILL (perhaps out of memory)'],
    [
      'ended',
      { signal: 'SEGV', ran: 1, cause: 'odd\x1b' },
      'ended after 1.0 s: signal SEGV (invalid memory access), odd?',
    ],
    ['ended', { signal: 'USR1', ran: 1 }, 'ended after 1.0 s: signal USR1'],
    ['ended', { code: 127, ran: 'x' }, 'ended after ?: exit code 127 (a program was not found, as shells report it)'],
    ['ended', {}, 'ended after ?: exit code ?'],
    ['finished', { code: 1, took: 2 }, './finish took 2.0 s: exit code 1'],
    ['waiting', { why: 'delay', seconds: 27 }, 'starts again in 27 s'],
    ['waiting', { why: 'fork', seconds: 1 }, 'starts again in 1.0 s (fork failed)'],
    ['waiting', { why: 'dependency', for: ['db', 'x\n'] }, 'waits for db x?'],
    ['waiting', { why: 'dependency' }, 'waits for ?'],
    ['stopping', { signal: 'TERM', by: 'sv' }, 'stopping, TERM sent (sv)'],
    ['killed', { by: 'timeout-kill' }, 'killed (timeout-kill)'],
    ['ready', { after: 0.5 }, 'ready after 0.5 s'],
    ['unready', {}, 'no longer ready'],
    ['reloading', {}, 'reloading'],
    ['failed', { reason: 'r', lost: 3 }, 'failed: r (3 events before it were lost)'],
    ['done', { reason: 'exit code 0' }, 'done: exit code 0'],
    ['is', { condition: 'ready' }, 'ready'],
    ['changed', { condition: 'down' }, 'down'],
    ['gap', { missed: 4 }, '4 events are missing'],
    ['removed', {}, 'removed'],
    ['new\x07', {}, 'new?'],
  ])('%s %j', (event, members, text) => expect(eventText({ event, members })).toBe(text));

  it('has the time of day', () => {
    expect([timeOfDay('2026-11-27T11:52:28.000Z'), timeOfDay('x')]).toEqual(['11:52:28', '--:--:--']);
  });
});
