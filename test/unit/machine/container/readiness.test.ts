// When the main command may start.
import { describe, expect, it } from 'vitest';
import { readinessOf, type Seen } from '../../../../src/machine/container/readiness.ts';

const READY: Seen = { hasScanned: true, isSettling: false, notListening: [], mustPoll: false };

describe('a main command', () => {
  it('starts at once where every runsv listens, or there is none', () => {
    expect(readinessOf(READY, 100, 100)).toEqual({ kind: 'start', notListening: [] });
  });

  it.each<Partial<Seen>>([{ hasScanned: false }, { isSettling: true }, { notListening: ['a'] }])(
    'waits with %j',
    (more) => {
      expect(readinessOf({ ...READY, ...more }, 100, 200)).toEqual({ kind: 'wait', untilMs: 5100 });
    },
  );

  it('asks now and then what cannot be watched, but not beyond the end', () => {
    const blind: Seen = { ...READY, notListening: ['a'], mustPoll: true };
    expect(readinessOf(blind, 100, 200)).toEqual({ kind: 'wait', untilMs: 300 });
    expect(readinessOf(blind, 100, 5050)).toEqual({ kind: 'wait', untilMs: 5100 });
  });

  it('starts all the same after five seconds', () => {
    expect(readinessOf({ ...READY, notListening: ['a', 'b'] }, 100, 5100)).toEqual({
      kind: 'start',
      notListening: ['a', 'b'],
    });
    expect(readinessOf({ ...READY, hasScanned: false }, 100, 5100)).toEqual({ kind: 'start', notListening: [] });
  });
});
