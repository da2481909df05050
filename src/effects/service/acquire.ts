// Opening a service: what is there, who owns it, and which processes an earlier supervisor left running.
//
// Promises: everything needed to watch a child is open before a child exists; what cannot be opened is Fatal, in runit's
// words and order. Read next: side.ts, child-record.ts, supervisor.ts (what follows).
import type { SupervisorState } from '../../formats/state.ts';
import { decodeStatus, type Status } from '../../formats/status.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { type Errno, type Fd, isErrno } from '../../host/calls.ts';
import { bootMs, monotonicMs, wallClock } from '../../host/clock.ts';
import { EMFILE, ENOENT } from '../../abi/errno.ts';
import { O_RDONLY, S_IFDIR, S_IFMT } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { newPair, type Side } from '../../machine/service/pair.ts';
import { resumedStreak } from '../../machine/service/restart-policy.ts';
import { handle, newService, NO_EXIT } from '../../machine/service/table.ts';
import {
  type Adopted,
  NO_STREAK,
  type Now,
  type Policy,
  type Service,
  type Streak,
} from '../../machine/service/model.ts';
import { ESSENTIAL_FLAG, removeExitCode } from './exitcode-file.ts';
import { type Held, letGo } from '../process/held.ts';
import { type Loop, unwatch } from '../loop.ts';
import { Fatal, reason, type Diagnostics } from '../diagnostics.ts';
import { type Lock, lockedElsewhere } from './lock.ts';
import { newPipe, type Pipe, pipeOf } from './log-pipe.ts';
import { knowsBoot, learnBoot } from './child-record.ts';
import { type PairHandlers, type LivePair, METHODS, newAwaited, publishFirst, schedule, watchSide } from './pair.ts';
import { folderOf, type LiveSide, nameOf, openSide, folderPath, takeSide } from './side.ts';
import { isThere, openOk } from './supervise-dir.ts';
import { readFinishLimit, readStart, readStop, type ValueFolder } from './policy.ts';
import { type Survivor, survivorOf } from './survivor.ts';
import { identityOf, readThere } from '../trusted-file.ts';

/** A process that an earlier supervisor left running, and what the last status says about it. */
export interface Found {
  readonly adopted: Adopted;
  readonly held: Held;
  /** It is our child. */
  readonly isChild: boolean;
  readonly want: 'up' | 'down' | null;
}

/** The status file's owner may send any command anyhow, so the want in it counts whoever the owner is. */
const readStatus = (folder: Bytes): Status | null => {
  const file = readThere(`${folder}supervise/status`, 64);
  return file === null ? null : decodeStatus(file.text);
};

/** The last status counts if it is about this process. */
const adoptedFrom = ({ pid, phase, startMs }: Survivor, status: Status | null): Adopted => {
  const startedMs = monotonicMs() - (bootMs() - startMs);
  if (status === null || status.pid !== pid) {
    return { process: { pid, startedMs, paused: false, gotTerm: false }, phase, since: wallClock() };
  }
  const { sec, nsec, paused, gotTerm } = status;
  return { process: { pid, startedMs, paused, gotTerm }, phase, since: { sec, nsec } };
};

export const find = (diagnostics: Diagnostics, side: Side, lock: Lock): Found | null => {
  const survivor = survivorOf(lock);
  if (survivor === null) return null;
  const { phase, pid, isChild } = survivor;
  if (!isChild) diagnostics.warn(`taking over ${nameOf(side)}./${phase}, still running as process ${pid}`);
  const status = readStatus(lock.folder);
  return { adopted: adoptedFrom(survivor, status), held: survivor.held, isChild, want: status?.want ?? null };
};

const adopt = (service: Service, adopted: Adopted, now: Now): Service =>
  handle(service, { kind: 'adopted', ...adopted }, now).service;

const streakOf = (policy: Policy | null, state: SupervisorState | null): Streak =>
  policy === null || state === null ? NO_STREAK : resumedStreak(policy, state.consecutiveFailures);

