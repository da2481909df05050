// The deadlines of a service: at most one of each kind.
//
// Pure and total. Read first: model.ts (which state has which). Read next: table.ts (what happens when one is due).

/**
 * `start` ./run, or ./finish again; `up`: ./run is not ready in time; `kill` ./run, which was told to stop; `watchdog`: it gives no
 * sign of life; `check`: ask ./check; `finish`: kill ./finish.
 */
export type Timer = 'start' | 'up' | 'kill' | 'watchdog' | 'check' | 'finish';

/** Monotonic milliseconds; what is missing is not set. */
export type Timers = Readonly<Partial<Record<Timer, number>>>;

/** Nearly always: so there is one value for it, and nothing to compare. */
export const NO_TIMERS: Timers = {};

const ORDER: readonly Timer[] = ['start', 'up', 'kill', 'watchdog', 'check', 'finish'];

/** The one that is due first; null: none is set. */
export const firstOf = (timers: Timers): { readonly timer: Timer; readonly dueMs: number } | null => {
  if (timers === NO_TIMERS) return null;
  let first: { readonly timer: Timer; readonly dueMs: number } | null = null;
  for (const timer of ORDER) {
    const dueMs = timers[timer];
    if (dueMs !== undefined && (first === null || dueMs < first.dueMs)) first = { timer, dueMs };
  }
  return first;
};

/** The others. */
export const withoutTimer = (timers: Timers, timer: Timer): Timers => {
  const { [timer]: _, ...rest } = timers;
  return rest;
};
