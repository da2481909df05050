// Whether an end by KILL that nobody requested may have been for lack of memory.
//
// The container's own control group counts such kills. A counter of a group names no victim, so the answer is never more than
// 'possible'. Read only after such an end. Read next: ../../formats/cgroup.ts, supervisor.ts (who asks).
import { oomKillsIn } from '../../formats/cgroup.ts';
import type { Oom } from '../../formats/state.ts';
import { isErrno } from '../../host/calls.ts';
import { readSmall } from '../process/proc.ts';

const EVENTS = '/sys/fs/cgroup/memory.events';

let seen = 0;

/** Whether the count has grown since the last time; the first time, whether there is any. */
export const mayBeOutOfMemory = (): Oom => {
  const text = readSmall(EVENTS);
  const count = isErrno(text) ? seen : oomKillsIn(text);
  const hasGrown = count > seen;
  seen = count;
  return hasGrown ? 'possible' : null;
};