/** What an earlier supervisor has recorded goes on where a policy is to decide. */
const continued = (service: Service, values: ValueFolder, state: SupervisorState): Service => {
  const policy = readStart(values).policy ?? null;
  if (policy === null) return service;
  const next: Service = { ...service, policy, streak: streakOf(policy, state) };
  const { outcome, reason } = state;
  if (outcome === null) return next;
  return { ...next, want: 'down', conclusion: { outcome, reason: reason ?? '' } };
};

/** With the policies that hold for it now. */
const adoptedMain = (
  service: Service,
  values: ValueFolder,
  state: SupervisorState | null,
  adopted: Adopted,
  now: Now,
): Service => {
  const policy = readStart(values).policy ?? null;
  const streak = streakOf(policy, state);
  const limitMs = adopted.phase === 'finish' ? readFinishLimit(values) : null;
  return adopt({ ...service, policy, streak, stop: readStop(values) }, { ...adopted, limitMs }, now);
};

/** A service before its first event: from the last status if its process survived, else from its down file. */
const serviceOf = (
  live: LiveSide,
  values: ValueFolder,
  found: Found | null,
  now: Now,
  told: Status['want'] | null,
): Service => {
  const { side, folder } = live;
  const want = found?.want ?? told ?? (isThere(`${folder}down`) ? 'down' : 'up');
  const essential = side === 'main' && isThere(folder + ESSENTIAL_FLAG);
  const service = newService(want, side === 'main', now, essential);
  if (side === 'log') return found === null ? service : adopt(service, found.adopted, now);
  const state = live.recorder?.state ?? null;
  if (found === null) return state === null ? service : continued(service, values, state);
  return adoptedMain(service, values, state, found.adopted, now);
};

/** A survivor that is our child is awaited as one. */
export const takeChild = (live: LivePair, side: LiveSide | null, found: Found | null): void => {
  if (side === null || found === null || !found.isChild) return;
  live.loop.children.set(found.held.pid, live);
  side.adopted = null;
  letGo(found.held);
};

/** The pipe that the survivors use, if there are any, else a new one. */
export const pipeFor = (main: Held | null, log: Held | null): Pipe =>
  (log === null ? null : pipeOf(log, 0)) ?? (main === null ? null : pipeOf(main, 1)) ?? newPipe();

export interface Half {
  readonly live: LiveSide;
  readonly service: Service;
}

/** `values`: those of the service; its log has none. */
export const openHalf = (
  side: Side,
  lock: Lock,
  values: ValueFolder,
  found: Found | null,
  now: Now,
  resumes = false,
): Half => {
  const told = resumes ? (readStatus(lock.folder)?.want ?? null) : null;
  const live = openSide(side, lock);
  const service = serviceOf(live, values, found, now, told);
  if (found !== null) live.adopted = found.held;
  return { live, service };
};

/** What ./log is; if it is a directory, its identity. */
export type LogSign = { readonly key: string } | 'absent' | 'noDirectory' | Errno;

export const signOfLog = (folder: Bytes): LogSign => {
  const stat = sys.stat(`${folder}log`);
  if (isErrno(stat)) return stat === -ENOENT ? 'absent' : stat;
  return (stat[0] & S_IFMT) === S_IFDIR ? { key: identityOf(stat) } : 'noDirectory';
};

/** A service that runs writes into the pipe to its log, so the pipe must keep its other end. */
const noLogFor = (folder: Bytes, sign: LogSign): Fatal =>
  typeof sign === 'number'
    ? new Fatal(reason('unable to stat() ./log', sign))
    : lockedElsewhere(folderOf('log', folder), folder);

/** Fails before anything starts if no descriptor is left: no change could be published. */
const needRoom = (folder: Bytes): void => {
  const fd = sys.open(folderPath(folder), O_RDONLY, 0);
  if (fd === -EMFILE) throw new Fatal(reason('unable to open supervise/status', fd));
  if (!isErrno(fd)) sys.close(fd);
};

/** What a pair needs from its process. */
export interface Surroundings {
  readonly diagnostics: Diagnostics;
  readonly loop: Loop;
  readonly handlers: PairHandlers;
  /** The path prefix of the service's directory: '' if that is the current directory, else a path that ends in a slash. */
  readonly folder: Bytes;
  /** That directory as it was named, absolute; '': unknown. */
  readonly path: Bytes;
}

