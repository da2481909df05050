// The processors that `make ARCH=...` builds for, and how a program of each is recognized: build/cross.sh has the same list.
import { spawnSync } from 'node:child_process';

export interface Processor {
  readonly name: string;
  /** qemu-user's name for it. */
  readonly qemu: string;
  /** In the head of an ELF file: 64-bit words, byte order, and the machine. */
  readonly wide: boolean;
  readonly bigEndian: boolean;
  readonly machine: number;
  /** The sizes of pages that its kernels have. */
  readonly pages: readonly number[];
}

const SMALL: readonly number[] = [4096];
/** With 64 KiB svlogd finds no whole page to give back. */
const SMALL_OR_LARGE: readonly number[] = [4096, 16384];
const usual = { wide: true, bigEndian: false, pages: SMALL };

export const PROCESSORS: readonly Processor[] = [
  { ...usual, name: 'arm64', qemu: 'aarch64', machine: 0xb7, pages: SMALL_OR_LARGE },
  { ...usual, name: 'armv7', qemu: 'arm', machine: 0x28, wide: false },
  { ...usual, name: 'i386', qemu: 'i386', machine: 0x03, wide: false },
  { ...usual, name: 'riscv64', qemu: 'riscv64', machine: 0xf3 },
  { ...usual, name: 'ppc64le', qemu: 'ppc64le', machine: 0x15, pages: SMALL_OR_LARGE },
  { ...usual, name: 's390x', qemu: 's390x', machine: 0x16, bigEndian: true },
];

/** Those that this emulator can have: qemu-user 10 has pages of the machine that it runs on, whatever it is told. */
export const pagesUnder = ({ pages }: Processor, emulator: string): readonly number[] => {
  const { stdout } = spawnSync(emulator, ['--help'], { encoding: 'utf8' });
  return /^-p .*deprecated/m.test(stdout) ? SMALL : pages;
};

const escaped = (bytes: readonly number[]): string =>
  bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

/** A line for the register file of binfmt_misc; F: the emulator is opened now, so that any root will do. */
export const registration = ({ name, wide, bigEndian, machine }: Processor, emulator: string): string => {
  const two = (value: number): readonly number[] => (bigEndian ? [0, value] : [value, 0]);
  const head = [0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, bigEndian ? 2 : 1, 1, ...Array<number>(9).fill(0)];
  const mask = [...Array<number>(7).fill(0xff), 0, ...Array<number>(8).fill(0xff)];
  const type = bigEndian ? [0xff, 0xfe] : [0xfe, 0xff];
  return `:runitbox-${name}:M::${escaped([...head, ...two(2), ...two(machine)])}:${escaped([...mask, ...type, 0xff, 0xff])}:${emulator}:F`;
};
