// Waits until a command has taken effect, on all services at once.
//
// Promises: answers as soon as a change shows the effect. Where inotify is refused, or there are too many services to keep a fifo
// of each open, services are polled every 0.42 s. A line on standard error gives the reason for each timeout.
// Read next: wait-loop.ts, await-runsv.ts, wait-session.ts (the examination), ../machine/client/wait-conditions.ts (the conditions), check.ts.
import type { Bytes } from '../abi/bytes.ts';
import { err } from '../cli/say.ts';
import { control } from '../formats/control.ts';
import { fromCold } from '../host/cold.ts';
import { UNOBSERVED } from '../machine/client/stability.ts';
import { addWatches, examine, WATCHED_FILES } from './await-runsv.ts';
import { newCheck, newCheckPool, startNoMore } from './check.ts';
import type { Command } from './command.ts';
import { stateNow } from './read-report.ts';
import { stateLine, troubleLine } from './render-line.ts';
import { isTrouble, type Trouble } from './report.ts';
import { type Sent, send } from './send.ts';
import { readStatus, type Service } from './service.ts';
import type { timeoutReason } from './timeout-reason.ts';
import { waitWhilePending } from './wait-loop.ts';
import { finish, noteSent, type Pending, printLines, type WaitSession } from './wait-session.ts';

/** A service to wait for: the command was sent, or the trouble ends when its runsv starts. */
export interface Target {
  readonly service: Service;
  readonly result: Sent | Trouble;
  /** Whether to keep a fifo of it open. */
  readonly hold: boolean;
  /** Where the end of a reload is awaited: when it was ready last. */
  readonly reloads?: string | null;
}

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
  if (isTrouble(status)) fail(session, pending, `${onTimeout}: ${troubleLine(service.name, status)}`, null);
  else {
    const state = stateNow(service, status);
    // the line of one that waits says why
    const reasonFor = fromCold<typeof timeoutReason>('sv', 'timeoutReason');
    const reason = state.waitingFor.length > 0 ? null : reasonFor(session.command, status, pending);
    fail(session, pending, `${onTimeout}: ${stateLine(service.name, state)}`, reason);
  }
  if (onTimeout === 'kill') send(service, control.kill.byte);
};

const showsInStatus = ({ conditions }: Command): boolean =>
  conditions.some((condition) => condition !== 'sent' && condition !== 'gone');

const begin = (calledAs: Bytes, command: Command, targets: readonly Target[]): WaitSession => {
  const pool = newCheckPool();
  const pending = targets.map(({ service, result, hold, reloads = null }, index): Pending => {
    const common = {
      index,
      service,
      hold,
      check: newCheck(pool),
      stability: UNOBSERVED,
      fifo: null,
      nextMs: null,
      isUntold: false,
      reloads,
      missingUntilMs: null,
    };
    const one: Pending = { ...common, sent: null, trouble: null, watch: -1, folderWatch: -1, parentWatch: -1 };
    if ('service' in result) noteSent(one, result);
    else one.trouble = result;
    return one;
  });
  const byStatus = showsInStatus(command) || pending.some(({ sent, reloads }) => sent === null || reloads !== null);
  const session: WaitSession = {
    calledAs,
    command,
    byStatus,
    files: WATCHED_FILES,
    pending: new Set(pending),
    lines: new Map(),
    inotify: null,
    dueMs: null,
    failed: 0,
    due: () => printLines(session),
    examine: (one) => examine(session, one),
    addWatches: (one) => addWatches(session, one),
    news: ({ check }) => check.run?.ended ?? null,
  };
  return session;
};

/** Waits until `deadlineMs` (monotonic) and prints a line for each target. Returns how many failed. */
export const waitForAll = (
  calledAs: Bytes,
  command: Command,
  targets: readonly Target[],
  deadlineMs: number,
): number => {
  const session = begin(calledAs, command, targets);
  waitWhilePending(session, deadlineMs);
  for (const pending of [...session.pending]) timeOut(session, pending);
  printLines(session);
  return session.failed;
};
