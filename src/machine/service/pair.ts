// A service and its log service: who goes first, who goes last.
//
// The log starts before its service and ends after it: once the service wants to exit and is at rest, our write end of
// the pipe is closed and the log ends by itself at the end of its input. A log that is about to start still does, for
// what the pipe holds. A log that does not end gets TERM and KILL when its time is up (drain.ts); sooner, a
// second exit sends it TERM, and kill sends it KILL, or starts it at once. A log may also come and go while
// its service stays: a directory ./log that is made or removed later.
// Pure and total, as table.ts, which read first. Read next: ../../effects/service/supervisor.ts.
import { type Draining, type Input, afterLook, newDraining, SCRIPT_MS } from './drain.ts';
import { handle, isAtRest } from './table.ts';
import { joined } from './joined.ts';
import { letterOf } from './steps.ts';
import { firstOf } from './timers.ts';
import type { Effect, Event, Now, ScriptLetter, Service, CommandStep, StopPolicy } from './model.ts';

export type Side = 'main' | 'log';

export interface Pair {
  readonly main: Service;
  readonly log: Service | null;
  /** Our write end of the pipe is closed; the log is expected to end. */
  readonly draining: Draining | null;
  /** The service has ended for good, but its control script still runs: when to kill it. */
  readonly script: { readonly step: CommandStep; readonly dueMs: number } | null;
  /** Nothing is left to supervise. */
  readonly done: boolean;
}

export type PairEffect =
  | { readonly kind: 'on'; readonly side: Side; readonly effect: Effect }
  /** close our write end of the pipe between service and log */
  | { readonly kind: 'endInput' }
  /** see whether the pipe is empty, and held by others; reply: handleInput */
  | { readonly kind: 'pollInput' }
  /** warn that the log does not end, why, and which signal it gets */
  | { readonly kind: 'warnLog'; readonly input: Input | null }
  /** warn that a control script does not end, and gets KILL */
  | { readonly kind: 'warnScript'; readonly letter: ScriptLetter }
  /** a log whose directory was removed has ended: close it */
  | { readonly kind: 'closeLog' };

export interface PairOutcome {
  readonly pair: Pair;
  readonly effects: readonly PairEffect[];
}

export const newPair = (main: Service, log: Service | null): Pair => ({
  main,
  log,
  draining: null,
  script: null,
  done: false,
});

/** The first event of a new service: it starts if it is wanted up. */
export const FIRST_EVENT: Event = { kind: 'due', timer: 'start' };

const NO_EFFECTS: readonly PairEffect[] = [];

const on = (side: Side, effects: readonly Effect[]): readonly PairEffect[] => {
  if (effects.length === 0) return NO_EFFECTS;
  const all: PairEffect[] = [];
  for (let at = 0; at < effects.length; at++) all[at] = { kind: 'on', side, effect: effects[at] as Effect };
  return all;
};

const applyTo = (pair: Pair, side: Side, event: Event, now: Now): PairOutcome => {
  const service = pair[side];
  if (service === null) return { pair, effects: NO_EFFECTS };
  const { service: next, effects } = handle(service, event, now);
  return { pair: side === 'main' ? { ...pair, main: next } : { ...pair, log: next }, effects: on(side, effects) };
};

const withEffects = (effects: readonly PairEffect[], { pair, effects: more }: PairOutcome): PairOutcome => ({
  pair,
  effects: joined(effects, more),
});

const isGone = ({ main }: Pair): boolean => main.want === 'exit' && isAtRest(main);

const hasProcess = (service: Service | null): boolean => service !== null && service.process !== null;

/** What an event means once the service has ended for good: it can only end the log sooner. */
const whileDraining = (pair: Pair, event: Event): { readonly side: Side; readonly event: Event } | null => {
  if (event.kind === 'exit') return { side: 'log', event: { kind: 'term' } };
  if (event.kind === 'kill')
    return { side: 'log', event: hasProcess(pair.log) ? event : { kind: 'due', timer: 'start' } };
  return null;
};

const meant = (pair: Pair, side: Side, event: Event): { readonly side: Side; readonly event: Event } | null => {
  if (pair.done) return null;
  if (side === 'main') return pair.draining !== null && isGone(pair) ? whileDraining(pair, event) : { side, event };
  if (event.kind === 'exit') return null;
  return pair.draining !== null && (event.kind === 'up' || event.kind === 'once') ? null : { side, event };
};

/** Closes the log's input; the log is not started again. */
const drain = (pair: Pair, now: Now): PairOutcome => {
  const left = applyTo({ ...pair, draining: newDraining(now) }, 'log', { kind: 'drain' }, now);
  return withEffects([{ kind: 'endInput' }], left);
};

/** Sets the deadline of a control script that outlives its service. */
const timeScript = (pair: Pair, now: Now): Pair => {
  const { main, script } = pair;
  const step = main.want === 'exit' && main.state === 'down' ? main.runningScript : null;
  if (step === null) return script === null ? pair : { ...pair, script: null };
  return step === script?.step ? pair : { ...pair, script: { step, dueMs: now.ms + SCRIPT_MS } };
};

