// The log of a service: finds and opens it, also if ./log is made while its service runs; closes it when ./log was removed.
//
// Promises: one call checks for it before each start of ./run; a log that exists and cannot be opened delays the start,
// for a bounded time unless another process has its lock; commands are obeyed meanwhile. Each obstacle is reported once.
// Read first: pair.ts. Read next: side.ts, acquire.ts (the first start).
import { type Fd, isErrno } from '../../host/calls.ts';
import { monotonicMs, wallClock } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import { dropLog, FIRST_EVENT, handlePair, withLog } from '../../machine/service/pair.ts';
import type { Now } from '../../machine/service/model.ts';
import { unwatch, watch } from '../loop.ts';
import { whoHolds } from '../process/lock-holder.ts';
import { BUSY_PAUSE_MS, BUSY_TRIES, type Lock, stillBusy } from './lock.ts';
import { Fatal, reason } from '../diagnostics.ts';
import { find, type Found, type Half, type LogSign, openHalf, pipeFor, signOfLog, takeChild } from './acquire.ts';
import { type Awaited, type Happening, type LivePair, unwatchSide, watchSide } from './pair.ts';
import type { Pipe } from './log-pipe.ts';
import { publish, removeStandbyFiles } from './status-files.ts';
import { folderOf, folderPath, takeSide } from './side.ts';
import { openOk } from './supervise-dir.ts';

const RETRY_MS = 1000;
/** After so many tries ./run starts without its log: a late start is better, no start is worse. */
const TRIES_MAX = 5;

const warnOnce = (live: LivePair, what: string): void => {
  if (live.awaited.reported !== what) live.diagnostics.warn(what);
  live.awaited.reported = what;
};

/** Tries again later; a start of ./run waits. */
const notYet = (live: LivePair, what: string): 'wait' => {
  warnOnce(live, what);
  live.awaited.dueMs = monotonicMs() + RETRY_MS;
  return 'wait';
};

/** Nothing to wait for any more. */
const settled = (live: LivePair): null => {
  live.awaited.tries = 0;
  live.awaited.busyTries = 0;
  live.awaited.dueMs = null;
  return null;
};

/** The log cannot be opened now: the start of ./run waits for a while. */
const hindered = (live: LivePair, what: string): 'wait' | null => {
  const { awaited } = live;
  if (awaited.tries++ < TRIES_MAX) return notYet(live, `${what}, trying again`);
  warnOnce(live, `${what}, starting ./run without its log`);
  return settled(live);
};

const watchHolder = (live: LivePair): void => {
  const { awaited } = live;
  if (awaited.holder !== null) return;
  const { folder } = live.main;
  const holder = whoHolds(`${folderOf('log', folder)}supervise/lock`, folderPath(folder));
  const pidfd = holder === null ? null : sys.pidfd(holder.pid);
  if (pidfd === null || isErrno(pidfd)) return;
  awaited.holder = pidfd;
  watch(live.loop, pidfd, () => live.handlers.holderEnded(live));
};

export const forgetHolder = (live: LivePair): void => {
  const { awaited } = live;
  if (awaited.holder === null) return;
  unwatch(live.loop, awaited.holder);
  sys.close(awaited.holder);
  awaited.holder = null;
};

interface Parts {
  readonly half: Half;
  readonly found: Found | null;
  readonly pipe: Pipe;
}

/** Opens everything that a log side consists of; `opened`: the descriptors to close if that fails. */
const openParts = (live: LivePair, lock: Lock, opened: Fd[]): Parts => {
  const now: Now = { ms: monotonicMs(), wall: wallClock() };
  const found = find(live.diagnostics, 'log', lock);
  if (found !== null && found.held.pidfd !== null) opened.push(found.held.pidfd);
  const pipe = pipeFor(live.main.adopted, found?.held ?? null);
  opened.push(pipe.readEnd, ...(pipe.writeEnd === null ? [] : [pipe.writeEnd]));
  const half = openHalf('log', lock, live.values, found, now);
  opened.push(half.live.control);
  publish(half.live.statusFiles, half.service);
  half.live.ok = openOk(half.live.folder);
  return { half, found, pipe };
};

/** Adds the log to the pair, and starts it. */
const join = (live: LivePair, { half, found, pipe }: Parts): readonly Happening[] => {
  live.log = half.live;
  live.pipe = pipe;
  live.pair = withLog(live.pair, half.service);
  takeChild(live, half.live, found);
  watchSide(live, half.live);
  const idle: Partial<Awaited> = { tries: 0, busyTries: 0, dueMs: null, reported: '' };
  Object.assign(live.awaited, idle);
  forgetHolder(live);
  return half.service.state === 'down' ? [({ pair }, at) => handlePair(pair, 'log', FIRST_EVENT, at)] : [];
};

