// What there is to record of a service: the events of its history, and its counters.
//
// Promises: pure. Compares a service before and after one step; the table in table.ts knows nothing of it. Nothing is recorded
// of a service until ./run ends for the first time without a request, or a deadline is over (`isFirst`).
// Counters: a start that was not recorded counts when its run ends: one of before, or of a program that could not be executed.
// A failure is an end without a request, except exit code 0 of
// a ./run that was started once. A run of GOOD_MS, an end on request and such an exit 0 reset `consecutiveFailures`.
// To record something else, add a function to EVENTS. Read next: ../../formats/history.ts, ../../formats/state.ts,
// ../../effects/service/recording.ts (who writes it).
import { SIGKILL, signalName } from '../../abi/signals.ts';
import { decodeWait } from '../../abi/wait-status.ts';
import type { End, HistoryEvent } from '../../formats/history.ts';
import { momentText } from '../../formats/moment.ts';
import type { Cause, LastEnd, Oom, SupervisorState } from '../../formats/state.ts';
import {
  type ExitStatus,
  type Now,
  pidOf,
  type Process,
  type Service,
  type ServiceState,
  type WallTime,
} from './model.ts';

/** A run of this many milliseconds was a good one. */
export const GOOD_MS = 10_000;
/** A ./finish that takes no longer, and exits 0, is not worth an event. */
const FINISH_MS = 1000;

/** One event of the table, seen from outside. */
export interface Step {
  readonly before: Service;
  readonly after: Service;
  /** The signals that the step sends. */
  readonly sent: readonly number[];
  /** How the process that ended before this step has ended. */
  readonly exit: ExitStatus;
  /** Whether it may have ended for lack of memory. */
  readonly oom: Oom;
  readonly now: Now;
}

const hasEnded = ({ before, after }: Step): boolean => before.lastRun !== after.lastRun;

const isUnasked = ({ want, stopRequested, stopCause }: Service, { code }: ExitStatus): boolean =>
  !stopRequested && want !== 'exit' && (want === 'up' || code !== 0 || stopCause !== null);

/** Whether a deadline was over in this step, and KILL sent. */
const isOverdue = (before: Service, after: Service, timer: 'kill' | 'finish'): boolean =>
  before.state === after.state && before.timers[timer] !== undefined && after.timers[timer] === undefined;

const isKilled = (before: Service, after: Service): boolean =>
  isOverdue(before, after, 'kill') || isOverdue(before, after, 'finish');

/** Whether a step is worth a record although there is none yet. Of a ./finish that took too long the run is not counted. */
export const isFirst = (before: Service, after: Service): boolean =>
  endsUnasked(before, after) ||
  isOverdue(before, after, 'kill') ||
  after.state === 'waiting' ||
  after.stopCause !== null;

/** Whether ./run ends in this step although nobody asked for it. */
export const endsUnasked = (before: Service, after: Service): boolean =>
  before.lastRun !== after.lastRun && isUnasked(before, after.lastRun.exit);

const causeOf = ({ stopCause, stopRequested, want }: Service): Cause =>
  stopCause ?? (stopRequested || want === 'exit' ? 'asked' : 'exit');

/** An end that somebody requested needs no other reason. */
const oomOf = ({ before, oom }: Step): Oom => (causeOf(before) === 'exit' ? oom : null);

const secondsOf = (ms: number): number => (ms > 0 ? Math.round(ms) / 1000 : 0);

const runMs = ({ after, now }: Step): number => now.ms - after.lastRun.startedMs;

const endOf = ({ code, status }: ExitStatus): End => {
  if (code >= 0) return { code };
  const { signal } = decodeWait(status);
  return signal === 0 ? { code: null } : { signal: signalName(signal) };
};

// ---- events -------------------------------------------------------------------------------------------------

const ended = (step: Step): HistoryEvent | null => {
  if (!hasEnded(step)) return null;
  const { before, after } = step;
  const ran = secondsOf(runMs(step));
  const oom = oomOf(step);
  const end = {
    event: 'ended',
    pid: pidOf(before),
    ...endOf(after.lastRun.exit),
    ran,
    cause: causeOf(before),
  } as const;
  return oom === null ? end : { ...end, oom };
};

