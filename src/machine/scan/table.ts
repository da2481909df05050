// A scan directory: which services there are, and what becomes of the runsv of each.
//
// A service is known by its key (device and inode); a new name for it only counts at its next start. Each has at most one runsv:
//   wanted    in the directory; its runsv runs (pid), or is due to be started (dueMs)
//   leaving   no longer in the directory; its runsv was sent TERM and its end is awaited. A newcomer of the same key is
//             not started before that, one of the same name waits LINGER_MS (dueMs) and is started all the same.
// Only `scanned` and `due` ask for starts: they come from inside the directory. After `stop` all are leaving, and none is
// started any more.
// Events come in batches, so that a thousand services cost one pass. Pure and total, as ../service/table.ts.
// Read next: ../../effects/scan/read-dir.ts (who looks and starts).

/** Milliseconds between two starts of the same runsv, and after the end of one that was told to go. */
export const RESTART_MS = 1000;
/** How long a newcomer waits for the runsv that had its name. */
const LINGER_MS = 10000;
/** After a runsv of another runsvdir has ended: that one has its second to start it again. */
const YIELD_MS = 2 * RESTART_MS;

/** What a look at the directory found. */
export interface Found {
  readonly name: string;
  readonly key: string;
}

export interface Entry extends Found {
  /** The process of runsv, 0 for none. */
  readonly pid: number;
  /** When runsv was last started or tried, monotonic. */
  readonly startedMs: number;
  /**
   * When runsv is to be started, monotonic; null while it runs, or is over. Of one that is leaving: until when a
   * newcomer waits for it; null: it has been told of.
   */
  readonly dueMs: number | null;
}

export interface Tree {
  readonly wanted: ReadonlyMap<string, Entry>;
  readonly leaving: readonly Entry[];
  /** Everything is being brought down, for good. */
  readonly stopping: boolean;
}

export type TreeEvent =
  | { readonly kind: 'scanned'; readonly found: readonly Found[] }
  | { readonly kind: 'started'; readonly runsvs: readonly { readonly key: string; readonly pid: number }[] }
  /** could not be started; told already */
  | { readonly kind: 'notStarted'; readonly keys: readonly string[] }
  | { readonly kind: 'ended'; readonly runsvs: readonly Ended[] }
  /** another process holds the service: an earlier runsv that still runs */
  | { readonly kind: 'alreadySupervised'; readonly name: string; readonly key: string; readonly pid: number }
  /** another runsvdir supervises the service: not to be started before `free` */
  | { readonly kind: 'elsewhere'; readonly key: string }
  | { readonly kind: 'free'; readonly key: string }
  | { readonly kind: 'due' }
  /** not to be started again */
  | { readonly kind: 'finished'; readonly key: string }
  /** bring everything down; once more: insist */
  | { readonly kind: 'stop' };

export interface Ended {
  readonly pid: number;
  /** Its exit code, -1 for a signal or unknown. */
  readonly code: number;
  /** The signal that ended it, 0 for none. */
  readonly signal: number;
}

export type TreeEffect =
  | { readonly kind: 'start'; readonly name: string; readonly key: string }
  | { readonly kind: 'term'; readonly pid: number }
  /** its newcomer has waited for it long enough */
  | { readonly kind: 'warnLingering'; readonly name: string; readonly pid: number }
  /** see whether an earlier runsv holds the service: `taken`, `elsewhere`, or nothing */
  | { readonly kind: 'lookForHolder'; readonly name: string; readonly key: string }
  | { readonly kind: 'warnCrash'; readonly name: string; readonly signal: number }
  /** an essential service is over, and its runsv with it: `over` if that means something, else nothing */
  | { readonly kind: 'essentialFinished'; readonly name: string; readonly key: string };

type Of<K extends TreeEvent['kind']> = Extract<TreeEvent, { readonly kind: K }>;

export interface TreeOutcome {
  readonly tree: Tree;
  readonly effects: readonly TreeEffect[];
}

/** The exit code of a runsv that could not take its service. */
const LOCK_FAILED_EXIT_CODE = 111;
/** The exit code of a runsv whose essential service is over for good. */
export const ESSENTIAL_EXIT_CODE = 125;

export const newTree = (): Tree => ({ wanted: new Map(), leaving: [], stopping: false });

/** Says of an entry whether one of `others` has its directory or its name. */
const sharing = (others: Iterable<Entry>): ((entry: Entry) => boolean) => {
  const keys = new Set<string>();
  const names = new Set<string>();
  for (const { key, name, dueMs } of others) {
    keys.add(key);
    // one that was told of has lost its claim to the name
    if (dueMs !== null) names.add(name);
  }
  return (entry) => keys.has(entry.key) || names.has(entry.name);
};

/** Whether what is leaving holds up an entry. */
const blockedIn = (tree: Tree): ((entry: Entry) => boolean) => sharing(tree.leaving);

