import { describe, expect, it } from 'vitest';
import { momentMs, momentText } from '../../../src/formats/moment.ts';

describe('moments', () => {
  it.each([
    '1970-01-01T00:00:00.000Z',
    '2000-02-29T23:59:59.999Z',
    '2026-11-27T11:53:01.204Z',
    '2100-03-01T00:00:00.001Z',
  ])('%s is read and written as Date does', (text) => {
    const ms = Date.parse(text);
    expect(momentMs(text)).toBeCloseTo(ms, 3);
    expect(momentText(Math.floor(ms / 1000), (ms % 1000) * 1e6)).toBe(text);
  });

  it('may have no fraction', () => expect(momentMs('2026-11-27 11:53:01')).toBe(Date.UTC(2026, 10, 27, 11, 53, 1)));

  it.each(['', 'x', '2026-11-27', '2026-11-27T11:53', '2026-11-27T11:53:01.204+01:00'])('%j is none', (text) =>
    expect(momentMs(text)).toBeNull(),
  );
});
