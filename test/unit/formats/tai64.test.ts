import { describe, expect, it } from 'vitest';
import { decodeTai64n, encodeTai64n, tai64nLabel } from '../../../src/formats/tai64.ts';

const hex = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('hex');

const reference = (sec: number, nsec: number): string =>
  (BigInt(sec) + 4611686018427387914n).toString(16).padStart(16, '0') + nsec.toString(16).padStart(8, '0');

const moments: readonly (readonly [number, number])[] = [
  [0, 0],
  [1763712000, 123456500],
  [0xfffffff5, 1],
  [0xfffffff6, 999999999],
  [0xffffffff, 500],
  [0x100000000, 0],
  [253402300799, 7],
  [-1, 0],
  [-10, 0],
  [-11, 999999999],
  [-5000000000, 3],
];

describe('a TAI64N label', () => {
  it.each(moments)('of %d s and %d ns equals what 64-bit arithmetic gives', (sec, nsec) => {
    expect(hex(encodeTai64n(sec, nsec))).toBe(reference(sec, nsec));
    expect(tai64nLabel(sec, nsec)).toBe(`@${reference(sec, nsec)}`);
  });

  it.each(moments)('of %d s and %d ns reads back as it was written', (sec, nsec) => {
    expect(decodeTai64n(encodeTai64n(sec, nsec))).toEqual({ sec, nsec });
  });

  it('begins with the fixed offset at the epoch', () => {
    expect(tai64nLabel(0, 0)).toBe('@400000000000000a00000000');
  });

  it.each(['', 'short', 'thirteen byte'])('is not read from %j, which is not 12 bytes', (bytes) => {
    expect(decodeTai64n(bytes)).toBeNull();
  });
});
