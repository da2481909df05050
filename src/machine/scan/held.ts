// Services that leave a scan directory in waves: a runsv is held, without TERM, until the services that depend on its own have ended.
//
// Pure and total. Read first: table.ts. Read next: waves.ts (who depends on whom).
import type { Dependents, Entry, Tree, TreeEffect } from './model.ts';

/** How long a new service waits for the runsv that had its name, and a runsv for its dependents. */
export const LINGER_MS = 10000;

export const term = ({ pid }: Entry): TreeEffect => ({ kind: 'term', pid });

export const isHeld = ({ dependents }: Entry): boolean => dependents !== undefined;

/** Those that wait for the end of their dependents. */
export const heldIn = ({ leaving }: Tree): readonly Entry[] => leaving.filter(isHeld);

export const released = ({ dependents: _, ...entry }: Entry): Entry => entry;

/** Holds those on which others of them depend. */
export const inWaves = (going: readonly Entry[], dependents: Dependents | null | undefined): readonly Entry[] => {
  if (dependents === null || dependents === undefined) return going;
  const names = new Set(going.map(({ name }) => name));
  return going.map((entry) => {
    const others = (dependents.get(entry.name) ?? []).filter((name) => names.has(name));
    return others.length === 0 ? entry : { ...entry, dependents: others };
  });
};

/** The next wave: those whose dependents have ended. */
export const nextWave = (leaving: readonly Entry[], nowMs: number, stopping: boolean): Leaving => {
  if (!leaving.some(isHeld)) return { leaving, effects: [] };
  const names = new Set(leaving.map(({ name }) => name));
  const isNext = ({ dependents }: Entry): boolean => dependents?.some((name) => names.has(name)) === false;
  return {
    leaving: leaving.map((old) =>
      isNext(old) ? { ...released(old), dueMs: stopping ? null : nowMs + LINGER_MS } : old,
    ),
    effects: leaving.filter(isNext).map(term),
  };
};

/** Those that are leaving, and what is to be done about it. */
interface Leaving {
  readonly leaving: readonly Entry[];
  readonly effects: readonly TreeEffect[];
}
