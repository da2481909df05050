import { describe, expect, it } from 'vitest';
import { encodeJson } from '../../../src/formats/json.ts';
import { metricsText } from '../../../src/formats/metrics.ts';
import { conditionOfSnapshot, type Snapshot, snapshotJson } from '../../../src/formats/snapshot.ts';
import { NEW_STATE } from '../../../src/formats/state.ts';
import type { Status } from '../../../src/formats/status.ts';

const SEC = Date.UTC(2026, 10, 27, 11, 53, 0) / 1000;
const NOW_MS = (SEC + 312) * 1000 + 950;
const run: Status = { sec: SEC, nsec: 918_000_000, pid: 4711, paused: false, want: 'up', gotTerm: false, phase: 'run' };
const down: Status = { ...run, pid: 0, phase: 'down', want: 'down' };
const web: Snapshot = {
  name: 'web',
  directory: '/etc/service/web',
  main: {
    status: run,
    state: {
      ...NEW_STATE,
      pid: 4711,
      by: 'socket',
      ready: true,
      readyAt: '2026-11-27T11:53:01.204Z',
      text: 'Serving 3 clients',
      starts: 4,
      failures: 3,
      last: {
        at: '2026-11-27T11:52:59.871Z',
        pid: 4690,
        code: 1,
        signal: 0,
        ranSeconds: 0.213,
        cause: 'exit',
        oom: null,
      },
    },
  },
  error: null,
  normallyUp: true,
  log: { status: { ...run, pid: 4688 }, state: null },
  usage: null,
};

const json = (snapshot: Snapshot): Record<string, unknown> => JSON.parse(encodeJson(snapshotJson(snapshot, NOW_MS)));

describe('a snapshot as JSON', () => {
  it('is what the manual shows', () => {
    expect(encodeJson(snapshotJson(web, NOW_MS))).toBe(
      '{"service":"web","directory":"/etc/service/web","supervised":true,"condition":"ready","state":"run","pid":4711,' +
        '"since":"2026-11-27T11:53:00.918Z","seconds":312,"want":"up","normally":"up","paused":false,"got_term":false,"ready":true,' +
        '"ready_by":"socket","ready_since":"2026-11-27T11:53:01.204Z","text":"Serving 3 clients","waiting_for":[],"next_start":null,' +
        '"outcome":null,"reason":null,"starts":4,"failures":3,"consecutive_failures":0,"ooms":0,' +
        '"last_end":{"at":"2026-11-27T11:52:59.871Z","pid":4690,"code":1,"signal":null,"ran_seconds":0.213,"cause":"exit","oom":null},' +
        '"log":{"condition":"running","state":"run","pid":4688,"since":"2026-11-27T11:53:00.918Z","seconds":312}}',
    );
  });

  it('has null for what a plain service cannot tell', () => {
    const plain = json({ ...web, main: { status: down, state: null }, log: null, normallyUp: false });
    expect(plain).toMatchObject({ condition: 'down', pid: null, ready: null, starts: null, last_end: null, log: null });
    expect(plain['normally']).toBe('down');
  });

  it('does not take the words of an earlier process for those of this one', () => {
    const state = { ...NEW_STATE, pid: 1, by: 'fd', ready: true, readyAt: 't', text: 'old' } as const;
    expect(json({ ...web, main: { status: run, state } })).toMatchObject({
      ready: false,
      ready_since: null,
      text: null,
    });
    expect(json({ ...web, main: { status: run, state: { ...state, by: null } } })['ready']).toBeNull();
  });

  it('names signals', () => {
    const last = { at: 't', pid: 1, code: -1, signal: 9, ranSeconds: 1, cause: 'exit', oom: true } as const;
    const state = { ...NEW_STATE, last };
    expect(json({ ...web, main: { status: run, state } })['last_end']).toMatchObject({ code: null, signal: 'KILL' });
  });

  it('says why nobody could be asked', () => {
    const missing = {
      ...web,
      name: 'x',
      main: null,
      error: 'unable to change to service directory: file does not exist',
    };
    expect(json(missing)).toEqual({
      service: 'x',
      directory: '/etc/service/web',
      supervised: false,
      condition: 'unsupervised',
      error: 'unable to change to service directory: file does not exist',
    });
    expect(json({ ...missing, error: null })['error']).toBe('runsv not running');
    expect(conditionOfSnapshot(missing)).toBe('unsupervised');
  });

  it('has what the service uses, if that was asked for', () => {
    const usage = { cpuSeconds: 1.5, memoryBytes: 4096, processes: 2 };
    expect(json({ ...web, log: { status: down, state: null }, usage })).toMatchObject({
      cpu_seconds: 1.5,
      memory_bytes: 4096,
      processes: 2,
      log: { pid: null },
    });
  });
});

describe('snapshots as metrics', () => {
  const odd = { ...web, name: 'a"b\\c\nd\xff', main: null };

  it('have one head a metric, and a line for each service that can tell', () => {
    const text = metricsText([web, odd, { ...web, name: 'plain', main: { status: down, state: null } }], '1.2');
    expect(text).toContain('# HELP runit_service_up Whether ./run runs.\n# TYPE runit_service_up gauge\n');
    expect(text).toContain('runit_service_up{service="web"} 1\n');
    expect(text).toContain('runit_service_up{service="a\\"b\\\\c\\nd\xef\xbf\xbd"} 0\n');
    expect(text).toContain('runit_service_state_since_timestamp_seconds{service="web"} 1795780380.918\n');
    expect(text).toContain('runit_service_wanted_up{service="plain"} 0\n');
    expect(text).not.toContain('runit_service_wanted_up{service="a');
    expect(text).not.toContain('runit_service_starts_total{service="plain"}');
    expect(text).not.toContain('memory_bytes');
    expect(text.match(/^# TYPE /gm)?.length).toBe(new Set(text.match(/^# TYPE \w+/gm)).size);
    expect(text.endsWith('runit_build_info{version="1.2"} 1\n')).toBe(true);
  });

  it('have the usage where it is known', () => {
    const text = metricsText([{ ...web, usage: { cpuSeconds: 12.31, memoryBytes: 48_771_072, processes: 1 } }], '1');
    expect(text).toContain('runit_service_cpu_seconds_total{service="web"} 12.31\n');
    expect(text).toContain('runit_service_memory_bytes{service="web"} 48771072\n');
  });
});
