import { describe, expect, it } from 'vitest';
import { expendable, halfWritten, surplus, unprocessed } from '../../../src/formats/log-names.ts';

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

  const over = (names: readonly string[], keep: number, newest = '', most = 99, areWaiting = true): readonly string[] =>
    surplus(names, keep, newest, most, areWaiting);

  it('are too many when more than those to be kept are there, half written ones not counted', () => {
    expect(over(all, 2, s3)).toEqual([s1]);
    expect(over(all, 1, s3)).toEqual([s1, s2]);
    expect(over(all, 3, s3)).toEqual([]);
    expect(over([name(0, 'x'), s1, s2], 2, s2)).toEqual([name(0, 'x')]);
  });

  it('all stay where all are kept', () => {
    expect(over(all, 0, s3, 99, false)).toEqual([]);
  });

  it('go so many at once as they may', () => {
    expect(over(all, 1, s3, 1)).toEqual([s1]);
    expect(over(all, 1, s3, 0)).toEqual([]);
  });

  it('never lose the newest, though the clock was set back', () => {
    expect(over([s1, s2, s3], 2, s1)).toEqual([s2]);
    expect(over([s1, s2, s3], 1, s1)).toEqual([s2, s3]);
    expect(over([s1, s1], 1, s1)).toEqual([]);
  });

  it('that a crash left are counted apart, and left alone where they wait for a processor', () => {
    expect(over(all, 1, u2, 99, true)).toEqual([s1, s2]);
    expect(over(all, 1, u2, 99, false)).toEqual([u1, s1, s2]);
    expect(over([u1, u2], 1, u1, 99, false)).toEqual([u2]);
  });

  it('may go on a full disk where fewer than those kept are enough', () => {
    expect(expendable(all, 10, 2)).toBe(s1);
    expect(expendable(all, 10, 3)).toBeNull();
    expect(expendable(all, 2, 2)).toBeNull();
    expect(expendable(all, 0, 2)).toBeNull();
    expect(expendable(all, 10, 0)).toBeNull();
  });
});
