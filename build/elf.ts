// Puts the heap image into the executable: node elf.ts EXECUTABLE IMAGE OUT
//
// Promises: what the linker laid out stays at its addresses; the one empty segment (the image's) gets the image's
// bytes. The file becomes: headers and program text, data, image, each from a page boundary; no section table.
// Must not: depend on the machine it runs on, or write anything that differs from run to run.
// Read next: README.md, ../src/host/quickjs/image.c.
import { readFileSync, writeFileSync } from 'node:fs';

const PT_LOAD = 1;
const PT_GNU_STACK = 0x6474e551;
const HEADER = 0x40;
const ENTRY = 0x38;
const PAGE = 0x1000;

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

/** The segment made to start on its page, with zeros in front. */
const fromPage = (segment: Segment): Segment => {
  const front = segment.address % PAGE;
  return {
    ...segment,
    address: segment.address - front,
    memory: segment.memory + front,
    bytes: Buffer.concat([Buffer.alloc(front), segment.bytes]),
  };
};

const isText = ({ flags }: Segment): boolean => (flags & 1) !== 0;
const isImage = ({ type, flags, bytes, memory }: Segment): boolean =>
  type === PT_LOAD && !isText({ flags } as Segment) && memory > 0x1000000 && bytes.length < PAGE;

const program = (segment: Segment, offset: number): Buffer => {
  const entry = Buffer.alloc(ENTRY);
  entry.writeUInt32LE(segment.type, 0);
  entry.writeUInt32LE(segment.flags, 4);
  const words = [offset, segment.address, segment.address, segment.bytes.length, segment.memory, segment.align];
  words.forEach((each, i) => entry.writeBigUInt64LE(BigInt(each), 8 + 8 * i));
  return entry;
};

const rewrite = (elf: Buffer, heap: Buffer): Buffer => {
  const segments = readSegments(elf);
  const [image, ...others] = segments.filter(isImage);
  if (image === undefined || others.length > 0) throw new Error('no single segment for the image');
  const filled: Segment = { ...image, address: image.address + PAGE, memory: heap.length, bytes: heap };
  const loads = segments.filter((each) => each.type === PT_LOAD && each !== image).map(fromPage);
  const file: Buffer[] = [];
  const table: Buffer[] = [];
  let offset = 0;
  for (const segment of [...loads, filled]) {
    table.push(program(segment, offset));
    const room = Math.ceil(segment.bytes.length / PAGE) * PAGE;
    file.push(segment.bytes, segment === filled ? Buffer.alloc(0) : Buffer.alloc(room - segment.bytes.length));
    offset += room;
  }
  table.sort((a, b) => Number(a.readBigUInt64LE(16) - b.readBigUInt64LE(16)));
  table.push(...segments.filter(({ type }) => type === PT_GNU_STACK).map((each) => program(each, 0)));
  const header = Buffer.from(elf.subarray(0, HEADER));
  header.writeBigUInt64LE(BigInt(HEADER), 0x20);
  header.writeBigUInt64LE(0n, 0x28);
  header.writeUInt16LE(table.length, 0x38);
  header.fill(0, 0x3a, 0x40);
  const out = Buffer.concat(file);
  Buffer.concat([header, ...table]).copy(out);
  return out;
};

const [executable, image, out] = process.argv.slice(2);
if (executable === undefined || image === undefined || out === undefined) {
  throw new Error('usage: elf.ts EXECUTABLE IMAGE OUT');
}
writeFileSync(out, rewrite(readFileSync(executable), readFileSync(image)), { mode: 0o755 });
