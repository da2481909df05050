// What there is to record of a service: the events of its history (recorded-events.ts), and its counters.
//
// Promises: pure. Compares a service before and after one step; the table in table.ts knows nothing of it. Nothing is recorded
// of a service until ./run ends for the first time without a request, or a deadline is over (`isFirst`).
// Counters: a start that was not recorded counts when its run ends: one of before, or of a program that could not be executed.
// A failure is an end without a request, except exit code 0 of a ./run that was started once. A run of GOOD_MS, an end on
// request and such an exit 0 reset `consecutiveFailures`.
// Read next: recorded-events.ts, ../../formats/history.ts, ../../formats/state.ts,
// ../../effects/service/recording.ts (who writes it).
import { decodeWait } from '../../abi/wait-status.ts';
import type { HistoryEvent } from '../../formats/history.ts';
import { momentText } from '../../formats/moment.ts';
import type { LastEnd, SupervisorState } from '../../formats/state.ts';
import { pidOf, type Service, type ServiceState, type WallTime } from './model.ts';
import {
  causeOf,
  eventsOf,
  hasEnded,
  isOverdue,
  isUnasked,
  oomOf,
  runMs,
  secondsOf,
  type Step,
} from './recorded-events.ts';

/** A run of this many milliseconds was a good one. */
export const GOOD_MS = 10_000;
/** Whether a step is worth a record although there is none yet. Of a ./finish that took too long the run is not counted. */
export const isFirst = (before: Service, after: Service): boolean =>
  endsUnasked(before, after) ||
  isOverdue(before, after, 'kill') ||
  after.state === 'waiting' ||
  after.stopCause !== null;

const ON_THE_WAY_ONLY: readonly ServiceState[] = ['ending', 'preparing', 'starting'];

/** Whether a step between an end and the next start changes nothing that is recorded: most do not, and to compare costs a tenth. */
export const isQuiet = ({ pid, next }: SupervisorState, before: Service, after: Service): boolean =>
  pid === 0 &&
  next === null &&
  before.lastRun === after.lastRun &&
  before.streak === after.streak &&
  before.conclusion === after.conclusion &&
  before.life === after.life &&
  ON_THE_WAY_ONLY.includes(before.state) &&
  ON_THE_WAY_ONLY.includes(after.state);

/** Whether ./run ends in this step although nobody asked for it. */
export const endsUnasked = (before: Service, after: Service): boolean =>
  before.lastRun !== after.lastRun && isUnasked(before, after.lastRun.exit);

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
