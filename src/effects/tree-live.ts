// What a running runsvdir holds: its descriptors, what it knows, when it looks next.
//
// Read next: tree-runner.ts (the loop), starting.ts, looking.ts.
import { type Bytes, type Fd, refused } from '../host/calls.ts';
import { O_RDONLY, SIGALRM, SIGCHLD, SIGHUP, SIGPIPE, SIGTERM } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { newShutdown, type Shutdown } from '../machine/shutdown.ts';
import { newTree, type Tree } from '../machine/tree.ts';
import { endingSignals, optionalSignals } from '../machine/wishes.ts';
import { Fatal, reason, type Voice } from './messages.ts';
import { findProgram } from './program.ts';
import type { Title } from './title.ts';
import { newWatching, type Watching } from './watching.ts';

/** Where runsvdir supervises a whole container: as process 1, or asked to. */
export interface Container {
  shutdown: Shutdown;
  /** The main command's process, 0 for none. */
  pid: number;
  /** How the first essential service ended that is over, as an exit code. */
  essentialCode: number | null;
}

export interface Live {
  readonly voice: Voice;
  readonly dir: Bytes;
  readonly setsid: boolean;
  readonly home: Fd;
  readonly signals: Fd;
  readonly watching: Watching;
  readonly title: Title | null;
  tree: Tree;
  program: Bytes;
  /** When to look next, monotonic; null: when something changes. */
  lookMs: number | null;
  /** No look before this, monotonic. */
  notBeforeMs: number;
  identity: string | null;
  /** The directory could not be entered, and that was told. */
  lost: boolean;
  /** Runsvs that are no children of ours: their pidfds. */
  readonly alien: Map<number, Fd>;
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
}

/** Whether everything ends with us: nothing lives on after process 1. */
const isWhole = (asked: Asked): boolean => asked.subreaper || sys.getpid() === 1;

/** Orphans come to process 1 by themselves. */
const becomeSubreaper = (): void => {
  const done = sys.getpid() === 1 ? 0 : sys.subreaper();
  if (refused(done)) throw new Fatal(reason('unable to become subreaper', done), 100);
};

const newContainer = (asked: Asked): Container => {
  becomeSubreaper();
  return { shutdown: newShutdown(asked.killAfterMs), pid: 0, essentialCode: null };
};

const CLASSIC: readonly number[] = [SIGTERM, SIGHUP];

const catchSignals = (container: boolean): Fd => {
  const main = sys.catchSignals([...(container ? endingSignals : CLASSIC), SIGALRM, SIGCHLD]);
  // a reader of standard error that goes away must not end us; one that was ignored stays so, for the services too
  const signals = refused(main) ? main : sys.catchUnignored([...(container ? optionalSignals(false) : []), SIGPIPE]);
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
    signals: catchSignals(container !== null),
    watching: newWatching(),
    title,
    tree: newTree(),
    program: findProgram('runsv'),
    lookMs: 0,
    notBeforeMs: 0,
    identity: null,
    lost: false,
    alien: new Map(),
    container,
    exit: null,
  };
};
