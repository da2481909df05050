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
// Most commands take effect in a few milliseconds, and the kernel takes longer than that to close an inotify descriptor
// (it waits for all processors). So that is opened for what is not done by then.
const EAGER_MS = 20;
const EAGER_LOOK_MS = 1;

const watchesOf = (round: Round): readonly Watch[] => {
  const watches: Watch[] = [];
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

const tellsByStatus = (command: Command): boolean =>
  command.until.some((until) => until !== 'sent' && until !== 'gone');

const begin = (command: Command, tolds: readonly Told[]): Round => {
  const checks = newChecks();
  const waiting = tolds.map(
    (told, index): Waiting => ({ index, told, asking: newAsking(checks), fifo: told.fifo, watch: -1, nextMs: null }),
  );
  const byStatus = tellsByStatus(command);
  return { command, byStatus, waiting: new Set(waiting), lines: new Map(), printMs: null, failed: 0 };
};

const lookAtAll = (round: Round): void => {
  for (const waiting of [...round.waiting]) look(round, waiting);
};

/** The first milliseconds: looks again and again. */
const waitEagerly = (round: Round, deadlineMs: number): void => {
  const untilMs = Math.min(deadlineMs, monotonicMs() + EAGER_MS);
  while (round.waiting.size > 0 && monotonicMs() < untilMs) {
    waitOnce(watchesOf(round), monotonicMs() + EAGER_LOOK_MS);
    lookAtAll(round);
  }
};

/** From now on changes are told. What changed just before is seen by looking once more. */
const listen = (round: Round): Fd | null => {
  const inotify = sys.inotify();
  if (refused(inotify)) return null;
  for (const waiting of round.waiting) {
    waiting.watch = sys.watch(inotify, `${waiting.told.service.dir}/supervise`, IN_MOVED_TO);
  }
  lookAtAll(round);
  return inotify;
};

const waitForNews = (round: Round, deadlineMs: number, inotify: Fd | null): void => {
  const ready = (): void => {
    if (inotify !== null) takeNews(round, inotify);
  };
  const news: readonly Watch[] = inotify === null ? [] : [{ fd: inotify, events: POLLIN, ready }];
  while (round.waiting.size > 0 && monotonicMs() < deadlineMs) {
    waitOnce([...news, ...watchesOf(round)], nextMs(round, deadlineMs));
    doDue(round);
  }
};

/** Waits for all of `tolds`, until `deadlineMs` (monotonic), and prints a line about each. Returns how many failed. */
export const waitForAll = (command: Command, tolds: readonly Told[], deadlineMs: number): number => {
  const round = begin(command, tolds);
  lookAtAll(round);
  if (round.byStatus) waitEagerly(round, deadlineMs);
  const inotify = round.byStatus && round.waiting.size > 0 ? listen(round) : null;
  waitForNews(round, deadlineMs, inotify);
  for (const waiting of [...round.waiting]) giveUp(round, waiting);
  print(round);
  return round.failed;
};
