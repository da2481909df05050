// Waits until a command has taken effect, on all services at once.
//
// Promises: answers as soon as runsv publishes a change (inotify on each supervise directory) or ends (its fifo loses the reader).
// Times are monotonic, so a step of the clock neither shortens nor prolongs the wait. Where inotify is refused, or there are too
// many services to keep a fifo of each open, services are polled every 0.42 s. A line on standard error gives the reason for
// each timeout.
// Read next: await-runsv.ts, wait-session.ts (the examination), ../machine/client/wait-conditions.ts (the conditions), check.ts.
import type { Bytes } from '../abi/bytes.ts';
import { POLLERR, POLLIN } from '../abi/flags.ts';
import { err } from '../cli/say.ts';
import { control } from '../formats/control.ts';
import { changedWatches, OVERFLOW } from '../formats/inotify.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { waitOnce, type Watch } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import { UNOBSERVED } from '../machine/client/stability.ts';
import { addWatches, examine, WATCHED_FILES } from './await-runsv.ts';
import { newCheck, newCheckPool, startNoMore } from './check.ts';
import type { Command } from './command.ts';
import { stateNow } from './read-report.ts';
import { stateLine, troubleLine } from './render-line.ts';
import { isTrouble, type Trouble } from './report.ts';
import { type Sent, send } from './send.ts';
import { readStatus, type Service } from './service.ts';
import { timeoutReason } from './timeout-reason.ts';
import { finish, noteSent, type Pending, printLines, type WaitSession } from './wait-session.ts';

/** A service to wait for: the command was sent, or the trouble ends when its runsv starts. */
export interface Target {
  readonly service: Service;
  readonly result: Sent | Trouble;
  /** Whether to keep a fifo of it open. */
  readonly hold: boolean;
}

const EVENT_BYTES = 4096;
// Most commands take effect in a few milliseconds. The kernel takes longer than that to close an inotify descriptor (it waits
// for all processors), so one is opened only for what is not done by then.
const EAGER_MS = 20;
const EAGER_POLL_MS = 1;

const watchesOf = (session: WaitSession): readonly Watch[] => {
  const watches: Watch[] = [];
  for (const pending of session.pending) {
    const ended = pending.check.run?.ended ?? null;
    if (ended !== null) watches.push({ fd: ended, events: POLLIN, ready: () => examineIfPending(session, pending) });
    if (pending.fifo !== null)
      watches.push({ fd: pending.fifo, events: POLLERR, ready: () => reopenFifo(session, pending) });
  }
  return watches;
};

const examineIfPending = (session: WaitSession, pending: Pending): void => {
  if (session.pending.has(pending)) examine(session, pending);
};

/** The fifo lost its reader; a runsv that replaced itself has opened it again. */
const reopenFifo = (session: WaitSession, pending: Pending): void => {
  if (!session.pending.has(pending)) return;
  if (pending.fifo !== null) sys.close(pending.fifo);
  pending.fifo = null;
  examine(session, pending);
};

const readEvents = (session: WaitSession, inotify: Fd): void => {
  const bytes = sys.read(inotify, EVENT_BYTES);
  if (isErrno(bytes)) return;
  const changed = changedWatches(bytes, WATCHED_FILES);
  for (const pending of [...session.pending]) {
    if ([pending.watch, pending.folderWatch, OVERFLOW].some((watch) => changed.has(watch)))
      examineIfPending(session, pending);
  }
};

const handleDue = (session: WaitSession): void => {
  const nowMs = monotonicMs();
  if (session.printMs !== null && session.printMs <= nowMs) printLines(session);
  for (const pending of [...session.pending]) {
    if (pending.nextMs !== null && pending.nextMs <= nowMs) examine(session, pending);
  }
};

const nextMs = (session: WaitSession, deadlineMs: number): number => {
  let next = Math.min(deadlineMs, session.printMs ?? deadlineMs);
  for (const pending of session.pending) next = Math.min(next, pending.nextMs ?? next);
  return next;
};

