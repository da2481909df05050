import { describe, expect, it } from 'vitest';
import { lastEndText, type ListStyle, listText } from '../../../src/client/render-list.ts';
import type { Snapshot } from '../../../src/formats/snapshot.ts';
import { NEW_STATE, type LastEnd, type SupervisorState } from '../../../src/formats/state.ts';
import type { Status } from '../../../src/formats/status.ts';

const nowMs = Date.UTC(2026, 10, 27, 12, 0, 0);
const SEC = nowMs / 1000;
const run: Status = { sec: SEC - 3, nsec: 0, pid: 311, paused: false, want: 'up', gotTerm: false, phase: 'run' };
const down: Status = { ...run, pid: 0, phase: 'down' };
const style: ListStyle = { nowMs, width: null, colour: false };
const last: LastEnd = {
  at: '2026-11-27T11:59:57.000Z',
  pid: 1,
  code: 1,
  signal: 0,
  ranSeconds: 1,
  cause: 'exit',
  oom: null,
};

const of = (name: string, status: Status, state: Partial<SupervisorState> | null): Snapshot => ({
  name,
  directory: `/etc/service/${name}`,
  main: { status, state: state === null ? null : { ...NEW_STATE, ...state } },
  error: null,
  normallyUp: true,
  log: null,
  usage: null,
});

describe('the table of services', () => {
  it('shows what is going on', () => {
    const snapshots = [
      of('cache', { ...run, sec: SEC - 183_600 }, null),
      of('db', { ...run, pid: 298 }, { pid: 298, by: 'fd', ready: true, readyAt: 't', starts: 1 }),
      of('migrate', { ...down, want: 'down' }, { outcome: 'done', starts: 1, last: { ...last, code: 0 } }),
      of('web', down, { starts: 7, last, next: '2026-11-27T12:00:27.000Z' }),
      of('api', down, { starts: 0, waiting: ['db', 'x\x1b'] }),
      of(
        'big',
        { ...down, want: 'down' },
        { outcome: 'failed', reason: 'no\tgood', starts: 3, last: { ...last, code: -1, signal: 9, oom: true } },
      ),
      of('maybe', down, { last: { ...last, code: -1, signal: 9, oom: 'possible' } }),
      { ...of('gone', down, null), main: null, error: 'runsv not running' },
      { ...of('mute', down, null), main: null },
    ];
    expect(listText(snapshots, style)).toBe(
      [
        'SERVICE  STATE         PID  FOR    STARTS  LAST END',
        'cache    running       311  2d 3h  -',
        'db       ready         298  3s     1',
        'migrate  done               3s     1       exit 0, 3s ago',
        'web      backoff            3s     7       exit 1, 3s ago; next start in 27s',
        'api      waiting            3s     0       waiting for db x?',
        'big      failed             3s     3       signal KILL (out of memory), 3s ago; no?good',
        'maybe    backoff            3s     0       signal KILL (perhaps out of memory), 3s ago',
        'gone     unsupervised                      runsv not running',
        'mute     unsupervised',
        '',
      ].join('\n'),
    );
  });

  it('keeps to the width of the terminal, counted in characters', () => {
    const reason = Buffer.from('überlaufen und noch mehr', 'utf8').toString('latin1');
    const text = listText([of(Buffer.from('wéb').toString('latin1'), down, { outcome: 'failed', reason })], {
      ...style,
      width: 48,
    });
    const lines = Buffer.from(text, 'latin1').toString('utf8').split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(48);
    expect(lines[1]?.startsWith('wéb ')).toBe(true);
    expect(listText([of('web', down, { reason })], { ...style, width: 5 })).toContain('LAST END');
  });

  it('has colours where they are wanted', () => {
    const text = listText([of('web', run, null), of('odd', { ...down, want: 'down' }, null)], {
      ...style,
      colour: true,
    });
    expect(text).toContain('\x1b[32mrunning\x1b[0m');
    expect(text).toContain('odd      down ');
  });
});

describe('the last end of a service that has come to rest', () => {
  it.each([
    [0, 0, 'exit code 0', 'exit 0, 3s ago'],
    [1, 0, 'exit code 1, 5 failures in a row', 'exit 1, 3s ago; 5 failures in a row'],
    [-1, 9, 'signal KILL, 5 failures in a row', 'signal KILL, 3s ago; 5 failures in a row'],
    [1, 0, 'exit code 12', 'exit 1, 3s ago; exit code 12'],
  ])('is told once: %i %i %s', (code, signal, reason, text) => {
    expect(lastEndText({ ...NEW_STATE, reason, last: { ...last, code, signal } }, nowMs)).toBe(text);
  });
});
