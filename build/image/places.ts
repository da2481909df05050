// Which blocks of the heap image usual runs touch, so that the next image has them side by side.
//
//   node places.ts find HEAP NOTES TRACE...   prints the list (build/image/hot.places)
//   node places.ts pack LIST OUT ORDER        the list as stage 1 reads it on a processor of that byte order
//
// HEAP is the image, NOTES what stage 1 noted about it: for every 16 bytes the key of the request that got a block there.
// A TRACE is valgrind's (hot.sh). A line of the list: part (0: a third of the runs or more, 1: fewer), key, size in bytes.
// Promises: the same input gives the same list. Must not: matter for what a program does; see src/host/quickjs/image/make.c.
import { readFileSync, writeFileSync } from 'node:fs';
import { touched } from './trace.ts';

const IMAGE_START = 16; // in the image's header
const ROOM = 4096; // for requests that are freed again while the image is made

interface Block {
  readonly start: number;
  readonly size: number;
  readonly key: bigint;
}

const blocksOf = (heap: Buffer, notes: Buffer): readonly Block[] => {
  const area = Number(heap.readBigUInt64LE(IMAGE_START));
  const blocks: Block[] = [];
  for (let i = 0; i * 16 < heap.length; i++) {
    const key = notes.readBigUInt64LE(i * 8);
    // what the image begins with lies at no multiple of 16: a block does
    const at = i * 16;
    if (key === 0n || at < 16) continue;
    blocks.push({ start: area + at, size: Number(heap.readBigUInt64LE(at - 8)), key });
  }
  return blocks;
};

const find = (heapFile: string, notesFile: string, traces: readonly string[]): void => {
  const blocks = blocksOf(readFileSync(heapFile), readFileSync(notesFile));
  const uses = new Map<Block, number>();
  for (const trace of traces) {
    const addresses = touched(trace);
    let next = 0;
    for (const block of blocks) {
      while (next < addresses.length && (addresses[next] ?? 0) < block.start) next++;
      if ((addresses[next] ?? Number.POSITIVE_INFINITY) < block.start + block.size - 8)
        uses.set(block, (uses.get(block) ?? 0) + 1);
    }
  }
  const part = (n: number): number => (3 * n >= traces.length ? 0 : 1);
  const lines = [...uses].map(([{ key, size }, n]) => `${part(n)} ${key.toString(16).padStart(16, '0')} ${size}`);
  console.log(`# Made by places.ts: see there.\n${[...new Set(lines)].sort().join('\n')}`);
};

const pack = (listFile: string, out: string, order: string | undefined): void => {
  const rows = readFileSync(listFile, 'utf8')
    .split('\n')
    .filter((line) => /^[01] /.test(line))
    .map((line) => line.split(' '))
    .map(([part = '', key = '', size = '']) => ({ part: BigInt(part), key: BigInt(`0x${key}`), size: Number(size) }));
  const keys = new Map<bigint, bigint>();
  for (const { part, key } of [...rows].reverse()) keys.set(key, part);
  const bytes = (wanted: bigint): bigint =>
    BigInt(rows.filter(({ part }) => part === wanted).reduce((sum, { size }) => sum + size, ROOM));
  const sorted = [...keys].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => key | part);
  const words = sorted.length === 0 ? [0n] : [bytes(0n), bytes(1n), ...sorted];
  // a key is a digest of numbers as they lie in memory: in the other byte order none would match
  writeFileSync(out, new BigUint64Array(order === 'big' ? [0n] : words));
};

const [mode, first, second, ...rest] = process.argv.slice(2);
if (first === undefined || second === undefined) throw new Error('usage: places.ts find|pack FILE FILE ...');
if (mode === 'find') find(first, second, rest);
else pack(first, second, rest[0]);
