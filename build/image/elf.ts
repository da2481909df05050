// Puts the heap image into the executable:   node elf.ts join EXECUTABLE IMAGE OUT
// Prints what the linker must know of it:    node elf.ts symbols EXECUTABLE IMAGE
// Prints the byte order, little or big:      node elf.ts order EXECUTABLE
//
// Promises: what the linker laid out stays at its addresses; the variables' segment gets the image's bytes at the
// image's address. The file becomes: headers, variables and image; text, constants and cold parts; no section table.
// Must not: depend on the machine it runs on, or write anything that differs from run to run.
// Read next: elf-format.ts, ../README.md, layout.ld, ../../src/host/quickjs/image/make.c.
import { readFileSync, writeFileSync } from 'node:fs';
import { type ElfFormat, elfFormat } from './elf-format.ts';

const PT_LOAD = 1;
const PT_GNU_STACK = 0x6474e551;
const IMAGE_START = 16; // of the image's header: the address it was built at, then words: see image.h
const [USED, ATOMS] = [1, 2] as const;

interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly memory: number;
  readonly bytes: Buffer;
}

/** A word of the image's header, counted from the address it was built at. */
const headerAt = (word: number, { wordSize }: ElfFormat): number => IMAGE_START + word * wordSize;
const headerWord = (heap: Buffer, word: number, format: ElfFormat): number =>
  format.getWord(heap, headerAt(word, format));

/** The flags come second with 64 bits and before the alignment with 32. */
const flagsAt = ({ wordSize }: ElfFormat): number => (wordSize === 8 ? 4 : 24);

const readSegments = (elf: Buffer, format: ElfFormat): readonly Segment[] =>
  Array.from({ length: format.getHalf(elf, format.at.programCount) }, (_, i) => {
    const at = format.getWord(elf, format.at.programTable) + i * format.at.entrySize;
    // offset, virtual and physical address, size in the file, size in memory, alignment
    const word = (n: number): number => format.getWord(elf, at + (n + 1) * format.wordSize);
    return {
      type: format.getInt(elf, at),
      flags: format.getInt(elf, at + flagsAt(format)),
      address: word(1),
      memory: word(4),
      bytes: elf.subarray(word(0), word(0) + word(3)),
    };
  });

const isText = ({ flags }: Segment): boolean => (flags & 1) !== 0;

/** The segment with the image's bytes at the image's address. */
const filled = (segment: Segment, heap: Buffer, format: ElfFormat): Segment => {
  const at = headerWord(heap, 0, format) - segment.address;
  if (at < segment.bytes.length || at + heap.length > segment.memory) throw new Error('the image does not fit');
  return { ...segment, bytes: Buffer.concat([segment.bytes, Buffer.alloc(at - segment.bytes.length), heap]) };
};

const program = (segment: Segment, offset: number, format: ElfFormat): Buffer => {
  const entry = Buffer.alloc(format.at.entrySize);
  const words = [offset, segment.address, segment.address, segment.bytes.length, segment.memory];
  for (const [i, each] of words.entries()) format.putWord(entry, (i + 1) * format.wordSize, each);
  format.putInt(entry, 0, segment.type);
  format.putInt(entry, flagsAt(format), segment.flags);
  format.putWord(entry, format.at.entrySize - format.wordSize, segment.type === PT_LOAD ? format.page : 16);
  return entry;
};

const join = (elf: Buffer, heap: Buffer, format: ElfFormat): Buffer => {
  const segments = readSegments(elf, format);
  const text = segments.find((each) => each.type === PT_LOAD && isText(each));
  const data = segments.find((each) => each.type === PT_LOAD && !isText(each));
  const stack = segments.find((each) => each.type === PT_GNU_STACK);
  if (text === undefined || data === undefined || stack === undefined) throw new Error('not linked by layout.ld');
  const { at, page } = format;
  if (text.address % page !== 0) throw new Error('the text begins within a page');
  const full = filled(data, heap, format);
  const offset = Math.ceil(full.bytes.length / page) * page;
  const out = Buffer.concat([full.bytes, Buffer.alloc(offset - full.bytes.length), text.bytes]);
  const table = [program(full, 0, format), program(text, offset, format), program(stack, 0, format)];
  if (at.headerSize + table.length * at.entrySize > data.bytes.length) throw new Error('no room for the headers');
  format.putWord(out, at.programTable, at.headerSize);
  format.putWord(out, at.sectionTable, 0);
  format.putHalf(out, at.programCount, table.length);
  out.fill(0, at.programCount + 2, at.programCount + 8);
  Buffer.concat(table).copy(out, at.headerSize);
  return out;
};

const symbols = (heap: Buffer, format: ElfFormat): string => {
  const limit = headerWord(heap, 0, format) + headerWord(heap, USED, format);
  const atoms = headerWord(heap, ATOMS, format) * (format.evenSymbols ? 2 : 1);
  return `--defsym=image_limit=${limit},--defsym=image_atoms=${atoms}`;
};

const USAGE = 'usage: elf.ts order EXECUTABLE | symbols EXECUTABLE IMAGE | join EXECUTABLE IMAGE OUT';
const [mode, executable = '', image, out] = process.argv.slice(2);
const elf = readFileSync(executable);
const format = elfFormat(elf, executable);
if (mode === 'order') console.log(format.littleEndian ? 'little' : 'big');
else if (mode === 'symbols' && image !== undefined) console.log(symbols(readFileSync(image), format));
else if (mode === 'join' && image !== undefined && out !== undefined) {
  writeFileSync(out, join(elf, readFileSync(image), format), { mode: 0o755 });
} else throw new Error(USAGE);
