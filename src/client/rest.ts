// Whether a process waits for something, as one does that has come up: on a busy machine one that is about to fail may not
// have had a processor yet, and runsv no time to tell of its end.
import type { Bytes } from '../abi/bytes.ts';
import { refused } from '../host/calls.ts';
import { readSmall } from '../effects/process/proc.ts';

/** So many of a service's processes are looked at. */
const PROCESSES_MAX = 32;

const factsOf = (path: Bytes): Bytes => {
  const text = readSmall(path);
  return refused(text) ? '' : text;
};

/** The letter of /proc; '' where it does not tell. */
const stateOf = (pid: number): Bytes => {
  const stat = factsOf(`/proc/${pid}/stat`);
  return stat.charAt(stat.lastIndexOf(')') + 2);
};

const childrenOf = (pid: number): readonly number[] =>
  factsOf(`/proc/${pid}/task/${pid}/children`).split(' ').map(Number).filter(Boolean);

/** Waiting for a processor, or for a disk. */
const isBusy = (state: Bytes): boolean => state === 'R' || state === 'D';

/** Neither it nor a child has something to do, nor has it ended; also where the kernel does not tell. */
export const isAtRest = (pid: number): boolean => {
  if (stateOf(pid) === 'Z') return false;
  const all = [pid];
  for (let at = 0; at < all.length && at < PROCESSES_MAX; at++) {
    const one = all[at] ?? pid;
    if (isBusy(stateOf(one))) return false;
    all.push(...childrenOf(one));
  }
  return true;
};
