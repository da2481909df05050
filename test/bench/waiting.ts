// The few waits that no event can stand for: a service must have a certain age, a quiet time must pass.
import { setTimeout as sleep } from 'node:timers/promises';

/** A supervisor treats a service younger than a second in a way of its own; this is beyond it. */
export const GROWN_MS = 1300;

export const quiet = async (ms: number): Promise<void> => {
  await sleep(ms);
};
