import { describe, expect, it } from 'vitest';
import { type Framing, frame, frameEnd, isMidLine, EMPTY_FRAMING, type Chunk } from '../../../src/log/framing.ts';

const LINE_BYTES = 5;
const at = (sec: number): { sec: number; nsec: number } => ({ sec, nsec: 0 });

interface Seen {
  readonly framing: Framing;
  readonly chunks: readonly Chunk[];
}

/** Feeds reads one after the other, a second apart. */
const feed = (reads: readonly string[], sameRead = false): Seen => {
  let framing = EMPTY_FRAMING;
  const chunks: Chunk[] = [];
  for (const [sec, data] of reads.entries()) {
    const framed = frame(framing, data, at(sec), sameRead, LINE_BYTES);
    framing = framed.framing;
    chunks.push(...framed.chunks);
  }
  return { framing, chunks };
};

const texts = ({ chunks }: Seen): readonly string[] => chunks.map(({ data }) => data);
const seconds = ({ chunks }: Seen): readonly number[] => chunks.map(({ moment }) => moment.sec);

describe('framing', () => {
  it('passes whole lines, and holds the start of one', () => {
    const seen = feed(['a\nb\nc']);
    expect(texts(seen)).toEqual(['a\nb\n']);
    expect(seen.framing.held).toBe('c');
  });

  it('gives a line the moment of its first byte', () => {
    const seen = feed(['a', 'b', 'c\nd\ne', 'f\n']);
    expect(texts(seen)).toEqual(['abc\n', 'd\n', 'ef\n']);
    expect(seconds(seen)).toEqual([0, 2, 2]);
  });

  it('gives all lines that were there at once one moment', () => {
    const seen = feed(['a\nb', 'c\nd\n'], true);
    expect(texts(seen)).toEqual(['a\n', 'bc\nd\n']);
    expect(seconds(seen)).toEqual([0, 1]);
  });

  it('passes what of a long line has come, and the rest of it as it comes', () => {
    const seen = feed(['a\nbcdef', 'ghij', 'k\nl']);
    expect(texts(seen)).toEqual(['a\nbcdef', 'ghij', 'k\n']);
    expect(seen.framing.held).toBe('l');
  });

  it('holds less than the first bytes of a line, however they come', () => {
    const seen = feed(['ab', 'cd', 'e', 'f']);
    expect(texts(seen)).toEqual(['abcde', 'f']);
    expect(seconds(seen)).toEqual([0, 3]);
    expect(isMidLine(seen.framing)).toBe(true);
  });

  it('gives a last line its newline', () => {
    expect(frameEnd(EMPTY_FRAMING)).toEqual([]);
    expect(frameEnd(feed(['a\n']).framing)).toEqual([]);
    expect(frameEnd(feed(['a\nbc']).framing)).toEqual([{ data: 'bc\n', moment: at(0) }]);
    expect(frameEnd(feed(['abcdef']).framing)).toEqual([{ data: '\n', moment: at(0) }]);
  });

  it('loses and doubles no byte, however input is cut into reads', () => {
    const input = 'ab\n\ncdefghij\nk\nlmnop\nqrstu\n\n\nvwxyzab';
    for (let size = 1; size <= input.length; size++) {
      const reads = Array.from({ length: Math.ceil(input.length / size) }, (_, n) =>
        input.slice(n * size, (n + 1) * size),
      );
      for (const sameRead of [false, true]) {
        const seen = feed(reads, sameRead);
        const last = frameEnd(seen.framing).map(({ data }) => data);
        expect([...texts(seen), ...last].join('')).toBe(`${input}\n`);
      }
    }
  });

  it('looks at each byte once: a line of a million that comes byte by byte is held in a moment', () => {
    let framing = EMPTY_FRAMING;
    for (let n = 0; n < 1_000_000; n++) framing = frame(framing, 'x', at(0), false, 2_000_000).framing;
    expect(frame(framing, '\n', at(1), false, 2_000_000).chunks[0]?.data.length).toBe(1_000_001);
  });
});
