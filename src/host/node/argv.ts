// The arguments of a process under Node, as bytes, and how to overwrite them.
//
// Promises: arguments are as the kernel got them, also where Node replaced bytes that are not UTF-8; argWrite works as in the
// static executable.
// Read next: load.ts.
import { readFileSync } from 'node:fs';
import type { Bytes } from '../../abi/bytes.ts';
import type { Calls, Done, Errno, Fd } from '../calls.ts';
import { isErrno } from '../calls.ts';
import { EINVAL, ENOSYS } from '../../abi/errno.ts';
import { O_WRONLY } from '../../abi/flags.ts';

export interface Called {
  /** argv as our programs see it. */
  readonly args: readonly Bytes[];
  /** The arguments in memory that `args` ends with; Node's own may precede them. */
  readonly ours: { readonly inMemory: readonly Bytes[]; readonly from: number };
}

const asBytes = (text: string): Bytes => Buffer.from(text, 'utf8').toString('latin1');

const inMemory = (): readonly Bytes[] => {
  try {
    return readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1);
  } catch {
    return [];
  }
};

/** The bytes of the last `texts.length` arguments: the kernel's where they agree, as Node replaces bytes that are not UTF-8. */
export const exactArgs = (texts: readonly string[], raw: readonly Bytes[]): readonly Bytes[] => {
  const from = raw.length - texts.length;
  const decoded = (i: number): string => Buffer.from(raw[from + i] ?? '', 'latin1').toString('utf8');
  return texts.map((text, i) => (from >= 0 && decoded(i) === text ? (raw[from + i] ?? '') : asBytes(text)));
};

/** argv[0] is the script as it was called, or, where Node and script are one file (`packed`), what was typed. */
export const calledAs = (packed: boolean): Called => {
  const raw = inMemory();
  const name = packed ? process.argv0 : (process.argv[1] ?? process.argv0);
  const args = exactArgs([name, ...process.argv.slice(2)], raw);
  return { args, ours: { inMemory: raw, from: raw.length - args.length } };
};

const START_FIELD = 48;

/** The address of argv: arg_start in /proc/self/stat, whose second field, the name, may contain anything. */
const argumentsAt = (): number => {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD - 3]);
};

const overwrite = (calls: Calls, at: number, data: Bytes): Done | Errno => {
  const memory = calls.open('/proc/self/mem', O_WRONLY, 0);
  if (isErrno(memory)) return memory;
  const written = data === '' ? (0 as Done) : calls.pwrite(memory as Fd, data, at);
  calls.close(memory as Fd);
  return written;
};

/** argWrite through /proc, as Node does not expose the address of argv. ENOSYS without /proc. */
export const argumentWriter =
  (calls: Calls, { inMemory, from }: Called['ours']): Calls['argWrite'] =>
  (index, data) => {
    calls.argWrite(index, data); // for what a binder says to a wrong type
    if (from < 0) return -ENOSYS as Errno;
    const text = inMemory[from + index];
    if (index < 0 || text === undefined) return -EINVAL as Errno;
    const before = inMemory.slice(0, from + index).reduce((sum, each) => sum + each.length + 1, 0);
    try {
      return overwrite(calls, argumentsAt() + before, data.slice(0, text.length));
    } catch {
      return -ENOSYS as Errno;
    }
  };
