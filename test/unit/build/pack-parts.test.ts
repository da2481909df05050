// The packed cold parts: an LZ4 block is what its description says, and gives back the same bytes.
import { describe, expect, it } from 'vitest';
import { pack } from '../../../build/image/pack-parts.ts';
import { Random } from '../../sim/random.ts';

/** Unpacks with every check that the format permits. */
const unpack = (block: Buffer): Buffer => {
  const out: number[] = [];
  let at = 0;
  const next = (): number => {
    const byte = block[at++];
    if (byte === undefined) throw new Error('the block ends in a sequence');
    return byte;
  };
  const length = (n: number): number => {
    if (n < 15) return n;
    for (let byte = 255; byte === 255; n += byte) byte = next();
    return n;
  };
  for (;;) {
    const token = next();
    for (let n = length(token >> 4); n > 0; n--) out.push(next());
    if (at === block.length) return Buffer.from(out);
    const offset = next() | (next() << 8);
    if (offset === 0 || offset > out.length) throw new Error(`a match ${offset} bytes back of ${out.length}`);
    for (let n = length(token & 15) + 4; n > 0; n--) out.push(out[out.length - offset] ?? -1);
  }
};

const random = new Random(7);
const letters = (count: number, kinds: number): Buffer =>
  Buffer.from(Array.from({ length: count }, () => random.int(kinds)));

describe('an LZ4 block', () => {
  it.each<readonly [string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('x')],
    ['no repetition', Buffer.from(Array.from({ length: 256 }, (_, n) => n))],
    ['one byte very often', Buffer.alloc(100_000, 7)],
    ['a repetition at the end', Buffer.from('abcdefgh_abcdefgh')],
    ['a repetition too far away', Buffer.concat([letters(1000, 256), Buffer.alloc(70_000), letters(1000, 256)])],
    ...[2, 3, 20, 256].map((kinds) => [`random bytes of ${kinds} kinds`, letters(20_000, kinds)] as [string, Buffer]),
  ])('of %s gives it back', (_what, bytes) => {
    expect(unpack(pack(bytes)).equals(bytes)).toBe(true);
  });

  it('of short inputs gives each back', () => {
    for (let n = 0; n < 3000; n++) {
      const bytes = letters(random.int(40), 1 + random.int(4));
      expect(unpack(pack(bytes)).equals(bytes)).toBe(true);
    }
  });

  it('is much shorter than what repeats itself', () => {
    expect(pack(Buffer.from('runsv sv svlogd '.repeat(100))).length).toBeLessThan(60);
  });
});
