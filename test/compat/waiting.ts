// Waiting for events: a condition is looked at until it holds or a generous deadline is over.
//
// Promises: no wait without a deadline, and one that is over says what was awaited. Deadlines are generous because
// they only bound failures; a passing run never waits for one. Read next: world.ts.

/** Far above anything the programs do, so that a loaded machine fails nothing. */
export const DEADLINE_MS = 30_000;

/** An awaited event that did not come. */
export class Stuck extends Error {
  override readonly name = 'Stuck';
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Looks at `condition` every few milliseconds until it yields something other than undefined or false.
 * Throws Stuck naming `what` after `deadlineMs`.
 */
export async function until<T>(what: string, condition: () => T, deadlineMs = DEADLINE_MS): Promise<Found<T>> {
  const found = await attempt(condition, deadlineMs);
  if (found === undefined) throw new Stuck(`waited ${deadlineMs / 1000} s for: ${what}`);
  return found;
}

export type Found<T> = Exclude<T, undefined | false>;

/** As `until`, but undefined where the condition did not come to hold within `deadlineMs`. */
export async function attempt<T>(condition: () => T, deadlineMs: number): Promise<Found<T> | undefined> {
  const end = performance.now() + deadlineMs;
  for (let stepMs = 4; ; stepMs = Math.min(stepMs * 1.3, 40)) {
    const found = condition();
    if (found !== undefined && found !== false) return found as Found<T>;
    if (performance.now() > end) return undefined;
    await pause(stepMs);
  }
}

/** `promise`, or Stuck naming `what` after `deadlineMs`. */
export async function bounded<T>(what: string, promise: Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Stuck(`waited ${deadlineMs / 1000} s for: ${what}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
