// Waiting until services are in a state, without sending them anything: `sv wait`.
//
// Promises: woken by the kernel where it has inotify; a runsv that ends, of which nothing tells, is seen within 0.42 s.
// Read next: ../formats/condition.ts, ../applets/sv/wait.ts.
import { IN_CREATE, IN_MOVED_TO, IN_ONLYDIR, POLLIN } from '../abi/flags.ts';
import type { Condition } from '../formats/condition.ts';
import { conditionOfSnapshot, type Snapshot } from '../formats/snapshot.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs, nowMs } from '../host/clock.ts';
import { waitOnce } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import { type Asking, isSupervised, newAsking, snapshotOf } from './snapshots.ts';
import type { Service } from './service.ts';

/** What can be waited for, and the conditions that are it. */
const REACHED = {
  up: ['running', 'ready', 'reloading', 'unready', 'starting', 'done'],
  ready: ['running', 'ready', 'reloading', 'done'],
  down: ['down', 'done', 'failed'],
  done: ['done'],
  failed: ['failed'],
  gone: ['unsupervised'],
} as const satisfies Readonly<Record<string, readonly Condition[]>>;

export type Goal = keyof typeof REACHED;

export const GOALS = Object.keys(REACHED) as readonly Goal[];

export const isGoal = (word: string | undefined): word is Goal => GOALS.includes(word as Goal);

/** A service that has failed is not up, ready or done before somebody starts it. */
const HOPELESS: readonly Goal[] = ['up', 'ready', 'done'];
/** A process that cannot tell counts as up once it has run this long: a crash loop never is. */
const LASTING_MS = 200;
const LOOK_MS = 420;
const NEWS_BYTES = 65_536;

export type Verdict = 'reached' | 'hopeless' | 'not yet';

const ageMs = ({ main }: Snapshot, ms: number): number =>
  main === null ? 0 : ms - main.status.sec * 1000 - main.status.nsec / 1e6;

/** Whether a service is where it shall be. `ms`: Unix milliseconds. */
const verdictOn = (goal: Goal, snapshot: Snapshot, ms: number, asking: Asking): Verdict => {
  const condition = conditionOfSnapshot(snapshot);
  if (goal === 'gone' && condition === 'unsupervised') {
    const supervised = isSupervised(snapshot.directory, asking);
    if (supervised === null) return 'hopeless';
    return supervised ? 'not yet' : 'reached';
  }
  if (condition === 'failed' && HOPELESS.includes(goal)) return 'hopeless';
  if (!(REACHED[goal] as readonly Condition[]).includes(condition)) return 'not yet';
  const lasts = condition !== 'running' || HOPELESS.includes(goal) === false || ageMs(snapshot, ms) >= LASTING_MS;
  return lasts ? 'reached' : 'not yet';
};

export interface Result {
  readonly service: Service;
  readonly snapshot: Snapshot;
  readonly verdict: Verdict;
}

const lookAt = (goal: Goal, service: Service): Result => {
  const asking = newAsking(false);
  const snapshot = snapshotOf(service, asking);
  return { service, snapshot, verdict: verdictOn(goal, snapshot, nowMs(), asking) };
};

const watchAll = (services: readonly Service[]): Fd | null => {
  const inotify = sys.inotify();
  if (isErrno(inotify)) return null;
  for (const { dir } of services) sys.watch(inotify, `${dir}/supervise`, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
  return inotify;
};

/** When to look again though nothing tells: for what has no event, and for a process that has just started. */
const nextLookMs = (goal: Goal, results: readonly Result[]): number => {
  const young = results.some(
    ({ snapshot, verdict }) => verdict === 'not yet' && conditionOfSnapshot(snapshot) === 'running',
  );
  return monotonicMs() + (young && goal !== 'gone' ? LASTING_MS : LOOK_MS);
};

/** Waits for all services, or for any; `untilMs`: monotonic, null: without a limit. */
export const waitFor = (
  goal: Goal,
  services: readonly Service[],
  any: boolean,
  untilMs: number | null,
): readonly Result[] => {
  const inotify = watchAll(services);
  const ready = (): void => void (inotify === null ? 0 : sys.read(inotify, NEWS_BYTES));
  const watches = inotify === null ? [] : [{ fd: inotify, events: POLLIN, ready }];
  let results = services.map((service) => lookAt(goal, service));
  const isOver = (): boolean =>
    any
      ? results.some(({ verdict }) => verdict === 'reached') || results.every(({ verdict }) => verdict === 'hopeless')
      : results.every(({ verdict }) => verdict !== 'not yet');
  while (!isOver() && (untilMs === null || monotonicMs() < untilMs)) {
    const lookMs = nextLookMs(goal, results);
    waitOnce(watches, untilMs === null ? lookMs : Math.min(untilMs, lookMs));
    results = results.map((one) => (one.verdict === 'not yet' ? lookAt(goal, one.service) : one));
  }
  if (inotify !== null) sys.close(inotify);
  return results;
};
