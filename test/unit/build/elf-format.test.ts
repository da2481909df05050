// How the build reads and writes ELF files of other processors.
import { describe, expect, it } from 'vitest';
import { elfFormat } from '../../../build/image/elf-format.ts';

/** The first bytes of an ELF file: class 1 or 2 (32 or 64 bits), data 1 or 2 (little or big endian), and the machine. */
const header = (wide: boolean, little: boolean, machine: number): Buffer => {
  const bytes = Buffer.alloc(0x40);
  bytes.writeUInt32BE(0x7f454c46, 0);
  bytes[4] = wide ? 2 : 1;
  bytes[5] = little ? 1 : 2;
  if (little) bytes.writeUInt16LE(machine, 0x12);
  else bytes.writeUInt16BE(machine, 0x12);
  return bytes;
};

describe('an ELF file', () => {
  it.each([
    ['x86-64', true, true, 0x3e, { wordSize: 8, littleEndian: true, page: 0x1000, evenSymbols: false }],
    ['arm64', true, true, 0xb7, { wordSize: 8, littleEndian: true, page: 0x10000, evenSymbols: false }],
    ['ppc64le', true, true, 0x15, { wordSize: 8, littleEndian: true, page: 0x10000, evenSymbols: false }],
    ['s390x', true, false, 0x16, { wordSize: 8, littleEndian: false, page: 0x1000, evenSymbols: true }],
    ['i386', false, true, 0x03, { wordSize: 4, littleEndian: true, page: 0x1000, evenSymbols: false }],
  ])('of %s is read as such', (_, wide, little, machine, expected) => {
    expect(elfFormat(header(wide, little, machine), 'x')).toMatchObject(expected);
  });

  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('takes numbers as it gives them back (64 bits: %s, little endian: %s)', (wide, little) => {
    const format = elfFormat(header(wide, little, 1), 'x');
    const bytes = Buffer.alloc(32);
    format.putWord(bytes, 0, 0x12345678);
    format.putInt(bytes, 8, 0x9abcdef0);
    format.putHalf(bytes, 12, 0x1234);
    expect([format.getWord(bytes, 0), format.getInt(bytes, 8), format.getHalf(bytes, 12)]).toEqual([
      0x12345678, 0x9abcdef0, 0x1234,
    ]);
    expect(bytes[12]).toBe(little ? 0x34 : 0x12);
  });

  it('is nothing else', () => {
    expect(() => elfFormat(Buffer.from('#!/bin/sh\n'.repeat(9)), 'run')).toThrow('run: not an ELF file');
  });
});
