// The events that one step of a service adds to its history.
//
// Promises: pure. Compares a service before and after the step; the table in table.ts knows nothing of it. To record something else,
// add a function to EVENTS. Read next: recording.ts (the counters, and when there are records), ../../formats/history.ts.
import { SIGKILL, signalName } from '../../abi/signals.ts';
import { decodeWait } from '../../abi/wait-status.ts';
import type { End, HistoryEvent } from '../../formats/history.ts';
import type { Cause, Oom } from '../../formats/state.ts';
import { type ExitStatus, type Now, pidOf, type Process, type Service, type ServiceState } from './model.ts';

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

export const hasEnded = ({ before, after }: Step): boolean => before.lastRun !== after.lastRun;

export const isUnasked = ({ want, stopRequested, stopCause }: Service, { code }: ExitStatus): boolean =>
  !stopRequested && want !== 'exit' && (want === 'up' || code !== 0 || stopCause !== null);

/** Whether a deadline was over in this step, and KILL sent. */
export const isOverdue = (before: Service, after: Service, timer: 'kill' | 'finish'): boolean =>
  before.state === after.state && before.timers[timer] !== undefined && after.timers[timer] === undefined;

const isKilled = (before: Service, after: Service): boolean =>
  isOverdue(before, after, 'kill') || isOverdue(before, after, 'finish');

export const causeOf = ({ stopCause, stopRequested, want }: Service): Cause =>
  stopCause ?? (stopRequested || want === 'exit' ? 'asked' : 'exit');

/** An end that somebody requested needs no other reason. */
export const oomOf = ({ before, oom }: Step): Oom => (causeOf(before) === 'exit' ? oom : null);

export const secondsOf = (ms: number): number => (ms > 0 ? Math.round(ms) / 1000 : 0);

export const runMs = ({ after, now }: Step): number => now.ms - after.lastRun.startedMs;

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

export const eventsOf = (step: Step): readonly HistoryEvent[] => {
  const rows = EVENTS[step.after.state];
  const events: HistoryEvent[] = [];
  for (let at = 0; at < rows.length; at++) {
    const event = (rows[at] as EventIn)(step);
    if (event !== null) events.push(event);
  }
  return events;
};

// ---- counters -----------------------------------------------------------------------------------------------
