// The main program's time: its steps, its waits, and how its run ends.
//
// Promises: every system call is one numbered step, before which the world catches up and the scenario's marks are
// kept; a wait moves the world until what is waited for is there. Once ended, every call throws the ending again.
// Read next: calls.ts (the calls themselves), world.ts (move), endings.ts.
import { EINTR } from '../../../src/abi/errno.ts';
import { type Ended, Livelock, MainKilled, WorldAtRest } from './endings.ts';
import { BLOCKED } from './numbers.ts';
import type { Process } from './processes.ts';
import type { World } from './world.ts';

export interface MainOptions {
  /** What a system call takes. */
  readonly callCostNs?: number;
  /** More steps than this in one run are a livelock. */
  readonly maxSteps?: number;
  /** So are more polls in a row, none of which had to wait. */
  readonly maxSpins?: number;
}

interface Mark {
  readonly step: number;
  readonly act: () => void;
}

const SIGNAL_BITS = 127;

export class Main {
  readonly world: World;
  ended: Ended | null = null;
  /** System calls, over all runs. */
  steps = 0;
  /** Polls that returned; and those among them that had to wait first. */
  polls = 0;
  wakeUps = 0;
  /** What to do when nothing is left to happen, one after the other; then the run ends. */
  readonly atRest: (() => void)[] = [];
  #process: Process | null = null;
  #spins = 0;
  #runFrom = 0;
  #nextMark = Infinity;
  #marks: Mark[] = [];
  readonly #callCostNs: number;
  readonly #maxSteps: number;
  readonly #maxSpins: number;

  constructor(world: World, options: MainOptions) {
    this.world = world;
    this.#callCostNs = options.callCostNs ?? 1000;
    this.#maxSteps = options.maxSteps ?? 100_000;
    this.#maxSpins = options.maxSpins ?? 2000;
  }

  get process(): Process {
    if (this.#process === null) throw new Error('no main program runs');
    return this.#process;
  }

  /** Whether a program runs, or stands still where it was left. */
  get lives(): boolean {
    return this.#process?.live ?? false;
  }

  begin(process: Process): void {
    this.#process = process;
    this.ended = null;
    this.#spins = 0;
    this.#runFrom = this.steps;
  }

  /** Does something as another user, just before the call with this number. */
  mark(step: number, act: () => void): void {
    this.#marks.push({ step, act });
    this.#nextMark = Math.min(this.#nextMark, step);
  }

  /** To be called first in every system call. */
  step(): void {
    if (this.ended !== null) throw this.ended;
    this.steps++;
    const { clock, agenda } = this.world;
    clock.nowNs += this.#callCostNs;
    if (this.steps >= this.#nextMark) this.#keepMarks();
    if (agenda.nextNs <= clock.nowNs) this.world.runDue();
    if (this.steps - this.#runFrom > this.#maxSteps) this.#livelock();
    this.check();
  }

  /** Throws if the program has ended meanwhile; waits while it is stopped. */
  check(): void {
    const process = this.process;
    if (this.ended === null && process.live && !process.stopped) return;
    if (this.ended === null && !process.live) this.ended = new MainKilled(process.status & SIGNAL_BITS);
    if (this.ended !== null) throw this.ended;
    while (process.stopped) this.#move(Infinity);
    this.check();
  }

  end(ended: Ended): never {
    this.ended = ended;
    throw ended;
  }

  #keepMarks(): void {
    const due = this.#marks.filter((mark) => mark.step <= this.steps);
    this.#marks = this.#marks.filter((mark) => mark.step > this.steps);
    this.#nextMark = Math.min(Infinity, ...this.#marks.map((mark) => mark.step));
    for (const mark of due) mark.act();
  }

  #livelock(): never {
    return this.end(new Livelock(this.steps - this.#runFrom, this.polls));
  }

  /** Lets the next thing happen, or time pass until `untilNs`. */
  #move(untilNs: number): void {
    if (this.world.move(untilNs)) return;
    const act = this.atRest.shift();
    if (act === undefined) this.end(new WorldAtRest());
    act();
  }

  /** Asks until the answer is another than BLOCKED, which must not happen before `untilNs`. */
  wait<Answer>(ask: () => Answer, untilNs: number, restarts: boolean): Answer | number {
    const process = this.process;
    let answer = ask();
    if (answer !== BLOCKED) return answer;
    process.waiting = true;
    while (answer === BLOCKED && (restarts || process.arriving === 0)) {
      this.#move(untilNs);
      this.check();
      answer = ask();
    }
    process.waiting = false;
    process.noted |= process.arriving;
    process.arriving = 0;
    return answer === BLOCKED ? -EINTR : answer;
  }

  /** A call that waits for something that happens, with or without a signal on the way. */
  block<Answer>(ask: () => Answer, restarts = true): Answer | number {
    return this.wait(ask, Infinity, restarts);
  }

  /** A poll returns. */
  returned(slept: boolean): void {
    this.polls++;
    if (slept) this.wakeUps++;
    this.#spins = slept ? 0 : this.#spins + 1;
    if (this.#spins > this.#maxSpins) this.#livelock();
  }
}
