// A supervised pair in this process.
//
// Read next: side.ts (one side), perform.ts (effects), log-service.ts (a log that comes and goes), supervisor.ts (the handlers).
import type { Bytes } from '../../abi/bytes.ts';
import type { Fd } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import type { Event, ExitStatus, Now, Service, Told } from '../../machine/service/model.ts';
import { nextDue, type Pair, type PairOutcome } from '../../machine/service/pair.ts';
import { type Loop, type Parent, type Ready, setTimer, type Timer, unwatch, watch } from '../loop.ts';
import type { Diagnostics } from '../diagnostics.ts';
import { awaitEnd } from '../process/held.ts';
import type { Pipe } from './log-pipe.ts';
import type { Oom } from '../../formats/state.ts';
import type { Order } from './followed.ts';
import type { StartPolicy, ValueFolder } from './policy.ts';
import { recordTold, writeRecords } from './recording.ts';
import { publish, type Trouble } from './status-files.ts';
import type { LiveSide } from './side.ts';

/** How long until files that could not be written are tried again. */
const PUBLISH_RETRY_MS = 1000;

/** A log that exists, or may exist, and is not open yet. */
export interface Awaited {
  /** How many tries have failed. */
  tries: number;
  /** How often another process was just locking it. */
  busyTries: number;
  /** When to try again, monotonic; null: at the next start of ./run. */
  dueMs: number | null;
  /** A pidfd of the process that seems to hold its lock. */
  holder: Fd | null;
  /** The start of ./run waits for it. */
  holdsUp: boolean;
  /** The obstacle that was reported last; '': none. */
  reported: string;
}

/** What the loop calls when something happens to a pair; implemented in supervisor.ts. */
export interface PairHandlers {
  /** A side's fifo has commands. */
  commands(live: LivePair, side: LiveSide): void;
  /** An adopted process has ended. */
  adoptedEnded(live: LivePair, side: LiveSide): void;
  /** The process that seemed to hold the lock of the log has ended. */
  holderEnded(live: LivePair): void;
  childEnded(live: LivePair, pid: number, wait: number): void;
  /** Passes to the machine what a service has told, or ./check. */
  happen(live: LivePair, happenings: readonly Happening[]): void;
  /** Makes state.json say how ./run will tell, before it is started. */
  publishTold(live: LivePair, told: Told): Trouble | null;
  due(live: LivePair, nowMs: number): void;
  /** Something has happened to the dependencies of the service. */
  dependencies(live: LivePair, event: Event): void;
}

/** Something that happens to a pair. */
export type Happening = (live: LivePair, now: Now) => PairOutcome;

/** How the present ./run, or the one about to start, tells that it is ready; made by readiness.ts. */
export interface Telling {
  /** As for spawn. */
  readonly fds: readonly number[];
  /** Variables for ./run alone, NAME=value. */
  readonly env: readonly Bytes[];
  /** ./run was started, or not: what happens to the pair. */
  started(launch: Event): readonly Happening[];
  /** Asks ./check. */
  ask(): void;
  /** It goes on after a pause. */
  readonly resumed: Happening;
  /** ./run has ended: takes what it has told last, and closes everything. */
  end(): void;
}

export interface LivePair extends Parent, Timer, Ready {
  readonly diagnostics: Diagnostics;
  readonly loop: Loop;
  readonly handlers: PairHandlers;
  readonly main: LiveSide;
  log: LiveSide | null;
  /** The identity of ./log when the log was opened; '': ./log is not this log any more. */
  logKey: string;
  readonly awaited: Awaited;
  pipe: Pipe | null;
  pair: Pair;
  /** The control script that runs, 0: none. */
  script: number;
  /** When to retry files that could not be written, monotonic; null: they are up to date. */
  publishMs: number | null;
  /** The failure has been reported, and files have not been written since. */
  publishReported: boolean;
  /** The value files of the service. */
  readonly values: ValueFolder;
  /** null: ./run cannot tell whether it is ready. */
  telling: Telling | null;
  /** The service directory as it was named, absolute: beside it are the dependencies. '': unknown. */
  readonly path: Bytes;
  /** Somebody asked for the start that comes next, which so also asks for its dependencies. */
  asked: boolean;
  /** What the files said just now about the start that comes next; null: read them. */
  start: StartPolicy | null;
  /** null: it never had dependencies. */
  order: Order | null;
  /** A program was started, which takes some time. */
  hasStarted: boolean;
  /** How the last process that ended has ended. */
  exit: ExitStatus;
  /** Whether that may have been for lack of memory. */
  oom: Oom;
}

// What the loop calls is a method, the same for all: a closure for each would take much of the memory of a service.

function childEnded(this: LivePair, pid: number, wait: number): void {
  this.handlers.childEnded(this, pid, wait);
}

function ready(this: LivePair, fd: Fd): void {
  const { main, log, handlers } = this;
  if (fd === main.control) handlers.commands(this, main);
  else if (log !== null) handlers.commands(this, log);
}

function due(this: LivePair, nowMs: number): void {
  this.handlers.due(this, nowMs);
}

/** For the loop. */
export const METHODS = { childEnded, ready, due } as const;

export const newAwaited = (dueMs: number | null): Awaited => ({
  tries: 0,
  busyTries: 0,
  dueMs,
  holder: null,
  holdsUp: false,
  reported: '',
});

const publishSide = ({ statusFiles, recorder }: LiveSide, service: Service): Trouble | null => {
  const trouble = publish(statusFiles, service);
  return (recorder === null ? null : writeRecords(recorder)) ?? trouble;
};

/** Updates the files; what cannot be written is reported once and retried later. */
export const publishAll = (live: LivePair): void => {
  if (live.publishMs === null) return;
  const mainTrouble = publishSide(live.main, live.pair.main);
  const { log } = live.pair;
  const logTrouble = live.log === null || log === null || live.logKey === '' ? null : publishSide(live.log, log);
  const trouble = mainTrouble ?? logTrouble;
  live.publishMs = trouble === null ? null : monotonicMs() + PUBLISH_RETRY_MS;
  if (trouble !== null && !live.publishReported) live.diagnostics.warn(trouble.what, trouble.errno);
  live.publishReported = trouble !== null;
};

/** Makes state.json say how ./run will tell that it is ready, before it is started. */
export const publishTold = ({ main }: LivePair, told: Told): Trouble | null => {
  main.recorder = recordTold(main.recorder, main.statusFiles.folder, told);
  return writeRecords(main.recorder);
};

/** Writes the files of both sides for the first time. */
export const publishFirst = (live: LivePair): void => {
  live.publishMs = 0;
  publishAll(live);
};

/** Watches a side: its commands, and the end of an adopted process. */
export const watchSide = (live: LivePair, side: LiveSide): void => {
  const { loop, handlers } = live;
  watch(loop, side.control, live);
  if (side.adopted !== null) awaitEnd(loop, side.adopted, () => handlers.adoptedEnded(live, side));
};

export const unwatchSide = ({ loop }: LivePair, side: LiveSide): void => unwatch(loop, side.control);

/** Sets the timer to what is due next. */
export const schedule = (live: LivePair): void => {
  const { loop, pair, publishMs, awaited } = live;
  const ms = Math.min(nextDue(pair) ?? Infinity, publishMs ?? Infinity, awaited.dueMs ?? Infinity);
  setTimer(loop, live, ms === Infinity ? null : ms);
};
