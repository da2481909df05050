// When the main command of a container may start: its first words may be `sv start db`, so every runsv that was found at
// the start shall listen by then. One that does not must not hold up the container.
//
// Pure and total. Read next: ../../effects/container/listening.ts (who sees to it).

/** How long the main command waits for runsvs. */
export const LISTEN_MS = 5000;
/** How often a runsv is asked whose place cannot be watched. */
const ASK_MS = 100;

/** What is known when it is asked. */
export interface Seen {
  /** The scan directory was looked at, or cannot be. */
  readonly hasScanned: boolean;
  /** Directories that are being written wait for a later look. */
  readonly isSettling: boolean;
  /** Services whose runsv does not listen. */
  readonly notListening: readonly string[];
  /** Some of these cannot be watched. */
  readonly mustPoll: boolean;
}

export type Readiness =
  | { readonly kind: 'wait'; readonly untilMs: number }
  /** `notListening`: those that it was not worth waiting for any longer */
  | { readonly kind: 'start'; readonly notListening: readonly string[] };

/** What is to be done at `nowMs`, where it has waited since `sinceMs`. */
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
