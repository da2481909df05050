// Residents: services that runsvdir supervises in its own process, each as a runsv would.
//
// `start` and `term` only note what to do. `work`, which the loop calls in the directory where runsvdir was started, does it and
// returns the ends; the handlers of a pair run in the directory of its service.
// Promises: the tree's machine sees what it would see of a runsv: a number, then an end with the exit code of runsv. A pair that
// cannot be opened ends with 111. An exception in one pair is reported, and its service gets a runsv, which adopts its processes; a
// second one within a second counts as a failure of the engine. Opening and stopping are sliced, so signals and commands are served
// in between.
// Read first: many.ts, ../service/supervisor.ts. Read next: perform.ts (who calls), descriptors.ts.
import { remark } from '../../cli/say.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { O_PATH, O_RDONLY } from '../../abi/flags.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import { FIRST_RESIDENT } from '../../machine/scan/resident.ts';
import type { Ended } from '../../machine/scan/table.ts';
import type { Residents } from '../container/state.ts';
import { type Diagnostics, Fatal, reason } from '../diagnostics.ts';
import type { Loop, Many, Owner } from '../loop.ts';
import { closePair } from '../service/closing.ts';
import { writeExitCode } from '../service/exitcode-file.ts';
import type { LivePair } from '../service/pair.ts';
import { exitService, superviseService, tidy } from '../service/supervisor.ts';
import { newDescriptors } from './descriptors.ts';
import { newMany } from './many.ts';
import { keyIn } from './read-dir.ts';

/** How long work is done before other events have their turn. */
const SLICE_MS = 20;
/** The owner of what belongs to a resident that has ended: its handlers are not called. */
const GONE: Owner = { directory: null, resumes: false };
/** While others are still to be opened or stopped, ends are returned in batches of this size. */
const ENDS = 512;
/** After so many starts and ends, free memory is given back to the system. */
const BURST = 64;
/** Two exceptions within this time are not the fault of one service. */
const FAILURES_MS = 1000;
const FATAL_CODE = 111;

/** A service without its pair. One object to save memory: also its view of the loop, and its diagnostics. */
interface Resident extends Owner, Loop, Diagnostics {
  readonly id: number;
  readonly name: Bytes;
  readonly key: string;
  /** Absolute; '': unknown. */
  readonly path: Bytes;
  /** Descriptors that are reserved for it. */
  readonly cost: number;
  owner: Owner;
  /** Null: not open yet. */
  live: LivePair | null;
  /** Whether it is to end; 'told': its pair has got the event. */
  exits: boolean | 'told';
}

// The messages are those of runsv.

function warn(this: Resident, what: string, errno?: number): void {
  remark(`runsv ${this.name}: warning: ${reason(what, errno)}\n`);
}

function fatal(this: Resident, what: string, errno?: number): void {
  remark(`runsv ${this.name}: fatal: ${reason(what, errno)}\n`);
}

/** What residents need of their runsvdir. */
export interface ResidentsOptions {
  readonly diagnostics: Diagnostics;
  readonly home: Fd;
  readonly leads: boolean;
  readonly fds: readonly number[];
  /** As newDescriptors takes it. */
  readonly files: number | null;
}

/** The directory at this path, if it is the one with this key. */
const openDirectory = (path: Bytes, key: string): Fd | null => {
  const directory = sys.open(path, O_PATH | O_RDONLY, 0);
  if (isErrno(directory)) return null;
  const stat = sys.fstat(directory);
  if (!isErrno(stat) && keyIn(stat) === key) return directory;
  sys.close(directory);
  return null;
};

