// Starting in a service directory: what is there, whose it is, and what an earlier supervisor left running.
//
// Promises: everything needed to watch a child is had before a child exists; what cannot be had is Fatal, in runit's
// words and order. Read next: side.ts, record.ts, runner.ts (the life that follows).
import { decodeStatus, type Status } from '../formats/status.ts';
import { type Bytes, type Errno, type Fd, refused } from '../host/calls.ts';
import { bootMs, monotonicMs, wallClock } from '../host/clock.ts';
import { EMFILE, ENOENT, O_RDONLY, S_IFDIR, S_IFMT, SIGCHLD, SIGTERM } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { newPair, type Side } from '../machine/pair.ts';
import { handle, newService } from '../machine/service.ts';
import type { Adopted, Now, Service } from '../machine/types.ts';
import { ESSENTIAL_FLAG, forgetEnding } from './essential.ts';
import type { Held } from './held.ts';
import { Fatal, reason, type Voice } from './messages.ts';
import { holdStandard } from './standard.ts';
import { type Lock, lockedElsewhere } from './lock.ts';
import { newPipe, type Pipe, pipeOf } from './pipe.ts';
import { learnBoot } from './record.ts';
import { CAUGHT, type Live, newAwaited, publishFirst } from './pair-live.ts';
import { type LiveSide, openSide, takeSide } from './side.ts';
import { isThere, openOk } from './supervise.ts';
import { type Survivor, survivorOf } from './survivor.ts';
import { identityOf, readThere } from './trusted-file.ts';

/** A process that an earlier supervisor left running, and what that one last said of it. */
export interface Found {
  readonly adopted: Adopted;
  readonly held: Held;
  readonly want: 'up' | 'down' | null;
}

/** Signals that whoever started us ignores stay ignored, for the services too. */
const catchSignals = (): Fd => {
  const signals = sys.catchSignals([SIGCHLD, SIGTERM]);
  const more = refused(signals) ? signals : sys.catchUnignored(CAUGHT);
  if (refused(more)) throw new Fatal(reason('unable to create selfpipe', more));
  return more;
};

const enter = (dir: Bytes): void => {
  const entered = sys.chdir(dir);
  if (refused(entered)) throw new Fatal(reason('unable to change to directory', entered));
};

/** What it says is a wish, and who owns the file may send any wish anyhow: so it counts, whoever owns it. */
const readStatus = (folder: Bytes): Status | null => {
  const told = readThere(`${folder}supervise/status`, 64);
  return told === null ? null : decodeStatus(told.text);
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

export const find = (voice: Voice, lock: Lock): Found | null => {
  const survivor = survivorOf(lock);
  if (survivor === null) return null;
  voice.warn(`taking over ${lock.folder}./${survivor.phase}, still running as process ${survivor.pid}`);
  const status = readStatus(lock.folder);
  return { adopted: adoptedFrom(survivor, status), held: survivor.held, want: status?.want ?? null };
};

/** A service before its first event: as last told where its process survived, else as its down file says. */
const serviceOf = (side: Side, folder: Bytes, found: Found | null, now: Now): Service => {
  const want = found?.want ?? (isThere(`${folder}down`) ? 'down' : 'up');
  const essential = side === 'main' && isThere(ESSENTIAL_FLAG);
  const service = newService(want, side === 'main', now, essential);
  if (found === null) return service;
  return handle(service, { kind: 'adopted', ...found.adopted }, now).service;
};

/** The pipe between the survivors, where there are any, else a new one. */
export const pipeFor = (main: Held | null, log: Held | null): Pipe =>
  (log === null ? null : pipeOf(log, 0)) ?? (main === null ? null : pipeOf(main, 1)) ?? newPipe();

export interface Half {
  readonly live: LiveSide;
  readonly service: Service;
}

export const openHalf = (side: Side, lock: Lock, found: Found | null, now: Now): Half => {
  const service = serviceOf(side, lock.folder, found, now);
  const live = openSide(side, lock);
  if (found !== null) live.adopted = found.held;
  return { live, service };
};

/** What ./log is; the identity of its directory where it is one. */
export type LogSign = { readonly key: string } | 'absent' | 'noDirectory' | Errno;

export const signOfLog = (): LogSign => {
  const stat = sys.stat('log');
  if (refused(stat)) return stat === -ENOENT ? 'absent' : stat;
  return (stat[0] & S_IFMT) === S_IFDIR ? { key: identityOf(stat) } : 'noDirectory';
};

/** A service that runs writes into the pipe to its log, which must not be left without its end. */
const noLogFor = (sign: LogSign): Fatal =>
  typeof sign === 'number' ? new Fatal(reason('unable to stat() ./log', sign)) : lockedElsewhere('log/');

/** Without one descriptor more no change could be published: that is known before anything is started. */
const needRoom = (): void => {
  const fd = sys.open('.', O_RDONLY, 0);
  if (fd === -EMFILE) throw new Fatal(reason('unable to open supervise/status', fd));
  if (!refused(fd)) sys.close(fd);
};

/** Sides locked: survivors found, fifos open, files true, ok answering. */
const openBoth = (voice: Voice, signals: Fd, mainLock: Lock, sign: LogSign): Live => {
  if (!learnBoot()) voice.warn('/proc is not mounted, a service that outlives its runsv is not taken over');
  const log = typeof sign === 'object' ? takeSide('log', sign.key) : null;
  const mainFound = find(voice, mainLock);
  if (mainFound !== null && log === null && typeof sign !== 'string') throw noLogFor(sign);
  const logFound = log === null ? null : find(voice, log);
  const now: Now = { ms: monotonicMs(), wall: wallClock() };
  const pipe = log === null ? null : pipeFor(mainFound?.held ?? null, logFound?.held ?? null);
  const main = openHalf('main', mainLock, mainFound, now);
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
    publishTold: false,
    logKey: typeof sign === 'object' ? sign.key : '',
    hasStarted: false,
    watchesChanged: false,
  };
  publishFirst(live);
  live.main.ok = openOk('');
  if (live.log !== null) live.log.ok = openOk('log/');
  needRoom();
  return live;
};

/** Device and inode of the service's directory. Not to know them would make records worthless. */
const ownDirectory = (): string => {
  const stat = sys.stat('.');
  if (refused(stat)) throw new Fatal(reason('unable to stat .', stat));
  return identityOf(stat);
};

/** Takes a service directory. Throws Fatal. */
export const openService = (voice: Voice, dir: Bytes): Live => {
  holdStandard();
  const signals = catchSignals();
  enter(dir);
  const sign = signOfLog();
  const main = takeSide('main', ownDirectory());
  if (main === null) throw lockedElsewhere('');
  forgetEnding();
  return openBoth(voice, signals, main, sign);
};
