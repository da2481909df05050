// What a running runsvdir has: its descriptors, what it knows, when it scans next.
//
// Read next: supervisor.ts (the loop), perform.ts, rescan.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { O_RDONLY } from '../../abi/flags.ts';
import { SIGALRM, SIGCHLD, SIGHUP, SIGPIPE, SIGTERM } from '../../abi/signals.ts';
import { monotonicMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import { newTree, type Tree } from '../../machine/scan/table.ts';
import { endingSignals, optionalSignals } from '../../machine/container/signals.ts';
import type { Rescan, Reported } from './read-dir.ts';
import { type Claim, newClaim } from './claim.ts';
import { newLoop } from '../loop.ts';
import type { newResidents } from './residents.ts';
import { Fatal, reason, type Diagnostics } from '../diagnostics.ts';
import { fromCold } from '../../host/cold.ts';
import {
  type Container,
  type ContainerOptions,
  type Contained,
  newContainer,
  newSaving,
  type Residents,
  type Saving,
} from '../container/state.ts';
import { openNothing } from '../process/std-fds.ts';
import { awaitEnd, type Held } from '../process/held.ts';
import { findProgram } from '../process/find-program.ts';
import { type Readproctitle, watchReadproctitle } from './readproctitle.ts';
import { newWatching, type Watching } from './watch.ts';

/** When to retry entries that the kernel says nothing about, at first. */
export const UNCLEAR_MS = 1000;

/** A runsv of another runsvdir, on a service that is in our directory too. */
export interface Elsewhere {
  readonly runsv: Held;
  readonly key: string;
}

/** What it has besides what a container needs of it. */
export interface LiveTree extends Contained {
  readonly setsid: boolean;
  readonly home: Fd;
  readonly handlers: TreeHandlers;
  /** What an engine failure needs; null: this process may end instead. */
  readonly saving: Saving | null;
  /** Residents from before an engine failure are not open yet, so no child is reaped. */
  reapsLater: boolean;
  /** HUP came: exit when every resident has ended. */
  hangsUp: boolean;
  /** Called when the runsvdir that has our directory has ended. */
  readonly holderEnded: () => void;
  /** The standard input of runsvs; null: our own. */
  readonly input: Fd | null;
  readonly watching: Watching;
  readonly readproctitle: Readproctitle | null;
  tree: Tree;
  /** When the next start in `tree` is due, computed once for each tree. */
  next: { readonly tree: Tree | null; readonly dueMs: number | null };
  program: Bytes;
  /** When to scan next, monotonic; null: when something changes. */
  rescanMs: number | null;
  /** No scan before this, monotonic. */
  notBeforeMs: number;
  identity: string | null;
  /** A scan in progress. */
  rescan: Rescan | null;
  /** How long the present scan has taken so far. */
  rescanCostMs: number;
  /** What was reported about entries. */
  reported: Reported;
  /** New directories that were seen without ./run, as in Rescan. */
  bare: ReadonlyMap<string, number>;
  /** When this runsvdir started, monotonic. */
  readonly bornMs: number;
  /** When to retry entries that the kernel said nothing about. */
  unclearMs: number;
  /** Where to tell that the services of the first scan are ready; null: nowhere, or that is on its way. */
  readyFd: Fd | null;
  /** A scan was finished, or is impossible: the services at the start are known. */
  hasScanned: boolean;
  /** Directories that are still being written wait for a later scan. */
  isSettling: boolean;
  /** The next scan leaves a file that shows it. */
  rescanForced: boolean;
  /** What was reported about the directory itself. */
  trouble: string | null;
  /** Whose turn it is. */
  readonly claim: Claim;
  /** Runsvs may run that were not in the checkpoint: the next scan waits for no directory. */
  hasUnknown: boolean;
  /** The directory cannot be entered. */
  lost: boolean;
  /** Runsvs that are not our children, by number. */
  readonly foreignRunsvs: Map<number, Held>;
  readonly elsewhere: Map<number, Elsewhere>;
}

/** The options of a runsvdir. */
export interface TreeOptions extends ContainerOptions {
  readonly dir: Bytes;
  readonly setsid: boolean;
  readonly subreaper: boolean;
  /** Services are supervised in this process. */
  readonly oneProcess: boolean;
  /** The descriptor to tell on that the services are ready; null: none. */
  readonly readyFd: Fd | null;
}

/** Whether everything ends with us: nothing outlives process 1, or a main command. */
export const isWhole = (options: TreeOptions): boolean =>
  options.subreaper || options.command.length > 0 || sys.getpid() === 1;

const CLASSIC: readonly number[] = [SIGTERM, SIGHUP];

const catchSignals = (container: Container | null): Fd => {
  const optional = container === null ? [] : optionalSignals(container.command.length > 0);
  const main = sys.catchSignals([...(container === null ? CLASSIC : endingSignals), SIGALRM, SIGCHLD]);
  // if a reader of standard error ends, we must not; SIGPIPE stays ignored if it was, for the services too
  const signals = isErrno(main) ? main : sys.catchUnignored([...optional, SIGPIPE]);
  if (isErrno(signals)) throw new Fatal(reason('unable to create selfpipe', signals), 100);
  return signals;
};

/** What is called when something happens to a runsvdir; implemented in supervisor.ts. */
export interface TreeHandlers {
  signalled(live: LiveTree, signals: readonly number[]): void;
  holderEnded(live: LiveTree): void;
  stopServices(live: LiveTree): void;
  /** A runsv has ended that is not our child, or that another runsvdir supervises. */
  foreignRunsvEnded(live: LiveTree, runsv: Held): void;
  elsewhereEnded(live: LiveTree, one: Elsewhere): void;
  /** Runsvs for these keys are about to start. */
  starting(live: LiveTree, keys: readonly string[]): void;
}

const settle = (
  diagnostics: Diagnostics,
  { setsid }: TreeOptions,
  home: Fd,
  input: Fd | null,
  files: number | null,
): Residents =>
  fromCold<typeof newResidents>(
    'one',
    'newResidents',
  )({
    diagnostics,
    home,
    leads: setsid,
    fds: input === null ? [] : [0, input],
    files,
  });

/** Catches signals and opens what else a runsvdir needs. Throws Fatal. */
export const newLiveTree = (
  diagnostics: Diagnostics,
  options: TreeOptions,
  readproctitle: Readproctitle | null,
  handlers: TreeHandlers,
  files: number | null = null,
): LiveTree => {
  const home = sys.open('.', O_RDONLY, 0);
  if (isErrno(home)) throw new Fatal(reason('unable to open current directory', home), 100);
  const container = isWhole(options) ? newContainer(options) : null;
  const input = container === null || container.command.length === 0 ? null : openNothing();
  const residents = options.oneProcess ? settle(diagnostics, options, home, input, files) : null;
  const signals = catchSignals(container);
  const loop = newLoop(signals, (taken) => handlers.signalled(live, taken), residents?.many ?? null);
  residents?.enter(loop);
  const live: LiveTree = {
    diagnostics,
    dir: options.dir,
    setsid: options.setsid,
    home,
    loop,
    handlers,
    saving: container ?? (residents === null ? null : newSaving()),
    reapsLater: false,
    hangsUp: false,
    holderEnded: () => handlers.holderEnded(live),
    stopServices: () => handlers.stopServices(live),
    input,
    residents,
    watching: newWatching(),
    readproctitle,
    tree: newTree(),
    next: { tree: null, dueMs: null },
    program: findProgram('runsv'),
    rescanMs: 0,
    notBeforeMs: 0,
    identity: null,
    rescan: null,
    rescanCostMs: 0,
    reported: new Map(),
    bare: new Map(),
    bornMs: monotonicMs(),
    unclearMs: UNCLEAR_MS,
    readyFd: options.readyFd,
    hasScanned: false,
    isSettling: false,
    rescanForced: false,
    trouble: null,
    listening: null,
    claim: newClaim(),
    hasUnknown: false,
    lost: false,
    foreignRunsvs: new Map(),
    elsewhere: new Map(),
    container,
    exit: null,
  };
  if (readproctitle !== null) watchReadproctitle(loop, readproctitle);
  return live;
};

/** Scans at this time at the latest, even if the directory seems unchanged. */
export const rescanBy = (live: LiveTree, ms: number): void => {
  live.rescanMs = live.rescanMs === null ? ms : Math.min(live.rescanMs, ms);
  live.watching.unchanged = null;
};

/** Adds a runsv that is not our child. */
export const addForeignRunsv = (live: LiveTree, runsv: Held): void => {
  live.foreignRunsvs.set(runsv.pid, runsv);
  awaitEnd(live.loop, runsv, () => live.handlers.foreignRunsvEnded(live, runsv));
};
