import { describe, expect, it } from 'vitest';
import { type Condition, conditionOf, isReady } from '../../../src/formats/condition.ts';
import { NEW_STATE, type SupervisorState } from '../../../src/formats/state.ts';
import type { Status } from '../../../src/formats/status.ts';

const run: Status = { sec: 0, nsec: 0, pid: 7, paused: false, want: 'up', gotTerm: false, phase: 'run' };
const down: Status = { ...run, pid: 0, phase: 'down', want: 'down' };
const wanted: Status = { ...down, want: 'up' };
const of = (change: Partial<SupervisorState>): SupervisorState => ({ ...NEW_STATE, pid: 7, ...change });

const CASES: readonly (readonly [string, Status | null, SupervisorState | null, Condition])[] = [
  ['no supervisor', null, null, 'unsupervised'],
  ['finish runs', { ...run, phase: 'finish' }, of({ by: 'fd', ready: true }), 'finishing'],
  ['TERM was sent', { ...run, gotTerm: true }, null, 'stopping'],
  ['it says that it stops', run, of({ by: 'socket', stopping: true }), 'stopping'],
  ['it reloads', run, of({ by: 'socket', ready: true, reloading: true }), 'reloading'],
  ['it reloads before it is ready', run, of({ by: 'socket', reloading: true }), 'starting'],
  ['it was ready', run, of({ by: 'check', readyAt: 't' }), 'unready'],
  ['it is ready', run, of({ by: 'fd', ready: true, readyAt: 't' }), 'ready'],
  ['it is not ready yet', run, of({ by: 'fd' }), 'starting'],
  ['it cannot tell', run, of({}), 'running'],
  ['nothing is known', run, null, 'running'],
  ['what is known is of another process', run, of({ pid: 6, by: 'fd', ready: true, readyAt: 't' }), 'starting'],
  ['it waits for others', wanted, of({ waiting: ['db'] }), 'waiting'],
  ['a start is due', wanted, of({ next: 't' }), 'backoff'],
  ['a start is due, under any runsv', wanted, null, 'backoff'],
  ['given up', down, of({ outcome: 'failed' }), 'failed'],
  ['done', down, of({ outcome: 'done' }), 'done'],
  ['down', down, of({}), 'down'],
  ['down, under any runsv', down, null, 'down'],
];

describe('the condition of a service', () => {
  it.each(CASES)('%s', (_, status, state, condition) => expect(conditionOf(status, state)).toBe(condition));
});

describe('whether a service is ready', () => {
  it.each([
    ['it runs, and cannot tell', run, null, true],
    ['it says so', run, of({ by: 'fd', ready: true }), true],
    ['it says so and reloads', run, of({ by: 'socket', ready: true, reloading: true }), true],
    ['it has not said so', run, of({ by: 'fd' }), false],
    ['another process said so', run, of({ by: 'fd', pid: 6, ready: true }), false],
    ['it has done its work', down, of({ outcome: 'done' }), true],
    ['it has failed', down, of({ outcome: 'failed' }), false],
    ['it is told to stop', { ...run, gotTerm: true }, of({ by: 'fd', ready: true }), false],
    ['nobody supervises it', null, null, false],
  ] as const)('%s', (_, status, state, ready) => expect(isReady(status, state)).toBe(ready));
});