/** What is leaving, has not been told of, and holds up a newcomer. */
const awaitedIn = (tree: Tree): readonly Entry[] => {
  const patient = tree.leaving.filter(({ dueMs }) => dueMs !== null);
  if (patient.length === 0) return patient;
  return patient.filter(sharing([...tree.wanted.values()].filter(({ dueMs }) => dueMs !== null)));
};

/** Tells of every runsv that has held up a newcomer for too long, and hurries it: once. */
const hurry = (tree: Tree, nowMs: number): TreeOutcome => {
  const late = new Set(awaitedIn(tree).filter(({ dueMs }) => Number(dueMs) <= nowMs));
  if (late.size === 0) return { tree, effects: [] };
  const leaving = tree.leaving.map((old) => (late.has(old) ? { ...old, dueMs: null } : old));
  const effects = [...late].flatMap((old): TreeEffect[] => [
    { kind: 'warnLingering', name: old.name, pid: old.pid },
    term(old),
  ]);
  return { tree: { ...tree, leaving }, effects };
};

/** Asks for every start that is due and not held up by a predecessor. */
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

const scanned = (tree: Tree, found: readonly Found[], nowMs: number): TreeOutcome => {
  if (tree.stopping) return { tree, effects: [] };
  const wanted = new Map<string, Entry>();
  for (const one of found) {
    if (wanted.has(one.key)) continue;
    const known = tree.wanted.get(one.key);
    wanted.set(one.key, known === undefined ? newEntry(one, nowMs) : { ...known, name: one.name });
  }
  const gone = [...tree.wanted.values()].filter((entry) => !wanted.has(entry.key) && entry.pid !== 0);
  const terms = gone.map(term);
  const leaving = [...tree.leaving, ...gone.map((entry) => ({ ...entry, dueMs: nowMs + LINGER_MS }))];
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

/** Whoever has told a runsv to go can see that it has gone, also by looking every 0.42 s, as C's sv does. */
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
  const leaving = tree.leaving.filter((entry) => !ends.has(entry.pid));
  if (tree.stopping) effects.push(...heldByOthers(tree.leaving, ends));
  return { tree: { ...tree, wanted, leaving }, effects };
};

/** A runsv that was only just started may have found its service taken: whoever holds it must go as well. */
const heldByOthers = (leaving: readonly Entry[], ends: ReadonlyMap<number, Ended>): readonly TreeEffect[] =>
  leaving
    .filter((entry) => ends.get(entry.pid)?.code === LOCK_FAILED_EXIT_CODE)
    .map(({ name, key }) => ({ kind: 'lookForHolder', name, key }));

const term = ({ pid }: Entry): TreeEffect => ({ kind: 'term', pid });

const alreadySupervised = (tree: Tree, { name, key, pid }: Of<'alreadySupervised'>, nowMs: number): TreeOutcome => {
  if (tree.stopping) {
    const holder: Entry = { name, key, pid, startedMs: nowMs, dueMs: null };
    return { tree: { ...tree, leaving: [...tree.leaving, holder] }, effects: [term(holder)] };
  }
  return tree.wanted.get(key)?.pid === 0 ? started(tree, [{ key, pid }]) : { tree, effects: [] };
};

/** Another time for the start of what does not run; null: none. */
const startAt = (tree: Tree, key: string, dueMs: number | null): TreeOutcome => {
  const entry = tree.wanted.get(key);
  if (entry === undefined || entry.pid !== 0) return { tree, effects: [] };
  return { tree: { ...tree, wanted: new Map(tree.wanted).set(key, { ...entry, dueMs }) }, effects: [] };
};

/** Who was told to go already is told again only by the second stop: a log that drains takes that as being hurried. */
const stop = (tree: Tree): TreeOutcome => {
  const running = [...tree.wanted.values()].filter((entry) => entry.pid !== 0);
  const leaving = [...tree.leaving, ...running];
  return {
    tree: { wanted: new Map(), leaving, stopping: true },
    effects: (tree.stopping ? leaving : running).map(term),
  };
};

/** Applies one event. Total: never throws, whatever the event. */
export const handleTree = (tree: Tree, event: TreeEvent, nowMs: number): TreeOutcome => {
  switch (event.kind) {
    case 'scanned':
      return scanned(tree, event.found, nowMs);
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
      return stop(tree);
  }
};

/** When the next start is due, or a runsv that holds one up is to be told of; monotonic, null for never. */
export const nextStartMs = (tree: Tree): number | null => {
  const isBlocked = blockedIn(tree);
  let next: number | null = null;
  const sooner = ({ dueMs }: Entry): void => {
    if (dueMs !== null && (next === null || dueMs < next)) next = dueMs;
  };
  for (const entry of tree.wanted.values()) if (!isBlocked(entry)) sooner(entry);
  awaitedIn(tree).forEach(sooner);
  return next;
};

/** Every runsv that runs, those that were told to go included. */
export const runningPids = (tree: Tree): readonly number[] =>
  [...tree.wanted.values(), ...tree.leaving].map((entry) => entry.pid).filter((pid) => pid !== 0);