/** When the service has ended for good, closes the log's input and lets the log end. */
const follow = ({ pair: before, effects }: PairOutcome, now: Now): PairOutcome => {
  const pair = timeScript(before, now);
  const isLogDone = pair.log === null || (pair.draining !== null && isAtRest(pair.log));
  if (isGone(pair)) {
    if (isLogDone) return { pair: { ...pair, draining: null, done: true }, effects };
    return pair.draining === null ? withEffects(effects, follow(drain(pair, now), now)) : { pair, effects };
  }
  if (pair.log === null || !isLogDone) return { pair, effects };
  return { pair: { ...pair, log: null, draining: null }, effects: effects.concat({ kind: 'closeLog' }) };
};

/** Applies one event to one side. Total: never throws, whatever the event. */
export const handlePair = (pair: Pair, side: Side, event: Event, now: Now): PairOutcome => {
  const target = meant(pair, side, event);
  if (target === null) return { pair, effects: [] };
  return follow(applyTo(pair, target.side, target.event, now), now);
};

/** `control`: whether the service may have control scripts. */
export const withControl = (pair: Pair, control: boolean): Pair =>
  pair.main.control === control ? pair : { ...pair, main: { ...pair.main, control } };

/** `stop`: how the service is stopped from now on. */
export const withStop = (pair: Pair, stop: StopPolicy): Pair =>
  pair.main.stop.signal === stop.signal && pair.main.stop.killMs === stop.killMs
    ? pair
    : { ...pair, main: { ...pair.main, stop } };

/** Adds a log to a service that had none. */
export const withLog = (pair: Pair, log: Service): Pair => ({ ...pair, log });

/** The log's directory was removed: the log gets what is in the pipe, and nothing more. */
export const dropLog = (pair: Pair, now: Now): PairOutcome =>
  pair.log === null || pair.draining !== null ? { pair, effects: [] } : follow(drain(pair, now), now);

/** The log's input was polled. */
export const handleInput = (pair: Pair, input: Input, now: Now): PairOutcome => {
  const { draining } = pair;
  if (draining === null || draining.termSent) return { pair, effects: [] };
  const next = { ...pair, draining: afterLook(draining, input, now) };
  if (!next.draining.termSent) return { pair: next, effects: [] };
  // a log that does not run is not started any more
  return withEffects([{ kind: 'warnLog', input }], follow(applyTo(next, 'log', { kind: 'exit' }, now), now));
};

const firstOfSide = (service: Service | null): ReturnType<typeof firstOf> =>
  service === null ? null : firstOf(service.timers);

const isDue = (dueMs: number | null | undefined, now: Now): boolean =>
  dueMs !== null && dueMs !== undefined && dueMs <= now.ms;

const drainingDue = (pair: Pair, draining: Draining, now: Now): PairOutcome => {
  const next: Pair = { ...pair, draining: { ...draining, dueMs: null } };
  if (!draining.termSent) return { pair: next, effects: [{ kind: 'pollInput' }] };
  return withEffects([{ kind: 'warnLog', input: null }], follow(applyTo(next, 'log', { kind: 'kill' }, now), now));
};

const scriptDue = (pair: Pair, step: CommandStep): PairOutcome => {
  const letter = letterOf(step) as ScriptLetter;
  const effects = [{ kind: 'warnScript', letter } as const, ...on('main', [{ kind: 'killScript' }])];
  return { pair: { ...pair, script: { step, dueMs: Infinity } }, effects };
};

const sideDue = (pair: Pair, side: Side, now: Now): PairOutcome | null => {
  const first = firstOfSide(pair[side]);
  return first !== null && isDue(first.dueMs, now)
    ? handlePair(pair, side, { kind: 'due', timer: first.timer }, now)
    : null;
};

const DUES: readonly ((pair: Pair, now: Now) => PairOutcome | null)[] = [
  (pair, now) => sideDue(pair, 'log', now),
  (pair, now) => sideDue(pair, 'main', now),
  (pair, now) => (pair.script !== null && isDue(pair.script.dueMs, now) ? scriptDue(pair, pair.script.step) : null),
  (pair, now) =>
    pair.draining !== null && isDue(pair.draining.dueMs, now) ? drainingDue(pair, pair.draining, now) : null,
];

/** Does the first thing that is due; null: nothing is due. */
export const handleDue = (pair: Pair, now: Now): PairOutcome | null => {
  for (const due of DUES) {
    const outcome = due(pair, now);
    if (outcome !== null) return outcome;
  }
  return null;
};

/** When something is due next, monotonic milliseconds; null: never. */
export const nextDue = ({ main, log, draining, script }: Pair): number | null => {
  const next = Math.min(
    firstOf(main.timers)?.dueMs ?? Infinity,
    firstOfSide(log)?.dueMs ?? Infinity,
    draining?.dueMs ?? Infinity,
    script?.dueMs ?? Infinity,
  );
  return next === Infinity ? null : next;
};
