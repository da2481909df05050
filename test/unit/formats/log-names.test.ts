import { describe, expect, it } from 'vitest';
import { expendable, halfWritten, overdue, surplus, unprocessed } from '../../../src/formats/log-names.ts';

const name = (n: number, letter: string): string => `@${String(n).padStart(24, '0')}.${letter}`;
const [s1, s2, s3] = [name(1, 's'), name(2, 's'), name(3, 's')];
const [u1, u2, t1] = [name(1, 'u'), name(2, 'u'), name(4, 't')];
const others = ['current', 'config', 'lock', 'state', '@short.s', `x${s1.slice(1)}`, `${s1}x`];
const all = [s3, u2, ...others, s1, t1, s2, u1];

describe('the files of a log directory', () => {
  it('that are unprocessed come oldest first, and half written ones apart', () => {
    expect(unprocessed(all)).toEqual([u1, u2]);
    expect(halfWritten(all)).toEqual([t1]);
  });

  it('are too many when more than those to be kept are there, unprocessed and half written ones not counted', () => {
    expect(surplus(all, 2, s3)).toBe(s1);
    expect(surplus(all, 3, s3)).toBeNull();
    expect(surplus(all, 0, s3)).toBeNull();
    expect(surplus([name(0, 'x'), s1, s2], 2, s2)).toBe(name(0, 'x'));
  });

  it('never lose the newest, though the clock was set back', () => {
    expect(surplus([s1, s2, s3], 2, s1)).toBe(s2);
    expect(surplus([s1], 0, s1)).toBeNull();
    expect(surplus([s1, s1], 1, s1)).toBeNull();
  });

  it('that wait for a processor are too many beyond as many as are kept', () => {
    expect(overdue(all, 1)).toBe(u1);
    expect(overdue(all, 2)).toBeNull();
    expect(overdue(all, 0)).toBeNull();
  });

  it('may go on a full disk where fewer than those kept are enough', () => {
    expect(expendable(all, 10, 2)).toBe(s1);
    expect(expendable(all, 10, 3)).toBeNull();
    expect(expendable(all, 2, 2)).toBeNull();
    expect(expendable(all, 0, 2)).toBe(s1);
    expect(expendable(all, 10, 0)).toBeNull();
  });
});
