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
  readonly looked: boolean;
  /** Directories that are being written wait for a later look. */
  readonly young: boolean;
  /** Services whose runsv does not listen. */
  readonly deaf: readonly string[];
  /** Some of these cannot be watched. */
  readonly blind: boolean;
}

export type Readiness =
  | { readonly kind: 'wait'; readonly untilMs: number }
  /** `deaf`: those that it was not worth waiting for any longer */
  | { readonly kind: 'start'; readonly deaf: readonly string[] };

/** What is to be done at `nowMs`, where it has waited since `sinceMs`. */
export const readinessOf = ({ looked, young, deaf, blind }: Seen, sinceMs: number, nowMs: number): Readiness => {
  const endMs = sinceMs + LISTEN_MS;
  if (nowMs >= endMs || (looked && !young && deaf.length === 0)) return { kind: 'start', deaf };
  return { kind: 'wait', untilMs: blind ? Math.min(endMs, nowMs + ASK_MS) : endMs };
};