const finished = ({ before, after, exit, now }: Step): HistoryEvent | null => {
  if (before.state !== 'finishing' || after.state === 'finishing') return null;
  const tookMs = now.ms - (before.process as Process).startedMs;
  if (exit.code === 0 && tookMs <= FINISH_MS) return null;
  return { event: 'finished', ...endOf(exit), took: secondsOf(tookMs) };
};

const whyWaiting = (before: ServiceState): 'delay' | 'fork' | 'log' => {
  if (before === 'preparing') return 'log';
  return before === 'starting' ? 'fork' : 'delay';
};

const waiting = ({ before, after, now }: Step): HistoryEvent | null => {
  const { start } = after.timers;
  if (after.state !== 'backoff' || start === undefined || before.state === 'backoff') return null;
  return { event: 'waiting', why: whyWaiting(before.state), seconds: secondsOf(start - now.ms) };
};

/** One event for the whole wait: state.json tells who is left. */
const awaiting = ({ before, after }: Step): HistoryEvent | null =>
  before.state === 'waiting' ? null : { event: 'waiting', why: 'dependency', for: after.waitingFor };

const started = ({ before, after }: Step): HistoryEvent | null =>
  after.state === 'up' && before.state !== 'up' ? { event: 'started', pid: pidOf(after) } : null;

/** The signal that stops ./run: the one that the table notes as such, or KILL. */
const stopSignal = ({ before, after, sent }: Step): number | undefined => {
  const isNoted = before.process?.gotTerm === false && after.process?.gotTerm === true;
  return isNoted ? sent[0] : sent.find((signal) => signal === SIGKILL);
};

const stopping = (step: Step): HistoryEvent | null => {
  const { before, after } = step;
  const signal = before.state === 'up' ? stopSignal(step) : undefined;
  if (signal === undefined) return null;
  const by = after.stopCause ?? (after.want === 'exit' ? 'exit' : 'sv');
  return { event: 'stopping', pid: pidOf(before), signal: signalName(signal), by };
};

const killed = ({ before, after }: Step): HistoryEvent | null => {
  if (!isKilled(before, after)) return null;
  const by = before.state === 'up' ? 'timeout-kill' : 'timeout-finish';
  return { event: 'killed', pid: pidOf(before), by };
};

/** What ./run has told of itself, or ./check of it. */
const told = ({ before, after }: Step): HistoryEvent | null => {
  const news = after.life?.news ?? null;
  return news === before.life?.news ? null : news;
};

/** What a restart policy makes of a service. */
const concluded = ({ before, after }: Step): HistoryEvent | null => {
  const { conclusion } = after;
  if (conclusion === null || conclusion === before.conclusion) return null;
  return { event: conclusion.outcome, reason: conclusion.reason };
};

type EventIn = (step: Step) => HistoryEvent | null;

const AT_REST: readonly EventIn[] = [ended, finished, concluded, waiting];
const ON_THE_WAY: readonly EventIn[] = [ended, finished];

/** What a step may record, by the state that it leads to; in this order if it is more than one thing. */
const EVENTS: Readonly<Record<ServiceState, readonly EventIn[]>> = {
  down: AT_REST,
  backoff: AT_REST,
  waiting: [awaiting],
  preparing: ON_THE_WAY,
  starting: ON_THE_WAY,
  up: [stopping, killed, started, told],
  ending: [ended],
  finishing: [killed],
};

const eventsOf = (step: Step): readonly HistoryEvent[] => {
  const rows = EVENTS[step.after.state];
  const events: HistoryEvent[] = [];
  for (let at = 0; at < rows.length; at++) {
    const event = (rows[at] as EventIn)(step);
    if (event !== null) events.push(event);
  }
  return events;
};

// ---- counters -----------------------------------------------------------------------------------------------

/** A wall clock time as state.json and history.jsonl have it, `ms` later. */
export const timeText = ({ sec, nsec }: WallTime, ms = 0): string => {
  const later = nsec + ms * 1e6;
  return momentText(sec + Math.floor(later / 1e9), later % 1e9);
};

