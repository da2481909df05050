// Residents: services that runsvdir supervises in its own process, each as a runsv would.
//
// Whoever calls start and term is told the result by `work`, which the loop calls where runsvdir was started: what a pair does
// happens in its own directory, never in between.
// Promises: the tree's machine sees what it would see of a runsv: a number, then an end with runsv's exit code. A pair that cannot
// be opened ends with 111. What fails in one is told, and that service gets a runsv of its own, which adopts what runs; a second
// failure within a second is the engine's. Opening and stopping are sliced, so that signals and commands have their turn.
// Read first: many.ts, ../service/supervisor.ts. Read next: perform.ts (who calls).
import { remark } from '../../cli/say.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { O_PATH, O_RDONLY, RLIMIT_NOFILE } from '../../abi/flags.ts';
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
import { newMany } from './many.ts';
import { keyIn } from './read-dir.ts';

/** How long work is done before other events have their turn. */
const SLICE_MS = 20;
/** Descriptors of a pair, and of its log: lock, control, ok, directory; lock, control, ok, pipe. */
const PAIR_FDS = 4;
const LOG_FDS = 5;
/** For everything else. */
const RESERVED_FDS = 64;
/** As many that come or go leave memory worth giving back. */
const BURST = 64;
/** Two failures this close are not one service's. */
const FAILURES_MS = 1000;
const FATAL_CODE = 111;

/** All that there is of one besides its pair, in one object to save memory: the view of the loop, and who speaks. */
interface Resident extends Owner, Loop, Diagnostics {
  readonly id: number;
  readonly name: Bytes;
  readonly key: string;
  /** Absolute; '': unknown. */
  readonly path: Bytes;
  /** Descriptors that it may take. */
  readonly cost: number;
  owner: Owner | null;
  /** Null: not open yet. */
  live: LivePair | null;
  /** Is to end; 'told': and its pair knows. */
  exits: boolean | 'told';
}

// As runsv says it.

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
  /** The limit of descriptors before it was raised, in an earlier life of this process; null: it is the present one. */
  readonly files: number | null;
}

interface Limits {
  /** For programs that we start. */
  readonly files: number | null;
  /** For us. */
  readonly ours: number;
}

/** Raises the limit of descriptors for this process. */
const raiseLimit = (files: number | null): Limits => {
  const limits = sys.rlimit(RLIMIT_NOFILE, []);
  if (isErrno(limits)) return { files: null, ours: Infinity };
  const [soft, hard] = limits;
  // the host gives others the lowest that it has seen
  if (files !== null) sys.rlimit(RLIMIT_NOFILE, [files, hard]);
  const raised = !isErrno(sys.rlimit(RLIMIT_NOFILE, [hard, hard]));
  return { files: files ?? soft, ours: raised ? (hard < 0 ? Infinity : hard) : soft };
};

export const newResidents = ({ diagnostics, home, leads, fds, files }: ResidentsOptions): Residents => {
  /** By number, from the first that a resident can have; those that have ended leave holes, which are filled again. */
  const residents: (Resident | undefined)[] = [];
  const free: number[] = [];
  /** Those that are to be opened, or told to exit. */
  let todo: Resident[] = [];
  let ended: Ended[] = [];
  /** What was told of services that could not be supervised, by key. */
  const told = new Map<string, string>();
  /** Services that failed here: each has a runsv from then on. */
  const failed = new Set<string>();
  /** Those that this process has supervised before an engine failure, and not yet again. */
  const resumed = new Set<string>();
  const limits = raiseLimit(files);
  const limit = limits.ours - RESERVED_FDS;
  let used = 0;
  let changes = 0;
  let denied = 0;
  let failedMs = -Infinity;
  let loop: Loop | null = null;
  let here: Bytes | null = null;

  const leave = (resident: Resident, code: number): void => {
    const { id, live, directory } = resident;
    resident.directory = null;
    // what refers to itself would lie there until the engine looks for such
    resident.live = null;
    resident.owner = null;
    changes++;
    if (live !== null) closePair(live);
    many.goHome();
    if (directory !== null) sys.close(directory);
    residents[id - FIRST_RESIDENT] = undefined;
    free.push(id - FIRST_RESIDENT);
    used -= resident.cost;
    ended.push({ pid: id, code, signal: 0 });
  };

  /** As runsv ends. */
  const finish = (resident: Resident, live: LivePair): void => {
    tidy(live);
    const { finalExitCode } = live.pair.main;
    leave(resident, finalExitCode === null ? 0 : writeExitCode(resident, '', finalExitCode));
  };

  /** What hinders a service is tried again each second, and told when it is something else. */
  const tellOnce = (resident: Resident, what: string): void => {
    if (told.get(resident.key) !== what) resident.fatal(what);
    told.set(resident.key, what);
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
      tellOnce(resident, error.message);
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
        told.delete(resident.key);
      }),
    );
  };

  const tellRefused = (): void => {
    if (denied === 0) return;
    const count = residents.length - free.length;
    diagnostics.warn(`descriptors for ${count} of ${count + denied} services, starting runsv for the others`);
    denied = 0;
  };

  const mayOpen = (name: Bytes): number => {
    const need = isErrno(sys.lstat(`${name}/log`)) ? PAIR_FDS : PAIR_FDS + LOG_FDS;
    if (used + need <= limit) return need;
    denied++;
    return 0;
  };

  return {
    many,
    enter: (common) => {
      loop = common;
    },
    files: limits.files,
    resume: (keys) => {
      for (const key of keys) resumed.add(key);
    },
    start: (name, key, at = name) => {
      const need = failed.has(key) ? 0 : mayOpen(at);
      const directory = need === 0 ? null : sys.open(at, O_PATH | O_RDONLY, 0);
      if (directory === null || isErrno(directory)) return 0;
      const stat = sys.fstat(directory);
      if (isErrno(stat) || keyIn(stat) !== key) {
        sys.close(directory);
        return 0;
      }
      const cwd = here ?? sys.readlink('/proc/self/cwd');
      here = isErrno(cwd) ? '' : cwd;
      const place = free.shift() ?? residents.length;
      const id = place + FIRST_RESIDENT;
      used += need;
      const resident: Resident = Object.assign(Object.create(loop), {
        owner: null,
        directory,
        id,
        name,
        key,
        warn,
        fatal,
        path: here === '' ? '' : `${here}/${name}`,
        cost: need,
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
      tellRefused();
      const untilMs = monotonicMs() + SLICE_MS;
      let at = 0;
      for (; at < todo.length && monotonicMs() < untilMs; at++) {
        const resident = todo[at] as Resident;
        if (resident.live === null) open(resident);
        else if (resident.exits === true) tellToExit(resident, resident.live);
      }
      if (at > 0) todo = todo.slice(at);
      if (todo.length === 0 && changes >= BURST) {
        // a burst leaves free memory behind
        sys.trim();
        changes = 0;
      }
      many.goHome();
      const ends = ended;
      ended = [];
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
