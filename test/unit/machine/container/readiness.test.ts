// When the main command may start.
import { describe, expect, it } from 'vitest';
import { readinessOf, type Seen } from '../../../../src/machine/container/readiness.ts';

const READY: Seen = { looked: true, young: false, deaf: [], blind: false };

describe('a main command', () => {
  it('starts at once where every runsv listens, or there is none', () => {
    expect(readinessOf(READY, 100, 100)).toEqual({ kind: 'start', deaf: [] });
  });

  it.each<Partial<Seen>>([{ looked: false }, { young: true }, { deaf: ['a'] }])('waits with %j', (more) => {
    expect(readinessOf({ ...READY, ...more }, 100, 200)).toEqual({ kind: 'wait', untilMs: 5100 });
  });

  it('asks now and then what cannot be watched, but not beyond the end', () => {
    const blind: Seen = { ...READY, deaf: ['a'], blind: true };
    expect(readinessOf(blind, 100, 200)).toEqual({ kind: 'wait', untilMs: 300 });
    expect(readinessOf(blind, 100, 5050)).toEqual({ kind: 'wait', untilMs: 5100 });
  });

  it('starts all the same after five seconds', () => {
    expect(readinessOf({ ...READY, deaf: ['a', 'b'] }, 100, 5100)).toEqual({ kind: 'start', deaf: ['a', 'b'] });
    expect(readinessOf({ ...READY, looked: false }, 100, 5100)).toEqual({ kind: 'start', deaf: [] });
  });
});
