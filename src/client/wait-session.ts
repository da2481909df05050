// One wait for the effect of a command on several services: its state, and the examination of one service.
//
// Promises: each service gets one line in the end; lines that are due at about the same time are printed in the order of the
// command line. A process counts as up when ./check passes and it is still there, or, without ./check, when it is stable;
// where processes ended meanwhile it must be stable in any case.
// Read next: wait.ts (when to examine), await-runsv.ts, ../machine/client/stability.ts.
import type { Bytes } from '../abi/bytes.ts';
import { out } from '../cli/say.ts';
import { conditionOf, isReady } from '../formats/condition.ts';
import type { SupervisorState } from '../formats/state.ts';
import type { Status } from '../formats/status.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import {
  isSameProcess,
  mustSettle,
  observe,
  type Stability,
  type Time,
  unobserved,
} from '../machine/client/stability.ts';
import {
  type Baseline,
  beganSince,
  expectsProcess,
  judge,
  needsPriorStatus,
} from '../machine/client/wait-conditions.ts';
import { fromCold } from '../host/cold.ts';
import type { hasReloaded } from './reload.ts';
import { type Check, killCheck, nextCheckMs, reapCheck, type Verdict, verdictOn } from './check.ts';
import { BLOCKED_POLL_MS, blockedBy } from './blocker.ts';
import { type Command, endsRunsv } from './command.ts';
import { isStable } from './is-stable.ts';
import { stateNow } from './read-report.ts';
import { readState } from './read-state.ts';
import { failedLine, goneLine, stateLine, troubleLine } from './render-line.ts';
import { isTrouble, type Trouble } from './report.ts';
import { type Sent, wallNow } from './send.ts';
import { openOk, readStatus } from './service.ts';
import { type Awaited, POLL_MS, type WaitLoop } from './wait-loop.ts';

/** How long finished lines wait for others. */
const LINES_WAIT_MS = POLL_MS;
/** How long to wait for a missing status. */
const MISSING_MS = 100;
/** A start that has not taken this long is not looked at for what delays it. */
const LATE_MS = 15;
/** Two clocks that differ by more were not just read one after the other. */
const STEP_MS = 10;

/** A service that the command has not taken effect on yet. */
export interface Pending extends Awaited {
  /** Its place on the command line. */
  readonly index: number;
  /** Whether a fifo of it is kept open. */
  readonly hold: boolean;
  readonly check: Check;
  /** null: its runsv is about to start, and nothing was sent. */
  sent: Sent | null;
  /** While runsv is about to start: why the last attempt failed. */
  trouble: Trouble | null;
  stability: Stability;
  /** It tells itself when it is ready, and has not yet. */
  isUntold: boolean;
  /** When it was ready last, before it was told to reload; null: nobody waits for the end of that. */
  readonly reloads: string | null;
  /** While the status is missing: when to give up, monotonic milliseconds; null: it is there. */
  missingUntilMs: number | null;
}

export interface WaitSession extends WaitLoop<Pending> {
  /** The program's name, for lines on standard error. */
  readonly calledAs: Bytes;
  readonly command: Command;
  /** Finished lines that are not printed yet, by index: what is due. */
  readonly lines: Map<number, Bytes>;
  failed: number;
}

const clockWasSetBack = ({ at, atMs }: Sent): boolean => {
  const now = wallNow();
  const wallMs = (now.sec - at.sec) * 1000 + (now.nsec - at.nsec) / 1e6;
  return wallMs < monotonicMs() - atMs - STEP_MS;
};

const baselineOf = (command: Command, sent: Sent): Baseline => {
  const useless = command.conditions.some(needsPriorStatus) && clockWasSetBack(sent);
  return { before: sent.before, at: useless ? null : sent.at };
};

const remove = (session: WaitSession, pending: Pending): void => {
  session.pending.delete(pending);
  killCheck(pending.check);
  if (pending.fifo !== null) sys.close(pending.fifo);
  pending.fifo = null;
};

/** Ends the wait for one service, with its line. */
export const finish = (session: WaitSession, pending: Pending, line: Bytes, failed: boolean): void => {
  remove(session, pending);
  session.lines.set(pending.index, `${line}\n`);
  session.dueMs ??= monotonicMs() + LINES_WAIT_MS;
  if (failed) session.failed++;
};

/** Prints the finished lines in the order of the command line: which service was first among them is chance. */
export const printLines = (session: WaitSession): void => {
  const indices = [...session.lines.keys()].sort((one, other) => one - other);
  out(indices.map((index) => session.lines.get(index)).join(''));
  session.lines.clear();
  session.dueMs = null;
};

/** Whether the process in `status`, which was read before ./check ran, is still there. */
const isStillThere = ({ service }: Pending, status: Status): boolean => {
  const now = readStatus(service.dir);
  return !isTrouble(now) && isSameProcess(status, now);
};

/** Whether the running process is up. If not, sets when to examine it again. */
const isUp = (pending: Pending, status: Status, verdict: Verdict, nowMs: number): boolean => {
  if (verdict === 'failed') pending.nextMs = nextCheckMs(pending.check, nowMs);
  else if ((verdict === 'absent' || mustSettle(pending.stability)) && !isStable(pending, status, nowMs))
    pending.nextMs = pending.stability.dueMs;
  else if (verdict === 'absent' || isStillThere(pending, status)) return true;
  else pending.nextMs = nowMs;
  return false;
};

