// Two lists one behind the other.
import { describe, expect, it } from 'vitest';
import { joined } from '../../../src/machine/joined.ts';

describe('joined', () => {
  it('puts the second list behind the first, and changes neither', () => {
    const one = [1, 2];
    const other = [3];
    expect(joined(one, other)).toEqual([1, 2, 3]);
    expect([one, other]).toEqual([[1, 2], [3]]);
  });

  it('gives a list back where the other is empty', () => {
    const one = [1];
    expect(joined(one, [])).toBe(one);
    expect(joined([], one)).toBe(one);
  });
});
