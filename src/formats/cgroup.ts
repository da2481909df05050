// memory.events of a control group: how often the kernel has killed for lack of memory.
//
// Pure; what is not there counts as 0. Read next: ../effects/service/out-of-memory.ts.
import type { Bytes } from '../abi/bytes.ts';
import { wholeNumber } from './decimal.ts';

/** The count in the line `oom_kill N`. */
export const oomKillsIn = (events: Bytes): number => {
  const line = events.split('\n').find((each) => each.startsWith('oom_kill '));
  return line === undefined ? 0 : (wholeNumber(line.slice('oom_kill '.length)) ?? 0);
};
