// What a running runsvdir holds: its descriptors, what it knows, when it looks next.
//
// Read next: supervisor.ts (the loop), perform.ts, rescan.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, refused } from '../../host/calls.ts';
import { CALL_PRCTL, O_RDONLY, PR_SET_CHILD_SUBREAPER } from '../../abi/flags.ts';
import { SIGALRM, SIGCHLD, SIGHUP, SIGPIPE, SIGTERM } from '../../abi/signals.ts';
import { monotonicMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import type { Start } from '../../machine/checkpoint.ts';
import { newShutdown, type Shutdown, type ShutdownEvent } from '../../machine/container/shutdown.ts';
import { newTree, type Tree } from '../../machine/scan/table.ts';
import { endingSignals, optionalSignals } from '../../machine/container/signals.ts';
import type { Rescan, Reported } from './read-dir.ts';
import { type Claim, newClaim } from './claim.ts';
import { type Loop, newLoop } from '../loop.ts';
import { Fatal, reason, type Voice } from '../messages.ts';
import type { Listening } from '../container/listening.ts';
import { openNothing } from '../process/std-fds.ts';
import { awaitEnd, type Held } from '../process/held.ts';
import { ownStart } from '../process/proc.ts';
import { findProgram } from '../process/find-program.ts';
import { type Readproctitle, watchReadproctitle } from './readproctitle.ts';
import { newWatching, type Watching } from './watch.ts';

/** How soon what the kernel would not tell is asked again, at first. */
export const UNCLEAR_MS = 1000;

/** Where runsvdir supervises a whole container: as process 1, or asked to. */
export interface Container {
  shutdown: Shutdown;
  /** The main command, its name first; empty for none. */
  readonly command: readonly Bytes[];
  /** The main command's process, 0 for none. */
  pid: number;
  /** It is still to be started. */
  commandDue: boolean;
  /** What would be handed over, should the engine fail. */
  saved: { readonly tree: Tree; readonly shutdown: Shutdown | null; readonly pid: number };
  /** What has happened and was not handed to the machine yet. */
  readonly pendingEvents: ShutdownEvent[];
  /** What services left behind that was told to end while runsvs were left, each by its number and start. */
  readonly sentTerm: Set<string>;
  /** When this process was started. */
  readonly start: Start;
}

/** A runsv of another runsvdir, in a service that is in our directory too. */
export interface Elsewhere {
  readonly runsv: Held;
  readonly key: string;
}

export interface LiveTree {
  readonly voice: Voice;
  readonly dir: Bytes;
  readonly setsid: boolean;
  readonly home: Fd;
  readonly loop: Loop;
  readonly handlers: TreeHandlers;
  /** Called when the runsvdir has ended that has our directory. */
  readonly holderEnded: () => void;
  /** What runsvs get as standard input; null: our own. */
  readonly input: Fd | null;
  readonly watching: Watching;
  readonly readproctitle: Readproctitle | null;
  tree: Tree;
  program: Bytes;
  /** When to look next, monotonic; null: when something changes. */
  rescanMs: number | null;
  /** No look before this, monotonic. */
  notBeforeMs: number;
  identity: string | null;
  /** A look that is under way. */
  rescan: Rescan | null;
  /** How long the present look has taken so far. */
  rescanCostMs: number;
  /** What was said of entries. */
  reported: Reported;
  /** Directories that are being made step by step. */
  stepwise: ReadonlySet<string>;
  /** When this runsvdir began, monotonic. */
  readonly bornMs: number;
  /** How soon entries of which the kernel would not tell are tried again. */
  unclearMs: number;
  /** A look has come to an end, or cannot be made: what was there at the start is known. */
  hasScanned: boolean;
  /** Directories that are still being written were left for a later look. */
  isSettling: boolean;
  /** The next look shall leave a sign. */
  rescanForced: boolean;
  /** What was said of the directory itself. */
  trouble: string | null;
  /** The main command waits for runsvs to listen. */
  listening: Listening | null;
  /** Whose turn it is. */
  readonly claim: Claim;
  /** Runsvs may run that an earlier self had not written down yet: the next look waits for no directory. */
  hasUnknown: boolean;
  /** The directory could not be entered. */
  lost: boolean;
  /** Runsvs that are no children of ours, by number. */
  readonly foreignRunsvs: Map<number, Held>;
  readonly elsewhere: Map<number, Elsewhere>;
  /** Null in classic use, where TERM leaves everything running. */
  readonly container: Container | null;
  exit: number | null;
}

/** What a runsvdir is started with. */
export interface TreeOptions {
  readonly dir: Bytes;
  readonly setsid: boolean;
  readonly subreaper: boolean;
  readonly killAfterMs: number;
  /** The main command, empty for none. */
  readonly command: readonly Bytes[];
}

/** Whether everything ends with us: nothing lives on after process 1, nor after a main command. */
export const isWhole = (options: TreeOptions): boolean =>
  options.subreaper || options.command.length > 0 || sys.getpid() === 1;

/** Orphans come to process 1 by themselves. */
const becomeSubreaper = (): void => {
  const done = sys.getpid() === 1 ? 0 : sys.numericCall(CALL_PRCTL, [PR_SET_CHILD_SUBREAPER, 1]);
  if (refused(done)) throw new Fatal(reason('unable to become subreaper', done), 100);
};

const newContainer = ({ killAfterMs, command }: TreeOptions): Container => {
  becomeSubreaper();
  return {
    shutdown: newShutdown(killAfterMs),
    command,
    pid: 0,
    commandDue: command.length > 0,
    saved: { tree: newTree(), shutdown: null, pid: 0 },
    pendingEvents: [],
    sentTerm: new Set(),
    start: ownStart(),
  };
};

const CLASSIC: readonly number[] = [SIGTERM, SIGHUP];

const catchSignals = (container: Container | null): Fd => {
  const optional = container === null ? [] : optionalSignals(container.command.length > 0);
  const main = sys.catchSignals([...(container === null ? CLASSIC : endingSignals), SIGALRM, SIGCHLD]);
  // a reader of standard error that goes away must not end us; one that was ignored stays so, for the services too
  const signals = refused(main) ? main : sys.catchUnignored([...optional, SIGPIPE]);
  if (refused(signals)) throw new Fatal(reason('unable to create selfpipe', signals), 100);
  return signals;
};

/** What is called when something happens to a runsvdir; supervisor.ts has it. */
export interface TreeHandlers {
  signalled(live: LiveTree, signals: readonly number[]): void;
  holderEnded(live: LiveTree): void;
  /** A runsv has ended that is no child of ours, or one of another runsvdir. */
  foreignRunsvEnded(live: LiveTree, runsv: Held): void;
  elsewhereEnded(live: LiveTree, one: Elsewhere): void;
}

/** Takes signals and what else a runsvdir needs. Throws Fatal. */
export const newLiveTree = (
  voice: Voice,
  options: TreeOptions,
  readproctitle: Readproctitle | null,
  handlers: TreeHandlers,
): LiveTree => {
  const home = sys.open('.', O_RDONLY, 0);
  if (refused(home)) throw new Fatal(reason('unable to open current directory', home), 100);
  const container = isWhole(options) ? newContainer(options) : null;
  const loop = newLoop(catchSignals(container), (signals) => handlers.signalled(live, signals));
  const live: LiveTree = {
    voice,
    dir: options.dir,
    setsid: options.setsid,
    home,
    loop,
    handlers,
    holderEnded: () => handlers.holderEnded(live),
    input: container === null || container.command.length === 0 ? null : openNothing(),
    watching: newWatching(),
    readproctitle,
    tree: newTree(),
    program: findProgram('runsv'),
    rescanMs: 0,
    notBeforeMs: 0,
    identity: null,
    rescan: null,
    rescanCostMs: 0,
    reported: new Map(),
    stepwise: new Set(),
    bornMs: monotonicMs(),
    unclearMs: UNCLEAR_MS,
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

/** Takes a runsv that is no child of ours for one of ours. */
export const addForeignRunsv = (live: LiveTree, runsv: Held): void => {
  live.foreignRunsvs.set(runsv.pid, runsv);
  awaitEnd(live.loop, runsv, () => live.handlers.foreignRunsvEnded(live, runsv));
};
