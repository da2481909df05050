import { describe, expect, it } from 'vitest';
import { mergeLines, stampIn } from '../../../src/formats/log-stamp.ts';
import { type StampStyle, stampOf } from '../../../src/formats/stamp.ts';

describe('stamps in front of log lines', () => {
  const moments = [
    { sec: 0, nsec: 0 },
    { sec: 951_782_400, nsec: 990_000_000 },
    { sec: 1_795_780_380, nsec: 123_450_000 },
    { sec: 4_102_444_799, nsec: 10_000 },
  ];

  it.each([1, 2, 3] as const)('in style %d are read as they were written', (style: StampStyle) => {
    for (const moment of moments) {
      const read = stampIn(`${stampOf(style, moment)}a line`);
      expect(read?.text).toBe('a line');
      expect(read?.ms).toBeCloseTo(moment.sec * 1000 + moment.nsec / 1e6, 2);
    }
  });

  it('may have a blank between date and time, as s6-log -T has', () => {
    expect(stampIn('2026-11-27 11:53:00.918000000  x')?.ms).toBe(Date.UTC(2026, 10, 27, 11, 53, 0, 918));
  });

  it.each(['', 'plain', '@400000006', '2026-11-27 11:53', '@50000000692c0a0a00000000 x'])('%j has none', (line) =>
    expect(stampIn(line)).toBeNull(),
  );

  const log = (...lines: readonly string[]): readonly { readonly line: string }[] => lines.map((line) => ({ line }));

  it('put lines of several logs in order', () => {
    const one = log('2026-11-27_11:53:00.00000 a', '2026-11-27_11:53:02.00000 c');
    const other = log('2026-11-27T11:53:01.00000 b', '2026-11-27T11:53:02.00000 d');
    expect(mergeLines([one, other]).map(({ line }) => line.at(-1))).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are not missed: without them lines come as they do', () => {
    expect(mergeLines([log('2026-11-27_11:53:00.00000 a'), log('b')]).map(({ line }) => line.at(-1))).toEqual([
      'a',
      'b',
    ]);
  });
});
