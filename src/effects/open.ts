// Coming to life in a service directory: what is there, whose it is, and what an earlier supervisor left running.
//
// Promises: everything needed to watch a child is had before a child exists; what cannot be had is Fatal, in runit's
// words and order. Read next: side.ts, record.ts, runner.ts (the life that follows).
import { decodeStatus, type Status } from '../formats/status.ts';
import { type Bytes, type Errno, type Fd, refused } from '../host/calls.ts';
import { bootMs, monotonicMs, wallClock } from '../host/clock.ts';
import { ENOENT, ESRCH, O_RDONLY, S_IFDIR, S_IFMT, SIGCHLD, SIGTERM } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { newPair, type Side } from '../machine/pair.ts';
import { handle, newService } from '../machine/service.ts';
import type { Adopted, Now, Service } from '../machine/types.ts';
import { ESSENTIAL_FLAG, forgetEnding } from './essential.ts';
import { Fatal, reason, type Voice } from './messages.ts';
import { holdStandard } from './standard.ts';
import { newPipe, type Pipe, pipeOf } from './pipe.ts';
import { learnBoot, type Survivor, survivorOf } from './record.ts';
import { ENDING, HARMLESS, type Live, newAwaited, publishFirst } from './pair-live.ts';
import { type LiveSide, openSide, type Taken, takeSide } from './side.ts';
import { isThere, lockedElsewhere, openOk, tryLock } from './supervise.ts';

/** A process that an earlier supervisor left running, and what that one last said of it. */
export interface Found {
  readonly adopted: Adopted;
  readonly pidfd: Fd;
  readonly want: 'up' | 'down' | null;
}

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

export const find = (voice: Voice, { folder, lock }: Taken): Found | null => {
  const survivor = survivorOf(lock);
  if (survivor === null) return null;
  const pidfd = sys.pidfd(survivor.pid);
  if (pidfd === -ESRCH) return null;
  if (refused(pidfd)) {
    throw new Fatal(reason(`unable to watch process ${survivor.pid}, which an earlier runsv started`, pidfd));
  }
  voice.warn(`taking over ${folder}./${survivor.phase}, still running as process ${survivor.pid}`);
  return { adopted: adoptedFrom(survivor, readStatus(folder)), pidfd, want: readStatus(folder)?.want ?? null };
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

export interface Half {
  readonly live: LiveSide;
  readonly service: Service;
}

export const openHalf = (side: Side, taken: Taken, found: Found | null, now: Now): Half => {
  const live = openSide(side, taken.folder, taken.lock);
  if (found !== null) live.adopted = { pid: found.adopted.pid, pidfd: found.pidfd };
  return { live, service: serviceOf(side, taken.folder, found, now) };
};

/** What ./log is; the identity of its directory where it is one. */
export type LogSign = { readonly key: string } | 'absent' | 'noDirectory' | Errno;

export const signOfLog = (): LogSign => {
  const stat = sys.stat('log');
  if (refused(stat)) return stat === -ENOENT ? 'absent' : stat;
  const [mode, device, low, high] = stat;
  return (mode & S_IFMT) === S_IFDIR ? { key: `${device}:${high}:${low}` } : 'noDirectory';
};

/** A service that runs writes into the pipe to its log, which must not be left without its end. */
const noLogFor = (sign: LogSign): Fatal =>
  typeof sign === 'number' ? new Fatal(reason('unable to stat() ./log', sign)) : lockedElsewhere('log/');

/** The log side where it can be taken at once. */
const takeLog = (sign: LogSign): Taken | null => {
  if (typeof sign !== 'object') return null;
  const log = takeSide('log');
  if (tryLock('log/', log.lock)) return log;
  sys.close(log.lock);
  return null;
};

/** Sides locked: survivors found, fifos open, files true, ok answering. */
const openBoth = (voice: Voice, signals: Fd, mainTaken: Taken, sign: LogSign): Live => {
  learnBoot();
  const log = takeLog(sign);
  const mainFound = find(voice, mainTaken);
  if (mainFound !== null && log === null && typeof sign !== 'string') throw noLogFor(sign);
  const logFound = log === null ? null : find(voice, log);
  const now: Now = { ms: monotonicMs(), wall: wallClock() };
  const pipe = log === null ? null : pipeFor(mainFound, logFound);
  const main = openHalf('main', mainTaken, mainFound, now);
  const logHalf = log === null ? null : openHalf('log', log, logFound, now);
  const live: Live = {
    voice,
    signals,
    main: main.live,
    log: logHalf === null ? null : logHalf.live,
    // what could not be opened now is tried again from the loop
    awaited: newAwaited(logHalf === null && sign !== 'absent' ? now.ms : null),
    pipe,
    pair: newPair(main.service, logHalf === null ? null : logHalf.service),
    script: 0,
    publishMs: null,
    logKey: typeof sign === 'object' ? sign.key : '',
    hasStarted: false,
    watchesChanged: false,
  };
  publishFirst(live);
  live.main.ok = openOk('');
  if (live.log !== null) live.log.ok = openOk('log/');
  return live;
};

/** Takes a service directory. Throws Fatal. */
export const openService = (voice: Voice, dir: Bytes): Live => {
  holdStandard();
  const signals = catchSignals();
  enter(dir);
  const sign = signOfLog();
  const main = takeSide('main');
  if (!tryLock('', main.lock)) throw lockedElsewhere('');
  return openBoth(voice, signals, main, sign);
};
