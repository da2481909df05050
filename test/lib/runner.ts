// The runner of every suite that needs a real kernel: chooses tests, plays several at a time, prints, counts, cleans up.
//
// Promises: one line a test, `ok | FAILED | skipped  TITLE (SECONDS s)`, with what was wrong below it; the last line is `N passed, N
// failed, N skipped`; exit code 0 where something passed or was skipped and nothing failed, else 1, 2 for a wrong command line, 130
// for a signal. What a test defers is done when it ends, however it ends: by itself, at its time limit, by a signal.
//
// Why not vitest's projects, which have the unit, contract and simulated tests: a suite here owns something costly that its cases
// share (an engine, roots, mounts) and wants them side by side in one process; it plays as root, executes itself anew in
// namespaces, owns its signals and children, and must unmount and kill before it ends, for which vitest's workers, ended from
// outside, leave no time; and its tests are often known only when it runs (a sweep records the calls that it then refuses).
// Read next: options.ts, summary.ts; ../all.ts plays all suites.
import { type CommonValues, wholeNumber } from './options.ts';
import { endPrograms } from './run.ts';
import { type Counts, summary } from './summary.ts';
import { bounded } from './wait.ts';

type Cleanup = () => void | Promise<void>;

/** What a test has of the runner. */
export interface Hands {
  /** Which of the suite's workers plays it, from 0 on. */
  readonly worker: number;
  /** Done when the test is over, the last one first. */
  defer(cleanup: Cleanup): void;
  /** A fact for the line of the test, behind the time that it took. */
  note(fact: string): void;
  /** Called where the test fails: more lines for its reader. */
  explain(lines: () => readonly string[]): void;
}

export interface Test {
  readonly title: string;
  /** What was wrong, as lines; or an exception. */
  readonly attempt: (hands: Hands) => Promise<readonly string[] | void>;
  /** Why it cannot be played here. */
  readonly skipReason?: string | undefined;
  /** Played when nothing else is. */
  readonly alone?: boolean | undefined;
  readonly timeoutMs?: number | undefined;
}

interface Settings {
  /** How many tests at a time, unless --jobs says otherwise. */
  readonly jobs: number;
  /** For a test that does not end. */
  readonly timeoutMs?: number;
  /** Thousands of tests: those that pass have a line only with --show. */
  readonly quiet?: boolean;
  /** Unless --seed says otherwise. */
  readonly seed?: number;
}

const TIMEOUT_MS = 1_200_000;

const linesOf = (cause: unknown): readonly string[] =>
  (cause instanceof Error ? cause.message : String(cause)).split('\n').filter((line) => line !== '');

/** What is deferred, done once; at once where a test that took too long defers it after its end. */
class Cleanups {
  readonly #actions: Cleanup[] = [];
  #over = false;

  add(action: Cleanup): void {
    this.#actions.push(action);
    if (this.#over) void this.run();
  }

  async run(): Promise<readonly string[]> {
    this.#over = true;
    const faults: string[] = [];
    for (let action = this.#actions.pop(); action !== undefined; action = this.#actions.pop()) {
      try {
        await action();
      } catch (cause) {
        faults.push(...linesOf(cause));
      }
    }
    return faults;
  }
}

export class Suite {
  readonly jobs: number;
  readonly seed: number;
  readonly #values: CommonValues;
  readonly #settings: Settings;
  readonly #share: number;
  readonly #own = new Cleanups();
  readonly #open = new Set<Cleanups>();
  readonly #sinceMs = performance.now();
  #interrupted = false;
  #counts: Counts = { passed: 0, failed: 0, skipped: 0 };

  constructor(values: CommonValues, settings: Settings) {
    this.#values = values;
    this.#settings = settings;
    this.jobs = wholeNumber('jobs', values.jobs ?? String(settings.jobs));
    this.seed = wholeNumber('seed', values.seed ?? String(settings.seed ?? Date.now() % 1_000_000), 0);
    this.#share = wholeNumber('share', values.share);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => void this.#interrupt());
  }

