// Puts the heap image into the executable: node elf.ts EXECUTABLE IMAGE OUT [COLD]
//
// Promises: what the linker laid out stays at its addresses; the variables' segment gets the image's bytes at the
// image's address. The file becomes: headers, variables and image; text and constants;
// the cold part, which no segment covers; no section table.
// Must not: depend on the machine it runs on, or write anything that differs from run to run.
// Read next: ../README.md, layout.ld, ../../src/host/quickjs/image/make.c.
import { readFileSync, writeFileSync } from 'node:fs';

const PT_LOAD = 1;
const PT_GNU_STACK = 0x6474e551;
const HEADER = 0x40;
const ENTRY = 0x38;
const AARCH64 = 0xb7;
const COLD_AT = 40; // of the image's header: where the cold part lies in the file, and its size
const IMAGE_START = 16; // of the image's header: the address it was built at

interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly memory: number;
  readonly align: number;
  readonly bytes: Buffer;
}

const word = (elf: Buffer, at: number): number => Number(elf.readBigUInt64LE(at));

const readSegments = (elf: Buffer): readonly Segment[] =>
  Array.from({ length: elf.readUInt16LE(0x38) }, (_, i) => {
    const at = word(elf, 0x20) + i * ENTRY;
    const offset = word(elf, at + 8);
    return {
      type: elf.readUInt32LE(at),
      flags: elf.readUInt32LE(at + 4),
      address: word(elf, at + 16),
      memory: word(elf, at + 40),
      align: word(elf, at + 48),
      bytes: elf.subarray(offset, offset + word(elf, at + 32)),
    };
  });

const isText = ({ flags }: Segment): boolean => (flags & 1) !== 0;

/** The segment with the image's bytes at the image's address. */
const filled = (segment: Segment, heap: Buffer): Segment => {
  const at = word(heap, IMAGE_START) - segment.address;
  if (at < segment.bytes.length || at + heap.length > segment.memory) throw new Error('the image does not fit');
  return { ...segment, bytes: Buffer.concat([segment.bytes, Buffer.alloc(at - segment.bytes.length), heap]) };
};

const program = (segment: Segment, offset: number): Buffer => {
  const entry = Buffer.alloc(ENTRY);
  entry.writeUInt32LE(segment.type, 0);
  entry.writeUInt32LE(segment.flags, 4);
  const words = [offset, segment.address, segment.address, segment.bytes.length, segment.memory, segment.align];
  for (const [i, each] of words.entries()) entry.writeBigUInt64LE(BigInt(each), 8 + 8 * i);
  return entry;
};

/** The heap, told where the cold part lies in the file. */
const informed = (heap: Buffer, at: number, size: number): Buffer => {
  const copy = Buffer.from(heap);
  copy.writeBigUInt64LE(BigInt(at), COLD_AT);
  copy.writeBigUInt64LE(BigInt(size), COLD_AT + 8);
  return copy;
};

const rewrite = (elf: Buffer, plainHeap: Buffer, cold: Buffer): Buffer => {
  const segments = readSegments(elf);
  const text = segments.find((each) => each.type === PT_LOAD && isText(each));
  const data = segments.find((each) => each.type === PT_LOAD && !isText(each));
  const stack = segments.find((each) => each.type === PT_GNU_STACK);
  if (text === undefined || data === undefined || stack === undefined) throw new Error('not linked by layout.ld');
  const page = elf.readUInt16LE(0x12) === AARCH64 ? 0x10000 : 0x1000; // arm64 kernels may have pages of 64 KiB
  const end = filled(data, plainHeap).bytes.length;
  const offset = Math.ceil(end / page) * page;
  const full = filled(data, informed(plainHeap, offset + text.bytes.length, cold.length));
  const out = Buffer.concat([full.bytes, Buffer.alloc(offset - end), text.bytes, cold]);
  const table = [program(full, 0), program(text, offset), program(stack, 0)];
  out.writeBigUInt64LE(BigInt(HEADER), 0x20);
  out.writeBigUInt64LE(0n, 0x28);
  out.writeUInt16LE(table.length, 0x38);
  out.fill(0, 0x3a, 0x40);
  Buffer.concat(table).copy(out, HEADER);
  return out;
};

const [executable, image, out, cold] = process.argv.slice(2);
if (executable === undefined || image === undefined || out === undefined) {
  throw new Error('usage: elf.ts EXECUTABLE IMAGE OUT [COLD]');
}
const elf = readFileSync(executable);
if (elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1) {
  throw new Error(`${executable}: not a 64-bit little-endian ELF file`);
}
writeFileSync(out, rewrite(elf, readFileSync(image), cold === undefined ? Buffer.alloc(0) : readFileSync(cold)), {
  mode: 0o755,
});
