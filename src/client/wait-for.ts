// Waiting until services are in a state, without sending them anything: `sv wait`, `sv link`, `sv remove`.
//
// Promises: the loop is that of commands (wait-loop.ts). A service that does not exist yet is awaited too: the directory in which
// it is to appear is watched. A process that cannot tell whether it is ready counts as up when `sv start` would say so.
// Read next: wait-loop.ts, ../formats/condition.ts, ../applets/sv/wait.ts.
import type { Bytes } from '../abi/bytes.ts';
import { IN_CREATE, IN_MOVED_TO, IN_ONLYDIR } from '../abi/flags.ts';
import { type Condition, READY_CONDITIONS } from '../formats/condition.ts';
import { conditionOfSnapshot, type Snapshot } from '../formats/snapshot.ts';
import { isErrno } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import { observe, type Stability, UNOBSERVED, unobserved } from '../machine/client/stability.ts';
import { isStable } from './is-stable.ts';
import { lastOf, parentOf, withoutSlashes } from './parent-runsvdir.ts';
import type { Trouble } from './report.ts';
import { BLOCKED_POLL_MS, blockedBy } from './blocker.ts';
import { wallNow } from './send.ts';
import { openOk, type Service } from './service.ts';
import { isSupervised, newAsking, snapshotOf } from './snapshots.ts';
import { type Awaited, POLL_MS, type WaitLoop, waitWhilePending, watchSupervise } from './wait-loop.ts';

/** What can be waited for, and the conditions that are it. */
const REACHED = {
  up: ['running', 'ready', 'reloading', 'unready', 'starting', 'done'],
  ready: READY_CONDITIONS,
  down: ['down', 'done', 'failed'],
  done: ['done'],
  failed: ['failed'],
  gone: ['unsupervised'],
} as const satisfies Readonly<Record<string, readonly Condition[]>>;

/** What a user can wait for. */
export type Goal = keyof typeof REACHED;

/** `supervised`: a runsv lives and has written a status. `begun`: and no start is due. */
type AnyGoal = Goal | 'supervised' | 'begun';

export const GOALS = Object.keys(REACHED) as readonly Goal[];

export const isGoal = (word: string | undefined): word is Goal => GOALS.includes(word as Goal);

/** Goals that want a process, or the end of its work: a service that has failed reaches them only when somebody starts it. */
const WANT_PROCESS: readonly AnyGoal[] = ['up', 'ready', 'done'];
/** Troubles in which nothing is read but what shows a new runsv. */
const BEFORE_RUNSV: readonly Trouble['kind'][] = ['no runsv', 'no fifo', 'no directory'];
/** At most so many fifos are kept open; further services are polled. */
const MOST_HELD = 200;
/** The files that show a condition, and those that show a new runsv. */
const FILES: readonly string[] = ['status', 'state.json', 'supervise', 'ok'];

export type Verdict = 'reached' | 'hopeless' | 'not yet';

export interface Result {
  readonly service: Service;
  readonly snapshot: Snapshot;
  readonly verdict: Verdict;
}

interface Expected extends Awaited {
  /** Whether to keep a fifo of it open. */
  readonly hold: boolean;
  /** Why the fifo could not be opened; null: it could, or nobody has tried. */
  trouble: Trouble | null;
  /** null: it was not looked at yet. */
  snapshot: Snapshot | null;
  verdict: Verdict;
  stability: Stability;
}

interface Wait extends WaitLoop<Expected> {
  readonly goal: AnyGoal;
  readonly any: boolean;
}

const isReached = (goal: AnyGoal, condition: Condition): boolean => {
  if (goal === 'supervised') return condition !== 'unsupervised';
  if (goal === 'begun') return condition !== 'unsupervised' && condition !== 'backoff';
  return (REACHED[goal] as readonly Condition[]).includes(condition);
};

const verdictOnGone = (dir: Bytes): Verdict => {
  const supervised = isSupervised(dir, newAsking(false));
  if (supervised === null) return 'hopeless';
  return supervised ? 'not yet' : 'reached';
};

/** Notes which process runs: one that runs when it is first looked at may be old. */
const observeProcess = (one: Expected, { main }: Snapshot, nowMs: number): void => {
  if (main === null) return;
  const wall = wallNow();
  if (one.snapshot === null) one.stability = unobserved(main.status, wall);
  one.stability = observe(one.stability, main.status, main.status.phase === 'run', { ms: nowMs, wall });
};

