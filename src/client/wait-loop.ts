// The one loop of everything that waits for services: for the effect of a command (wait.ts), or for a condition (wait-for.ts).
//
// Promises: a service is examined as soon as runsv publishes a change (inotify on its supervise directory) or ends (its fifo loses
// the reader), and when its time has come. Times are monotonic, so a step of the clock neither shortens nor prolongs the wait.
// Read next: wait.ts, wait-for.ts (who examines what), await-runsv.ts.
import type { Bytes } from '../abi/bytes.ts';
import { IN_CREATE, IN_MOVED_TO, IN_ONLYDIR, IN_OPEN, POLLERR, POLLIN } from '../abi/flags.ts';
import { changedWatches, OVERFLOW } from '../formats/inotify.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { waitOnce, type Watch } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import type { Service } from './service.ts';

/** How often a service is examined where no event shows its changes. */
export const POLL_MS = 420;

/** A service that is waited for. */
export interface Awaited {
  readonly service: Service;
  /** The fifo that shows the end of runsv; null: to be opened. */
  fifo: Fd | null;
  /** Its inotify watch on supervise; below 0: none. */
  watch: number;
  /** The one on the service directory, until supervise appears; below 0: none. */
  folderWatch: number;
  /** The one on the directory in which the service lies, where that counts; below 0: none. */
  parentWatch: number;
  /** Monotonic milliseconds: examine it again then at the latest; null: only after an event. */
  nextMs: number | null;
}

export interface WaitLoop<One extends Awaited> {
  /** Those whose wait is not over. */
  readonly pending: Set<One>;
  /** null: not opened yet, or refused. */
  inotify: Fd | null;
  /** Whether files show what is waited for; otherwise the fifo alone does. */
  readonly byStatus: boolean;
  /** The names of files whose inotify events matter. */
  readonly files: readonly Bytes[];
  /** Monotonic milliseconds: when to call due(); null: never. */
  dueMs: number | null;
  /** What there is to do besides services. */
  due(): void;
  /** Examines a service; takes it out of `pending` where its wait is over. */
  examine(one: One): void;
  addWatches(one: One): void;
  /** A further descriptor that is readable when the service is to be examined. */
  news(one: One): Fd | null;
}

const EVENT_BYTES = 4096;
// Most commands take effect in a few milliseconds. The kernel takes longer than that to close an inotify descriptor (it waits
// for all processors), so one is opened only for what is not done by then.
const EAGER_MS = 20;
const EAGER_POLL_MS = 1;

/** Watches supervise; until a runsv lives also its fifos, and the directory in which supervise appears. */
export const watchSupervise = (inotify: Fd, one: Awaited, isSupervised: boolean): void => {
  const { dir } = one.service;
  if (!isSupervised) one.folderWatch = sys.watch(inotify, dir, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
  one.watch = sys.watch(inotify, `${dir}/supervise`, IN_MOVED_TO | (isSupervised ? 0 : IN_CREATE | IN_OPEN));
};

const examineIfPending = <One extends Awaited>(loop: WaitLoop<One>, one: One): void => {
  if (loop.pending.has(one)) loop.examine(one);
};

/** The fifo lost its reader; a runsv that replaced itself has opened it again. */
const reopenFifo = <One extends Awaited>(loop: WaitLoop<One>, one: One): void => {
  if (!loop.pending.has(one)) return;
  if (one.fifo !== null) sys.close(one.fifo);
  one.fifo = null;
  loop.examine(one);
};

const watchesOf = <One extends Awaited>(loop: WaitLoop<One>): readonly Watch[] => {
  const watches: Watch[] = [];
  for (const one of loop.pending) {
    const news = loop.news(one);
    if (news !== null) watches.push({ fd: news, events: POLLIN, ready: () => examineIfPending(loop, one) });
    if (one.fifo !== null) watches.push({ fd: one.fifo, events: POLLERR, ready: () => reopenFifo(loop, one) });
  }
  return watches;
};

const readEvents = <One extends Awaited>(loop: WaitLoop<One>, inotify: Fd): void => {
  const bytes = sys.read(inotify, EVENT_BYTES);
  if (isErrno(bytes)) return;
  const changed = changedWatches(bytes, loop.files);
  for (const one of [...loop.pending]) {
    if ([one.watch, one.folderWatch, one.parentWatch, OVERFLOW].some((watch) => changed.has(watch)))
      examineIfPending(loop, one);
  }
};

const handleDue = <One extends Awaited>(loop: WaitLoop<One>): void => {
  const nowMs = monotonicMs();
  if (loop.dueMs !== null && loop.dueMs <= nowMs) loop.due();
  for (const one of [...loop.pending]) {
    if (one.nextMs !== null && one.nextMs <= nowMs) examineIfPending(loop, one);
  }
};

const nextMs = <One extends Awaited>(loop: WaitLoop<One>, deadlineMs: number): number | null => {
  let next = Math.min(deadlineMs, loop.dueMs ?? deadlineMs);
  for (const one of loop.pending) next = Math.min(next, one.nextMs ?? next);
  return next === NEVER ? null : next;
};

const examineAll = <One extends Awaited>(loop: WaitLoop<One>): void => {
  for (const one of [...loop.pending]) examineIfPending(loop, one);
};

/** The first milliseconds: services are examined again and again. */
const waitEagerly = <One extends Awaited>(loop: WaitLoop<One>, deadlineMs: number): void => {
  const untilMs = Math.min(deadlineMs, monotonicMs() + EAGER_MS);
  while (loop.pending.size > 0 && monotonicMs() < untilMs) {
    waitOnce(watchesOf(loop), monotonicMs() + EAGER_POLL_MS);
    examineAll(loop);
  }
};

/** From now on changes cause events. What changed just before is found by one more examination. */
const listen = <One extends Awaited>(loop: WaitLoop<One>): void => {
  const inotify = sys.inotify();
  if (isErrno(inotify)) return;
  loop.inotify = inotify;
  for (const one of loop.pending) loop.addWatches(one);
  examineAll(loop);
};

const inotifyWatch = <One extends Awaited>(loop: WaitLoop<One>): readonly Watch[] => {
  const { inotify } = loop;
  return inotify === null ? [] : [{ fd: inotify, events: POLLIN, ready: () => readEvents(loop, inotify) }];
};

const waitForEvents = <One extends Awaited>(loop: WaitLoop<One>, deadlineMs: number): void => {
  const first = inotifyWatch(loop);
  while (loop.pending.size > 0 && monotonicMs() < deadlineMs) {
    waitOnce([...first, ...watchesOf(loop)], nextMs(loop, deadlineMs));
    handleDue(loop);
  }
};

const NEVER = Number.POSITIVE_INFINITY;

/** Waits until no service is pending, or until `deadlineMs` (monotonic; null: no limit). */
export const waitWhilePending = <One extends Awaited>(loop: WaitLoop<One>, deadlineMs: number | null): void => {
  const untilMs = deadlineMs ?? NEVER;
  examineAll(loop);
  if (loop.byStatus) waitEagerly(loop, untilMs);
  if (loop.byStatus && loop.pending.size > 0) listen(loop);
  waitForEvents(loop, untilMs);
};
