// A service and its log service: who goes first, who goes last.
//
// The log is started before its service and ends after it: once the service wants to exit and rests, our writing end of
// the pipe is closed and the log ends by itself at the end of its input; one that is about to be started still is, for
// what the pipe holds. A log that does not end is helped: by TERM and KILL when its time is over (leaving.ts); sooner, a
// second exit sends it TERM, kill sends it KILL, or hastens the start that is awaited. A log may also come and go while
// its service stays: a directory ./log that is made or removed later.
// Pure and total, as service.ts, which read first. Read next: ../effects/runner.ts.
import { type Draining, type Input, looked, newDraining, SCRIPT_MS } from './leaving.ts';
import { joined } from './joined.ts';
import { handle, isAtRest } from './service.ts';
import { letterOf } from './steps.ts';
import type { Effect, Event, Now, ScriptLetter, Service, Step } from './types.ts';

export type Side = 'main' | 'log';

export interface Pair {
  readonly main: Service;
  readonly log: Service | null;
  /** Our end of the pipe is closed; the log's end is awaited. */
  readonly draining: Draining | null;
  /** The service has gone for good, but a control script of it is still at work; when that is ended. */
  readonly script: { readonly step: Step; readonly dueMs: number } | null;
  /** Nothing is left to supervise. */
  readonly over: boolean;
}

export type PairEffect =
  | { readonly kind: 'on'; readonly side: Side; readonly effect: Effect }
  /** close our writing end of the pipe between service and log */
  | { readonly kind: 'endInput' }
  /** see whether the pipe is empty, and held by others: handleInput */
  | { readonly kind: 'lookAtInput' }
  /** say that the log does not end, why, and what it gets */
  | { readonly kind: 'tellLog'; readonly input: Input | null }
  /** say that a control script does not end, and is ended */
  | { readonly kind: 'tellScript'; readonly letter: ScriptLetter }
  /** a log whose directory was removed has ended */
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
  over: false,
});

/** The event that makes a new service do what its want says. */
export const firstEvent = (service: Service): Event => ({ kind: service.want === 'up' ? 'up' : 'down' });

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

const hasProcess = (service: Service | null): boolean => service !== null && service.pid !== 0;

/** What an event means for a pair that is going away: there is no way back, only help for the log. */
const whileLeaving = (pair: Pair, event: Event): { readonly side: Side; readonly event: Event } | null => {
  if (event.kind === 'exit') return { side: 'log', event: { kind: 'term' } };
  if (event.kind === 'kill') return { side: 'log', event: hasProcess(pair.log) ? event : { kind: 'due' } };
  return null;
};

const meant = (pair: Pair, side: Side, event: Event): { readonly side: Side; readonly event: Event } | null => {
  if (pair.over) return null;
  if (side === 'main') return pair.draining !== null && isGone(pair) ? whileLeaving(pair, event) : { side, event };
  if (event.kind === 'exit') return null;
  return pair.draining !== null && (event.kind === 'up' || event.kind === 'once') ? null : { side, event };
};

/** The log's input ends; it shall not be started again. */
const drain = (pair: Pair, now: Now): PairOutcome => {
  const left = applyTo({ ...pair, draining: newDraining(now) }, 'log', { kind: 'leave' }, now);
  return withEffects([{ kind: 'endInput' }], left);
};

/** How long a control script still has. */
const timeScript = (pair: Pair, now: Now): Pair => {
  const { main, script } = pair;
  const step = main.want === 'exit' && main.state === 'down' ? main.asking : null;
  if (step === null) return script === null ? pair : { ...pair, script: null };
  return step === script?.step ? pair : { ...pair, script: { step, dueMs: now.ms + SCRIPT_MS } };
};

/** The service is done and shall not come back: end the log's input, let it end. */
const follow = ({ pair: before, effects }: PairOutcome, now: Now): PairOutcome => {
  const pair = timeScript(before, now);
  const isLogDone = pair.log === null || (pair.draining !== null && isAtRest(pair.log));
  if (isGone(pair)) {
    if (isLogDone) return { pair: { ...pair, draining: null, over: true }, effects };
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

/** What was seen of the service's control scripts. */
export const withControl = (pair: Pair, control: boolean): Pair =>
  pair.main.control === control ? pair : { ...pair, main: { ...pair.main, control } };

/** A log was found for a service that had none. */
export const withLog = (pair: Pair, log: Service): Pair => ({ ...pair, log });

/** The log's directory was removed: what the pipe holds is the last that it gets. */
export const dropLog = (pair: Pair, now: Now): PairOutcome =>
  pair.log === null || pair.draining !== null ? { pair, effects: [] } : follow(drain(pair, now), now);

/** What a look at the log's input has shown. */
export const handleInput = (pair: Pair, input: Input, now: Now): PairOutcome => {
  const { draining } = pair;
  if (draining === null || draining.told) return { pair, effects: [] };
  const next = { ...pair, draining: looked(draining, input, now) };
  if (!next.draining.told) return { pair: next, effects: [] };
  // one that is not running is not started any more
  return withEffects([{ kind: 'tellLog', input }], follow(applyTo(next, 'log', { kind: 'exit' }, now), now));
};

const isDue = (dueMs: number | null | undefined, now: Now): boolean =>
  dueMs !== null && dueMs !== undefined && dueMs <= now.ms;

const drainingDue = (pair: Pair, draining: Draining, now: Now): PairOutcome => {
  const next: Pair = { ...pair, draining: { ...draining, dueMs: null } };
  if (!draining.told) return { pair: next, effects: [{ kind: 'lookAtInput' }] };
  return withEffects([{ kind: 'tellLog', input: null }], follow(applyTo(next, 'log', { kind: 'kill' }, now), now));
};

const scriptDue = (pair: Pair, step: Step): PairOutcome => {
  const letter = letterOf(step) as ScriptLetter;
  const effects = [{ kind: 'tellScript', letter } as const, ...on('main', [{ kind: 'endScript' }])];
  return { pair: { ...pair, script: { step, dueMs: Infinity } }, effects };
};

const DUES: readonly ((pair: Pair, now: Now) => PairOutcome | null)[] = [
  (pair, now) => (isDue(pair.log?.dueMs, now) ? handlePair(pair, 'log', { kind: 'due' }, now) : null),
  (pair, now) => (isDue(pair.main.dueMs, now) ? handlePair(pair, 'main', { kind: 'due' }, now) : null),
  (pair, now) => (pair.script !== null && isDue(pair.script.dueMs, now) ? scriptDue(pair, pair.script.step) : null),
  (pair, now) =>
    pair.draining !== null && isDue(pair.draining.dueMs, now) ? drainingDue(pair, pair.draining, now) : null,
];

/** Applies the first of what is due; null: nothing is. */
export const handleDue = (pair: Pair, now: Now): PairOutcome | null => {
  for (const due of DUES) {
    const outcome = due(pair, now);
    if (outcome !== null) return outcome;
  }
  return null;
};

/** When something is due next, monotonic milliseconds; null for never. */
export const nextDue = ({ main, log, draining, script }: Pair): number | null => {
  const next = Math.min(
    main.dueMs ?? Infinity,
    log?.dueMs ?? Infinity,
    draining?.dueMs ?? Infinity,
    script?.dueMs ?? Infinity,
  );
  return next === Infinity ? null : next;
};
