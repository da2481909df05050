// What waits while a control script is at work: each step once, whatever is sent.
import { describe, expect, it } from 'vitest';
import { handle, newService } from '../../../../src/machine/service/table.ts';
import { letterOf, signalOf } from '../../../../src/machine/service/steps.ts';
import type { Event, Now, Service } from '../../../../src/machine/service/model.ts';

const at = (ms: number): Now => ({ ms, wall: { sec: 1000, nsec: 500 } });
const NO: Event = { kind: 'scriptDone', veto: false };
const EVENTS: Readonly<Record<string, Event>> = {
  u: { kind: 'up' },
  d: { kind: 'down' },
  x: { kind: 'exit' },
  t: { kind: 'term' },
  p: { kind: 'pause' },
  c: { kind: 'cont' },
  k: { kind: 'kill' },
  h: { kind: 'signal', letter: 'h' },
  1: { kind: 'signal', letter: '1' },
};

const play = (service: Service, ...events: readonly Event[]): Service =>
  events.reduce((s, event) => handle(s, event, at(5000)).service, service);

/** Runs, and control/h is being asked. */
const asking = (): Service =>
  play(newService('up', true, at(0)), { kind: 'up' }, NO, { kind: 'started', pid: 7 }, { kind: 'signal', letter: 'h' });

const send = (letters: string, service = asking()): Service =>
  play(service, ...[...letters].map((letter) => EVENTS[letter] as Event));

/** What waits, as letters; C for the CONT of d and x. */
const waiting = ({ steps }: Service): string =>
  steps.map((step) => (step.kind === 'start' ? 'start' : (letterOf(step) ?? 'C'))).join('');

describe('steps that wait', () => {
  it('are each there once, as pending signals are', () => {
    expect(waiting(send('ttt'))).toBe('t');
    expect(waiting(send('1t1th1'))).toBe('1th');
    expect(waiting(send('dd'))).toBe('tCd');
  });

  it('keep what the last word was: stopped or going on, down or exit', () => {
    expect(waiting(send('pcp'))).toBe('cp');
    expect(waiting(send('cpc'))).toBe('pc');
    expect(waiting(send('dpd'))).toBe('tpCd');
    expect(waiting(send('dxd'))).toBe('txCd');
    // a process that is stopped first would not obey TERM
    expect(waiting(send('tpt'))).toBe('tp');
  });

  it('stay few under a flood of every letter, while wants are taken at once', () => {
    const flooded = send('udxtpch1'.repeat(1000));
    expect(flooded.steps.length).toBeLessThanOrEqual(14);
    expect(flooded.want).toBe('exit');
    expect(waiting(send('k', flooded))).toBe('k');
  });

  it('are forgotten with the process that their signals were meant for', () => {
    const gone = play(send('tp1d'), { kind: 'ended', code: 0, status: 0 });
    expect(waiting(gone)).toBe('d');
  });

  it('know their signals', () => {
    expect(send('d').steps.map(signalOf)).toEqual([15, 18, 0]);
    expect(signalOf({ kind: 'start' })).toBe(0);
  });
});
