// A supervised pair as it lives in this process.
//
// Read next: side.ts (one side), perform.ts (what is done), log-service.ts (a log that comes and goes), supervisor.ts (the loop).
import type { Fd } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { SIGALRM, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 } from '../../abi/signals.ts';
import type { Pair } from '../../machine/service/pair.ts';
import type { Voice } from '../messages.ts';
import type { Pipe } from './log-pipe.ts';
import { publish } from './status-files.ts';
import type { LiveSide } from './side.ts';

/** Ending signals all mean the same to a supervisor: bring the service down, then go. */
export const ENDING: readonly number[] = [SIGTERM, SIGHUP, SIGINT, SIGQUIT];
/** Signals that must not end a supervisor, and tell it nothing. */
export const HARMLESS: readonly number[] = [SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2];

/** How long until files that could not be written are written again. */
const PUBLISH_RETRY_MS = 1000;

/** A log that is there, or may be, and could not be opened yet. */
export interface Awaited {
  /** How often that was tried in vain. */
  tries: number;
  /** When to try again, monotonic; null: at the next start of ./run. */
  dueMs: number | null;
  /** A pidfd of the process that seems to hold its lock. */
  holder: Fd | null;
  /** The start of ./run waits for it. */
  holdsUp: boolean;
  /** What keeps it from being opened, as it was told last; '' for nothing. */
  told: string;
}

export interface Live {
  readonly voice: Voice;
  readonly signals: Fd;
  readonly main: LiveSide;
  log: LiveSide | null;
  /** Which directory ./log was when the log was opened; '' where it is none of this log's any more. */
  logKey: string;
  readonly awaited: Awaited;
  pipe: Pipe | null;
  pair: Pair;
  /** The control script that runs, 0 for none. */
  script: number;
  /** When files are written again that could not be, monotonic; null: they are up to date. */
  publishMs: number | null;
  /** That they could not be was told since they last were. */
  publishTold: boolean;
  /** A program was started, which takes its time. */
  hasStarted: boolean;
  /** What is watched has changed. */
  watchesChanged: boolean;
}

export const newAwaited = (dueMs: number | null): Awaited => ({
  tries: 0,
  dueMs,
  holder: null,
  holdsUp: false,
  told: '',
});

/** Brings the files up to date; what cannot be written is told once and tried again later. */
export const publishAll = (live: Live): void => {
  if (live.publishMs === null) return;
  const mainTrouble = publish(live.main.board, live.pair.main);
  const { log } = live.pair;
  const logTrouble = live.log === null || log === null || live.logKey === '' ? null : publish(live.log.board, log);
  const trouble = mainTrouble ?? logTrouble;
  live.publishMs = trouble === null ? null : monotonicMs() + PUBLISH_RETRY_MS;
  if (trouble !== null && !live.publishTold) live.voice.warn(trouble.what, trouble.errno);
  live.publishTold = trouble !== null;
};

/** Writes the files of both sides for the first time. */
export const publishFirst = (live: Live): void => {
  live.publishMs = 0;
  publishAll(live);
};
