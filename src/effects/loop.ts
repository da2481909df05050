// The loop of every supervisor: it waits in one poll for descriptors, moments, children and signals, and calls whoever asked.
//
// It knows nothing of services. Whoever opens a descriptor, starts a child or has a deadline registers a handler, and
// takes it back when that is gone; so one process can hold one service or many, with the same handlers. Where it holds many, each
// has a view of the loop, and its handlers are called by way of Many: in its directory, and with its failures kept apart.
//
// Promises: returns only for an event, a deadline or a signal; makes no wake-up when nothing happens. A handler that was
// taken back is not called any more, also where its descriptor was ready in the same turn. Timers run after descriptors.
// Read next: service/supervisor.ts (one service), scan/supervisor.ts, init/supervisor.ts (who run it), scan/many.ts.
import { ECHILD, EINTR } from '../abi/errno.ts';
import { POLLIN, WNOHANG } from '../abi/flags.ts';
import { type Calls, type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';

/** A handler as an object: a closure for each of thousands of services would take too much memory. */
export interface Ready {
  ready(fd: Fd): void;
}

export type Handler = (() => void) | Ready;

/** Called with a child that has ended, and its raw wait status. */
export type ChildHandler = (pid: number, wait: number) => void;

/** The handler of a child's end, and the view of the loop that it belongs to. */
export interface Parent {
  readonly loop: Loop;
  readonly childEnded: ChildHandler;
}

/** Something to do at a moment. */
export interface Timer {
  /** Monotonic; null: not set. Only setTimer changes it. */
  dueMs: number | null;
  /** The owner of the view of the loop with which it was set. */
  owner: Owner | null;
  due(nowMs: number): void;
}

/** One of many services in this process. */
export interface Owner {
  /** The directory in which its handlers are called; null: it is gone, and they are not called any more. */
  directory: Fd | null;
  /** This process supervised it before an engine failure: commands of that time still hold. */
  readonly resumes: boolean;
}

/** What a loop with many services does in its own way: waiting, calling handlers, starting programs. */
export interface Many {
  /** Each service and each log leads a session. */
  readonly leads: boolean;
  /** Descriptors that every service gets besides its own, as for spawn. */
  readonly fds: readonly number[];
  watch(fd: Fd, ready: Handler, events: number, owner: Owner | null): void;
  unwatch(fd: Fd): void;
  /** Waits once, and calls the handlers of what is ready. False: a signal came instead. */
  wait(timeoutMs: number): boolean;
  /** Calls a handler in the directory of its owner; null: where the process was started. */
  call(owner: Owner | null, handler: () => void): void;
  /** As sys.spawn, but the child does not inherit the thousands of descriptors of this process. */
  readonly spawn: Calls['spawn'];
  /** Changes to where the process was started. */
  goHome(): void;
}

export interface Loop {
  /** As poll takes it: descriptor, events, descriptor, events, ... */
  readonly polled: number[];
  /** One for each of those descriptors. */
  readonly handlers: Handler[];
  /** Those that are set, the first due first. */
  readonly timers: Timer[];
  /** One for each child whose end somebody awaits. */
  readonly children: Map<number, Parent>;
  /** Called with the signals that came, ascending, each once. */
  readonly signalled: (signals: readonly number[]) => void;
  /** Null: it polls, and calls handlers directly. */
  readonly many: Many | null;
  /** The service that this view belongs to; null: none. */
  readonly owner: Owner | null;
}

/** Calls `ready` in each turn in which poll reports one of `events` for the descriptor. */
export const watch = (loop: Loop, fd: Fd, ready: Handler, events = POLLIN): void => {
  if (loop.many !== null) {
    loop.many.watch(fd, ready, events, loop.owner);
    return;
  }
  loop.polled.push(fd, events);
  loop.handlers.push(ready);
};

/** To be called before the descriptor is closed. */
export const unwatch = (loop: Loop, fd: Fd): void => {
  const { polled, handlers, many } = loop;
  if (many !== null) many.unwatch(fd);
  for (let at = 0; at < handlers.length; at++) {
    if (polled[2 * at] !== fd) continue;
    polled.splice(2 * at, 2);
    handlers.splice(at, 1);
    return;
  }
};

/** `signals`: the descriptor that polls readable while signals are noted. */
export const newLoop = (
  signals: Fd,
  signalled: (signals: readonly number[]) => void,
  many: Many | null = null,
): Loop => {
  const loop: Loop = { polled: [], handlers: [], timers: [], children: new Map(), signalled, many, owner: null };
  watch(loop, signals, () => signalled(sys.takeSignals()));
  return loop;
};

export const newTimer = (due: (nowMs: number) => void): Timer => ({ dueMs: null, owner: null, due });

/** Sets a timer, another time than before included; null: it is not due any more. */
export const setTimer = ({ timers, owner }: Loop, timer: Timer, dueMs: number | null): void => {
  if (timer.dueMs === dueMs) return;
  if (timer.dueMs !== null) timers.splice(timers.indexOf(timer), 1);
  timer.dueMs = dueMs;
  timer.owner = owner;
  if (dueMs === null) return;
  let at = timers.length;
  while (at > 0 && Number(timers[at - 1]?.dueMs) > dueMs) at--;
  timers.splice(at, 0, timer);
};

/** Calls the handler of a descriptor. */
export const callHandler = (handler: Handler, fd: Fd): void => {
  if (typeof handler === 'function') handler();
  else handler.ready(fd);
};

const call = (many: Many | null, owner: Owner | null, handler: () => void): void => {
  if (many === null) handler();
  else many.call(owner, handler);
};

const never = (): boolean => false;

/**
 * Hands every child that has ended to its parent, else to `others`, until `done`, which is asked before each. Whether any
 * child may be left.
 */
export const reap = ({ children, many }: Loop, others: ChildHandler, done = never): boolean => {
  while (!done()) {
    const child = sys.waitpid(-1, WNOHANG);
    if (child === -EINTR) continue;
    if (isErrno(child) || child[0] === 0) {
      many?.goHome();
      return child !== -ECHILD;
    }
    const [pid, wait] = child;
    const parent = children.get(pid);
    children.delete(pid);
    if (parent === undefined) others(pid, wait);
    else call(many, parent.loop.owner, () => parent.childEnded(pid, wait));
  }
  return true;
};

/** Milliseconds until the first timer or `deadlineMs`, -1 for ever. */
const timeoutMs = (first: number | null, deadlineMs: number | null): number => {
  if (first === null && deadlineMs === null) return -1;
  const untilMs = Math.min(first ?? Infinity, deadlineMs ?? Infinity);
  return Math.max(0, Math.ceil(untilMs - monotonicMs()));
};

/** Handlers of one turn may take each other back. */
const callReady = ({ handlers, polled }: Loop, ready: readonly number[]): void => {
  const called: Handler[] = [];
  const fds: Fd[] = [];
  for (let at = 0; at < ready.length; at++) {
    if (ready[at] === 0) continue;
    called.push(handlers[at] as Handler);
    fds.push(polled[2 * at] as Fd);
  }
  for (let at = 0; at < called.length; at++) {
    const handler = called[at] as Handler;
    if (at === 0 || handlers.includes(handler)) callHandler(handler, fds[at] as Fd);
  }
};

/** Each timer at most once, so that descriptors have their turn. */
const callDue = ({ timers, many }: Loop): void => {
  if (timers.length === 0) return;
  const nowMs = monotonicMs();
  for (let left = timers.length; left > 0; left--) {
    const timer = timers[0];
    if (timer === undefined || Number(timer.dueMs) > nowMs) return;
    timers.shift();
    timer.dueMs = null;
    call(many, timer.owner, () => timer.due(nowMs));
  }
};

/** Polls once; false: a signal came instead. */
const pollOnce = (loop: Loop, ms: number): boolean => {
  const ready = sys.poll(loop.polled, ms);
  if (isErrno(ready)) return false;
  callReady(loop, ready);
  return true;
};

/** Waits once, until `deadlineMs` (monotonic) at the latest, and calls the handlers of what has happened. */
export const turn = (loop: Loop, deadlineMs: number | null): void => {
  const ms = timeoutMs(loop.timers[0]?.dueMs ?? null, deadlineMs);
  const woken = loop.many === null ? pollOnce(loop, ms) : loop.many.wait(ms);
  if (!woken) loop.signalled(sys.takeSignals());
  callDue(loop);
  loop.many?.goHome();
};
