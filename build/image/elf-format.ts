// How the ELF files of one kind write their numbers, and where their header has what the build uses.
//
// Promises: 32 and 64 bits, either byte order. Read next: elf.ts (who uses it).

const MAGIC = 0x7f454c46;
const AARCH64 = 0xb7;
const PPC64 = 0x15;
const S390 = 0x16;
/** Kernels for these processors may have pages of 64 KiB. */
const LARGE_PAGES: readonly number[] = [AARCH64, PPC64];

export interface ElfFormat {
  /** The size of an address, in bytes: 4 or 8. */
  readonly wordSize: number;
  readonly littleEndian: boolean;
  /** The alignment of segments, in bytes. */
  readonly page: number;
  /** Whether an absolute symbol must be even, as on s390x. */
  readonly evenSymbols: boolean;
  /** Offsets in the file header, and sizes, in bytes. */
  readonly at: {
    readonly programTable: number;
    readonly sectionTable: number;
    readonly programCount: number;
    readonly headerSize: number;
    readonly entrySize: number;
  };
  getHalf(from: Buffer, at: number): number;
  getInt(from: Buffer, at: number): number;
  getWord(from: Buffer, at: number): number;
  putHalf(to: Buffer, at: number, value: number): void;
  putInt(to: Buffer, at: number, value: number): void;
  putWord(to: Buffer, at: number, value: number): void;
}

const AT_64 = { programTable: 0x20, sectionTable: 0x28, programCount: 0x38, headerSize: 0x40, entrySize: 0x38 };
const AT_32 = { programTable: 0x1c, sectionTable: 0x20, programCount: 0x2c, headerSize: 0x34, entrySize: 0x20 };

/** The numbers of one byte order and word size; DataView has both orders. */
const numbers = (
  wide: boolean,
  little: boolean,
): Omit<ElfFormat, 'wordSize' | 'littleEndian' | 'page' | 'evenSymbols' | 'at'> => {
  const view = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    getHalf: (from, at) => view(from).getUint16(at, little),
    getInt: (from, at) => view(from).getUint32(at, little),
    getWord: (from, at) => (wide ? Number(view(from).getBigUint64(at, little)) : view(from).getUint32(at, little)),
    putHalf: (to, at, value) => view(to).setUint16(at, value, little),
    putInt: (to, at, value) => view(to).setUint32(at, value, little),
    putWord: (to, at, value) =>
      wide ? view(to).setBigUint64(at, BigInt(value), little) : view(to).setUint32(at, value, little),
  };
};

/** Throws where it is no ELF file. */
export const elfFormat = (elf: Buffer, path: string): ElfFormat => {
  if (elf.length < AT_64.headerSize || elf.readUInt32BE(0) !== MAGIC) throw new Error(`${path}: not an ELF file`);
  const wide = elf[4] === 2;
  const littleEndian = elf[5] === 1;
  const access = numbers(wide, littleEndian);
  const machine = access.getHalf(elf, 0x12);
  return {
    ...access,
    wordSize: wide ? 8 : 4,
    littleEndian,
    page: LARGE_PAGES.includes(machine) ? 0x10000 : 0x1000,
    evenSymbols: machine === S390,
    at: wide ? AT_64 : AT_32,
  };
};
