import { describe, expect, it } from 'vitest';
import { spanText } from '../../../src/formats/span.ts';

describe('spans of time', () => {
  it.each([
    [0, '0s'],
    [-5, '0s'],
    [3.9, '3s'],
    [60, '1m'],
    [61, '1m 1s'],
    [3600, '1h'],
    [3605, '1h'],
    [2 * 86_400 + 3 * 3600 + 59, '2d 3h'],
    [400 * 86_400, '400d'],
  ])('%d s', (seconds, text) => expect(spanText(seconds)).toBe(text));
});
