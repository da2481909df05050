// The log of a service: found, waited for and opened, also where ./log is made when its service runs already; and closed
// when it was removed.
//
// Promises: looked for before each start of ./run, by one call; a log that is there and cannot be opened holds the start up,
// for a bounded time unless another process has its lock; commands are obeyed meanwhile. Each hindrance is told once.
// Read first: pair.ts. Read next: side.ts, acquire.ts (the first start).
import { type Fd, refused } from '../../host/calls.ts';
import { monotonicMs, wallClock } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import { dropLog, firstEvent, handlePair, type PairOutcome, withLog } from '../../machine/service/pair.ts';
import type { Now } from '../../machine/service/model.ts';
import { unwatch, watch } from '../loop.ts';
import { whoHolds } from '../scan/lock-holder.ts';
import { BUSY_PAUSE_MS, BUSY_TRIES, type Lock, stillBusy } from './lock.ts';
import { Fatal, reason } from '../messages.ts';
import { find, type Half, type LogSign, openHalf, pipeFor, signOfLog } from './acquire.ts';
import { type Awaited, type LivePair, unwatchSide, watchSide } from './pair.ts';
import type { Pipe } from './log-pipe.ts';
import { publish, removeSpares } from './status-files.ts';
import { folderOf, folderPath, takeSide } from './side.ts';
import { openOk } from './supervise-dir.ts';

const RETRY_MS = 1000;
/** After so many tries ./run is started without its log: worse than a late start, better than none. */
const TRIES_MAX = 5;

/** Something that happens to a pair. */
export type Happening = (live: LivePair, now: Now) => PairOutcome;

const warnOnce = (live: LivePair, what: string): void => {
  if (live.awaited.reported !== what) live.voice.warn(what);
  live.awaited.reported = what;
};

/** To be tried again: what that means for a start of ./run. */
const notYet = (live: LivePair, what: string): 'wait' => {
  warnOnce(live, what);
  live.awaited.dueMs = monotonicMs() + RETRY_MS;
  return 'wait';
};

/** Nothing is awaited any more. */
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
  if (pidfd === null || refused(pidfd)) return;
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
  readonly pipe: Pipe;
}

/** Opens all that a log side consists of; `opened` tells what to close where that fails. */
const openParts = (live: LivePair, lock: Lock, opened: Fd[]): Parts => {
  const now: Now = { ms: monotonicMs(), wall: wallClock() };
  const found = find(live.voice, 'log', lock);
  if (found !== null && found.held.pidfd !== null) opened.push(found.held.pidfd);
  const pipe = pipeFor(live.main.adopted, found?.held ?? null);
  opened.push(pipe.readEnd, ...(pipe.writeEnd === null ? [] : [pipe.writeEnd]));
  const half = openHalf('log', lock, found, now);
  opened.push(half.live.control);
  publish(half.live.statusFiles, half.service);
  half.live.ok = openOk(half.live.folder);
  return { half, pipe };
};

/** The log becomes part of the pair, and is started. */
const join = (live: LivePair, { half, pipe }: Parts): readonly Happening[] => {
  live.log = half.live;
  live.pipe = pipe;
  live.pair = withLog(live.pair, half.service);
  watchSide(live, half.live);
  const idle: Partial<Awaited> = { tries: 0, busyTries: 0, dueMs: null, reported: '' };
  Object.assign(live.awaited, idle);
  forgetHolder(live);
  return half.service.state === 'down' ? [({ pair }, at) => handlePair(pair, 'log', firstEvent(half.service), at)] : [];
};

/** Another process is just taking its lock, which is soon done. */
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

/** The first time nothing is told: a moment is usual. */
const aMoment = (live: LivePair): 'wait' => {
  live.awaited.tries = 1;
  live.awaited.dueMs = monotonicMs() + RETRY_MS;
  return 'wait';
};

/** For a pair that has a log already. */
const keepLog = (live: LivePair, sign: LogSign): readonly Happening[] | 'wait' | null => {
  const { awaited, pair } = live;
  const isThere = typeof sign === 'object';
  if (pair.draining !== null) {
    if (!isThere) return null;
    return awaited.tries === 0 ? aMoment(live) : hindered(live, 'the log service that was removed has not ended');
  }
  // an error says nothing of it; what is open still works
  if (typeof sign === 'number' || (isThere && sign.key === live.logKey)) return settled(live);
  // a link that is being switched is not there for a moment
  if (!isThere && awaited.tries === 0) return aMoment(live);
  live.voice.warn(isThere ? './log was replaced' : './log was removed, starting ./run without a log');
  live.logKey = '';
  awaited.tries = 0;
  return [({ pair: kept }, at) => dropLog(kept, at)];
};

/**
 * Looks for ./log before a start of ./run. null: all is as it shall be; `wait`: not yet; else what comes of it, after which
 * to look again.
 */
export const findLog = (live: LivePair): readonly Happening[] | 'wait' | null => {
  const sign = signOfLog(live.main.folder);
  if (live.log !== null) return keepLog(live, sign);
  if (typeof sign === 'object') return openLog(live, sign.key);
  if (typeof sign === 'number') return hindered(live, reason('unable to stat() ./log', sign));
  if (sign === 'noDirectory') warnOnce(live, './log: not a directory.');
  return settled(live);
};

/** The log is looked for although ./run is not started, or sooner than it was to be: what comes of it. */
export const findLogAgain = (live: LivePair): readonly Happening[] => {
  const { awaited, pair } = live;
  awaited.dueMs = null;
  if (awaited.holdsUp && pair.main.state === 'backoff') {
    return [({ pair: waiting }, now) => handlePair(waiting, 'main', { kind: 'due' }, now)];
  }
  const found = findLog(live);
  return found === null || found === 'wait' ? [] : found;
};

const closeIf = (fd: Fd | null): void => {
  if (fd !== null) sys.close(fd);
};

/** A log whose directory was removed has ended: nothing is left of it; a start may have waited for that. */
export const closeLog = (live: LivePair): readonly Happening[] => {
  const { log, pipe } = live;
  if (log !== null) {
    if (live.logKey !== '') removeSpares(log.statusFiles);
    unwatchSide(live, log);
    for (const fd of [log.ok, log.control, log.lock.fd]) closeIf(fd);
  }
  if (pipe !== null) sys.close(pipe.readEnd);
  live.log = null;
  live.pipe = null;
  return live.awaited.holdsUp ? findLogAgain(live) : [];
};
