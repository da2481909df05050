// A supervised pair as it lives in this process.
//
// Read next: side.ts (one side), acts.ts (what is done), log-side.ts (a log that comes and goes), runner.ts (the loop).
import type { Fd } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { SIGALRM, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 } from '../host/linux.ts';
import type { Pair } from '../machine/pair.ts';
import type { Voice } from './messages.ts';
import type { Pipe } from './pipe.ts';
import { publish } from './publish.ts';
import type { LiveSide } from './side.ts';

/** Ending signals all mean the same to a supervisor: bring the service down, then go. */
export const ENDING: readonly number[] = [SIGTERM, SIGHUP, SIGINT, SIGQUIT];
/** Signals that must not end a supervisor, and tell it nothing. */
const HARMLESS: readonly number[] = [SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2];
/** All that are caught, unless whoever started us ignores them. */
export const CAUGHT: readonly number[] = [...ENDING, ...HARMLESS];

/** How long until files that could not be written are written again. */
const PUBLISH_RETRY_MS = 1000;

/** How long a service that ends for good has until its files say so much: most have ended by then, even a thousand. */
const PUBLISH_SOON_MS = 500;

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

/** Brings the files up to date in a moment, as the service has just been told to end for good and may have until then. */
export const publishSoon = (live: Live): void => {
  const { state, gotTerm } = live.pair.main;
  if (live.publishMs === 0 && state === 'up' && gotTerm) live.publishMs = monotonicMs() + PUBLISH_SOON_MS;
  else publishAll(live);
};

/** Writes the files of both sides for the first time. */
export const publishFirst = (live: Live): void => {
  live.publishMs = 0;
  publishAll(live);
};
