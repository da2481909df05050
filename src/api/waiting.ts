// Waiting in promises: sv's own waits, which are woken by fs.watch where sv is woken by inotify.
//
// Promises: nothing blocks; each wait holds its watches and one timer, and lets go of them when it ends, however it ends.
// Read next: ../client/watch.ts and ../client/wait-for.ts (what is looked at and when), types.ts.
import { isOver, lookAfterMs as nextLookMs, lookAgain, lookAtAll, type Result, watchAll } from '../client/wait-for.ts';
import {
  beginWatching,
  endWatching,
  type Happening,
  happeningsAfter,
  lookAfterMs,
  type Watching,
} from '../client/watch.ts';
import { conditionOfSnapshot } from '../formats/snapshot.ts';
import { monotonicMs } from '../host/clock.ts';
import type { Fd } from '../host/calls.ts';
import { bytesOf, textOf, type Watches, watchesOf, withPlainHost } from '../host/node/plain.ts';
import { sys } from '../host/sys.ts';
import { eventOf, named } from './services.ts';
import type { Goal, ServiceEvent, WaitOptions, WaitResult, WatchOptions } from './types.ts';

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

/** Where the kernel offers no watches at all, a set that hears nothing. */
const opened = (fd: Fd | null): { readonly fd: Fd; readonly watches: Watches } => {
  const known = fd ?? (sys.inotify() as Fd);
  return { fd: known, watches: watchesOf(known) };
};

/** Waits as `sv wait` does. The results when it is over, when the time is, or at the signal. */
export const waitForGoal = async (
  goal: Goal,
  names: readonly string[],
  { any = false, timeoutMs, signal, svdir }: WaitOptions,
): Promise<readonly WaitResult[]> => {
  const onHost = <T>(body: () => T): T => withPlainHost(svdir, body);
  const start = onHost(() => {
    const services = named(names);
    return { ...opened(watchAll(services)), results: lookAtAll(goal, services), ms: monotonicMs() };
  });
  const untilMs = start.ms + (timeoutMs ?? Number.POSITIVE_INFINITY);
  const { fd, watches } = start;
  let { results } = start;
  const release = onAbort(signal, () => watches.wake());
  try {
    for (;;) {
      const restMs = untilMs - onHost(monotonicMs);
      if (isOver(results, any) || restMs <= 0 || signal?.aborted === true) return results.map(resultOf);
      await watches.heard(Math.min(nextLookMs(goal, results), restMs));
      watches.take();
      results = onHost(() => lookAgain(goal, results));
    }
  } finally {
    release();
    onHost(() => sys.close(fd));
  }
};

/** What a watch has found and nobody has taken. */
class Events implements AsyncIterableIterator<ServiceEvent, undefined> {
  readonly #svdir: string | undefined;
  readonly #watching: Watching;
  readonly #watches: Watches;
  readonly #release: () => void;
  #queue: readonly ServiceEvent[];
  #hasEnded = false;
  /** Calls of next() are answered one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ patterns = [], signal, svdir }: WatchOptions) {
    this.#svdir = svdir;
    const { watching, first } = this.#onHost(() => beginWatching(patterns.map(bytesOf)));
    this.#watching = watching;
    this.#watches = watchesOf(watching.inotify as Fd);
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
      if (!this.#hasEnded) this.#queue = this.#look().map(eventOf);
    }
    const [value, ...rest] = this.#queue;
    this.#queue = rest;
    return value === undefined ? { done: true, value } : { done: false, value };
  }

  #look(): readonly Happening[] {
    return this.#onHost(() => happeningsAfter(this.#watching, this.#watches.take()));
  }

  #onHost<T>(body: () => T): T {
    return withPlainHost(this.#svdir, body);
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#queue = [];
    this.#release?.();
    this.#onHost(() => endWatching(this.#watching));
  }
}

export const eventsOf = (options: WatchOptions): AsyncIterableIterator<ServiceEvent, undefined> => new Events(options);