const lastEnd = (step: Step): LastEnd => {
  const { before, after, now } = step;
  const { code, status } = after.lastRun.exit;
  return {
    at: timeText(now.wall),
    pid: pidOf(before),
    code,
    signal: code >= 0 ? 0 : decodeWait(status).signal,
    ranSeconds: secondsOf(runMs(step)),
    cause: causeOf(before),
    oom: oomOf(step),
  };
};

const afterEnd = (state: SupervisorState, step: Step): SupervisorState => {
  const { before, after } = step;
  const failed = isUnasked(before, after.lastRun.exit);
  const isCounted = before.state === 'up' && state.pid === pidOf(before);
  const goesOn = failed && (runMs(step) < GOOD_MS || after.lastRun.neverReady);
  return {
    ...state,
    starts: state.starts + (isCounted ? 0 : 1),
    failures: state.failures + (failed ? 1 : 0),
    consecutiveFailures: goesOn ? state.consecutiveFailures + 1 : 0,
    ooms: state.ooms + (oomOf(step) === null ? 0 : 1),
    last: lastEnd(step),
  };
};

/** When the next start is due. */
const nextOf = (state: SupervisorState, { before, after, now }: Step): string | null => {
  const { start } = after.timers;
  if (after.state !== 'backoff' || start === undefined) return null;
  return before.timers.start === start ? state.next : timeText(now.wall, start - now.ms);
};

const NOBODY: SupervisorState['waiting'] = [];

const waitingOf = ({ waiting }: SupervisorState, after: Service): SupervisorState['waiting'] => {
  if (after.state === 'waiting') return after.waitingFor;
  return waiting.length === 0 ? waiting : NOBODY;
};

/** A streak also counts a run whose ./finish was adopted: its end was not recorded, as its runsv was killed. */
const withStreak = (state: SupervisorState, bad: number): SupervisorState => {
  const failures = Math.max(state.failures, bad);
  return { ...state, failures, starts: Math.max(state.starts, failures), consecutiveFailures: bad };
};

/** Where a policy decides, it also counts. */
const withPolicy = (state: SupervisorState, { before, after }: Step): SupervisorState => {
  const { conclusion, streak } = after;
  const counted = before.streak === streak ? state : withStreak(state, streak.bad);
  const outcome = conclusion?.outcome ?? null;
  if (counted.outcome === outcome) return counted;
  return { ...counted, outcome, reason: conclusion?.reason ?? null };
};

/** What one process has told is void for the next; only how it could tell stays, until one that cannot is started. */
const NOTHING_TOLD = {
  ready: false,
  readyAt: null,
  text: '',
  reloading: false,
  stopping: false,
  socket: null,
} as const;

const withTold = (state: SupervisorState, { before, after }: Step, pid: number): SupervisorState => {
  const { life } = after;
  if (life !== null) return life.told === before.life?.told ? state : { ...state, ...life.told };
  if (state.by === null || state.pid === pid) return state;
  return { ...state, ...NOTHING_TOLD, by: pid === 0 ? state.by : null };
};

/** The counters once the step is done; the same value if it changes none. */
const stateAfter = (before: SupervisorState, step: Step): SupervisorState => {
  const pid = step.after.state === 'up' ? pidOf(step.after) : 0;
  const state = withTold(withPolicy(hasEnded(step) ? afterEnd(before, step) : before, step), step, pid);
  const next = nextOf(state, step);
  const waiting = waitingOf(state, step.after);
  if (state.pid === pid && state.next === next && state.waiting === waiting) return state;
  // also one that was adopted before its start was recorded
  const isNew = pid !== 0 && pid !== state.pid;
  return { ...state, pid, next, waiting, starts: state.starts + (isNew ? 1 : 0) };
};

/** Whether an event is another try of what the last one was: one line tells it. */
export const isRepeated = (last: HistoryEvent | null, event: HistoryEvent): boolean =>
  event.event === 'waiting' &&
  event.why !== 'delay' &&
  last?.event === 'waiting' &&
  last.why === event.why &&
  event.why !== 'dependency';

export interface Records {
  readonly state: SupervisorState;
  /** Oldest first. */
  readonly events: readonly HistoryEvent[];
}

/** What one step adds. */
export const record = (state: SupervisorState, step: Step): Records => ({
  state: stateAfter(state, step),
  events: eventsOf(step),
});
