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
import type { Look, Told } from './read-dir.ts';
import { type Claim, newClaim } from './claim.ts';
import { Fatal, reason, type Voice } from '../messages.ts';
import type { Listening } from '../container/listening.ts';
import { openNothing } from '../process/std-fds.ts';
import type { Held } from '../process/held.ts';
import { ownStart } from '../process/proc.ts';
import { findProgram } from '../process/find-program.ts';
import type { Title } from './readproctitle.ts';
import { newWatching, type Watching } from './watch.ts';

/** How soon what the kernel would not tell is asked again, at first. */
export const UNCLEAR_MS = 1000;

/** What the state that was handed over last is made of. `shutdown` null: that one is not good any more. */
export interface Written {
  readonly tree: Tree;
  readonly shutdown: Shutdown | null;
  readonly pid: number;
  readonly lock: Fd | null;
}

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
  written: Written;
  /** What has happened and was not handed to the machine yet. */
  readonly news: ShutdownEvent[];
  /** What services left behind that was told to end while runsvs were left, each by its number and start. */
  readonly asked: Set<string>;
  /** When this process was started. */
  readonly start: Start;
}

/** A runsv of another runsvdir, in a service that is in our directory too. */
export interface Foreign {
  readonly runsv: Held;
  readonly key: string;
}

export interface Live {
  readonly voice: Voice;
  readonly dir: Bytes;
  readonly setsid: boolean;
  readonly home: Fd;
  readonly signals: Fd;
  /** What runsvs get as standard input; null: our own. */
  readonly input: Fd | null;
  readonly watching: Watching;
  readonly title: Title | null;
  tree: Tree;
  program: Bytes;
  /** When to look next, monotonic; null: when something changes. */
  lookMs: number | null;
  /** No look before this, monotonic. */
  notBeforeMs: number;
  identity: string | null;
  /** A look that is under way. */
  look: Look | null;
  /** How long the present look has taken so far. */
  lookCostMs: number;
  /** What was said of entries. */
  told: Told;
  /** Directories that are being made step by step. */
  stepwise: ReadonlySet<string>;
  /** When this runsvdir began, monotonic. */
  readonly bornMs: number;
  /** How soon entries of which the kernel would not tell are tried again. */
  unclearMs: number;
  /** A look has come to an end, or cannot be made: what was there at the start is known. */
  looked: boolean;
  /** Directories that are still being written were left for a later look. */
  young: boolean;
  /** The next look shall leave a sign. */
  forced: boolean;
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
  readonly alien: Map<number, Held>;
  readonly foreign: Map<number, Foreign>;
  /** Null in classic use, where TERM leaves everything running. */
  readonly container: Container | null;
  exit: number | null;
}

/** What a runsvdir is started with. */
export interface Asked {
  readonly dir: Bytes;
  readonly setsid: boolean;
  readonly subreaper: boolean;
  readonly killAfterMs: number;
  /** The main command, empty for none. */
  readonly command: readonly Bytes[];
}

/** Whether everything ends with us: nothing lives on after process 1, nor after a main command. */
export const isWhole = (asked: Asked): boolean => asked.subreaper || asked.command.length > 0 || sys.getpid() === 1;

/** Orphans come to process 1 by themselves. */
const becomeSubreaper = (): void => {
  const done = sys.getpid() === 1 ? 0 : sys.numericCall(CALL_PRCTL, [PR_SET_CHILD_SUBREAPER, 1]);
  if (refused(done)) throw new Fatal(reason('unable to become subreaper', done), 100);
};

const newContainer = ({ killAfterMs, command }: Asked): Container => {
  becomeSubreaper();
  return {
    shutdown: newShutdown(killAfterMs),
    command,
    pid: 0,
    commandDue: command.length > 0,
    written: { tree: newTree(), shutdown: null, pid: 0, lock: null },
    news: [],
    asked: new Set(),
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

/** Takes signals and what else a runsvdir needs. Throws Fatal. */
export const newLive = (voice: Voice, asked: Asked, title: Title | null): Live => {
  const home = sys.open('.', O_RDONLY, 0);
  if (refused(home)) throw new Fatal(reason('unable to open current directory', home), 100);
  const container = isWhole(asked) ? newContainer(asked) : null;
  return {
    voice,
    dir: asked.dir,
    setsid: asked.setsid,
    home,
    signals: catchSignals(container),
    input: container === null || container.command.length === 0 ? null : openNothing(),
    watching: newWatching(),
    title,
    tree: newTree(),
    program: findProgram('runsv'),
    lookMs: 0,
    notBeforeMs: 0,
    identity: null,
    look: null,
    lookCostMs: 0,
    told: new Map(),
    stepwise: new Set(),
    bornMs: monotonicMs(),
    unclearMs: UNCLEAR_MS,
    looked: false,
    young: false,
    forced: false,
    trouble: null,
    listening: null,
    claim: newClaim(),
    hasUnknown: false,
    lost: false,
    alien: new Map(),
    foreign: new Map(),
    container,
    exit: null,
  };
};
