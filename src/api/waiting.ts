// Waiting in promises: sv's own waits, which are woken by fs.watch where sv is woken by inotify.
//
// Promises: nothing blocks; each wait holds its watches and one timer, and lets go of them when it ends, however it ends.
// Read next: ../client/watch.ts and ../client/wait-for.ts (what is looked at and when), types.ts.
import type { Service } from '../client/service.ts';
import { type Result, waitFor } from '../client/wait-for.ts';
import { beginWatching, endWatching, happeningsAfter, lookAfterMs, type Watching } from '../client/watch.ts';
import { conditionOfSnapshot } from '../formats/snapshot.ts';
import { bytesOf, onPlainHost, type Setting, textOf, Watches } from '../host/node/plain.ts';
import { eventOf, named } from './services.ts';
import type { Goal, ServiceEvent, WaitOptions, WaitResult, WatchOptions } from './types.ts';

/** How long until another look: for changes that have no event, and for a process that has just started. */
const LOOK_MS = 420;
const YOUNG_MS = 100;

const resultOf = ({ service, snapshot, verdict }: Result): WaitResult => ({
  service: textOf(service.name),
  reached: verdict === 'reached',
  condition: conditionOfSnapshot(snapshot),
});

/** Calls `then` when the signal comes, or has come; the result ends that. */
const onAbort = (signal: AbortSignal | undefined, then: () => void): (() => void) => {
  if (signal?.aborted === true) then();
  else signal?.addEventListener('abort', then, { once: true });
  return () => signal?.removeEventListener('abort', then);
};

/** A deadline in the past: one look, no wait. */
const AT_ONCE = 0;

const look = (goal: Goal, services: readonly Service[]): readonly Result[] => waitFor(goal, services, false, AT_ONCE);

/** Another look at those that are not there yet. */
const lookAgain = (goal: Goal, results: readonly Result[]): readonly Result[] =>
  results.map((one) => (one.verdict === 'not yet' ? (look(goal, [one.service])[0] ?? one) : one));

const isOver = (results: readonly Result[], any: boolean): boolean =>
  any
    ? results.some(({ verdict }) => verdict === 'reached') || results.every(({ verdict }) => verdict === 'hopeless')
    : results.every(({ verdict }) => verdict !== 'not yet');

const isYoung = ({ snapshot, verdict }: Result): boolean =>
  verdict === 'not yet' && conditionOfSnapshot(snapshot) === 'running';

const watched = (services: readonly Service[]): Watches => {
  const watches = new Watches();
  for (const { dir } of services) watches.tryAdd(`${dir}/supervise`);
  return watches;
};

/** Waits as `sv wait` does. The results when it is over, when the time is, or at the signal. */
export const waitForGoal = async (
  goal: Goal,
  names: readonly string[],
  { any = false, timeoutMs, signal, svdir }: WaitOptions,
): Promise<readonly WaitResult[]> => {
  const untilMs = performance.now() + (timeoutMs ?? Number.POSITIVE_INFINITY);
  const services = onPlainHost({ svdir }, () => named(names));
  // watched before they are looked at, so that no change falls between
  const watches = watched(services);
  const release = onAbort(signal, () => watches.wake());
  try {
    let results = onPlainHost({ svdir }, () => look(goal, services));
    for (;;) {
      const restMs = untilMs - performance.now();
      if (isOver(results, any) || restMs <= 0 || signal?.aborted === true) return results.map(resultOf);
      const lookMs = goal !== 'gone' && results.some(isYoung) ? YOUNG_MS : LOOK_MS;
      await watches.heard(Math.min(lookMs, restMs));
      watches.take();
      results = onPlainHost({ svdir }, () => lookAgain(goal, results));
    }
  } finally {
    release();
    watches.close();
  }
};

/** What a watch has found and nobody has taken. */
class Events implements AsyncIterableIterator<ServiceEvent, undefined> {
  readonly #setting: Setting;
  readonly #watching: Watching;
  readonly #watches = new Watches();
  readonly #release: () => void;
  #queue: readonly ServiceEvent[];
  #hasEnded = false;
  /** Calls of next() are answered one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ patterns = [], signal, svdir }: WatchOptions) {
    this.#setting = { svdir, watches: this.#watches };
    const { watching, first } = onPlainHost(this.#setting, () => beginWatching(patterns.map(bytesOf)));
    this.#watching = watching;
    this.#queue = first.map(eventOf);
    this.#release = onAbort(signal, () => this.#end());
  }

  next(): Promise<IteratorResult<ServiceEvent, undefined>> {
    const answer = this.#turn.then(() => this.#take());
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  return(): Promise<IteratorResult<ServiceEvent, undefined>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #take(): Promise<IteratorResult<ServiceEvent, undefined>> {
    while (!this.#hasEnded && this.#queue.length === 0) {
      await this.#watches.heard(lookAfterMs(this.#watching));
      if (!this.#hasEnded) this.#queue = this.#look();
    }
    const [value, ...rest] = this.#queue;
    this.#queue = rest;
    return value === undefined ? { done: true, value } : { done: false, value };
  }

  #look(): readonly ServiceEvent[] {
    return onPlainHost(this.#setting, () => happeningsAfter(this.#watching, this.#watches.take())).map(eventOf);
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#queue = [];
    this.#release?.();
    onPlainHost(this.#setting, () => endWatching(this.#watching));
  }
}

export const eventsOf = (options: WatchOptions): AsyncIterableIterator<ServiceEvent, undefined> => new Events(options);
