// Services that are waited for, and what a look at one of them tells.
//
// Promises: a line about each, in the end, and printed in the order of the command line where several are done at about
// the same time. Read next: wait.ts (who says when to look).
import { out } from '../../cli/say.ts';
import type { Status } from '../../formats/status.ts';
import type { Bytes, Fd } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import { looksBack, reached, type Sending } from '../../machine/reached.ts';
import { type Asking, ask, stopAsking, wakeMs } from './check.ts';
import type { Command } from './commands.ts';
import { describe } from './describe.ts';
import { type Told, wallNow } from './send.ts';
import { isTrouble, openFifo, readStatus, troubleLine } from './service.ts';

/** How often is looked where nothing tells, and how long lines that are done wait for others. */
const LOOK_MS = 420;
/** A difference between two clocks that is no mere delay between reading the one and the other. */
const STEP_MS = 10;

export interface Waiting {
  /** Its place on the command line. */
  readonly index: number;
  readonly told: Told;
  readonly asking: Asking;
  /** The fifo through which runsv's end is watched; null: it is to be opened. */
  fifo: Fd | null;
  /** Its inotify watch; below 0: none. */
  watch: number;
  /** Monotonic milliseconds: look again then, whatever happens; null: not without news. */
  nextMs: number | null;
}

export interface Round {
  readonly command: Command;
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

const meets = (round: Round, waiting: Waiting, status: Status, nowMs: number): boolean => {
  const { told, asking } = waiting;
  const answer = reached(round.command.until, status, sendingOf(round.command, told));
  if (answer !== 'ask') return answer === 'yes';
  if (ask(asking, told.service, status.pid, nowMs) === 'yes') return true;
  waiting.nextMs = wakeMs(asking, nowMs);
  return false;
};

/** Makes sure that runsv lives. Not so: the waiting is over. */
const stillSupervised = (round: Round, waiting: Waiting): boolean => {
  if (waiting.fifo !== null) return true;
  const { name, dir } = waiting.told.service;
  const fifo = openFifo(dir, 'ok');
  if (typeof fifo === 'object') {
    const wanted = fifo.kind === 'no runsv' && round.command.until.includes('gone');
    finish(round, waiting, wanted ? `ok: ${name}: runsv not running` : troubleLine(name, fifo), !wanted);
    return false;
  }
  if (waiting.told.fifo === null) sys.close(fifo);
  else waiting.fifo = fifo;
  return true;
};

/** Nothing will tell all the news of it. */
const isBlind = (round: Round, { told, watch }: Waiting): boolean =>
  told.fifo === null || (round.byStatus && watch < 0);

export const look = (round: Round, waiting: Waiting): void => {
  const nowMs = monotonicMs();
  waiting.nextMs = null;
  if (!stillSupervised(round, waiting)) return;
  const { service } = waiting.told;
  const status = readStatus(service.dir);
  if (isTrouble(status)) finish(round, waiting, troubleLine(service.name, status), true);
  else if (meets(round, waiting, status, nowMs)) finish(round, waiting, `ok: ${describe(service, status)}`, false);
  else if (isBlind(round, waiting))
    waiting.nextMs = Math.min(waiting.nextMs ?? Number.POSITIVE_INFINITY, nowMs + LOOK_MS);
};
