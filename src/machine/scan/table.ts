// A scan directory: which services it has, and what happens to the runsv of each.
//
// A service is identified by its key (device and inode); a new name takes effect at its next start. Each has at most one runsv:
//   wanted    in the directory; its runsv runs (pid), or is due to start (dueMs)
//   leaving   no longer in the directory; its runsv was sent TERM and has not ended yet. A new service with the same key
//             starts after that; one with the same name waits LINGER_MS (dueMs) at most.
// Services are stopped in waves where they depend on each other: a runsv gets TERM once those of its dependents have ended that are
// stopped with it, but not later than its dueMs.
// Only `scanned` and `due` start runsvs, because they are handled inside the directory. After `stop` all are leaving, and none
// starts any more.
// Events come in batches, so that a thousand services cost one pass. Pure and total, as ../service/table.ts.
// Read next: ../../effects/scan/read-dir.ts (who looks and starts).

import { heldIn, inWaves, isHeld, nextWave, LINGER_MS, released, term } from './held.ts';
import type { Ended, Entry, Found, Tree, TreeEffect, TreeEvent } from './model.ts';

export type { Dependents, Ended, Entry, Found, Tree, TreeEffect, TreeEvent } from './model.ts';

/** Milliseconds between two starts of the same runsv, and after the end of one that was asked to exit. */
export const RESTART_MS = 1000;
/** After a runsv of another runsvdir has ended: time for that runsvdir to start it again. */
const YIELD_MS = 2 * RESTART_MS;

type Of<K extends TreeEvent['kind']> = Extract<TreeEvent, { readonly kind: K }>;

export interface TreeOutcome {
  readonly tree: Tree;
  readonly effects: readonly TreeEffect[];
}

/** The exit code of a runsv that could not lock its service. */
const LOCK_FAILED_EXIT_CODE = 111;
/** The exit code of a runsv whose essential service has ended for good. */
export const ESSENTIAL_EXIT_CODE = 125;

export const newTree = (): Tree => ({ wanted: new Map(), leaving: [], stopping: false });

/** A test whether one of `others` has the directory or the name of an entry. */
const sharing = (others: Iterable<Entry>): ((entry: Entry) => boolean) => {
  const keys = new Set<string>();
  const names = new Set<string>();
  for (const { key, name, dueMs } of others) {
    keys.add(key);
    // after the warning the name is free
    if (dueMs !== null) names.add(name);
  }
  return (entry) => keys.has(entry.key) || names.has(entry.name);
};

/** A test whether an entry waits for one that is leaving. */
const blockedIn = (tree: Tree): ((entry: Entry) => boolean) => sharing(tree.leaving);

/** Those leaving that a new service still waits for. */
const awaitedIn = (tree: Tree): readonly Entry[] => {
  const patient = tree.leaving.filter(({ dueMs }) => dueMs !== null);
  if (patient.length === 0) return patient;
  return patient.filter(sharing([...tree.wanted.values()].filter(({ dueMs }) => dueMs !== null)));
};

/** Warns about every runsv that a new service has waited for too long, and sends it TERM again: once. Nobody is held any longer. */
const hurry = (tree: Tree, nowMs: number): TreeOutcome => {
  const isLate = ({ dueMs }: Entry): boolean => dueMs !== null && dueMs <= nowMs;
  const held = heldIn(tree).filter(isLate);
  const late = new Set(awaitedIn(tree).filter((entry) => isLate(entry) && !isHeld(entry)));
  if (late.size === 0 && held.length === 0) return { tree, effects: [] };
  const leaving = tree.leaving.map((old) => {
    if (held.includes(old)) return { ...released(old), dueMs: tree.stopping ? null : nowMs + LINGER_MS };
    return late.has(old) ? { ...old, dueMs: null } : old;
  });
  const effects = [...late].flatMap((old): TreeEffect[] => [
    { kind: 'warnLingering', name: old.name, pid: old.pid },
    term(old),
  ]);
  return { tree: { ...tree, leaving }, effects: [...held.map(term), ...effects] };
};

