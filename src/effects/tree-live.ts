// What a running runsvdir holds: its descriptors, what it knows, when it looks next.
//
// Read next: tree-runner.ts (the loop), starting.ts, looking.ts.
import { type Bytes, type Fd, refused } from '../host/calls.ts';
import { O_RDONLY, SIGALRM, SIGCHLD, SIGHUP, SIGPIPE, SIGTERM } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { newTree, type Tree } from '../machine/tree.ts';
import { Fatal, reason, type Voice } from './messages.ts';
import { findProgram } from './program.ts';
import type { Title } from './title.ts';
import { newWatching, type Watching } from './watching.ts';

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
  exit: number | null;
}

/** Takes signals and what else a runsvdir needs. Throws Fatal. */
export const newLive = (voice: Voice, dir: Bytes, setsid: boolean, title: Title | null): Live => {
  const home = sys.open('.', O_RDONLY, 0);
  if (refused(home)) throw new Fatal(reason('unable to open current directory', home), 100);
  const main = sys.catchSignals([SIGTERM, SIGHUP, SIGALRM, SIGCHLD]);
  // a reader of standard error that goes away must not end us; one that was ignored stays so, for the services too
  const signals = refused(main) ? main : sys.catchUnignored([SIGPIPE]);
  if (refused(signals)) throw new Fatal(reason('unable to create selfpipe', signals), 100);
  return {
    voice,
    dir,
    setsid,
    home,
    signals,
    watching: newWatching(),
    title,
    tree: newTree(),
    program: findProgram('runsv'),
    lookMs: 0,
    notBeforeMs: 0,
    identity: null,
    lost: false,
    alien: new Map(),
    exit: null,
  };
};
