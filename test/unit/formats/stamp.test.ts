import { describe, expect, it } from 'vitest';
import { rfc3339, stampOf } from '../../../src/formats/stamp.ts';

const at = (text: string, nsec = 0): { sec: number; nsec: number } => ({ sec: Date.parse(text) / 1000, nsec });

describe('a stamp', () => {
  const moment = at('2026-11-21T09:05:07Z', 12_345_678);

  it.each([
    [0, ''],
    [2, '2026-11-21_09:05:07.01234 '],
    [3, '2026-11-21T09:05:07.01234 '],
  ] as const)('of style %d is %j', (style, wanted) => {
    expect(stampOf(style, moment)).toBe(wanted);
    expect(stampOf(style, moment)).toBe(wanted);
  });

  it.each([
    ['2026-11-21T09:05:07Z', 987_654_321, '2026-11-21_09:05:07.98765 '],
    ['2026-11-21T09:05:07Z', 100_000_000, '2026-11-21_09:05:07.10000 '],
    ['2026-11-21T09:05:08Z', 99_999_999, '2026-11-21_09:05:08.09999 '],
    ['2026-11-21T23:59:59Z', 0, '2026-11-21_23:59:59.00000 '],
    ['2026-11-22T00:00:00Z', 500, '2026-11-22_00:00:00.00000 '],
  ])('at %s and %d ns is %j', (text, nsec, wanted) => {
    expect(stampOf(2, at(text, nsec))).toBe(wanted);
  });

  it.each([
    [0xfff_ffff, '0fffffff'],
    [0x1000_0000, '10000000'],
    [999_999_500, '3b9ac80c'],
  ])('of style 1 has %d ns in eight digits', (nsec, digits) => {
    expect(stampOf(1, { sec: 1, nsec })).toBe(`@400000000000000b${digits} `);
  });

  it('of style 1 is the TAI64N label', () => {
    expect(stampOf(1, { sec: 0, nsec: 0 })).toBe('@400000000000000a00000000 ');
  });

  it('in RFC 3339 has microseconds', () => {
    expect(rfc3339(moment)).toBe('2026-11-21T09:05:07.012345Z');
    expect(rfc3339({ sec: 0, nsec: 999_999_999 })).toBe('1970-01-01T00:00:00.999999Z');
  });

  it('has the date of every day of eight hundred years, and of days before the epoch', () => {
    const wrong: string[] = [];
    for (let day = -200_000; day <= 200_000; day += 7) {
      const sec = day * 86_400 + (day % 86_400);
      const wanted = `${new Date(sec * 1000).toISOString().slice(0, 19)}.000000Z`;
      const found = rfc3339({ sec, nsec: 0 });
      if (found !== wanted) wrong.push(`${found} for ${wanted}`);
    }
    expect(wrong).toEqual([]);
  });
});
