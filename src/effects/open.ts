// Coming to life in a service directory: what is there, whose it is, and what an earlier supervisor left running.
//
// Promises: everything needed to watch a child is had before a child exists; what cannot be had is Fatal, in runit's
// words and order. Read next: side.ts, record.ts, runner.ts (the life that follows).
import { decodeStatus } from '../formats/status.ts';
import { type Bytes, type Fd, refused } from '../host/calls.ts';
import { monotonicMs, wallClock } from '../host/clock.ts';
import { ENOENT, O_RDONLY, POLLIN, S_IFDIR, S_IFMT, SIGCHLD } from '../host/linux.ts';
import { waitOnce } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import { newPair } from '../machine/pair.ts';
import { newService } from '../machine/service.ts';
import type { Now, Service } from '../machine/types.ts';
import { Fatal, reason, type Voice } from './messages.ts';
import { newPipe, type Pipe, pipeOf } from './pipe.ts';
import { type Survivor, survivorOf } from './record.ts';
import { adopt, CAUGHT, type Live, publishFirst } from './runner.ts';
import { type LiveSide, openSide, takeSide } from './side.ts';
import { lockedElsewhere, openOk, tryLock } from './supervise.ts';

/** How often a log's lock that another process holds is tried again. */
const LOCK_RETRY_MS = 200;

/** A process that an earlier supervisor left running, and what that one last said of it. */
interface Found extends Survivor {
  readonly pidfd: Fd;
}

const isThere = (path: Bytes): boolean => !refused(sys.stat(path));

const hasLog = (voice: Voice): boolean => {
  const stat = sys.stat('log');
  if (refused(stat)) {
    if (stat !== -ENOENT) voice.warn('unable to stat() ./log', stat);
    return false;
  }
  if ((stat[0] & S_IFMT) === S_IFDIR) return true;
  voice.warn('./log: not a directory.');
  return false;
};

const catchSignals = (): Fd => {
  const signals = sys.catchSignals(CAUGHT);
  if (refused(signals)) throw new Fatal(reason('unable to create selfpipe', signals));
  return signals;
};

const enter = (dir: Bytes): void => {
  const entered = sys.chdir(dir);
  if (refused(entered)) throw new Fatal(reason('unable to change to directory', entered));
};

/** Waits for the log's lock, which an ending supervisor may still hold. False: told to go while waiting. */
const waitForLog = (voice: Voice, signals: Fd, lock: Fd): boolean => {
  if (tryLock('log/', lock)) return true;
  voice.warn('waiting for the lock on log/supervise/lock');
  let told = false;
  const ready = (): void => {
    told ||= sys.takeSignals().some((signal) => signal !== SIGCHLD);
  };
  while (!told) {
    waitOnce([{ fd: signals, events: POLLIN, ready }], monotonicMs() + LOCK_RETRY_MS);
    if (tryLock('log/', lock)) return true;
  }
  return false;
};

const find = (voice: Voice, lock: Fd): Found | null => {
  const survivor = survivorOf(lock);
  if (survivor === null) return null;
  const pidfd = sys.pidfd(survivor.pid);
  if (!refused(pidfd)) return { ...survivor, pidfd };
  voice.warn(`unable to watch process ${survivor.pid}, which an earlier runsv started`, pidfd);
  return null;
};

const readStatus = (folder: Bytes): ReturnType<typeof decodeStatus> => {
  const fd = sys.open(`${folder}supervise/status`, O_RDONLY, 0);
  if (refused(fd)) return null;
  const bytes = sys.read(fd, 64);
  sys.close(fd);
  return refused(bytes) ? null : decodeStatus(bytes);
};

/** What the service was wanted to be: as last said where its process survived, else by the down file. */
const wantOf = (folder: Bytes, found: Found | null): 'up' | 'down' => {
  const status = found === null ? null : readStatus(folder);
  if (status !== null) return status.want;
  return isThere(`${folder}down`) ? 'down' : 'up';
};

const adoptFound = (live: Live, side: LiveSide, found: Found | null): void => {
  if (found === null) return;
  const status = readStatus(side.folder);
  const since = status !== null && status.pid === found.pid ? { sec: status.sec, nsec: status.nsec } : wallClock();
  side.adopted = { pid: found.pid, pidfd: found.pidfd };
  live.voice.warn(`taking over ${side.folder}./${found.phase}, still running as process ${found.pid}`);
  adopt(live, side, { kind: 'adopted', pid: found.pid, phase: found.phase, since });
};

/** The pipe between the survivors, where there are any, else a new one. */
const pipeFor = (main: Found | null, log: Found | null): Pipe => {
  const survived = (log === null ? null : pipeOf(log.pid, 0)) ?? (main === null ? null : pipeOf(main.pid, 1));
  return survived ?? newPipe();
};

interface Opened {
  readonly folder: Bytes;
  readonly lock: Fd;
}

/** Sides locked, survivors found: both fifos open, files true, ok answering. */
const openBoth = (voice: Voice, signals: Fd, mainLock: Opened, logLock: Opened | null): Live => {
  const mainFound = find(voice, mainLock.lock);
  const logFound = logLock === null ? null : find(voice, logLock.lock);
  const now: Now = { ms: monotonicMs(), wall: wallClock() };
  const mainService = newService(wantOf('', mainFound), true, now);
  const logService: Service | null = logLock === null ? null : newService(wantOf('log/', logFound), false, now);
  const pipe = logLock === null ? null : pipeFor(mainFound, logFound);
  const main = openSide('main', mainLock.folder, mainLock.lock);
  const log = logLock === null ? null : openSide('log', logLock.folder, logLock.lock);
  const pair = newPair(mainService, logService);
  const live: Live = { voice, signals, main, log, pipe, pair, script: 0, publishMs: null };
  if (log !== null) adoptFound(live, log, logFound);
  adoptFound(live, main, mainFound);
  publishFirst(live);
  openOk('');
  if (log !== null) openOk('log/');
  return live;
};

/** Takes a service directory. Null: told to go before there was anything to supervise. Throws Fatal. */
export const openService = (voice: Voice, dir: Bytes): Live | null => {
  const signals = catchSignals();
  enter(dir);
  const withLog = hasLog(voice);
  const main = takeSide('main');
  if (!tryLock('', main.lock)) throw lockedElsewhere('');
  const log = withLog ? takeSide('log') : null;
  if (log !== null && !waitForLog(voice, signals, log.lock)) return null;
  return openBoth(voice, signals, main, log);
};
