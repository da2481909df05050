// Readiness: what a ./run that can tell says of itself, and what ./check says of it, as a table beside table.ts.
//
// Of use only while ./run runs: in every other state, and for a service without a *life*, each event is ignored. Ready is what a
// service tells by a descriptor or a socket, or else the first yes of ./check; three noes in a row end it, and the next yes brings
// it back. A sign of life is WATCHDOG=1 or a yes.
// Promises: pure and total, as table.ts. It lies in a cold part, as hardly any service can tell.
// Read first: model.ts. Read next: ../../effects/service/readiness.ts (who calls).
import type { Bytes } from '../../abi/bytes.ts';
import type { NotifyEvent } from '../../formats/notify.ts';
import type { ReadyBy } from '../../formats/state.ts';
import {
  type Effect,
  type Life,
  NO_STREAK,
  type Now,
  type Outcome,
  type Process,
  type Service,
  type ServiceState,
  type Told,
} from './model.ts';
import { timeText } from './recording.ts';
import { type Timer, type Timers, withoutTimer } from './timers.ts';

/** How soon ./check is asked again until its first yes. */
export const CHECK_RETRY_MS = 420;
/** So many noes in a row end readiness. */
export const CHECK_NOES = 3;

/** What the files say of a life that is about to begin. */
export interface ReadinessPolicy {
  readonly by: Exclude<ReadyBy, null>;
  /** How often ./check is asked; null: never. */
  readonly checkMs: number | null;
  /** How long it may take to be ready; null: for ever. */
  readonly upMs: number | null;
  readonly watchdogMs: number | null;
}

/** What can happen to the readiness of a service. */
export type ReadinessEvent =
  | Exclude<NotifyEvent, { readonly kind: 'ready' | 'mainPid' }>
  /** ./run was started, or found running: then `told` is what it had told */
  | { readonly kind: 'began'; readonly policy: ReadinessPolicy; readonly told: Told }
  | { readonly kind: 'ready'; readonly by: Exclude<ReadyBy, null> }
  /** ./check has ended */
  | { readonly kind: 'checked'; readonly yes: boolean }
  /** CONT was sent */
  | { readonly kind: 'resumed' };

/** What a process has told that was just started. */
export const newTold = (by: ReadyBy, socket: Bytes | null): Told => ({
  by,
  ready: false,
  readyAt: null,
  text: '',
  reloading: false,
  stopping: false,
  socket,
});

const NOTHING: readonly Effect[] = [];
const SHOW: readonly Effect[] = [{ kind: 'publish' }];

type News = 'ready' | 'unready' | 'reloading' | null;

/** `news`: what the history says of it. */
const withTold = (s: Service, life: Life, told: Partial<Told>, news: News, now: Now): Life => {
  const { pid, startedMs } = s.process as Process;
  const event =
    news === null ? life.news : { event: news, pid, after: Math.max(0, Math.round(now.ms - startedMs)) / 1000 };
  return { ...life, told: { ...life.told, ...told }, news: event };
};

const show = (service: Service): Outcome => ({ service, effects: SHOW });

const setTimer = (timers: Timers, timer: Timer, dueMs: number | null): Timers =>
  dueMs === null ? withoutTimer(timers, timer) : { ...timers, [timer]: dueMs };

/** From now on it must give signs of life. */
const withWatchdog = (timers: Timers, { watchdogMs }: Life, now: Now): Timers =>
  setTimer(timers, 'watchdog', watchdogMs === null ? null : now.ms + watchdogMs);

type Of<K extends ReadinessEvent['kind']> = Extract<ReadinessEvent, { readonly kind: K }>;
type Handler<K extends ReadinessEvent['kind']> = (s: Service, life: Life, event: Of<K>, now: Now) => Outcome;

const began = (s: Service, { policy, told }: Of<'began'>, now: Now): Outcome => {
  const { checkMs, upMs, watchdogMs } = policy;
  const wasReady = told.readyAt !== null;
  // a yes brings back what was ready for an earlier supervisor
  const failedChecks = wasReady && !told.ready ? CHECK_NOES : 0;
  const life: Life = { told, news: null, wasReady, failedChecks, wasChecked: wasReady, checkMs, watchdogMs };
  const due = setTimer(s.timers, 'up', upMs === null || wasReady ? null : now.ms + upMs);
  const timers = setTimer(due, 'check', checkMs === null ? null : now.ms);
  return show({ ...s, life, timers: wasReady ? withWatchdog(timers, life, now) : timers });
};

const nowReady = (s: Service, life: Life, by: ReadyBy, now: Now): Outcome => {
  const { ready, reloading, readyAt } = life.told;
  // also the end of a reload is a moment since which it is ready
  const at = ready && !reloading ? readyAt : timeText(now.wall);
  const told = { by, ready: true, reloading: false, stopping: false, readyAt: at };
  const timers = ready ? s.timers : withWatchdog(withoutTimer(s.timers, 'up'), life, now);
  return show({ ...s, timers, life: { ...withTold(s, life, told, ready ? null : 'ready', now), wasReady: true } });
};

