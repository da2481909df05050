import { describe, expect, it } from 'vitest';
import {
  decodeState,
  encodeState,
  isImplied,
  NEW_STATE,
  STATE_MAX,
  type SupervisorState,
  withStart,
} from '../../../src/formats/state.ts';

const full: SupervisorState = {
  pid: 4711,
  by: 'socket',
  ready: true,
  readyAt: '2026-11-27T11:53:01.204Z',
  text: 'Serving 3 clients',
  reloading: false,
  stopping: false,
  socket: '@runit-65025-131-99123',
  starts: 4,
  failures: 3,
  consecutiveFailures: 0,
  ooms: 0,
  last: {
    at: '2026-11-27T11:52:59.871Z',
    pid: 4690,
    code: 1,
    signal: 0,
    ranSeconds: 0.213,
    cause: 'exit',
    oom: null,
  },
  outcome: null,
  reason: null,
  next: null,
  waiting: ['db'],
  parent: '1@1234567',
};

describe('supervise/state.json', () => {
  it('is one line, as the manual shows it', () => {
    expect(encodeState(full)).toBe(
      '{"pid":4711,"by":"socket","ready":true,"ready_at":"2026-11-27T11:53:01.204Z","text":"Serving 3 clients",' +
        '"reloading":false,"stopping":false,"socket":"@runit-65025-131-99123","starts":4,"failures":3,"consecutive_failures":0,' +
        '"ooms":0,"last":{"at":"2026-11-27T11:52:59.871Z","pid":4690,"code":1,"signal":0,"ran_seconds":0.213,"cause":"exit",' +
        '"oom":null},"outcome":null,"reason":null,"next":null,"waiting":["db"],"parent":"1@1234567"}\n',
    );
  });

  const killed: SupervisorState = {
    ...full,
    last: { at: 'x', pid: 1, code: -1, signal: 9, ranSeconds: 2, cause: 'watchdog', oom: 'possible' },
    outcome: 'failed',
    reason: 'exit code 1, 5 failures in a row',
    next: '2026-11-27T11:53:31.204Z',
  };

  it.each([full, NEW_STATE, killed])('reads back as it was written', (state) => {
    expect(decodeState(encodeState(state))).toEqual(state);
  });

  it('never grows beyond its bound', () => {
    const waiting = Array.from({ length: 300 }, (_, at) => `service-${at}`);
    const text = encodeState({ ...full, waiting, text: '\x01'.repeat(5000), reason: 'r'.repeat(5000) });
    expect(text.length).toBeLessThanOrEqual(STATE_MAX);
    expect(decodeState(text)?.text).toBe(' '.repeat(256));
    const some = encodeState({ ...full, waiting });
    expect(some.length).toBeLessThanOrEqual(STATE_MAX);
    expect(decodeState(some)?.waiting.length).toBeGreaterThan(50);
  });

  it.each(['', 'null', '[]', '{"pid":'])('%j is none', (text) => expect(decodeState(text)).toBeNull());

  it('takes members of another kind for absent', () => {
    const text =
      '{"pid":-3,"by":"radio","ready":1,"ready_at":5,"text":[],"starts":"many","last":7,"outcome":"who knows","waiting":{"a":1}}';
    expect(decodeState(text)).toEqual(NEW_STATE);
    const odd = '{"last":{"pid":1},"waiting":["a",1]}';
    expect(decodeState(odd)).toEqual({ ...NEW_STATE, waiting: ['a'] });
    const strange = '{"last":{"at":"t","ran_seconds":"long","cause":"why","oom":false,"code":1.5}}';
    expect(decodeState(strange)?.last).toEqual({
      at: 't',
      pid: 0,
      code: 0,
      signal: 0,
      ranSeconds: 0,
      cause: 'exit',
      oom: null,
    });
    expect(decodeState('{"last":null}')?.last).toBeNull();
  });
});

describe('a start that is not written', () => {
  const written: SupervisorState = {
    ...NEW_STATE,
    starts: 4,
    failures: 4,
    last: full.last,
    next: '2026-11-27T11:53:31.204Z',
  };
  const started: SupervisorState = { ...written, pid: 77, starts: 5, next: null };

  it('is what differs', () => {
    expect(isImplied(written, started)).toBe(true);
    expect(withStart(written, 77)).toEqual(started);
  });

  const others: readonly Partial<SupervisorState>[] = [
    { pid: 0 },
    { pid: written.pid },
    { starts: 6 },
    { next: '2026-11-27T11:53:33.204Z' },
    { by: 'fd' },
    { last: { ...(full.last as NonNullable<typeof full.last>) } },
    { outcome: 'done' },
    { failures: 5 },
    { consecutiveFailures: 1 },
    { waiting: ['db'] },
  ];

  it.each(others)('is not all where there is %o', (other) => {
    expect(isImplied(written, { ...started, ...other })).toBe(false);
  });

  it('is none of a service that tells', () => {
    expect(isImplied({ ...written, by: 'fd' }, started)).toBe(false);
    expect(withStart(full, 77)).toBe(full);
  });

  it('is none where nothing runs, or what was written', () => {
    expect(withStart(started, 0)).toBe(started);
    expect(withStart(started, 77)).toBe(started);
  });
});
