// Waiting until commands have had their effect, for all services at once.
//
// Promises: answers as soon as runsv publishes a change (inotify on each supervise directory) or ends (its fifo loses the
// reader); times are monotonic, so a step of the clock neither ends nor prolongs the waiting. Where inotify is refused, or
// there are too many services to hold a fifo of each open, it looks every 0.42 s.
// Read next: ../../machine/reached.ts (the conditions), check.ts.
import { out } from '../../cli/say.ts';
import type { Status } from '../../formats/status.ts';
import { type Bytes, type Fd, refused } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { IN_CREATE, IN_MOVED_TO, POLLERR, POLLIN } from '../../host/linux.ts';
import { waitOnce, type Watch } from '../../host/loop.ts';
import { sys } from '../../host/sys.ts';
import { looksBack, reached, type Sending } from '../../machine/reached.ts';
import { changedWatches, OVERFLOW } from '../../formats/inotify.ts';
import { type Asking, ask, askNoMore, newAsking, stopAsking, wakeMs } from './check.ts';
import { type Command, KILL } from './commands.ts';
import { describe } from './describe.ts';
import { type Told, tell, wallNow } from './send.ts';
import { isTrouble, openFifo, readStatus, troubleLine } from './service.ts';

const LOOK_MS = 420;
const NEWS_BYTES = 4096;
/** A difference between two clocks that is no mere delay between reading the one and the other. */
const STEP_MS = 10;

interface Waiting {
  readonly told: Told;
  readonly asking: Asking;
  /** The fifo through which runsv's end is watched; null: it is to be opened. */
  fifo: Fd | null;
  /** Its inotify watch; below 0: none. */
  readonly watch: number;
  /** Nothing will tell all the news of it. */
  readonly blind: boolean;
  /** Monotonic milliseconds: look again then, whatever happens; null: not without news. */
  nextMs: number | null;
}

interface Round {
  readonly command: Command;
  readonly inotify: Fd | null;
  readonly waiting: Set<Waiting>;
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

const finish = (round: Round, waiting: Waiting, line: Bytes, failed: boolean): void => {
  leave(round, waiting);
  out(`${line}\n`);
  if (failed) round.failed++;
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

const look = (round: Round, waiting: Waiting): void => {
  const nowMs = monotonicMs();
  waiting.nextMs = null;
  if (!stillSupervised(round, waiting)) return;
  const { service } = waiting.told;
  const status = readStatus(service.dir);
  if (isTrouble(status)) finish(round, waiting, troubleLine(service.name, status), true);
  else if (meets(round, waiting, status, nowMs)) finish(round, waiting, `ok: ${describe(service, status)}`, false);
  else if (waiting.blind) waiting.nextMs = Math.min(waiting.nextMs ?? Number.POSITIVE_INFINITY, nowMs + LOOK_MS);
};

const watchesOf = (round: Round): readonly Watch[] => {
  const { inotify } = round;
  const watches: Watch[] = [];
  if (inotify !== null) watches.push({ fd: inotify, events: POLLIN, ready: () => takeNews(round, inotify) });
  for (const waiting of round.waiting) {
    const ended = waiting.asking.run?.ended ?? null;
    if (ended !== null) watches.push({ fd: ended, events: POLLIN, ready: () => lookIfWaiting(round, waiting) });
    if (waiting.fifo !== null) watches.push({ fd: waiting.fifo, events: POLLERR, ready: () => lookForRunsv(round, waiting) });
  }
  return watches;
};

const lookIfWaiting = (round: Round, waiting: Waiting): void => {
  if (round.waiting.has(waiting)) look(round, waiting);
};

/** The fifo lost its reader; a runsv that replaced itself has opened it again. */
const lookForRunsv = (round: Round, waiting: Waiting): void => {
  if (!round.waiting.has(waiting)) return;
  if (waiting.fifo !== null) sys.close(waiting.fifo);
  waiting.fifo = null;
  look(round, waiting);
};

const takeNews = (round: Round, inotify: Fd): void => {
  const bytes = sys.read(inotify, NEWS_BYTES);
  if (refused(bytes)) return;
  const changed = changedWatches(bytes);
  for (const waiting of [...round.waiting]) {
    if (changed.has(waiting.watch) || changed.has(OVERFLOW)) lookIfWaiting(round, waiting);
  }
};

const lookAtDue = (round: Round): void => {
  const nowMs = monotonicMs();
  for (const waiting of [...round.waiting]) {
    if (waiting.nextMs !== null && waiting.nextMs <= nowMs) look(round, waiting);
  }
};

const nextMs = (round: Round, deadlineMs: number): number => {
  let next = deadlineMs;
  for (const waiting of round.waiting) next = Math.min(next, waiting.nextMs ?? next);
  return next;
};

const giveUp = (round: Round, waiting: Waiting): void => {
  askNoMore(waiting.asking);
  look(round, waiting);
  if (!round.waiting.has(waiting)) return;
  const { service } = waiting.told;
  const status = readStatus(service.dir);
  const description = isTrouble(status) ? troubleLine(service.name, status) : describe(service, status);
  finish(round, waiting, `${round.command.onTimeout}: ${description}`, true);
  if (round.command.onTimeout === 'kill') tell(service, KILL, false);
};

const news = (command: Command): boolean => command.until.some((until) => until !== 'sent' && until !== 'gone');

const begin = (command: Command, tolds: readonly Told[]): Round => {
  const opened = news(command) ? sys.inotify() : null;
  const inotify = refused(opened) ? null : opened;
  const waiting = tolds.map((told): Waiting => {
    const watch = inotify === null ? -1 : sys.watch(inotify, `${told.service.dir}/supervise`, IN_CREATE | IN_MOVED_TO);
    const blind = told.fifo === null || (watch < 0 && news(command));
    return { told, asking: newAsking(), fifo: told.fifo, watch, blind, nextMs: null };
  });
  return { command, inotify, waiting: new Set(waiting), failed: 0 };
};

/** Waits for all of `tolds`, until `deadlineMs` (monotonic), and prints a line about each. Returns how many failed. */
export const waitForAll = (command: Command, tolds: readonly Told[], deadlineMs: number): number => {
  const round = begin(command, tolds);
  for (const waiting of [...round.waiting]) look(round, waiting);
  while (round.waiting.size > 0 && monotonicMs() < deadlineMs) {
    waitOnce(watchesOf(round), nextMs(round, deadlineMs));
    lookAtDue(round);
  }
  for (const waiting of [...round.waiting]) giveUp(round, waiting);
  if (round.inotify !== null) sys.close(round.inotify);
  return round.failed;
};