/** Another process is just locking this folder: try again in a moment. */
export interface Busy {
  readonly busy: Bytes;
}

/** With both sides locked: finds survivors, opens fifos, publishes the state, opens ok. `opened`: gets what it opens. */
const openBoth = (
  { loop, handlers, diagnostics, folder, path }: Surroundings,
  mainLock: Lock,
  sign: LogSign,
  opened: (Fd | null)[],
): LivePair | Busy => {
  if ((loop.many === null || !knowsBoot()) && !learnBoot())
    diagnostics.warn('/proc is not mounted, a service that outlives its runsv is not taken over');
  const log = typeof sign === 'object' ? takeSide(folderOf('log', folder), sign.key) : null;
  if (log === 'busy') {
    sys.close(mainLock.fd);
    return { busy: folderOf('log', folder) };
  }
  if (log !== null) opened.push(log.fd);
  const mainFound = find(diagnostics, 'main', mainLock);
  opened.push(mainFound?.held.pidfd ?? null);
  if (mainFound !== null && log === null && typeof sign !== 'string') throw noLogFor(folder, sign);
  const logFound = log === null ? null : find(diagnostics, 'log', log);
  opened.push(logFound?.held.pidfd ?? null);
  const now: Now = { ms: monotonicMs(), wall: wallClock() };
  const pipe = log === null ? null : pipeFor(mainFound?.held ?? null, logFound?.held ?? null);
  opened.push(pipe?.readEnd ?? null, pipe?.writeEnd ?? null);
  const values: ValueFolder = { diagnostics, folder, reported: null, tells: false, hasDependencies: false };
  const resumes = loop.owner?.resumes === true;
  const main = openHalf('main', mainLock, values, mainFound, now, resumes);
  opened.push(main.live.control);
  const logHalf = log === null ? null : openHalf('log', log, values, logFound, now, resumes);
  const live: LivePair = {
    diagnostics,
    loop,
    handlers,
    values,
    ...METHODS,
    dueMs: null,
    owner: null,
    main: main.live,
    log: logHalf === null ? null : logHalf.live,
    // the loop tries again to open what could not be opened now
    path,
    asked: false,
    start: null,
    order: null,
    awaited: newAwaited(logHalf === null && sign !== 'absent' ? now.ms : null),
    pipe,
    pair: newPair(main.service, logHalf === null ? null : logHalf.service),
    script: 0,
    publishMs: null,
    publishReported: false,
    logKey: typeof sign === 'object' ? sign.key : '',
    telling: null,
    hasStarted: false,
    exit: NO_EXIT,
    oom: null,
  };
  if (live.log !== null) opened.push(live.log.control);
  publishFirst(live);
  live.main.ok = openOk(live.main.folder);
  opened.push(live.main.ok);
  if (live.log !== null) live.log.ok = openOk(live.log.folder);
  opened.push(live.log?.ok ?? null);
  needRoom(folder);
  takeChild(live, live.main, mainFound);
  takeChild(live, live.log, logFound);
  watchSide(live, live.main);
  if (live.log !== null) watchSide(live, live.log);
  schedule(live);
  return live;
};

/** Device and inode of the service's directory. Records would be worthless without them. */
const ownDirectory = (folder: Bytes): string => {
  const stat = sys.stat(folderPath(folder));
  if (isErrno(stat)) throw new Fatal(reason('unable to stat .', stat));
  return identityOf(stat);
};

/** Opens a service. Throws Fatal. */
export const openService = (around: Surroundings): LivePair | Busy => {
  const { folder } = around;
  const sign = signOfLog(folder);
  const main = takeSide(folder, ownDirectory(folder));
  if (main === 'busy') return { busy: folder };
  if (main === null) throw lockedElsewhere(folder, folder);
  const opened: (Fd | null)[] = [main.fd];
  try {
    removeExitCode(folder);
    return openBoth(around, main, sign, opened);
  } catch (error) {
    for (const fd of opened) {
      if (fd === null) continue;
      unwatch(around.loop, fd);
      sys.close(fd);
    }
    throw error;
  }
};