const verdictOn = (goal: AnyGoal, one: Expected, snapshot: Snapshot, nowMs: number): Verdict => {
  const condition = conditionOfSnapshot(snapshot);
  if (goal === 'gone' && condition === 'unsupervised') return verdictOnGone(snapshot.directory);
  if (condition === 'failed' && WANT_PROCESS.includes(goal)) return 'hopeless';
  if (condition === 'waiting' && WANT_PROCESS.includes(goal)) {
    one.nextMs = nowMs + BLOCKED_POLL_MS;
    const { main } = snapshot;
    return main !== null && blockedBy(one.service, main.status, null) ? 'hopeless' : 'not yet';
  }
  if (!isReached(goal, condition)) return 'not yet';
  if (condition !== 'running' || !WANT_PROCESS.includes(goal) || snapshot.main === null) return 'reached';
  if (isStable(one, snapshot.main.status, nowMs)) return 'reached';
  one.nextMs = one.stability.dueMs;
  return 'not yet';
};

const closeFifo = (one: Expected): void => {
  if (one.fifo !== null) sys.close(one.fifo);
  one.fifo = null;
};

/** The directory in which the service lies counts as long as no runsv of it is known. */
const addWatches = ({ inotify }: Wait, one: Expected): void => {
  if (inotify === null) return;
  const parent = parentOf(withoutSlashes(one.service.dir));
  if (one.fifo === null) one.parentWatch = sys.watch(inotify, parent, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
  // where files in supervise are opened again and again, these events would be our own
  const isAwaited = one.hold && (one.trouble === null || BEFORE_RUNSV.includes(one.trouble.kind));
  watchSupervise(inotify, one, one.fifo !== null || !isAwaited);
};

/** Keeps the fifo open that shows the end of runsv. */
const holdFifo = (wait: Wait, one: Expected): void => {
  if (one.fifo !== null || !one.hold) return;
  addWatches(wait, one);
  const fifo = openOk(one.service.dir);
  const before = one.trouble?.kind;
  one.trouble = typeof fifo === 'object' ? fifo : null;
  one.fifo = typeof fifo === 'object' ? null : fifo;
  if (one.trouble?.kind !== before || one.fifo !== null) addWatches(wait, one);
};

/** Whether some of its changes cause no event. */
const mustPoll = ({ hold, trouble, watch, folderWatch, parentWatch, service }: Expected): boolean => {
  if (!hold) return true;
  switch (trouble?.kind) {
    case undefined:
    case 'no runsv':
      return watch < 0;
    case 'no fifo':
      return watch < 0 && (folderWatch < 0 || !isErrno(sys.lstat(`${service.dir}/supervise`)));
    case 'no directory':
      return parentWatch < 0;
    default:
      return true;
  }
};

const finish = (wait: Wait, one: Expected): void => {
  closeFifo(one);
  wait.pending.delete(one);
};

const examine = (wait: Wait, one: Expected): void => {
  const nowMs = monotonicMs();
  one.nextMs = null;
  holdFifo(wait, one);
  const snapshot = snapshotOf(one.service, newAsking(false));
  observeProcess(one, snapshot, nowMs);
  one.verdict = verdictOn(wait.goal, one, snapshot, nowMs);
  one.snapshot = snapshot;
  if (one.verdict !== 'not yet') finish(wait, one);
  else if (mustPoll(one)) one.nextMs = Math.min(one.nextMs ?? Number.POSITIVE_INFINITY, nowMs + POLL_MS);
  if (wait.any && one.verdict === 'reached') for (const other of [...wait.pending]) finish(wait, other);
};

const expect = (service: Service, at: number): Expected => ({
  service,
  hold: at < MOST_HELD,
  trouble: null,
  snapshot: null,
  verdict: 'not yet',
  stability: UNOBSERVED,
  fifo: null,
  watch: -1,
  folderWatch: -1,
  parentWatch: -1,
  nextMs: null,
});

const resultOf = ({ service, snapshot, verdict }: Expected): Result => ({
  service,
  snapshot: snapshot ?? snapshotOf(service, newAsking(false)),
  verdict,
});

/** Waits for all services, or for any; `untilMs`: monotonic, null: without a limit. */
export const waitFor = (
  goal: AnyGoal,
  services: readonly Service[],
  any: boolean,
  untilMs: number | null,
): readonly Result[] => {
  const all = services.map(expect);
  const wait: Wait = {
    goal,
    any,
    byStatus: true,
    files: [...FILES, ...services.map(({ dir }) => lastOf(withoutSlashes(dir)))],
    pending: new Set(all),
    inotify: null,
    dueMs: null,
    due: () => {},
    examine: (one) => examine(wait, one),
    addWatches: (one) => addWatches(wait, one),
    news: () => null,
  };
  waitWhilePending(wait, untilMs);
  for (const one of [...wait.pending]) finish(wait, one);
  if (wait.inotify !== null) sys.close(wait.inotify);
  return all.map(resultOf);
};
