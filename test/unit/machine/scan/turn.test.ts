// Whose turn it is to supervise a scan directory.
import { describe, expect, it } from 'vitest';
import { mayStart, nextTurn, retryMs, type Tried, type Turn } from '../../../../src/machine/scan/turn.ts';

const OURS: Turn = { kind: 'ours' };
const HAD: Tried = { kind: 'had' };
const busy = (holder: number): Tried => ({ kind: 'busy', holder });
const played = (...tries: readonly Tried[]): Turn => tries.reduce(nextTurn, OURS);

describe('a scan directory', () => {
  it('is ours where the lock is', () => {
    expect(played(HAD)).toEqual(OURS);
    expect(played(busy(7), HAD)).toEqual(OURS);
    expect([retryMs(OURS), mayStart(OURS)]).toEqual([null, true]);
  });

  it('is waited for while another runsvdir is seen to hold it', () => {
    const waiting = played(busy(7));
    expect([waiting, retryMs(waiting), mayStart(waiting)]).toEqual([{ kind: 'waiting', holder: 7 }, 5000, false]);
    expect(played(busy(7), busy(8))).toEqual({ kind: 'waiting', holder: 8 });
  });

  it('is tried again soon while nobody is seen: somebody may only ask', () => {
    const unsure = played(busy(0));
    expect([unsure, retryMs(unsure), mayStart(unsure)]).toEqual([{ kind: 'unsure', tries: 1 }, 25, false]);
    expect(played(busy(0), busy(0))).toEqual({ kind: 'unsure', tries: 2 });
    expect(played(busy(0), HAD)).toEqual(OURS);
  });

  it('is supervised beside a holder that stays out of sight', () => {
    const beside = played(busy(0), busy(0), busy(0), busy(0), busy(0));
    expect([beside, retryMs(beside), mayStart(beside)]).toEqual([{ kind: 'beside' }, 5000, true]);
    expect(nextTurn(beside, busy(0))).toBe(beside);
    expect(nextTurn(beside, busy(7))).toEqual({ kind: 'waiting', holder: 7 });
  });
});