/** Signs of life count from when it is ready on. */
const signed = (s: Service, life: Life, now: Now): Service =>
  life.wasReady ? { ...s, life, timers: withWatchdog(s.timers, life, now) } : { ...s, life };

const saidYes = (s: Service, before: Life, now: Now): Outcome => {
  const life: Life = { ...before, failedChecks: 0, wasChecked: true };
  const { by, ready, stopping } = before.told;
  // what it must tell itself is not known by a yes; what noes have ended is
  const isBack = by === 'check' || (before.wasReady && before.failedChecks >= CHECK_NOES);
  const next = signed(s, life, now);
  return isBack && !ready && !stopping ? nowReady(next, life, by, now) : { service: next, effects: NOTHING };
};

const noLonger = (s: Service, life: Life, told: Partial<Told>, now: Now): Outcome =>
  show({ ...s, life: withTold(s, life, { ready: false, ...told }, life.told.ready ? 'unready' : null, now) });

const saidNo = (s: Service, before: Life, now: Now): Outcome => {
  const failedChecks = Math.min(before.failedChecks + 1, CHECK_NOES);
  const life: Life = { ...before, failedChecks };
  const isOver = failedChecks === CHECK_NOES && before.told.ready;
  return isOver ? noLonger(s, life, {}, now) : { service: { ...s, life }, effects: NOTHING };
};

/** The next one is asked for once this one has ended. */
const nextCheck = ({ service: s, effects }: Outcome, checkMs: number | null, now: Now): Outcome => {
  const { wasChecked } = s.life as Life;
  const isPaused = (s.process as Process).paused;
  const ms = checkMs === null || wasChecked ? checkMs : Math.min(checkMs, CHECK_RETRY_MS);
  const dueMs = ms === null || isPaused ? null : now.ms + ms;
  return { service: { ...s, timers: setTimer(s.timers, 'check', dueMs) }, effects };
};

const checked: Handler<'checked'> = (s, life, { yes }, now) =>
  nextCheck(yes ? saidYes(s, life, now) : saidNo(s, life, now), life.checkMs, now);

/** A new interval: from now on, where it is ready. */
const watchdog: Handler<'watchdog'> = (s, before, { ms }, now) => {
  const life = { ...before, watchdogMs: ms === 0 ? null : ms };
  return { service: signed(s, life, now), effects: NOTHING };
};

/** The deadline that runs ends no sooner than this. */
const extend: Handler<'extend'> = (s, _, { ms }, now) => {
  let { timers } = s;
  for (const timer of ['up', 'kill'] as const) {
    const dueMs = timers[timer];
    if (dueMs !== undefined) timers = setTimer(timers, timer, Math.max(dueMs, now.ms + ms));
  }
  return { service: { ...s, timers }, effects: NOTHING };
};

/** All that a pause suspends begins anew. */
const resumed: Handler<'resumed'> = (s, life, _, now) => {
  const next = signed(s, life, now);
  const timers = setTimer(next.timers, 'check', life.checkMs === null ? null : now.ms);
  return { service: { ...next, timers }, effects: NOTHING };
};

type Row = { readonly [K in Exclude<ReadinessEvent['kind'], 'began'>]: Handler<K> };

const UP: Row = {
  ready: (s, life, { by }, now) => nowReady(s, life, by, now),
  reloading: (s, life, _, now) =>
    show({ ...s, life: withTold(s, life, { reloading: true }, life.told.reloading ? null : 'reloading', now) }),
  stopping: (s, life, _, now) => noLonger(s, life, { stopping: true }, now),
  text: (s, life, { text }, now) => show({ ...s, life: withTold(s, life, { text }, null, now) }),
  sign: (s, life, _, now) => ({ service: signed(s, life, now), effects: NOTHING }),
  trigger: (s, _, __, now) => ({ service: { ...s, timers: setTimer(s.timers, 'watchdog', now.ms) }, effects: NOTHING }),
  watchdog,
  extend,
  resetStreak: (s) => ({ service: { ...s, streak: NO_STREAK }, effects: NOTHING }),
  checked,
  resumed,
};

/** Without a process there is nothing to tell. */
const NONE = null;
const TABLE: Readonly<Record<ServiceState, Row | null>> = {
  down: NONE,
  backoff: NONE,
  waiting: NONE,
  preparing: NONE,
  starting: NONE,
  up: UP,
  ending: NONE,
  finishing: NONE,
};

/** Applies one event. Total: never throws, whatever the event. */
export const handleReadiness = (s: Service, event: ReadinessEvent, now: Now): Outcome => {
  const row = TABLE[s.state];
  if (row !== null && event.kind === 'began') return began(s, event, now);
  if (row === null || s.life === null || event.kind === 'began') return { service: s, effects: NOTHING };
  const handler = row[event.kind] as Handler<typeof event.kind>;
  return handler(s, s.life, event as never, now);
};
