// Services that are waited for, and what a look at one of them tells.
//
// Promises: a line about each, in the end, and printed in the order of the command line where several are done at about
// the same time. A process counts as up when ./check says so and it is still there, or, without ./check, when it has lasted;
// where processes ended meanwhile it must have lasted in any case.
// Read next: wait.ts (who says when to look), arrival.ts, ../machine/client/lasting.ts.
import { out } from '../cli/say.ts';
import type { Status } from '../formats/status.ts';
import type { Bytes } from '../abi/bytes.ts';
import type { Fd } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import {
  busy,
  hasLasted,
  hasSettled,
  isSameProcess,
  type Lasting,
  mustSettle,
  notSeen,
  seen,
  type Time,
} from '../machine/client/lasting.ts';
import { looksBack, reached, type Sending } from '../machine/client/wait-conditions.ts';
import { type Asking, ask, dropAnswer, stopAsking, type Verdict, wakeMs } from './check.ts';
import type { Command } from './command.ts';
import { describe } from './describe.ts';
import { isAtRest } from './rest.ts';
import { type Purpose, type Told, wallNow } from './send.ts';
import { isTrouble, openOk, readStatus, type Service, type Trouble, troubleLine } from './service.ts';

/** How often is looked where nothing tells, and how long lines that are done wait for others. */
export const LOOK_MS = 420;
/** How long a status that is missing is looked for. */
const UNCLEAR_MS = 100;
/** A difference between two clocks that is no mere delay between reading the one and the other. */
const STEP_MS = 10;

export interface Waiting {
  /** Its place on the command line. */
  readonly index: number;
  readonly service: Service;
  /** Whether a fifo is kept open for it. */
  readonly purpose: Purpose;
  readonly asking: Asking;
  /** null: its runsv is to come, and nothing was sent. */
  told: Told | null;
  /** While runsv is to come: what was wrong at the last try. */
  trouble: Trouble | null;
  lasting: Lasting;
  /** The fifo through which runsv's end is watched; null: it is to be opened. */
  fifo: Fd | null;
  /** There is no status that could be read: when that is told, monotonic; null: there is one. */
  unclearMs: number | null;
  /** Its inotify watch on supervise; below 0: none. */
  watch: number;
  /** The one on the service directory, for supervise to appear; below 0: none. */
  folderWatch: number;
  /** Monotonic milliseconds: look again then, whatever happens; null: not without news. */
  nextMs: number | null;
}

export interface Round {
  /** The name for lines on standard error. */
  readonly calledAs: Bytes;
  readonly command: Command;
  /** null: nothing tells of changes, or not yet. */
  inotify: Fd | null;
  /** Whether status can tell what is waited for. */
  readonly byStatus: boolean;
  readonly waiting: Set<Waiting>;
  /** Lines not printed yet, by place. */
  readonly lines: Map<number, Bytes>;
  /** Monotonic milliseconds: when to print them. */
  printMs: number | null;
  failed: number;
}

const clockWasSetBack = ({ at, atMs }: Told): boolean => {
  const now = wallNow();
  const wallMs = (now.sec - at.sec) * 1000 + (now.nsec - at.nsec) / 1e6;
  return wallMs < monotonicMs() - atMs - STEP_MS;
};

const sendingOf = (command: Command, told: Told): Sending => {
  const useless = command.until.some(looksBack) && clockWasSetBack(told);
  return { before: told.before, at: useless ? null : told.at };
};

const leave = (round: Round, waiting: Waiting): void => {
  round.waiting.delete(waiting);
  stopAsking(waiting.asking);
  if (waiting.fifo !== null) sys.close(waiting.fifo);
  waiting.fifo = null;
};

export const finish = (round: Round, waiting: Waiting, line: Bytes, failed: boolean): void => {
  leave(round, waiting);
  round.lines.set(waiting.index, `${line}\n`);
  round.printMs ??= monotonicMs() + LOOK_MS;
  if (failed) round.failed++;
};

/** What is done at about the same time is told in the order of the command line: who is first among them is chance. */
export const print = (round: Round): void => {
  const places = [...round.lines.keys()].sort((one, other) => one - other);
  out(places.map((place) => round.lines.get(place)).join(''));
  round.lines.clear();
  round.printMs = null;
};

