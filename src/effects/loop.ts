// The loop of every supervisor: it waits in one poll for descriptors, moments, children and signals, and calls whoever asked.
//
// It knows nothing of services. Whoever opens a descriptor, starts a child or has a deadline registers a handler, and
// takes it back when that is gone; so one process can hold one service or many, with the same handlers.
//
// Promises: returns only for an event, a deadline or a signal; makes no wake-up when nothing happens. A handler that was
// taken back is not called any more, also where its descriptor was ready in the same turn. Timers run after descriptors.
// Read next: service/supervisor.ts (one service), scan/supervisor.ts, init/supervisor.ts (who run it).
import { ECHILD, EINTR } from '../abi/errno.ts';
import { POLLIN, WNOHANG } from '../abi/flags.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';

type Handler = () => void;

/** Called with a child that has ended, and its raw wait status. */
export type ChildHandler = (pid: number, wait: number) => void;

/** Something to do at a moment. */
export interface Timer {
  /** Monotonic; null: not set. Only setTimer changes it. */
  dueMs: number | null;
  readonly due: (nowMs: number) => void;
}

export interface Loop {
  /** As poll takes it: descriptor, events, descriptor, events, ... */
  readonly polled: number[];
  /** One for each of those descriptors. */
  readonly handlers: Handler[];
  /** Those that are set, the first due first. */
  readonly timers: Timer[];
  /** One for each child whose end somebody awaits. */
  readonly children: Map<number, ChildHandler>;
  /** Called with the signals that came, ascending, each once. */
  readonly signalled: (signals: readonly number[]) => void;
}

/** Calls `ready` in each turn in which poll reports one of `events` for the descriptor. */
export const watch = (loop: Loop, fd: Fd, ready: Handler, events = POLLIN): void => {
  loop.polled.push(fd, events);
  loop.handlers.push(ready);
};

/** To be called before the descriptor is closed. */
export const unwatch = (loop: Loop, fd: Fd): void => {
  const { polled, handlers } = loop;
  for (let at = 0; at < handlers.length; at++) {
    if (polled[2 * at] !== fd) continue;
    polled.splice(2 * at, 2);
    handlers.splice(at, 1);
    return;
  }
};

/** `signals`: the descriptor that polls readable while signals are noted. */
export const newLoop = (signals: Fd, signalled: (signals: readonly number[]) => void): Loop => {
  const loop: Loop = { polled: [], handlers: [], timers: [], children: new Map(), signalled };
  watch(loop, signals, () => signalled(sys.takeSignals()));
  return loop;
};

export const newTimer = (due: (nowMs: number) => void): Timer => ({ dueMs: null, due });

/** Sets a timer, another time than before included; null: it is not due any more. */
export const setTimer = ({ timers }: Loop, timer: Timer, dueMs: number | null): void => {
  if (timer.dueMs === dueMs) return;
  if (timer.dueMs !== null) timers.splice(timers.indexOf(timer), 1);
  timer.dueMs = dueMs;
  if (dueMs === null) return;
  let at = timers.length;
  while (at > 0 && Number(timers[at - 1]?.dueMs) > dueMs) at--;
  timers.splice(at, 0, timer);
};

const never = (): boolean => false;

/**
 * Hands every child that has ended to its handler, else to `others`, until `done`, which is asked before each. Whether any
 * child may be left.
 */
export const reap = ({ children }: Loop, others: ChildHandler, done = never): boolean => {
  while (!done()) {
    const child = sys.waitpid(-1, WNOHANG);
    if (child === -EINTR) continue;
    if (isErrno(child) || child[0] === 0) return child !== -ECHILD;
    const pid = child[0];
    const handler = children.get(pid);
    children.delete(pid);
    (handler ?? others)(pid, child[1]);
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
const callReady = ({ handlers }: Loop, ready: readonly number[]): void => {
  const called: Handler[] = [];
  for (let at = 0; at < ready.length; at++) if (ready[at] !== 0) called.push(handlers[at] as Handler);
  for (let at = 0; at < called.length; at++) {
    const handler = called[at] as Handler;
    if (at === 0 || handlers.includes(handler)) handler();
  }
};

/** Each timer at most once, so that descriptors have their turn. */
const callDue = ({ timers }: Loop): void => {
  if (timers.length === 0) return;
  const nowMs = monotonicMs();
  for (let left = timers.length; left > 0; left--) {
    const timer = timers[0];
    if (timer === undefined || Number(timer.dueMs) > nowMs) return;
    timers.shift();
    timer.dueMs = null;
    timer.due(nowMs);
  }
};

/** Waits once, until `deadlineMs` (monotonic) at the latest, and calls the handlers of what has happened. */
export const turn = (loop: Loop, deadlineMs: number | null): void => {
  const ready = sys.poll(loop.polled, timeoutMs(loop.timers[0]?.dueMs ?? null, deadlineMs));
  if (isErrno(ready)) loop.signalled(sys.takeSignals());
  else callReady(loop, ready);
  callDue(loop);
};