export const newResidents = ({ diagnostics, home, leads, fds, files }: ResidentsOptions): Residents => {
  /** By number, from the first that a resident can have; those that have ended leave holes, which are filled again. */
  const residents: (Resident | undefined)[] = [];
  const free: number[] = [];
  /** Those that are to be opened or stopped. */
  let todo: Resident[] = [];
  let ended: Ended[] = [];
  /** The last message about each service that could not be supervised, by key. */
  const reported = new Map<string, string>();
  /** Services whose pair threw an exception: from then on they have a runsv. */
  const failed = new Set<string>();
  /** Those that this process supervised before an engine failure, and has not opened again yet. */
  const resumed = new Set<string>();
  const descriptors = newDescriptors(diagnostics, files);
  /** Starts and ends since memory was given back. */
  let changes = 0;
  let failedMs = -Infinity;
  let loop: Loop | null = null;
  /** The current directory while services are started; '': unknown; null: not looked up yet. */
  let here: Bytes | null = null;

  const leave = (resident: Resident, code: number): void => {
    const { id, live, directory } = resident;
    resident.directory = null;
    // without these cycles its memory is free at once
    resident.live = null;
    resident.owner = GONE;
    changes++;
    if (live !== null) closePair(live);
    many.goHome();
    if (directory !== null) sys.close(directory);
    residents[id - FIRST_RESIDENT] = undefined;
    descriptors.giveBack(resident.cost);
    ended.push({ pid: id, code, signal: 0 });
  };

  /** As runsv ends. */
  const finish = (resident: Resident, live: LivePair): void => {
    tidy(live);
    const { finalExitCode } = live.pair.main;
    leave(resident, finalExitCode === null ? 0 : writeExitCode(resident, '', finalExitCode));
  };

  /** An obstacle is tried again each second, and reported only when it changes. */
  const reportOnce = (resident: Resident, what: string): void => {
    if (reported.get(resident.key) !== what) resident.fatal(what);
    reported.set(resident.key, what);
  };

  const fail = (resident: Resident, error: unknown): void => {
    const nowMs = monotonicMs();
    const isSecond = nowMs < failedMs + FAILURES_MS;
    failedMs = nowMs;
    if (isSecond) throw error;
    failed.add(resident.key);
    resident.warn(`${error}, giving the service to a runsv of its own`);
    leave(resident, FATAL_CODE - 1);
  };

  const called = (owner: Owner, error: unknown): void => {
    const resident = owner as Resident;
    const { live } = resident;
    if (error instanceof Fatal) {
      reportOnce(resident, error.message);
      leave(resident, error.code);
    } else if (error !== undefined) fail(resident, error);
    else if (live?.pair.done === true) finish(resident, live);
    else if (live !== null && resident.exits === true) tellToExit(resident, live);
  };
  const many: Many = newMany({ home, leads, fds, called });

  const tellToExit = (resident: Resident, live: LivePair): void => {
    resident.exits = 'told';
    many.call(resident, () => exitService(live));
  };

  const open = (resident: Resident): void => {
    many.call(resident, () =>
      superviseService(resident, resident, '', resident.path, (live) => {
        resident.live = live;
        reported.delete(resident.key);
      }),
    );
  };

  return {
    many,
    enter: (common) => {
      loop = common;
    },
    files: descriptors.files,
    resume: (keys) => {
      for (const key of keys) resumed.add(key);
    },
    start: (name, key, at = name) => {
      if (failed.has(key)) return 0;
      const directory = openDirectory(at, key);
      if (directory === null) return 0;
      const cost = descriptors.take(at);
      if (cost === 0) {
        sys.close(directory);
        return 0;
      }
      const cwd = here ?? sys.readlink('/proc/self/cwd');
      here = isErrno(cwd) ? '' : cwd;
      const place = free.shift() ?? residents.length;
      const id = place + FIRST_RESIDENT;
      const resident: Resident = Object.assign(Object.create(loop), {
        owner: GONE,
        directory,
        id,
        name,
        key,
        warn,
        fatal,
        path: here === '' ? '' : `${here}/${name}`,
        cost,
        resumes: resumed.delete(key),
        live: null,
        exits: false,
      });
      resident.owner = resident;
      residents[place] = resident;
      changes++;
      todo.push(resident);
      return id;
    },
    term: (id) => {
      const resident = residents[id - FIRST_RESIDENT];
      if (resident === undefined) return;
      resident.exits = true;
      if (resident.live !== null) todo.push(resident);
    },
    isBusy: () => todo.length > 0 || ended.length > 0,
    work: () => {
      here = null;
      descriptors.report(residents.length - free.length);
      const untilMs = monotonicMs() + SLICE_MS;
      let at = 0;
      for (; at < todo.length && monotonicMs() < untilMs; at++) {
        const resident = todo[at] as Resident;
        if (resident.live === null) open(resident);
        else if (resident.exits === true) tellToExit(resident, resident.live);
      }
      if (at > 0) todo = todo.slice(at);
      if (todo.length === 0 && changes >= BURST) {
        sys.trim();
        changes = 0;
      }
      many.goHome();
      // one pass of the tree for many ends
      if (todo.length > 0 && ended.length < ENDS) return [];
      const ends = ended;
      ended = [];
      // the tree learns of these ends now, so their numbers are free
      for (const { pid } of ends) free.push(pid - FIRST_RESIDENT);
      return ends;
    },
    directoryOf: (id) => `/proc/self/fd/${residents[id - FIRST_RESIDENT]?.directory ?? -1}`,
    processes: () => {
      const pids: number[] = [];
      for (const one of residents) {
        const live = one?.live ?? null;
        if (live === null) continue;
        const { main, log } = live.pair;
        pids.push(main.process?.pid ?? 0, log?.process?.pid ?? 0, live.script);
      }
      return pids.filter((pid) => pid !== 0);
    },
  };
};
