// The dependencies of a service: before a start it waits until each is ready or done, and who asks for the service asks for them.
//
// Promises: no wake-up while nothing changes, except for a ./check that says no, and where inotify is refused: then it looks every 420
// ms, growing to 5 s. Nothing is written but the command to start, to a fifo that was checked. What is missing, and each cycle, is
// told once. Lies in a cold part (../../cold-order.ts): it keeps what it knows in `live.order`.
// Read first: ../../machine/service/dependencies.ts. Read next: sight.ts (looks at one), order.ts (who calls).
import type { Bytes } from '../../abi/bytes.ts';
import { IN_MOVED_TO } from '../../abi/flags.ts';
import { SIGKILL } from '../../abi/signals.ts';
import { changedWatches, OVERFLOW } from '../../formats/inotify.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import type { ServiceState } from '../../machine/service/model.ts';
import { newTimer, setTimer, unwatch, watch } from '../loop.ts';
import { examine, FILES, later, letGo, lookAgain, nextLookMs, noteEnd, pullNow } from './examining.ts';
import type { Followed, Order } from './followed.ts';
import { isOnCycle, LOOK_MS, namesIn, newFollowed, wordsOf } from './listing.ts';
import type { OrderPart } from './order.ts';
import type { LivePair } from './pair.ts';
import { processAt } from './sight.ts';

const EVENT_BYTES = 65536;
const ON_THE_WAY: readonly ServiceState[] = ['preparing', 'starting', 'up'];

const newOrder = (live: LivePair): Order => {
  const order: Order = {
    told: new Set(),
    timer: newTimer((nowMs) => due(live, order, nowMs)),
    inotify: null,
    besideWatch: -1,
    followed: [],
    isLost: false,
    settle: () => settle(live, order),
  };
  return order;
};

/** Reads dependencies.d. */
const followAll = (live: LivePair, order: Order): void => {
  const before = new Map(order.followed.map((one) => [one.name, one]));
  order.followed = namesIn(live.main.folder).map((name) => {
    const one = before.get(name) ?? newFollowed(live, name);
    before.delete(name);
    const { optional, restart } = wordsOf(live, order, name);
    return Object.assign(one, { optional, restart });
  });
  for (const gone of before.values()) letGo(live, order, gone);
};

const dropCycles = (live: LivePair, order: Order): void => {
  const isCyclic = isOnCycle(live, order);
  const dropped = order.followed.filter(isCyclic);
  order.followed = order.followed.filter((one) => !dropped.includes(one));
  for (const one of dropped) letGo(live, order, one);
};

// ---- events -------------------------------------------------------------------------------------------------------

const openInotify = (live: LivePair, order: Order): void => {
  if (order.inotify !== null) return;
  const inotify = sys.inotify();
  if (isErrno(inotify)) return;
  order.inotify = inotify;
  watch(live.loop, inotify, () => takeEvents(live, order, inotify));
};

const closeInotify = (live: LivePair, order: Order): void => {
  if (order.inotify !== null) {
    unwatch(live.loop, order.inotify);
    sys.close(order.inotify);
  }
  order.inotify = null;
  order.besideWatch = -1;
};

const takeEvents = (live: LivePair, order: Order, inotify: Fd): void => {
  const bytes = sys.read(inotify, EVENT_BYTES);
  if (isErrno(bytes)) return;
  const changed = changedWatches(bytes, [...FILES, ...order.followed.map(({ name }) => name)]);
  for (const one of order.followed) {
    // a command may have found its runsv before the event that tells of it
    const isFound = one.fifo !== null && one.watch >= 0;
    const watches = isFound ? [one.watch] : [one.watch, one.folderWatch, order.besideWatch];
    if ([...watches, OVERFLOW].some((each) => changed.has(each))) hasNews(live, order, one);
  }
  settle(live, order);
};

const hasNews = (live: LivePair, order: Order, one: Followed): void => {
  if (live.pair.main.state !== 'waiting') noteEnd(order, one);
  else if (one.verdict !== 'met') lookAgain(live, order, one);
};