/** What a process tells that has a way to: up is ready. null: it has none. */
const isUpByWord = (pending: Pending, status: Status, nowMs: number): boolean | null => {
  const { check, service } = pending;
  const state = readState(service.dir);
  pending.isUntold = state !== null && state.by !== null && !isReady(status, state);
  if (state === null || state.by === null) return null;
  if (pending.isUntold) reapCheck(check);
  if (pending.isUntold || state.by === 'check') return !pending.isUntold;
  const verdict = verdictOn(check, service, status.pid, nowMs);
  if (verdict === 'failed') pending.nextMs = nextCheckMs(check, nowMs);
  return verdict === 'absent' || (verdict === 'passed' && isStillThere(pending, status));
};

const hasEffect = (session: WaitSession, pending: Pending, sent: Sent, status: Status, nowMs: number): boolean => {
  if (pending.reloads !== null) return fromCold<typeof hasReloaded>('sv', 'hasReloaded')(pending, status);
  const answer = judge(session.command.conditions, status, baselineOf(session.command, sent));
  const time: Time = { ms: nowMs, wall: wallNow() };
  pending.stability = observe(pending.stability, status, answer === 'check', time);
  if (answer !== 'check') {
    reapCheck(pending.check);
    return answer === 'yes';
  }
  return (
    isUpByWord(pending, status, nowMs) ??
    isUp(pending, status, verdictOn(pending.check, pending.service, status.pid, nowMs), nowMs)
  );
};

/** What a restart policy has made of a service that is awaited up since the command was sent; null: nothing. */
const conclusionOf = (
  { command }: WaitSession,
  { service }: Pending,
  sent: Sent,
  status: Status,
): SupervisorState | null => {
  if (status.pid !== 0 || status.want !== 'down' || !command.conditions.some(expectsProcess)) return null;
  // what was so before is no answer to a command
  if (command.bytes !== '' && !beganSince(status, baselineOf(command, sent))) return null;
  const state = readState(service.dir);
  return state === null || conditionOf(status, state) !== state.outcome ? null : state;
};

/** Ends the wait for what cannot come: a service that has failed. One that is done has been up. */
const isConcluded = (session: WaitSession, pending: Pending, sent: Sent, status: Status): boolean => {
  const conclusion = conclusionOf(session, pending, sent, status);
  if (conclusion === null) return false;
  const { service } = pending;
  if (conclusion.outcome === 'failed') finish(session, pending, failedLine(service.name, conclusion.reason), true);
  else finish(session, pending, `ok: ${stateLine(service.name, stateNow(service, status))}`, false);
  return true;
};

/** Ends the wait for a service that waits for one that has failed meanwhile. A start that takes no time is not looked at. */
const isBlocked = (session: WaitSession, pending: Pending, sent: Sent, status: Status, nowMs: number): boolean => {
  const { command } = session;
  const isLate = nowMs - sent.atMs >= LATE_MS && status.pid === 0;
  if (!isLate || !command.conditions.some(expectsProcess)) return false;
  const line = blockedBy(pending.service, status, command.bytes === '' ? null : sent.at);
  if (line !== undefined) pending.nextMs = nowMs + BLOCKED_POLL_MS;
  if (line === undefined || line === null) return false;
  finish(session, pending, line, true);
  return true;
};

/** Makes sure that runsv lives. If not, the wait is over. */
const isSupervised = (session: WaitSession, pending: Pending, sent: Sent): boolean => {
  if (pending.fifo !== null) return true;
  const { name, dir } = pending.service;
  const fifo = openOk(dir);
  if (typeof fifo === 'object') {
    const hasEffect = fifo.kind === 'no runsv' && endsRunsv(session.command);
    finish(session, pending, hasEffect ? goneLine(name) : troubleLine(name, fifo), !hasEffect);
    return false;
  }
  if (sent.fifo === null) sys.close(fifo);
  else pending.fifo = fifo;
  return true;
};

/** Some of its changes cause no event. */
const mustPoll = (session: WaitSession, { watch }: Pending, sent: Sent): boolean =>
  sent.fifo === null || (session.byStatus && watch < 0);

/** A status that runsv could not replace is missing until it can be written: usually for a moment. */
const awaitStatus = (session: WaitSession, pending: Pending, trouble: Trouble, nowMs: number): void => {
  pending.missingUntilMs ??= trouble.kind === 'no status' ? nowMs + MISSING_MS : nowMs;
  pending.nextMs = pending.missingUntilMs;
  if (nowMs >= pending.missingUntilMs) finish(session, pending, troubleLine(pending.service.name, trouble), true);
};

/** Examines a service that the command was sent to. */
export const examineSent = (session: WaitSession, pending: Pending, sent: Sent): void => {
  const nowMs = monotonicMs();
  pending.nextMs = null;
  if (!isSupervised(session, pending, sent)) return;
  const { service } = pending;
  const status = readStatus(service.dir);
  if (!isTrouble(status)) pending.missingUntilMs = null;
  if (isTrouble(status)) awaitStatus(session, pending, status, nowMs);
  else if (isConcluded(session, pending, sent, status) || isBlocked(session, pending, sent, status, nowMs)) return;
  else if (hasEffect(session, pending, sent, status, nowMs))
    finish(session, pending, `ok: ${stateLine(service.name, stateNow(service, status))}`, false);
  else if (mustPoll(session, pending, sent))
    pending.nextMs = Math.min(pending.nextMs ?? Number.POSITIVE_INFINITY, nowMs + POLL_MS);
};

/** The command was sent: from now on its effect is awaited. */
export const noteSent = (pending: Pending, sent: Sent): void => {
  pending.sent = sent;
  pending.trouble = null;
  pending.fifo = sent.fifo;
  pending.stability = unobserved(sent.before, sent.at);
};
