// Whether a process that runs has come up: it has been there for long enough, and is no longer busy.
//
// Read next: ../machine/client/stability.ts (what is long enough), idle.ts.
import type { Status } from '../formats/status.ts';
import { hasSettled, isDue, postpone, type Stability } from '../machine/client/stability.ts';
import { isIdle } from './idle.ts';

/** One that is still busy when its time has come is to be asked again at the new `dueMs` of its stability. */
export const isStable = (one: { stability: Stability }, { pid }: Status, nowMs: number): boolean => {
  const { stability } = one;
  if (!isDue(stability, nowMs)) return false;
  if (hasSettled(stability, nowMs) || isIdle(pid)) return true;
  one.stability = postpone(stability, nowMs);
  return false;
};