/** Starts what is due and waits for no predecessor. */
const startDue = (before: Tree, nowMs: number): TreeOutcome => {
  const hurried = hurry(before, nowMs);
  const { tree } = hurried;
  const isBlocked = blockedIn(tree);
  const wanted = new Map(tree.wanted);
  const effects: TreeEffect[] = [...hurried.effects];
  for (const entry of tree.wanted.values()) {
    if (entry.dueMs === null || entry.dueMs > nowMs || isBlocked(entry)) continue;
    wanted.set(entry.key, { ...entry, startedMs: nowMs, dueMs: null });
    effects.push({ kind: 'start', name: entry.name, key: entry.key });
  }
  return effects.length === 0 ? { tree, effects } : { tree: { ...tree, wanted }, effects };
};

const newEntry = ({ name, key }: Found, nowMs: number): Entry => ({
  name,
  key,
  pid: 0,
  startedMs: nowMs - RESTART_MS,
  dueMs: nowMs,
});

const scanned = (tree: Tree, { found, dependents }: Of<'scanned'>, nowMs: number): TreeOutcome => {
  if (tree.stopping) return { tree, effects: [] };
  const wanted = new Map<string, Entry>();
  for (const one of found) {
    if (wanted.has(one.key)) continue;
    const known = tree.wanted.get(one.key);
    wanted.set(one.key, known === undefined ? newEntry(one, nowMs) : { ...known, name: one.name });
  }
  const gone = [...tree.wanted.values()].filter((entry) => !wanted.has(entry.key) && entry.pid !== 0);
  const going = inWaves(
    gone.map((entry) => ({ ...entry, dueMs: nowMs + LINGER_MS })),
    dependents,
  );
  const terms = going.filter((entry) => !isHeld(entry)).map(term);
  const leaving = [...tree.leaving, ...going];
  const started = startDue({ ...tree, wanted, leaving }, nowMs);
  return { tree: started.tree, effects: [...terms, ...started.effects] };
};

const started = (tree: Tree, runsvs: readonly { readonly key: string; readonly pid: number }[]): TreeOutcome => {
  const wanted = new Map(tree.wanted);
  for (const { key, pid } of runsvs) {
    const entry = wanted.get(key);
    if (entry !== undefined) wanted.set(key, { ...entry, pid, dueMs: null });
  }
  return { tree: { ...tree, wanted }, effects: [] };
};

const notStarted = (tree: Tree, keys: readonly string[], nowMs: number): TreeOutcome => {
  const wanted = new Map(tree.wanted);
  for (const key of keys) {
    const entry = wanted.get(key);
    if (entry !== undefined) wanted.set(key, { ...entry, pid: 0, dueMs: nowMs + RESTART_MS });
  }
  return { tree: { ...tree, wanted }, effects: [] };
};

const effectsOfEnd = (entry: Entry, end: Ended): readonly TreeEffect[] => {
  const { name, key } = entry;
  if (end.signal !== 0) return [{ kind: 'warnCrash', name, signal: end.signal }];
  if (end.code === ESSENTIAL_EXIT_CODE) return [{ kind: 'essentialFinished', name, key }];
  return end.code === LOCK_FAILED_EXIT_CODE ? [{ kind: 'lookForHolder', name, key }] : [];
};

/** A runsv that was asked to exit stays away for a second: C's sv, which polls every 0.42 s, sees that. */
const restartMs = ({ startedMs }: Entry, { code }: Ended, nowMs: number): number =>
  code === 0 ? nowMs + RESTART_MS : Math.max(nowMs, startedMs + RESTART_MS);

const ended = (tree: Tree, runsvs: readonly Ended[], nowMs: number): TreeOutcome => {
  const ends = new Map(runsvs.map((end) => [end.pid, end]));
  const wanted = new Map(tree.wanted);
  const effects: TreeEffect[] = [];
  for (const entry of tree.wanted.values()) {
    const end = entry.pid === 0 ? undefined : ends.get(entry.pid);
    if (end === undefined) continue;
    wanted.set(entry.key, { ...entry, pid: 0, dueMs: restartMs(entry, end, nowMs) });
    effects.push(...effectsOfEnd(entry, end));
  }
  const { leaving, effects: terms } = nextWave(
    tree.leaving.filter((entry) => !ends.has(entry.pid)),
    nowMs,
    tree.stopping,
  );
  effects.push(...terms);
  if (tree.stopping) effects.push(...heldByOthers(tree.leaving, ends));
  return { tree: { ...tree, wanted, leaving }, effects };
};

