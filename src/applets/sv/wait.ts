// Waiting until commands have had their effect, for all services at once.
//
// Promises: answers as soon as runsv publishes a change (inotify on each supervise directory) or ends (its fifo loses the
// reader); times are monotonic, so a step of the clock neither ends nor prolongs the waiting. Where inotify is refused, or
// there are too many services to hold a fifo of each open, it looks every 0.42 s.
// Read next: round.ts (what a look tells), ../../machine/reached.ts (the conditions), check.ts.
import { changedWatches, OVERFLOW } from '../../formats/inotify.ts';
import { type Fd, refused } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { IN_MOVED_TO, POLLERR, POLLIN } from '../../host/linux.ts';
import { waitOnce, type Watch } from '../../host/loop.ts';
import { sys } from '../../host/sys.ts';
import { askNoMore, newAsking, newChecks } from './check.ts';
import { type Command, KILL } from './commands.ts';
import { describe } from './describe.ts';
import { finish, look, print, type Round, type Waiting } from './round.ts';
import { type Told, tell } from './send.ts';
import { isTrouble, readStatus, troubleLine } from './service.ts';

const NEWS_BYTES = 4096;

const watchesOf = (round: Round): readonly Watch[] => {
  const { inotify } = round;
  const watches: Watch[] = [];
  if (inotify !== null) watches.push({ fd: inotify, events: POLLIN, ready: () => takeNews(round, inotify) });
  for (const waiting of round.waiting) {
    const ended = waiting.asking.run?.ended ?? null;
    if (ended !== null) watches.push({ fd: ended, events: POLLIN, ready: () => lookIfWaiting(round, waiting) });
    if (waiting.fifo !== null)
      watches.push({ fd: waiting.fifo, events: POLLERR, ready: () => lookForRunsv(round, waiting) });
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

const doDue = (round: Round): void => {
  const nowMs = monotonicMs();
  if (round.printMs !== null && round.printMs <= nowMs) print(round);
  for (const waiting of [...round.waiting]) {
    if (waiting.nextMs !== null && waiting.nextMs <= nowMs) look(round, waiting);
  }
};

const nextMs = (round: Round, deadlineMs: number): number => {
  let next = Math.min(deadlineMs, round.printMs ?? deadlineMs);
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
  const checks = newChecks();
  const waiting = tolds.map((told, index): Waiting => {
    const watch = inotify === null ? -1 : sys.watch(inotify, `${told.service.dir}/supervise`, IN_MOVED_TO);
    const blind = told.fifo === null || (watch < 0 && news(command));
    return { index, told, asking: newAsking(checks), fifo: told.fifo, watch, blind, nextMs: null };
  });
  return { command, inotify, waiting: new Set(waiting), lines: new Map(), printMs: null, failed: 0 };
};

/** Waits for all of `tolds`, until `deadlineMs` (monotonic), and prints a line about each. Returns how many failed. */
export const waitForAll = (command: Command, tolds: readonly Told[], deadlineMs: number): number => {
  const round = begin(command, tolds);
  for (const waiting of [...round.waiting]) look(round, waiting);
  while (round.waiting.size > 0 && monotonicMs() < deadlineMs) {
    waitOnce(watchesOf(round), nextMs(round, deadlineMs));
    doDue(round);
  }
  for (const waiting of [...round.waiting]) giveUp(round, waiting);
  print(round);
  if (round.inotify !== null) sys.close(round.inotify);
  return round.failed;
};
