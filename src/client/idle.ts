// Whether a process is idle, as one is that has come up: on a busy machine a process that is about to fail may not have had a
// processor yet, and runsv no time to publish its end.
import type { Bytes } from '../abi/bytes.ts';
import { readSmall } from '../effects/process/proc.ts';
import { isErrno } from '../host/calls.ts';

/** At most so many processes of a service are examined. */
const PROCESSES_MAX = 32;

const readOrEmpty = (path: Bytes): Bytes => {
  const text = readSmall(path);
  return isErrno(text) ? '' : text;
};

/** The state letter of /proc; '' where it cannot be read. */
const stateOf = (pid: number): Bytes => {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  return stat.charAt(stat.lastIndexOf(')') + 2);
};

const childrenOf = (pid: number): readonly number[] =>
  readOrEmpty(`/proc/${pid}/task/${pid}/children`).split(' ').map(Number).filter(Boolean);

/** Waiting for a processor, or for a disk. */
const isBusy = (state: Bytes): boolean => state === 'R' || state === 'D';

/** Neither it nor one of its descendants is busy, and it has not ended. Also true where /proc cannot be read. */
export const isIdle = (pid: number): boolean => {
  if (stateOf(pid) === 'Z') return false;
  const all = [pid];
  for (let at = 0; at < all.length && at < PROCESSES_MAX; at++) {
    const one = all[at] ?? pid;
    if (isBusy(stateOf(one))) return false;
    all.push(...childrenOf(one));
  }
  return true;
};
