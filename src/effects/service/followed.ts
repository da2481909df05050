// What a runsv knows of the dependencies of its service.
//
// Read next: dependencies.ts (who finds it out), order.ts (who asks).
import type { Bytes } from '../../abi/bytes.ts';
import type { Fd } from '../../host/calls.ts';
import type { Verdict } from '../../machine/service/dependencies.ts';
import type { Timer } from '../loop.ts';

/** The ./check of a dependency, while it runs. */
export interface RunningCheck {
  readonly pid: number;
  /** The process of the dependency that it is to judge. */
  readonly about: number;
  /** When it has taken too long, monotonic. */
  readonly untilMs: number;
}

export interface Followed {
  readonly name: Bytes;
  readonly path: Bytes;
  optional: boolean;
  restart: boolean;
  /** The fifo that shows the end of its runsv; null: not open. */
  fifo: Fd | null;
  /** Its inotify watches: on `supervise`, on its directory; below 0: none. */
  watch: number;
  folderWatch: number;
  verdict: Verdict;
  /** It is to be told to start, once it has a runsv. */
  pull: boolean;
  /** The process that ran when it was met; 0: none. */
  pid: number;
  check: RunningCheck | null;
  /** The process that its ./check has agreed to; 0: none. */
  passed: number;
  /** Its ./check is not asked before, monotonic. */
  askMs: number;
  /** When to look again where no event tells, monotonic; null: an event tells. */
  nextMs: number | null;
  /** How long until the look after that. */
  pauseMs: number;
}

export interface Order {
  /** What was warned of in the life of this runsv. */
  readonly told: Set<Bytes>;
  readonly timer: Timer;
  inotify: Fd | null;
  /** The watch on the directory in which the dependencies lie; below 0: none. */
  besideWatch: number;
  followed: readonly Followed[];
  /** A dependency with the word `restart` has ended, and this service is to end too. */
  isLost: boolean;
  /** Tells the service what has changed. */
  readonly settle: () => void;
}
