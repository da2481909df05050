// Packs the cold parts of the program into one file that the executable contains: pack-parts.ts OUT PART.bc ...
//
// The file: for each part its name and a zero byte, two numbers of 32 bits, low byte first (bytes packed, bytes unpacked),
// and an LZ4 block; a zero byte at the end. LZ4, because its unpacking is a page of C and takes a fraction of a millisecond
// (lz4 block format description of 2022). Read next: ../../src/host/quickjs/cold.c (who unpacks).
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A match is at least that long, and begins at most so many bytes before. */
const SHORTEST = 4;
const FARTHEST = 0xffff;
/** How many earlier places with the same four bytes are compared. */
const MOST_COMPARED = 512;

interface Match {
  readonly from: number;
  readonly length: number;
}

/** Lengths from 15 on take further bytes. */
const furtherBytes = (length: number): number[] => {
  if (length < 15) return [];
  const rest = length - 15;
  return [...Array<number>(Math.floor(rest / 255)).fill(255), rest % 255];
};

const sequence = (literals: Uint8Array, at: number, match: Match | null): number[] => {
  const more = match === null ? 0 : match.length - SHORTEST;
  const head = [
    (Math.min(literals.length, 15) << 4) | Math.min(more, 15),
    ...furtherBytes(literals.length),
    ...literals,
  ];
  if (match === null) return head;
  const offset = at - match.from;
  return [...head, offset & 0xff, offset >> 8, ...furtherBytes(more)];
};

/** Finds the longest earlier copy of what begins at a place. */
class Finder {
  readonly #bytes: Buffer;
  readonly #last = new Map<number, number>();
  readonly #before: Int32Array;
  #next = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#before = new Int32Array(bytes.length).fill(-1);
  }

  /** Knows all places before `at` from now on. */
  #reach(at: number): void {
    for (; this.#next < at && this.#next + SHORTEST <= this.#bytes.length; this.#next++) {
      const key = this.#bytes.readUInt32LE(this.#next);
      this.#before[this.#next] = this.#last.get(key) ?? -1;
      this.#last.set(key, this.#next);
    }
  }

  longest(at: number): Match | null {
    if (at + SHORTEST > this.#bytes.length) return null;
    this.#reach(at);
    let best: Match | null = null;
    let from = this.#last.get(this.#bytes.readUInt32LE(at)) ?? -1;
    for (let n = 0; n < MOST_COMPARED && from >= 0 && at - from <= FARTHEST; n++, from = this.#before[from] ?? -1) {
      let length = SHORTEST;
      while (at + length < this.#bytes.length && this.#bytes[from + length] === this.#bytes[at + length]) length++;
      if (best === null || length > best.length) best = { from, length };
    }
    return best;
  }
}

/** An LZ4 block. Where the next place has a longer match than this one, this one's byte is a literal. */
export const pack = (bytes: Buffer): Buffer => {
  const finder = new Finder(bytes);
  const out: number[] = [];
  let written = 0;
  let at = 0;
  while (at < bytes.length) {
    const match = finder.longest(at);
    if (match === null || (finder.longest(at + 1)?.length ?? 0) > match.length) {
      at++;
      continue;
    }
    for (const byte of sequence(bytes.subarray(written, at), at, match)) out.push(byte);
    at += match.length;
    written = at;
  }
  for (const byte of sequence(bytes.subarray(written), at, null)) out.push(byte);
  return Buffer.from(out);
};

const partOf = (path: string): Buffer => {
  const bytes = readFileSync(path);
  const packed = pack(bytes);
  const sizes = Buffer.alloc(8);
  sizes.writeUInt32LE(packed.length, 0);
  sizes.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([Buffer.from(`${basename(path, '.bc').replace('cold-', '')}\0`), sizes, packed]);
};

const [, script = '', out, ...parts] = process.argv;
if (import.meta.url === pathToFileURL(script).href && out !== undefined)
  writeFileSync(out, Buffer.concat([...parts.map(partOf), Buffer.alloc(1)]));
