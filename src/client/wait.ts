// Waiting until commands have had their effect, for all services at once.
//
// Promises: answers as soon as runsv publishes a change (inotify on each supervise directory) or ends (its fifo loses the
// reader); times are monotonic, so a step of the clock neither ends nor prolongs the waiting. Where inotify is refused, or
// there are too many services to hold a fifo of each open, it looks every 0.42 s. A line on standard error says why a
// service was given up.
// Read next: arrival.ts, round.ts (what a look tells), ../machine/client/wait-conditions.ts (the conditions), check.ts.
import { err } from '../cli/say.ts';
import { changedWatches, OVERFLOW } from '../formats/inotify.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Fd, refused } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { POLLERR, POLLIN } from '../abi/flags.ts';
import { waitOnce, type Watch } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import { NOT_SEEN } from '../machine/client/lasting.ts';
import { aim, look, TELLING } from './arrival.ts';
import { askNoMore, newAsking, newChecks } from './check.ts';
import { type Command, KILL } from './command.ts';
import { describe } from './describe.ts';
import { whyNot } from './reason.ts';
import { finish, noteTold, print, type Round, type Waiting } from './round.ts';
import { type Purpose, type Told, tell } from './send.ts';
import { isTrouble, readStatus, type Service, type Trouble, troubleLine } from './service.ts';

/** A service to wait for: told, or with the trouble that is over when its runsv comes. */
export interface Awaited {
  readonly service: Service;
  readonly told: Told | Trouble;
  readonly purpose: Purpose;
}

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
  const changed = changedWatches(bytes, TELLING);
  for (const waiting of [...round.waiting]) {
    if ([waiting.watch, waiting.folderWatch, OVERFLOW].some((watch) => changed.has(watch)))
      lookIfWaiting(round, waiting);
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

/** Says that a service is not as it shall be, and why. */
const fail = (round: Round, waiting: Waiting, line: Bytes, why: Bytes | null): void => {
  finish(round, waiting, line, true);
  if (why !== null) err(`${round.calledAs}: ${waiting.service.name}: ${why}\n`);
};

const NEVER_CAME = 'runsv did not start in time, though runsvdir runs';

const giveUp = (round: Round, waiting: Waiting): void => {
  askNoMore(waiting.asking);
  look(round, waiting);
  if (!round.waiting.has(waiting)) return;
  const { service, trouble } = waiting;
  if (trouble !== null) {
    fail(round, waiting, troubleLine(service.name, trouble), NEVER_CAME);
    return;
  }
  const status = readStatus(service.dir);
  const description = isTrouble(status) ? troubleLine(service.name, status) : describe(service, status);
  const why = isTrouble(status) ? null : whyNot(round.command, status, waiting);
  fail(round, waiting, `${round.command.onTimeout}: ${description}`, why);
  if (round.command.onTimeout === 'kill') tell(service, KILL, 'send');
};

const tellsByStatus = (command: Command): boolean =>
  command.until.some((until) => until !== 'sent' && until !== 'gone');

const begin = (calledAs: Bytes, command: Command, all: readonly Awaited[]): Round => {
  const checks = newChecks();
  const waiting = all.map(({ service, told, purpose }, index): Waiting => {
    const asking = newAsking(checks);
    const common = { index, service, purpose, asking, lasting: NOT_SEEN, fifo: null, nextMs: null, unclearMs: null };
    const one: Waiting = { ...common, told: null, trouble: null, watch: -1, folderWatch: -1 };
    if ('service' in told) noteTold(one, told);
    else one.trouble = told;
    return one;
  });
  const byStatus = tellsByStatus(command) || waiting.some(({ told }) => told === null);
  const common = { calledAs, command, byStatus, inotify: null, printMs: null, failed: 0 };
  return { ...common, waiting: new Set(waiting), lines: new Map() };
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
const listen = (round: Round): void => {
  const inotify = sys.inotify();
  if (refused(inotify)) return;
  round.inotify = inotify;
  for (const waiting of round.waiting) aim(round, waiting);
  lookAtAll(round);
};

const newsOf = (round: Round): readonly Watch[] => {
  const { inotify } = round;
  return inotify === null ? [] : [{ fd: inotify, events: POLLIN, ready: () => takeNews(round, inotify) }];
};

const waitForNews = (round: Round, deadlineMs: number): void => {
  const news = newsOf(round);
  while (round.waiting.size > 0 && monotonicMs() < deadlineMs) {
    waitOnce([...news, ...watchesOf(round)], nextMs(round, deadlineMs));
    doDue(round);
  }
};

/** Waits for `all`, until `deadlineMs` (monotonic), and prints a line about each. Returns how many failed. */
export const waitForAll = (calledAs: Bytes, command: Command, all: readonly Awaited[], deadlineMs: number): number => {
  const round = begin(calledAs, command, all);
  lookAtAll(round);
  if (round.byStatus) waitEagerly(round, deadlineMs);
  if (round.byStatus && round.waiting.size > 0) listen(round);
  waitForNews(round, deadlineMs);
  for (const waiting of [...round.waiting]) giveUp(round, waiting);
  print(round);
  return round.failed;
};
