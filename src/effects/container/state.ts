// What a runsvdir has that supervises a whole container: its main command, the progress of its shutdown.
//
// Read next: shutdown.ts, main-command.ts; ../scan/state.ts (what it has besides).
import type { Bytes } from '../../abi/bytes.ts';
import { CALL_PRCTL, PR_SET_CHILD_SUBREAPER } from '../../abi/flags.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import type { Start } from '../../machine/checkpoint.ts';
import { newShutdown, type Shutdown, type ShutdownEvent } from '../../machine/container/shutdown.ts';
import { type Ended, newTree, type Tree } from '../../machine/scan/table.ts';
import { Fatal, reason, type Diagnostics } from '../diagnostics.ts';
import type { Loop, Many } from '../loop.ts';
import type { Held } from '../process/held.ts';
import { ownStart } from '../process/proc.ts';
import type { Listener } from './listening.ts';

/** What the last checkpoint contains. `shutdown` null: it is out of date. */
export interface Saved {
  readonly tree: Tree;
  readonly shutdown: Shutdown | null;
  readonly pid: number;
  readonly lock: Fd | null;
}

/** What a runsvdir has that survives an engine failure. */
export interface Saving {
  /** What the last checkpoint says. */
  saved: Saved;
  /** When this process was started. */
  readonly start: Start;
  /** When to save a change that has not been saved yet, monotonic; null: there is none. */
  dueMs: number | null;
  /** No checkpoint before this, monotonic. */
  notBeforeMs: number;
}

export const newSaving = (): Saving => ({
  saved: { tree: newTree(), shutdown: null, pid: 0, lock: null },
  start: ownStart(),
  dueMs: null,
  notBeforeMs: 0,
});

/** For a runsvdir that supervises a whole container: as process 1, or on request. */
export interface Container extends Saving {
  shutdown: Shutdown;
  /** The main command, its name first; empty: none. */
  readonly command: readonly Bytes[];
  /** The main command's process, 0: none. */
  pid: number;
  /** It has not been started yet. */
  commandDue: boolean;
  /** Events that have not been passed to the machine yet. */
  readonly pendingEvents: ShutdownEvent[];
  /** Leftovers of services that got TERM while runsvs were left, each by its number and start. */
  readonly sentTerm: Set<string>;
}

/** The services that runsvdir supervises in its own process. */
export interface Residents {
  readonly many: Many;
  /** Sets the loop that they use, before the first of them starts. */
  enter(loop: Loop): void;
  /** Opens the service that has this name in the current directory; `path`: another way to it. Its number; 0: start a runsv for it. */
  start(name: Bytes, key: string, path?: Bytes): number;
  /** These were supervised by this process before an engine failure. */
  resume(keys: readonly string[]): void;
  /** Does what TERM does to a runsv. */
  term(id: number): void;
  /** Whether `work` has something to do now. */
  isBusy(): boolean;
  /** Opens and stops some of those that are due. Returns those that have ended. */
  work(): readonly Ended[];
  /** A path to the directory of one. */
  directoryOf(id: number): Bytes;
  /** The limit of descriptors for other programs, -1: none; null: unknown. */
  readonly files: number | null;
  /** The processes of all residents. */
  processes(): readonly number[];
}

/** What is needed here of a running runsvdir. */
export interface Contained extends Listener {
  readonly diagnostics: Diagnostics;
  readonly tree: Tree;
  /** Null: each service has a runsv. */
  readonly residents: Residents | null;
  /** Runsvs that are not our children, by number. */
  readonly foreignRunsvs: ReadonlyMap<number, Held>;
  /** Null in classic use, where TERM leaves everything running. */
  readonly container: Container | null;
  /** Called when the services must stop: from then on there are no scans. */
  readonly stopServices: () => void;
  /** The exit code, once everything has ended. */
  exit: number | null;
}

/** The options for a container. */
export interface ContainerOptions {
  readonly killAfterMs: number;
  /** The main command, empty: none. */
  readonly command: readonly Bytes[];
}

/** Process 1 gets orphans anyway. */
const becomeSubreaper = (): void => {
  const done = sys.getpid() === 1 ? 0 : sys.numericCall(CALL_PRCTL, [PR_SET_CHILD_SUBREAPER, 1]);
  if (isErrno(done)) throw new Fatal(reason('unable to become subreaper', done), 100);
};

export const newContainer = ({ killAfterMs, command }: ContainerOptions): Container => {
  becomeSubreaper();
  return {
    shutdown: newShutdown(killAfterMs),
    command,
    pid: 0,
    commandDue: command.length > 0,
    ...newSaving(),
    pendingEvents: [],
    sentTerm: new Set(),
  };
};
