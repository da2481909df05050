import { describe, expect, it } from 'vitest';
import { interpreterFault, interpreterIn } from '../../../src/formats/interpreter.ts';

const bytes = (value: number, count: number): string => {
  let text = '';
  for (let rest = value; text.length < count; rest = Math.floor(rest / 256)) text += String.fromCharCode(rest % 256);
  return text;
};

const put = (into: string, at: number, text: string): string =>
  into.padEnd(at, '\0').slice(0, at) + text + into.slice(at + text.length);

/** An executable with a segment of another type and then one that names `loader`. */
const elf64 = (loader: string, type = 3): string => {
  let file = put(`\x7fELF\x02\x01`.padEnd(64, '\0'), 32, bytes(64, 8));
  file = put(file, 54, bytes(56, 2) + bytes(2, 2));
  file = put(file, 64, bytes(6, 4));
  const second = 64 + 56;
  file = put(file, second, bytes(type, 4));
  file = put(file, second + 8, bytes(512, 8));
  file = put(file, second + 32, bytes(loader.length, 8));
  return put(file, 512, `${loader}more`);
};

const elf32 = (loader: string): string => {
  let file = put(`\x7fELF\x01\x01`.padEnd(52, '\0'), 28, bytes(52, 4));
  file = put(file, 42, bytes(32, 2) + bytes(1, 2));
  file = put(file, 52, bytes(3, 4) + bytes(256, 4));
  file = put(file, 52 + 16, bytes(loader.length, 4));
  return put(file, 256, loader);
};

/** An s390x executable: the same as ELF 64, the highest byte of each number first. */
const elfBigEndian = (loader: string): string => {
  const file = Buffer.alloc(512 + loader.length);
  file.write('\x7fELF\x02\x02', 'latin1');
  file.writeBigUInt64BE(64n, 32);
  file.writeUInt16BE(56, 54);
  file.writeUInt16BE(1, 56);
  file.writeUInt32BE(3, 64);
  file.writeBigUInt64BE(512n, 64 + 8);
  file.writeBigUInt64BE(BigInt(loader.length), 64 + 32);
  file.write(loader, 512, 'latin1');
  return file.toString('latin1');
};

describe('the interpreter of a file that begins with', () => {
  it.each([
    ['#!/bin/sh\n', '/bin/sh'],
    ['#!/bin/sh', '/bin/sh'],
    ['#! \t/bin/sh -e\n', '/bin/sh'],
    ['#!/bin/sh\t-e\n', '/bin/sh'],
    ['#!/bin/sh\0x\n', '/bin/sh'],
    ['#!/bin/sh\r\nexec x\r\n', '/bin/sh\r'],
    [`#!/${'x'.repeat(300)}\n`, `/${'x'.repeat(253)}`],
    ['#!\n/bin/sh', null],
    ['#!  \n', null],
    ['#!', null],
    [' #!/bin/sh\n', null],
    ['\xef\xbb\xbf#!/bin/sh\n', null],
    ['', null],
    ['exec x\n', null],
    [elf64('/lib/ld.so\0'), '/lib/ld.so'],
    [elf64('/lib/ld.so\0', 4), null],
    [elf64('\0'), null],
    [elf64('/lib/ld.so\0').slice(0, 60), null],
    [elf64('/lib/ld.so\0').slice(0, 20), null],
    [elf32('/lib/ld.so\0'), '/lib/ld.so'],
    [elfBigEndian('/lib/ld64.so.1\0'), '/lib/ld64.so.1'],
    ['\x7fELF', null],
  ])('%j is %j', (head, interpreter) => {
    expect(interpreterIn(head)).toBe(interpreter);
  });
});

describe('a fault of an interpreter', () => {
  it.each([
    ['/bin/nosh', 'interpreter /bin/nosh: why'],
    ['/bin/sh\r', 'interpreter /bin/sh\\r: why, the line ends in CR LF'],
    ['/bin/\x1b[2J\r\x7fsh', 'interpreter /bin/?[2J\\r?sh: why'],
    ['/bin/\xe9', 'interpreter /bin/\xe9: why'],
  ])('%j is told as %j', (interpreter, text) => {
    expect(interpreterFault(interpreter, 'why')).toBe(text);
  });
});
