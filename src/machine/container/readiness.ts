// When the main command of a container may start: it may begin with `sv start db`, so every runsv that was found at
// the start should listen by then. One that does not must not block the container.
//
// Pure and total. Read next: ../../effects/container/listening.ts (who carries it out).

/** How long the main command waits for runsvs. */
export const LISTEN_MS = 5000;
/** How often to check a runsv that cannot be watched. */
const ASK_MS = 100;

/** What is known about the runsvs. */
export interface Seen {
  /** The scan directory was read, or cannot be read. */
  readonly hasScanned: boolean;
  /** Directories that are still being written wait for a later scan. */
  readonly isSettling: boolean;
  /** Services whose runsv does not listen yet. */
  readonly notListening: readonly string[];
  /** Some of them cannot be watched. */
  readonly mustPoll: boolean;
}

export type Readiness =
  | { readonly kind: 'wait'; readonly untilMs: number }
  /** `notListening`: those whose time is up */
  | { readonly kind: 'start'; readonly notListening: readonly string[] };

/** Whether the main command starts at `nowMs`, having waited since `sinceMs`. */
export const readinessOf = (
  { hasScanned, isSettling, notListening, mustPoll }: Seen,
  sinceMs: number,
  nowMs: number,
): Readiness => {
  const endMs = sinceMs + LISTEN_MS;
  if (nowMs >= endMs || (hasScanned && !isSettling && notListening.length === 0))
    return { kind: 'start', notListening };
  return { kind: 'wait', untilMs: mustPoll ? Math.min(endMs, nowMs + ASK_MS) : endMs };
};