/** Another process is just locking it, which is soon done. */
const busy = (live: LivePair): 'wait' | null => {
  const { awaited } = live;
  awaited.dueMs = monotonicMs() + BUSY_PAUSE_MS;
  if (++awaited.busyTries < BUSY_TRIES) return 'wait';
  awaited.busyTries = 0;
  return hindered(live, stillBusy(folderOf('log', live.main.folder)).message);
};

const openLog = (live: LivePair, key: string): readonly Happening[] | 'wait' | null => {
  const opened: Fd[] = [];
  let trouble: string | null = null;
  try {
    const lock = takeSide(folderOf('log', live.main.folder), key);
    if (lock === 'busy') return busy(live);
    if (lock !== null) {
      opened.push(lock.fd);
      const parts = openParts(live, lock, opened);
      live.logKey = key;
      return join(live, parts);
    }
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
    trouble = error.message;
  }
  for (const fd of opened) sys.close(fd);
  if (trouble !== null) return hindered(live, trouble);
  watchHolder(live);
  return notYet(live, 'waiting for the lock on log/supervise/lock');
};

/** No report the first time: a moment is usual. */
const aMoment = (live: LivePair): 'wait' => {
  live.awaited.tries = 1;
  live.awaited.dueMs = monotonicMs() + RETRY_MS;
  return 'wait';
};

/** For a pair that already has a log. */
const keepLog = (live: LivePair, sign: LogSign): readonly Happening[] | 'wait' | null => {
  const { awaited, pair } = live;
  const isThere = typeof sign === 'object';
  if (pair.draining !== null) {
    if (!isThere) return null;
    return awaited.tries === 0 ? aMoment(live) : hindered(live, 'the log service that was removed has not ended');
  }
  // an error says nothing about it; what is open still works
  if (typeof sign === 'number' || (isThere && sign.key === live.logKey)) return settled(live);
  // a link that is being switched is missing for a moment
  if (!isThere && awaited.tries === 0) return aMoment(live);
  live.diagnostics.warn(isThere ? './log was replaced' : './log was removed, starting ./run without a log');
  live.logKey = '';
  awaited.tries = 0;
  return [({ pair: kept }, at) => dropLog(kept, at)];
};

/**
 * Checks for ./log before a start of ./run. null: nothing to do; `wait`: not yet; else what happens to the pair, after which
 * to check again.
 */
export const findLog = (live: LivePair): readonly Happening[] | 'wait' | null => {
  const sign = signOfLog(live.main.folder);
  if (live.log !== null) return keepLog(live, sign);
  if (typeof sign === 'object') return openLog(live, sign.key);
  if (typeof sign === 'number') return hindered(live, reason('unable to stat() ./log', sign));
  if (sign === 'noDirectory') warnOnce(live, './log: not a directory.');
  return settled(live);
};

/** The start that waited for the log, but not within a second of the last one, or a policy's delay. */
const startSooner: Happening = ({ pair }, now) =>
  now.ms < pair.main.notBeforeMs
    ? { pair, effects: [] }
    : handlePair(pair, 'main', { kind: 'due', timer: 'start' }, now);

/** Checks for the log without a start of ./run, or sooner than planned: what happens to the pair. */
export const findLogAgain = (live: LivePair): readonly Happening[] => {
  const { awaited, pair } = live;
  awaited.dueMs = null;
  if (awaited.holdsUp && pair.main.state === 'backoff') {
    return [startSooner];
  }
  const found = findLog(live);
  return found === null || found === 'wait' ? [] : found;
};

const closeIf = (fd: Fd | null): void => {
  if (fd !== null) sys.close(fd);
};

/** Closes a log whose directory was removed and which has ended; a start may have waited for that. */
export const closeLog = (live: LivePair): readonly Happening[] => {
  const { log, pipe } = live;
  if (log !== null) {
    if (live.logKey !== '') removeStandbyFiles(log.statusFiles);
    unwatchSide(live, log);
    for (const fd of [log.ok, log.control, log.lock.fd]) closeIf(fd);
  }
  if (pipe !== null) sys.close(pipe.readEnd);
  live.log = null;
  live.pipe = null;
  return live.awaited.holdsUp ? findLogAgain(live) : [];
};
