import { describe, expect, it } from 'vitest';
import { blockedLine, stateLine } from '../../../src/client/render-line.ts';
import { stateAt } from '../../../src/client/report.ts';
import { NEW_STATE } from '../../../src/formats/state.ts';
import type { Status } from '../../../src/formats/status.ts';

const NOW_S = 2000;
const up: Status = { sec: 1995, nsec: 999999999, pid: 123, paused: false, want: 'up', gotTerm: false, phase: 'run' };
const down: Status = { ...up, pid: 0, phase: 'down', want: 'down' };

const lines: readonly (readonly [Status, boolean, string])[] = [
  [up, false, 'run: foo: (pid 123) 5s'],
  [up, true, 'run: foo: (pid 123) 5s, normally down'],
  [
    { ...up, paused: true, want: 'down', gotTerm: true },
    true,
    'run: foo: (pid 123) 5s, normally down, paused, want down, got TERM',
  ],
  [{ ...up, gotTerm: true }, false, 'run: foo: (pid 123) 5s, got TERM'],
  [{ ...up, phase: 'finish', want: 'down' }, false, 'finish: foo: (pid 123) 5s, want down'],
  [down, false, 'down: foo: 5s, normally up'],
  [down, true, 'down: foo: 5s'],
  [{ ...down, want: 'up' }, false, 'down: foo: 5s, normally up, want up'],
  [{ ...down, want: 'up' }, true, 'down: foo: 5s, want up'],
  [{ ...down, paused: true, gotTerm: true }, true, 'down: foo: 5s'],
  [{ ...up, sec: 2001 }, false, 'run: foo: (pid 123) 0s'],
  [{ ...up, pid: 0 }, false, 'run: foo: (pid 0) 5s, normally up, want up'],
  [{ ...down, pid: 7 }, true, 'down: foo: 5s, normally down, want down'],
];

describe('the line about a service', () => {
  it.each(lines)('%j with down file %s: %s', (status, downFile, line) => {
    expect(stateLine('foo', stateAt(status, NOW_S, downFile))).toBe(line);
  });
});

describe('a service that waits for others', () => {
  it('tells for whom, behind what runit tells', () => {
    const state = { ...NEW_STATE, waiting: ['cache', 'd\x1bb'] };
    expect(stateLine('foo', stateAt({ ...down, want: 'up' }, NOW_S, false, state))).toBe(
      'down: foo: 5s, normally up, want up, waiting for cache, d?b',
    );
    expect(stateLine('foo', stateAt(up, NOW_S, false, state))).toBe('run: foo: (pid 123) 5s');
  });

  it('fails with one that has failed', () => {
    expect(blockedLine('foo', 'db', 'exit code 3')).toBe('fail: foo: waiting for db, which has failed: exit code 3');
    expect(blockedLine('foo', 'db', null)).toBe('fail: foo: waiting for db, which has failed');
  });
});
