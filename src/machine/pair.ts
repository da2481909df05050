// A service and its log service: who goes first, who goes last.
//
// The log is started before its service and ends after it: once the service wants to exit and rests, our writing end of
// the pipe is closed and the log ends by itself at the end of its input; one that is about to be started still is, for
// what the pipe holds. A log that does not end is helped: a second exit sends it TERM, kill sends it KILL, or hastens
// the start that is awaited.
// Pure and total, as service.ts, which read first. Read next: ../effects/runner.ts.
import { handle, isAtRest } from './service.ts';
import type { Effect, Event, Now, Service } from './types.ts';

export type Side = 'main' | 'log';

export interface Pair {
  readonly main: Service;
  readonly log: Service | null;
  /** The pipe has no writer any more; the log's end is awaited. */
  readonly leaving: boolean;
  /** Nothing is left to supervise. */
  readonly over: boolean;
}

export type PairEffect =
  | { readonly kind: 'on'; readonly side: Side; readonly effect: Effect }
  /** close our writing end of the pipe between service and log */
  | { readonly kind: 'endInput' };

export interface PairOutcome {
  readonly pair: Pair;
  readonly effects: readonly PairEffect[];
}

export const newPair = (main: Service, log: Service | null): Pair => ({ main, log, leaving: false, over: false });

/** The event that makes a new service do what its want says. */
export const firstEvent = (service: Service): Event => ({ kind: service.want === 'up' ? 'up' : 'down' });

const on = (side: Side, effects: readonly Effect[]): readonly PairEffect[] =>
  effects.map((effect) => ({ kind: 'on', side, effect }));

const applyTo = (pair: Pair, side: Side, event: Event, now: Now): PairOutcome => {
  const service = pair[side];
  if (service === null) return { pair, effects: [] };
  const outcome = handle(service, event, now);
  return { pair: { ...pair, [side]: outcome.service }, effects: on(side, outcome.effects) };
};

const hasProcess = (service: Service | null): boolean => service !== null && service.pid !== 0;

/** What an event means for a pair that is going away: there is no way back, only help for the log. */
const whileLeaving = (pair: Pair, side: Side, event: Event): { readonly side: Side; readonly event: Event } | null => {
  if (side === 'log') return event.kind === 'up' || event.kind === 'once' ? null : { side, event };
  if (event.kind === 'exit') return { side: 'log', event: { kind: 'term' } };
  if (event.kind === 'kill') return { side: 'log', event: hasProcess(pair.log) ? event : { kind: 'due' } };
  return null;
};

const meant = (pair: Pair, side: Side, event: Event): { readonly side: Side; readonly event: Event } | null => {
  if (pair.over) return null;
  if (pair.leaving) return whileLeaving(pair, side, event);
  return side === 'log' && event.kind === 'exit' ? null : { side, event };
};

/** The service is done and shall not come back: end the log's input, let it end. */
const follow = (outcome: PairOutcome, now: Now): PairOutcome => {
  const { pair, effects } = outcome;
  if (pair.main.want !== 'exit' || !isAtRest(pair.main)) return outcome;
  if (pair.log === null) return { pair: { ...pair, over: true }, effects };
  if (pair.leaving) return { pair: { ...pair, over: isAtRest(pair.log) }, effects };
  const left = applyTo({ ...pair, leaving: true }, 'log', { kind: 'leave' }, now);
  return follow({ pair: left.pair, effects: effects.concat({ kind: 'endInput' }, left.effects) }, now);
};

/** Applies one event to one side. Total: never throws, whatever the event. */
export const handlePair = (pair: Pair, side: Side, event: Event, now: Now): PairOutcome => {
  const target = meant(pair, side, event);
  if (target === null) return { pair, effects: [] };
  return follow(applyTo(pair, target.side, target.event, now), now);
};

/** When the next `due` is owed to a side, monotonic milliseconds; null for never. */
export const nextDue = (pair: Pair): number | null => {
  const main = pair.main.dueMs;
  const log = pair.log?.dueMs ?? null;
  if (main === null) return log;
  return log === null ? main : Math.min(main, log);
};
