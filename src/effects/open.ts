// Coming to life in a service directory: what is there, whose it is, and what an earlier supervisor left running.
//
// Promises: everything needed to watch a child is had before a child exists; what cannot be had is Fatal, in runit's
// words and order. Read next: side.ts, record.ts, runner.ts (the life that follows).
import { decodeStatus, type Status } from '../formats/status.ts';
import { type Bytes, type Errno, type Fd, type RawStat, refused } from '../host/calls.ts';
import { bootMs, monotonicMs, wallClock } from '../host/clock.ts';
import { ENOENT, O_RDONLY, POLLIN, S_IFDIR, S_IFMT, SIGCHLD, SIGTERM } from '../host/linux.ts';
import { waitOnce } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import { newPair, type Side } from '../machine/pair.ts';
import { handle, newService } from '../machine/service.ts';
import type { Adopted, Now, Service } from '../machine/types.ts';
import { ESSENTIAL_FLAG, forgetEnding } from './essential.ts';
import { type Foreign, watchForeign } from './foreign.ts';
import { Fatal, reason, type Voice } from './messages.ts';
import { holdStandard } from './standard.ts';
import { newPipe, type Pipe, pipeOf } from './pipe.ts';
import { learnBoot, type Survivor, survivorOf } from './record.ts';
import { ENDING, HARMLESS, type Live, publishFirst } from './runner.ts';
import { type LiveSide, openSide, type Taken, takeSide } from './side.ts';
import { isThere, lockedElsewhere, openOk, tryLock } from './supervise.ts';

/** How often a log's lock that another process holds is tried again. */
const LOCK_RETRY_MS = 200;

/** A process that an earlier supervisor left running, and what that one last said of it. */
interface Found {
  readonly adopted: Adopted;
  readonly foreign: Foreign;
  readonly want: 'up' | 'down' | null;
}

/** Asked twice where that is refused: what is refused for a moment must not cost a service its log for life. */
const statLog = (): RawStat | Errno => {
  const stat = sys.stat('log');
  return refused(stat) && stat !== -ENOENT ? sys.stat('log') : stat;
};

const hasLog = (voice: Voice): boolean => {
  const stat = statLog();
  if (refused(stat)) {
    if (stat !== -ENOENT) voice.warn('unable to stat() ./log', stat);
    return false;
  }
  if ((stat[0] & S_IFMT) === S_IFDIR) return true;
  voice.warn('./log: not a directory.');
  return false;
};

/** Signals that whoever started us ignores stay ignored, for the services too. */
const catchSignals = (): Fd => {
  const signals = sys.catchSignals([SIGCHLD, SIGTERM]);
  const more = refused(signals) ? signals : sys.catchUnignored([...ENDING, ...HARMLESS]);
  if (refused(more)) throw new Fatal(reason('unable to create selfpipe', more));
  return more;
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
    told ||= sys.takeSignals().some((signal) => ENDING.includes(signal));
  };
  while (!told) {
    waitOnce([{ fd: signals, events: POLLIN, ready }], monotonicMs() + LOCK_RETRY_MS);
    if (tryLock('log/', lock)) return true;
  }
  return false;
};

const readStatus = (folder: Bytes): Status | null => {
  const fd = sys.open(`${folder}supervise/status`, O_RDONLY, 0);
  if (refused(fd)) return null;
  const bytes = sys.read(fd, 64);
  sys.close(fd);
  return refused(bytes) ? null : decodeStatus(bytes);
};

/** What the last status says counts where it speaks of this process. */
const adoptedFrom = ({ pid, phase, startMs }: Survivor, status: Status | null): Adopted => {
  const startedMs = monotonicMs() - (bootMs() - startMs);
  if (status === null || status.pid !== pid) {
    return { pid, phase, startedMs, since: wallClock(), paused: false, gotTerm: false };
  }
  const { sec, nsec, paused, gotTerm } = status;
  return { pid, phase, startedMs, since: { sec, nsec }, paused, gotTerm };
};

const find = (voice: Voice, { folder, lock }: Taken): Found | null => {
  const survivor = survivorOf(lock);
  if (survivor === null) return null;
  const foreign = watchForeign(survivor.pid);
  if (foreign === null) return null;
  voice.warn(`taking over ${folder}./${survivor.phase}, still running as process ${survivor.pid}`);
  return { adopted: adoptedFrom(survivor, readStatus(folder)), foreign, want: readStatus(folder)?.want ?? null };
};

/** A service before its first event: as last told where its process survived, else as its down file says. */
const serviceOf = (side: Side, folder: Bytes, found: Found | null, now: Now): Service => {
  const want = found?.want ?? (isThere(`${folder}down`) ? 'down' : 'up');
  const essential = side === 'main' && isThere(ESSENTIAL_FLAG);
  if (essential) forgetEnding();
  const service = newService(want, side === 'main', now, essential);
  if (found === null) return service;
  return handle(service, { kind: 'adopted', ...found.adopted }, now).service;
};

/** The pipe between the survivors, where there are any, else a new one. */
const pipeFor = (main: Found | null, log: Found | null): Pipe => {
  const survived =
    (log === null ? null : pipeOf(log.adopted.pid, 0)) ?? (main === null ? null : pipeOf(main.adopted.pid, 1));
  return survived ?? newPipe();
};

interface Half {
  readonly live: LiveSide;
  readonly service: Service;
}

const openHalf = (side: Side, taken: Taken, found: Found | null, now: Now): Half => {
  const live = openSide(side, taken.folder, taken.lock);
  if (found !== null) live.adopted = found.foreign;
  return { live, service: serviceOf(side, taken.folder, found, now) };
};

/** Sides locked: survivors found, fifos open, files true, ok answering. */
const openBoth = (voice: Voice, signals: Fd, mainTaken: Taken, logTaken: Taken | null): Live => {
  if (!learnBoot()) voice.warn('/proc is not mounted, a service that outlives its runsv is not taken over');
  const mainFound = find(voice, mainTaken);
  const logFound = logTaken === null ? null : find(voice, logTaken);
  const now: Now = { ms: monotonicMs(), wall: wallClock() };
  const pipe = logTaken === null ? null : pipeFor(mainFound, logFound);
  const main = openHalf('main', mainTaken, mainFound, now);
  const log = logTaken === null ? null : openHalf('log', logTaken, logFound, now);
  const pair = newPair(main.service, log === null ? null : log.service);
  const live: Live = {
    voice,
    signals,
    main: main.live,
    log: log === null ? null : log.live,
    pipe,
    pair,
    script: 0,
    publishMs: null,
  };
  publishFirst(live);
  openOk('');
  if (log !== null) openOk('log/');
  return live;
};

/** Takes a service directory. Null: told to go before there was anything to supervise. Throws Fatal. */
export const openService = (voice: Voice, dir: Bytes): Live | null => {
  holdStandard();
  const signals = catchSignals();
  enter(dir);
  const withLog = hasLog(voice);
  const main = takeSide('main');
  if (!tryLock('', main.lock)) throw lockedElsewhere('');
  const log = withLog ? takeSide('log') : null;
  if (log !== null && !waitForLog(voice, signals, log.lock)) return null;
  return openBoth(voice, signals, main, log);
};