const due = (live: LivePair, order: Order, nowMs: number): void => {
  for (const one of order.followed) {
    if (one.check !== null && one.check.untilMs <= nowMs) sys.kill(one.check.pid, SIGKILL);
    if (one.nextMs === null || one.nextMs > nowMs) continue;
    one.nextMs = null;
    hasNews(live, order, one);
    if (live.pair.main.state !== 'waiting') one.nextMs = later(one, nowMs);
  }
  settle(live, order);
};

// ---- what follows -------------------------------------------------------------------------------------------------

const unmetIn = ({ followed }: Order): readonly Bytes[] =>
  followed.filter(({ verdict }) => verdict !== 'met').map(({ name }) => name);

const isSame = (one: readonly Bytes[], other: readonly Bytes[]): boolean =>
  one.length === other.length && one.every((name, at) => name === other[at]);

const scheduleLook = (live: LivePair, order: Order): void => setTimer(live.loop, order.timer, nextLookMs(order));

/** Tells the service what has changed. */
const settle = (live: LivePair, order: Order): void => {
  scheduleLook(live, order);
  const { state, waitingFor } = live.pair.main;
  if (state === 'up' && order.isLost) {
    order.isLost = false;
    live.handlers.dependencies(live, { kind: 'stopFor', cause: 'dependency' });
  }
  if (state !== 'waiting') return;
  const names = unmetIn(order);
  if (names.length === 0) live.handlers.dependencies(live, { kind: 'met' });
  else if (!isSame(names, waitingFor)) live.handlers.dependencies(live, { kind: 'unmet', names });
};

/** While ./run is there, those with the word `restart` are followed: by events, or by looks where there are none. */
const followEnds = (live: LivePair, order: Order): void => {
  for (const one of order.followed) {
    if (one.fifo === null && one.folderWatch < 0 && (one.watch >= 0 || one.nextMs !== null)) continue;
    letGo(live, order, one);
    if (order.inotify !== null) one.watch = sys.watch(order.inotify, `${one.path}/supervise`, IN_MOVED_TO);
    if (one.watch < 0) one.nextMs = later(one, monotonicMs());
    noteEnd(order, one);
  }
};

const look = (live: LivePair, asked: boolean): readonly Bytes[] => {
  const order = live.order ?? newOrder(live);
  live.order = order;
  order.isLost = false;
  followAll(live, order);
  for (const one of order.followed) {
    one.pull ||= asked && !one.optional;
    one.pauseMs = LOOK_MS;
    examine(live, order, one);
  }
  if (unmetIn(order).length > 0 || order.followed.some((one) => one.restart)) dropCycles(live, order);
  if (unmetIn(order).length > 0) {
    openInotify(live, order);
    for (const one of order.followed) if (one.verdict !== 'met') lookAgain(live, order, one);
  }
  scheduleLook(live, order);
  return unmetIn(order);
};

const follow = (live: LivePair): void => {
  const { order } = live;
  const { state } = live.pair.main;
  if (order === null || state === 'waiting') return;
  const kept = ON_THE_WAY.includes(state) ? order.followed.filter((one) => one.restart) : [];
  for (const one of order.followed) if (!kept.includes(one)) letGo(live, order, one);
  order.followed = kept;
  if (kept.length === 0) closeInotify(live, order);
  else openInotify(live, order);
  followEnds(live, order);
  scheduleLook(live, order);
  if (state === 'up' && order.isLost) setTimer(live.loop, order.timer, monotonicMs());
};

const pull = (live: LivePair): void => {
  const { order } = live;
  if (order === null) return;
  const isWaiting = live.pair.main.state === 'waiting';
  const all = isWaiting ? order.followed : namesIn(live.main.folder).map((name) => newFollowed(live, name));
  for (const one of all) {
    if (!isWaiting) one.optional = wordsOf(live, order, one.name).optional;
    pullNow(live, order, one);
    if (!isWaiting) letGo(live, order, one);
  }
};

const resume = (live: LivePair): void => {
  const order = newOrder(live);
  live.order = order;
  followAll(live, order);
  order.followed = order.followed.filter((one) => one.restart);
  dropCycles(live, order);
  for (const one of order.followed) one.pid = processAt(one.path) ?? 0;
  follow(live);
};

export const order: OrderPart = { look, follow, pull, resume };