  /** Those that --filter and --share ask for; --list prints them and ends here. */
  choose<T extends { readonly title: string }>(all: readonly T[], alsoShared = (_: T): boolean => false): readonly T[] {
    const filter = this.#values.filter.toLowerCase();
    const exact = all.filter(({ title }) => title.toLowerCase() === filter);
    const named = exact.length > 0 ? exact : all.filter(({ title }) => title.toLowerCase().includes(filter));
    const chosen = named.filter((one, at) => at % this.#share === 0 || alsoShared(one));
    if (!this.#values.list) return chosen;
    for (const { title } of chosen) console.log(title);
    process.exit(0);
  }

  /** Done at the end of the suite, the last one first. */
  defer(cleanup: Cleanup): void {
    this.#own.add(cleanup);
  }

  /** Plays tests, those that want to be alone last. */
  async play(tests: readonly Test[], jobs = this.jobs): Promise<void> {
    const playable = tests.filter((test) => this.#isPlayable(test));
    const beside = playable.filter(({ alone }) => alone !== true);
    await this.#playAll(beside, Math.min(jobs, this.jobs));
    await this.#playAll(
      playable.filter(({ alone }) => alone === true),
      1,
    );
  }

  /** One test that others build on; whether it passed. */
  async step(title: string, attempt: Test['attempt']): Promise<boolean> {
    return this.#play({ title, attempt }, 0);
  }

  /** Counts and prints what a test came to, for suites that do not leave the playing to this. */
  report(title: string, faults: readonly string[], facts: readonly string[] = []): void {
    this.#count(faults.length === 0 ? 'passed' : 'failed');
    if (faults.length === 0 && this.#settings.quiet === true && !this.#values.show) return;
    console.log(
      `${faults.length === 0 ? 'ok     ' : 'FAILED '} ${title}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`,
    );
    for (const fault of faults) console.log(`    ${fault.trimEnd().replaceAll('\n', '\n    ')}`);
  }

  skip(title: string, reason: string): void {
    this.#count('skipped');
    console.log(`skipped ${title}: ${reason}`);
  }

  /** Plays the whole suite and ends this process. */
  async run(main: () => Promise<void>): Promise<never> {
    const playing = async (): Promise<void> => {
      try {
        await main();
      } catch (cause) {
        this.report('the suite', cause instanceof Error ? [cause.stack ?? cause.message] : linesOf(cause));
      }
    };
    await playing();
    // whoever has begun to end this process does so
    if (this.#interrupted) return new Promise<never>(() => {});
    await this.#end();
    const seconds = ((performance.now() - this.#sinceMs) / 1000).toFixed(0);
    const { passed, failed, skipped } = this.#counts;
    console.log(`${seconds} s, seed ${this.seed}${passed + failed + skipped === 0 ? ': nothing was chosen' : ''}`);
    console.log(summary(this.#counts));
    process.exit(failed === 0 && passed + skipped > 0 ? 0 : 1);
  }

  #count(what: keyof Counts): void {
    this.#counts = { ...this.#counts, [what]: this.#counts[what] + 1 };
  }

  #isPlayable({ title, skipReason }: Test): boolean {
    if (skipReason !== undefined) this.skip(title, skipReason);
    return skipReason === undefined;
  }

  async #playAll(tests: readonly Test[], jobs: number): Promise<void> {
    const queue = tests.values();
    const work = async (_: unknown, worker: number): Promise<void> => {
      for (const test of queue) {
        if (this.#interrupted) return;
        await this.#play(test, worker);
      }
    };
    await Promise.all(Array.from({ length: jobs }, work));
  }

  async #play({ title, attempt, timeoutMs }: Test, worker: number): Promise<boolean> {
    const cleanups = new Cleanups();
    const facts: string[] = [];
    let explained = (): readonly string[] => [];
    const hands: Hands = {
      worker,
      defer: (cleanup) => cleanups.add(cleanup),
      note: (fact) => void facts.push(fact),
      explain: (lines) => (explained = lines),
    };
    this.#open.add(cleanups);
    const sinceMs = performance.now();
    const faults: string[] = [];
    try {
      const limitMs = timeoutMs ?? this.#settings.timeoutMs ?? TIMEOUT_MS;
      faults.push(...((await bounded('the end of the test', attempt(hands), limitMs)) ?? []));
    } catch (cause) {
      faults.push(...linesOf(cause), ...explained());
    }
    faults.push(...(await cleanups.run()));
    this.#open.delete(cleanups);
    this.report(title, faults, [`${((performance.now() - sinceMs) / 1000).toFixed(1)} s`, ...facts]);
    return faults.length === 0;
  }

  async #end(): Promise<void> {
    endPrograms();
    for (const cleanups of this.#open) await cleanups.run();
    const faults = await this.#own.run();
    if (faults.length > 0) this.report('the end of the suite', faults);
  }

  /** A second signal does not cut short what the first one began. */
  async #interrupt(): Promise<void> {
    if (this.#interrupted) return;
    this.#interrupted = true;
    await this.#end();
    process.exit(130);
  }
}