/** Whether the process that `status` told of before ./check was asked is still there. */
const isStillThere = ({ service }: Waiting, status: Status): boolean => {
  const now = readStatus(service.dir);
  return !isTrouble(now) && isSameProcess(status, now);
};

/** Whether the process has lasted, and is not still busy coming up. */
const lasts = (waiting: Waiting, { pid }: Status, nowMs: number): boolean => {
  const { lasting } = waiting;
  if (!hasLasted(lasting, nowMs)) return false;
  if (hasSettled(lasting, nowMs) || isAtRest(pid)) return true;
  waiting.lasting = busy(lasting, nowMs);
  return false;
};

/** Whether a process that runs is up. If not, when to look again. */
const isUp = (waiting: Waiting, status: Status, verdict: Verdict, nowMs: number): boolean => {
  if (verdict === 'no') waiting.nextMs = wakeMs(waiting.asking, nowMs);
  else if ((verdict === 'absent' || mustSettle(waiting.lasting)) && !lasts(waiting, status, nowMs))
    waiting.nextMs = waiting.lasting.dueMs;
  else if (verdict === 'absent' || isStillThere(waiting, status)) return true;
  else waiting.nextMs = nowMs;
  return false;
};

const meets = (round: Round, waiting: Waiting, told: Told, status: Status, nowMs: number): boolean => {
  const answer = reached(round.command.until, status, sendingOf(round.command, told));
  const time: Time = { ms: nowMs, wall: wallNow() };
  waiting.lasting = seen(waiting.lasting, status, answer === 'ask', time);
  if (answer !== 'ask') {
    dropAnswer(waiting.asking);
    return answer === 'yes';
  }
  return isUp(waiting, status, ask(waiting.asking, waiting.service, status.pid, nowMs), nowMs);
};

/** Makes sure that runsv lives. Not so: the waiting is over. */
const stillSupervised = (round: Round, waiting: Waiting, told: Told): boolean => {
  if (waiting.fifo !== null) return true;
  const { name, dir } = waiting.service;
  const fifo = openOk(dir);
  if (typeof fifo === 'object') {
    const wanted = fifo.kind === 'no runsv' && round.command.until.includes('gone');
    finish(round, waiting, wanted ? `ok: ${name}: runsv not running` : troubleLine(name, fifo), !wanted);
    return false;
  }
  if (told.fifo === null) sys.close(fifo);
  else waiting.fifo = fifo;
  return true;
};

/** Nothing will tell all the news of it. */
const isBlind = (round: Round, { watch }: Waiting, told: Told): boolean =>
  told.fifo === null || (round.byStatus && watch < 0);

/** A status that runsv could not replace is missing until it can: mostly for a moment. */
const lookForStatus = (round: Round, waiting: Waiting, trouble: Trouble, nowMs: number): void => {
  waiting.unclearMs ??= trouble.kind === 'no status' ? nowMs + UNCLEAR_MS : nowMs;
  waiting.nextMs = waiting.unclearMs;
  if (nowMs >= waiting.unclearMs) finish(round, waiting, troubleLine(waiting.service.name, trouble), true);
};

/** Looks how a service that was told is. */
export const lookAt = (round: Round, waiting: Waiting, told: Told): void => {
  const nowMs = monotonicMs();
  waiting.nextMs = null;
  if (!stillSupervised(round, waiting, told)) return;
  const { service } = waiting;
  const status = readStatus(service.dir);
  if (!isTrouble(status)) waiting.unclearMs = null;
  if (isTrouble(status)) lookForStatus(round, waiting, status, nowMs);
  else if (meets(round, waiting, told, status, nowMs))
    finish(round, waiting, `ok: ${describe(service, status)}`, false);
  else if (isBlind(round, waiting, told))
    waiting.nextMs = Math.min(waiting.nextMs ?? Number.POSITIVE_INFINITY, nowMs + LOOK_MS);
};

/** Starts the waiting for the effect of what was sent. */
export const noteTold = (waiting: Waiting, told: Told): void => {
  waiting.told = told;
  waiting.trouble = null;
  waiting.fifo = told.fifo;
  waiting.lasting = notSeen(told.before, told.at);
};
