// `sv logs`: the end of the current log of services; several are merged by their stamps. `-f` goes on with what is written.
//
// Promises: with `-f` ends with 0 at INT, TERM, HUP, and when nobody reads any more.
// Read next: ../../client/log-files.ts, ../../client/follow.ts, ../../formats/log-stamp.ts.
import { EACCES } from '../../abi/errno.ts';
import { POLLIN } from '../../abi/flags.ts';
import { SIGHUP, SIGINT, SIGPIPE, SIGTERM } from '../../abi/signals.ts';
import { errorText } from '../../cli/errno.ts';
import { err, out, visible } from '../../cli/say.ts';
import { beginFollowing, type Line, lookForLines, waitForNews } from '../../client/follow.ts';
import { currentLog, tailOf } from '../../client/log-files.ts';
import { newAsking, snapshotOf } from '../../client/snapshots.ts';
import { enterable, type Service, servicesNamed } from '../../client/service.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { wholeNumber } from '../../formats/decimal.ts';
import { validUtf8 } from '../../formats/json.ts';
import { mergeLines } from '../../formats/log-stamp.ts';
import type { Snapshot } from '../../formats/snapshot.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { nowMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import { isTerminal } from './terminal.ts';
import { type Call, MOST_FAILURES } from './tool.ts';

const LINES = 20;
const LINES_MOST = 100_000;
const USAGE_CODE = 100;
const STDOUT = 1 as Fd;
/** A log service that has run for so long has opened its log, if it has one. */
const OPENING_MS = 2000;

/** Why a log was not found. */
const reasonOf = ({ main, log }: Snapshot): Bytes => {
  if (main === null) return 'runsv not running, and no log/main/current or log/current';
  return log === null ? 'has no log service' : 'its log goes to standard output';
};

const R_OK = 4;

/** Whether a log may be read; says so where it may not. */
const mayRead = ({ name }: Service, path: Bytes): boolean => {
  const access = sys.access(path, R_OK);
  if (access !== -EACCES) return true;
  err(`sv: ${name}: unable to open ${visible(path)}: ${errorText(access)}\n`);
  return false;
};

/** The lines of one service; null, and a line that says why, where there are none to be found. */
const linesOf = (service: Service, count: number): readonly Line[] | null => {
  const snapshot = snapshotOf(service, newAsking(false));
  const path = currentLog(service.dir, snapshot.log?.status.pid ?? 0);
  const { name } = service;
  if (path !== null && !mayRead(service, path)) return null;
  if (path !== null) return tailOf(path, count).lines.map((line) => ({ name, line }));
  err(`sv: ${name}: ${reasonOf(snapshot)}\n`);
  return null;
};

/** Lines for a terminal have no control characters but tabs, and no bytes that are not UTF-8. */
const forTerminal = (line: Bytes): Bytes => validUtf8(line).split('\t').map(visible).join('\t');

/** Prints lines of several logs, the last `count`; says whether somebody reads them. */
const printer = (several: boolean): ((logs: readonly (readonly Line[])[], count: number) => boolean) => {
  const text = isTerminal() ? forTerminal : (line: Bytes): Bytes => line;
  const head = several ? ({ name }: Line): Bytes => `${name}: ` : (): Bytes => '';
  return (logs, count) => {
    const merged = mergeLines(logs);
    const shown = merged.slice(Math.max(0, merged.length - count)).map((one) => `${head(one)}${text(one.line)}\n`);
    return shown.length === 0 || out(shown.join(''));
  };
};

/** Whether a log may still appear: of a service that starts, or is not there yet. */
const mayAppear = ({ directory, main, log }: Snapshot): boolean => {
  if (main === null) return true;
  if (log === null) return !isErrno(enterable(`${directory}/log`));
  const { pid, sec } = log.status;
  return pid === 0 || nowMs() - sec * 1000 < OPENING_MS;
};

/** Whether there is something to follow; says what is not there, or not yet. */
const canFollow = (service: Service): boolean => {
  const snapshot = snapshotOf(service, newAsking(false));
  const path = currentLog(service.dir, snapshot.log?.status.pid ?? 0);
  if (path !== null) return mayRead(service, path);
  const appears = mayAppear(snapshot);
  const why = snapshot.main === null ? (snapshot.error ?? '') : 'its log is not there yet';
  err(`sv: ${service.name}: ${appears ? `${why}; waiting for its log` : reasonOf(snapshot)}\n`);
  return appears;
};

const warn = ({ name }: Service): void =>
  void err(`sv: ${name}: files of its log were removed before they were read: lines are missing\n`);

const follow = (services: readonly Service[], count: number): number => {
  const signals = sys.catchSignals([SIGHUP, SIGINT, SIGPIPE, SIGTERM]);
  if (isErrno(signals)) return 1;
  const followed = services.filter(canFollow);
  if (followed.length === 0) return Math.min(MOST_FAILURES, services.length);
  const print = printer(services.length > 1);
  let ends = false;
  const end = (): void => {
    ends = true;
  };
  // without events asked for, poll still tells that nobody reads
  const watches = [
    { fd: signals, events: POLLIN, ready: end },
    { fd: STDOUT, events: 0, ready: end },
  ];
  const { following, first } = beginFollowing(followed, count, warn);
  let isRead = print(first, count);
  let news = lookForLines(following, count, new Set());
  while (isRead && print(news.lines, Number.POSITIVE_INFINITY) && !ends) {
    const changed = waitForNews(following, watches, news.more);
    isRead = !ends;
    news = lookForLines(following, count, changed);
  }
  return 0;
};

export const runLogs = ({ given, operands }: Call): number => {
  const asked = given.last('n');
  const count = asked === undefined ? LINES : wholeNumber(asked, LINES_MOST);
  if (count === null) {
    err(`sv: -n: expected a number up to ${LINES_MOST}, got '${visible(asked ?? '')}'\n`);
    return USAGE_CODE;
  }
  const services = servicesNamed(operands);
  if (given.count('f') > 0) return follow(services, count);
  const logs = services.map((service) => linesOf(service, count));
  const found = logs.filter((lines) => lines !== null);
  printer(operands.length > 1)(found, count);
  return Math.min(MOST_FAILURES, logs.length - found.length);
};
