// Joining two lists.
import { describe, expect, it } from 'vitest';
import { joined } from '../../../../src/machine/service/joined.ts';

describe('joined', () => {
  it('appends the second list to the first, and changes neither', () => {
    const one = [1, 2];
    const other = [3];
    expect(joined(one, other)).toEqual([1, 2, 3]);
    expect([one, other]).toEqual([[1, 2], [3]]);
  });

  it('returns a list as it is if the other is empty', () => {
    const one = [1];
    expect(joined(one, [])).toBe(one);
    expect(joined([], one)).toBe(one);
  });
});