const fail = (session: WaitSession, pending: Pending, line: Bytes, reason: Bytes | null): void => {
  finish(session, pending, line, true);
  if (reason !== null) err(`${session.calledAs}: ${pending.service.name}: ${reason}\n`);
};

const NEVER_STARTED = 'runsv did not start in time, though runsvdir runs';

const timeOut = (session: WaitSession, pending: Pending): void => {
  startNoMore(pending.check);
  examine(session, pending);
  if (!session.pending.has(pending)) return;
  const { service, trouble } = pending;
  if (trouble !== null) {
    fail(session, pending, troubleLine(service.name, trouble), NEVER_STARTED);
    return;
  }
  const { onTimeout } = session.command;
  const status = readStatus(service.dir);
  const line = isTrouble(status)
    ? troubleLine(service.name, status)
    : stateLine(service.name, stateNow(service, status));
  const reason = isTrouble(status) ? null : timeoutReason(session.command, status, pending);
  fail(session, pending, `${onTimeout}: ${line}`, reason);
  if (onTimeout === 'kill') send(service, control.kill.byte);
};

const showsInStatus = ({ conditions }: Command): boolean =>
  conditions.some((condition) => condition !== 'sent' && condition !== 'gone');

const begin = (calledAs: Bytes, command: Command, targets: readonly Target[]): WaitSession => {
  const pool = newCheckPool();
  const pending = targets.map(({ service, result, hold }, index): Pending => {
    const common = {
      index,
      service,
      hold,
      check: newCheck(pool),
      stability: UNOBSERVED,
      fifo: null,
      nextMs: null,
      missingUntilMs: null,
    };
    const one: Pending = { ...common, sent: null, trouble: null, watch: -1, folderWatch: -1 };
    if ('service' in result) noteSent(one, result);
    else one.trouble = result;
    return one;
  });
  const byStatus = showsInStatus(command) || pending.some(({ sent }) => sent === null);
  const common = { calledAs, command, byStatus, inotify: null, printMs: null, failed: 0 };
  return { ...common, pending: new Set(pending), lines: new Map() };
};

const examineAll = (session: WaitSession): void => {
  for (const pending of [...session.pending]) examine(session, pending);
};

/** The first milliseconds: services are examined again and again. */
const waitEagerly = (session: WaitSession, deadlineMs: number): void => {
  const untilMs = Math.min(deadlineMs, monotonicMs() + EAGER_MS);
  while (session.pending.size > 0 && monotonicMs() < untilMs) {
    waitOnce(watchesOf(session), monotonicMs() + EAGER_POLL_MS);
    examineAll(session);
  }
};

/** From now on changes cause events. What changed just before is found by one more examination. */
const listen = (session: WaitSession): void => {
  const inotify = sys.inotify();
  if (isErrno(inotify)) return;
  session.inotify = inotify;
  for (const pending of session.pending) addWatches(session, pending);
  examineAll(session);
};

const inotifyWatch = (session: WaitSession): readonly Watch[] => {
  const { inotify } = session;
  return inotify === null ? [] : [{ fd: inotify, events: POLLIN, ready: () => readEvents(session, inotify) }];
};

const waitForEvents = (session: WaitSession, deadlineMs: number): void => {
  const first = inotifyWatch(session);
  while (session.pending.size > 0 && monotonicMs() < deadlineMs) {
    waitOnce([...first, ...watchesOf(session)], nextMs(session, deadlineMs));
    handleDue(session);
  }
};

/** Waits until `deadlineMs` (monotonic) and prints a line for each target. Returns how many failed. */
export const waitForAll = (
  calledAs: Bytes,
  command: Command,
  targets: readonly Target[],
  deadlineMs: number,
): number => {
  const session = begin(calledAs, command, targets);
  examineAll(session);
  if (session.byStatus) waitEagerly(session, deadlineMs);
  if (session.byStatus && session.pending.size > 0) listen(session);
  waitForEvents(session, deadlineMs);
  for (const pending of [...session.pending]) timeOut(session, pending);
  printLines(session);
  return session.failed;
};
