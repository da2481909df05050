// Who a process is, in the kernel's words: the lines Uid, Gid and Groups of /proc/PID/status.
//
// Promises: pure; what cannot be read is nobody's. Read next: ../effects/exec/identity.ts (who asks).
import type { Bytes } from '../abi/bytes.ts';
import type { Identity } from './identity.ts';

const numbersOf = (status: Bytes, field: string): readonly Bytes[] => {
  const at = `\n${status}`.indexOf(`\n${field}:`);
  if (at < 0) return [];
  const line = status.slice(at + field.length + 1).split('\n', 1)[0] as Bytes;
  return line.split(/[ \t]+/).filter((word) => word !== '');
};

/** Whether all four of them, real, effective, saved and that for files, are this one. */
const areAll = (numbers: readonly Bytes[], wanted: number): boolean =>
  numbers.length === 4 && numbers.every((number) => number === String(wanted));

const sameMembers = (one: readonly Bytes[], other: readonly Bytes[]): boolean =>
  one.every((each) => other.includes(each)) && other.every((each) => one.includes(each));

/** Whether the process with this status is wholly that identity, a member of the same groups, and of no other. */
export const isAlready = ({ uid, gids }: Identity, status: Bytes): boolean =>
  areAll(numbersOf(status, 'Uid'), uid) &&
  areAll(numbersOf(status, 'Gid'), gids[0]) &&
  sameMembers([String(gids[0]), ...numbersOf(status, 'Groups')], gids.map(String));
