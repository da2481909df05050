// Examining one dependency: whether it is to be waited for, with its ./check, and how its changes are noticed.
//
// Promises: at most one ./check of it runs, and not for ever; a look never waits. Where no event tells of a change it is to be looked at
// again after 420 ms, growing to 5 s.
// Read first: sight.ts, ../../machine/service/dependencies.ts. Read next: dependencies.ts (who calls).
import type { Bytes } from '../../abi/bytes.ts';
import { ENOENT } from '../../abi/errno.ts';
import { IN_CREATE, IN_MOVED_TO, IN_ONLYDIR, IN_OPEN } from '../../abi/flags.ts';
import { SIGKILL } from '../../abi/signals.ts';
import { errorText } from '../../cli/errno.ts';
import { visible } from '../../cli/say.ts';
import { isErrno } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import { pullOf, type Seen, type Verdict, verdictOn } from '../../machine/service/dependencies.ts';
import type { Followed, Order } from './followed.ts';
import { besideOf, type Looker, warnOnce } from './listing.ts';
import { closeFifo, hasCheck, processAt, sendUp, type Sight, sightOf, startCheck } from './sight.ts';

/** The files that show a change. */
export const FILES: readonly Bytes[] = ['status', 'state.json', 'supervise', 'ok'];
const LOOK_MAX_MS = 5000;
/** A ./check that takes longer says no. */
const CHECK_MS = 10_000;

const askCheck = (live: Looker, order: Order, one: Followed, pid: number): Verdict => {
  if (pid === one.passed || !hasCheck(one.path)) return 'met';
  const nowMs = monotonicMs();
  if (one.check !== null) return 'unmet';
  one.nextMs = Math.max(one.askMs, nowMs);
  if (nowMs < one.askMs) return 'unmet';
  one.askMs = nowMs + one.pauseMs;
  const child = startCheck(one.path);
  if (isErrno(child)) warnOnce(live, order, `unable to run ${visible(one.name)}/check: ${errorText(child)}`);
  else {
    one.check = { pid: child, about: pid, untilMs: nowMs + CHECK_MS };
    const { loop } = live;
    loop.children.set(child, { loop, childEnded: (ended, wait) => checkEnded(live, order, one, ended, wait) });
  }
  one.nextMs = isErrno(child) ? later(one, nowMs) : null;
  return 'unmet';
};

/** When to look again; the time after that grows. */
export const later = (one: Followed, nowMs: number): number => {
  const ms = nowMs + one.pauseMs;
  one.pauseMs = Math.min(LOOK_MAX_MS, one.pauseMs * 1.5);
  return ms;
};

const checkEnded = (live: Looker, order: Order, one: Followed, pid: number, wait: number): void => {
  const { check } = one;
  if (check?.pid !== pid) return;
  one.check = null;
  if (wait === 0) one.passed = check.about;
  else one.askMs = later(one, monotonicMs());
  lookAgain(live, order, one);
  order.settle();
};

/** Tells it to start, if that is due and somebody reads. */
const pullIfDue = (live: Looker, order: Order, one: Followed, seen: Seen): void => {
  const when = one.pull ? pullOf(one.optional, seen) : 'later';
  if (when === 'later') return;
  one.pull = false;
  const failed = when === 'now' ? sendUp(one.path) : 0;
  if (failed !== 0) warnOnce(live, order, `unable to tell ${visible(one.name)} to start: ${errorText(failed)}`);
};

/** Whether events tell of its changes. */
const isWatched = (
  { watch: supervise, folderWatch, fifo }: Followed,
  { besideWatch }: Order,
  isThere: boolean,
): boolean => {
  if (!isThere) return besideWatch >= 0;
  return fifo === null ? folderWatch >= 0 && (supervise >= 0 || supervise === -ENOENT) : supervise >= 0;
};

/** Looks at it, and sets its verdict. */
export const examine = (live: Looker, order: Order, one: Followed): Sight => {
  one.nextMs = null;
  const seen = sightOf(live.loop, one, () => runsvEnded(live, order, one));
  pullIfDue(live, order, one, seen);
  const verdict = verdictOn(one.optional, seen);
  one.pid = seen.pid;
  one.verdict = verdict === 'ask' ? askCheck(live, order, one, seen.pid) : verdict;
  if (one.verdict !== 'met' && !seen.isThere) {
    warnOnce(live, order, `waiting for ${visible(one.name)}, which is not in ${visible(besideOf(live))}`);
  }
  return seen;
};

const runsvEnded = (live: Looker, order: Order, one: Followed): void => {
  closeFifo(live.loop, one);
  lookAgain(live, order, one);
  order.settle();
};

/** Watches it as far as it is there: from now on changes cause events. */
const watchOne = (live: Looker, order: Order, one: Followed): void => {
  const { inotify } = order;
  if (inotify === null) return;
  const { path, fifo } = one;
  if (order.besideWatch < 0)
    order.besideWatch = sys.watch(inotify, besideOf(live), IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
  if (fifo === null) one.folderWatch = sys.watch(inotify, path, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
  // who opens `ok` or makes it is a runsv
  one.watch = sys.watch(inotify, `${path}/supervise`, IN_MOVED_TO | (fifo === null ? IN_CREATE | IN_OPEN : 0));
};

/** Watches it, looks, and looks once more where there is more to watch now; sets when to look again where no event tells. */
export const lookAgain = (live: Looker, order: Order, one: Followed): void => {
  for (let round = 0; round < 3; round++) {
    const { fifo } = one;
    watchOne(live, order, one);
    const seen = examine(live, order, one);
    if (one.fifo !== fifo) continue;
    const isTold = seen.isClear && isWatched(one, order, seen.isThere);
    if (one.verdict !== 'met' && one.check === null && !isTold) one.nextMs ??= later(one, monotonicMs());
    return;
  }
};

/** Of a dependency that takes this service along: whether its process has ended. */
export const noteEnd = (order: Order, one: Followed): void => {
  const pid = processAt(one.path);
  if (pid === null) return;
  if (one.pid !== 0 && pid !== one.pid) order.isLost = true;
  one.pid = pid;
};

export const letGo = (live: Looker, { inotify }: Order, one: Followed): void => {
  closeFifo(live.loop, one);
  if (one.check !== null) sys.kill(one.check.pid, SIGKILL);
  one.check = null;
  one.nextMs = null;
  if (inotify !== null) for (const each of [one.watch, one.folderWatch]) if (each >= 0) sys.unwatch(inotify, each);
  one.watch = -1;
  one.folderWatch = -1;
};

/** Tells it to start where a runsv lives, and does not wait for it. */
export const pullNow = (live: Looker, order: Order, one: Followed): void => {
  one.pull = !one.optional;
  pullIfDue(
    live,
    order,
    one,
    sightOf(live.loop, one, () => runsvEnded(live, order, one)),
  );
};

/** When to look again at one of them where no event tells; null: never. */
export const nextLookMs = ({ followed }: Order): number | null => {
  let next = Infinity;
  for (const { nextMs, check } of followed) next = Math.min(next, nextMs ?? Infinity, check?.untilMs ?? Infinity);
  return next === Infinity ? null : next;
};