/** A runsv that has only just started may have found its service locked: the holder has to end as well. */
const heldByOthers = (leaving: readonly Entry[], ends: ReadonlyMap<number, Ended>): readonly TreeEffect[] =>
  leaving
    .filter((entry) => ends.get(entry.pid)?.code === LOCK_FAILED_EXIT_CODE)
    .map(({ name, key }) => ({ kind: 'lookForHolder', name, key }));

const alreadySupervised = (tree: Tree, { name, key, pid }: Of<'alreadySupervised'>, nowMs: number): TreeOutcome => {
  if (tree.stopping) {
    const holder: Entry = { name, key, pid, startedMs: nowMs, dueMs: null };
    return { tree: { ...tree, leaving: [...tree.leaving, holder] }, effects: [term(holder)] };
  }
  return tree.wanted.get(key)?.pid === 0 ? started(tree, [{ key, pid }]) : { tree, effects: [] };
};

/** Sets when a service that does not run starts; null: not any more. */
const startAt = (tree: Tree, key: string, dueMs: number | null): TreeOutcome => {
  const entry = tree.wanted.get(key);
  if (entry === undefined || entry.pid !== 0) return { tree, effects: [] };
  return { tree: { ...tree, wanted: new Map(tree.wanted).set(key, { ...entry, dueMs }) }, effects: [] };
};

/** The services whose runsv runs. */
export const runningIn = ({ wanted }: Tree): readonly Entry[] =>
  [...wanted.values()].filter((entry) => entry.pid !== 0);

/** Those that a scan has not found again. */
export const goneIn = (tree: Tree, found: readonly Found[]): readonly Entry[] => {
  const keys = new Set(found.map(({ key }) => key));
  return runningIn(tree).filter(({ key }) => !keys.has(key));
};

/** A runsv that already got TERM gets it again only by the second stop: a log that drains would end sooner. */
const stop = (tree: Tree, { dependents, hurryMs = null }: Of<'stop'>): TreeOutcome => {
  const running = inWaves(runningIn(tree), dependents);
  const going = running.map((entry) => (isHeld(entry) ? { ...entry, dueMs: hurryMs } : entry));
  if (tree.stopping) {
    const leaving = [...tree.leaving, ...going].map(released);
    return { tree: { wanted: new Map(), leaving, stopping: true }, effects: leaving.map(term) };
  }
  return {
    tree: { wanted: new Map(), leaving: [...tree.leaving, ...going], stopping: true },
    effects: going.filter((entry) => !isHeld(entry)).map(term),
  };
};

/** Applies one event. Total: never throws, whatever the event. */
export const handleTree = (tree: Tree, event: TreeEvent, nowMs: number): TreeOutcome => {
  switch (event.kind) {
    case 'scanned':
      return scanned(tree, event, nowMs);
    case 'started':
      return started(tree, event.runsvs);
    case 'notStarted':
      return notStarted(tree, event.keys, nowMs);
    case 'ended':
      return ended(tree, event.runsvs, nowMs);
    case 'alreadySupervised':
      return alreadySupervised(tree, event, nowMs);
    case 'due':
      return startDue(tree, nowMs);
    case 'elsewhere':
    case 'finished':
      return startAt(tree, event.key, null);
    case 'free':
      return startAt(tree, event.key, nowMs + YIELD_MS);
    case 'stop':
      return stop(tree, event);
  }
};

/** When the next start, or the next warning about a runsv that delays one, is due; monotonic, null: never. */
export const nextStartMs = (tree: Tree): number | null => {
  const isBlocked = blockedIn(tree);
  let next: number | null = null;
  const sooner = ({ dueMs }: Entry): void => {
    if (dueMs !== null && (next === null || dueMs < next)) next = dueMs;
  };
  for (const entry of tree.wanted.values()) if (!isBlocked(entry)) sooner(entry);
  awaitedIn(tree).forEach(sooner);
  heldIn(tree).forEach(sooner);
  return next;
};

/** Every runsv that runs, including those leaving. */
export const runningPids = (tree: Tree): readonly number[] =>
  [...tree.wanted.values(), ...tree.leaving].map((entry) => entry.pid).filter((pid) => pid !== 0);
