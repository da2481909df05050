// Virtual time: one monotonic count of nanoseconds, from which the other clocks are told; and the agenda of what
// is due when.
//
// Promises: time moves only when the world moves it. Things due at the same moment happen in the order in which
// they were put down. Must not: look at any real clock.
// Read next: world.ts (who moves it).
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME } from '../../../src/abi/flags.ts';

const SECOND_NS = 1e9;
export const MS_NS = 1e6;

/** The machine has been up for 1000 s when a scenario begins: zero would hide mistakes. */
const UP_NS = 1000 * SECOND_NS;

export class Clock {
  /** Since the scenario began; what the agenda counts in. */
  nowNs = 0;
  /** What the monotonic clock showed then. */
  #monotonicNs = UP_NS;
  /** Unix seconds then; kept apart from nanoseconds, which together would not fit into a double. */
  #wallSec: number;
  #wallNs = 0;
  #asleepNs = 0;
  /** File times are stamped by the tick of the kernel, not exactly. */
  readonly #tickNs: number;

  constructor(wallSec: number, tickNs: number) {
    this.#wallSec = wallSec;
    this.#tickNs = tickNs;
  }

  /** Seconds and nanoseconds of a clock; undefined for one that there is not. */
  read(id: number): readonly [number, number] | undefined {
    if (id === CLOCK_MONOTONIC) return split(this.nowNs + this.#monotonicNs, 0);
    if (id === CLOCK_REALTIME) return split(this.nowNs + this.#wallNs, this.#wallSec);
    if (id === CLOCK_BOOTTIME) return split(this.bootNs(), 0);
    return undefined;
  }

  /** What a file's mtime becomes now. */
  stamp(): readonly [number, number] {
    const ns = this.nowNs + this.#wallNs;
    return split(ns - (ns % this.#tickNs), this.#wallSec);
  }

  bootNs(): number {
    return this.nowNs + this.#monotonicNs + this.#asleepNs;
  }

  /** Sets the wall clock forward or, with a number below zero, back. */
  stepWall(ms: number): void {
    this.#wallNs += ms * MS_NS;
    const whole = Math.floor(this.#wallNs / SECOND_NS);
    this.#wallSec += whole;
    this.#wallNs -= whole * SECOND_NS;
  }

  /** The machine sleeps: wall and boot time pass, monotonic time does not. */
  suspend(ms: number): void {
    this.#asleepNs += ms * MS_NS;
    this.stepWall(ms);
  }

  /** The machine starts anew; only the wall clock goes on. */
  reboot(): void {
    this.#monotonicNs = UP_NS - this.nowNs;
    this.#asleepNs = 0;
  }
}

const split = (ns: number, addSec: number): readonly [number, number] => {
  const sec = Math.floor(ns / SECOND_NS);
  return [sec + addSec, ns - sec * SECOND_NS];
};

/** Something due; `act` is null once done or cancelled. */
export class Task {
  readonly atNs: number;
  readonly order: number;
  act: (() => void) | null;

  constructor(atNs: number, order: number, act: () => void) {
    this.atNs = atNs;
    this.order = order;
    this.act = act;
  }
}

/** What is due when: a binary heap, soonest first. */
export class Agenda {
  /** When the next task is due; Infinity: nothing ever. */
  nextNs = Infinity;
  #heap: Task[] = [];
  #order = 0;

  add(atNs: number, act: () => void): Task {
    const task = new Task(atNs, this.#order++, act);
    this.#heap.push(task);
    this.#rise(this.#heap.length - 1);
    this.#look();
    return task;
  }

  cancel(task: Task): void {
    task.act = null;
    this.#look();
  }

  /** Takes the next task out; only when there is one. */
  take(): () => void {
    const task = this.#heap[0] as Task;
    const act = task.act as () => void;
    task.act = null;
    this.#look();
    return act;
  }

  /** Forgets everything. */
  clear(): void {
    this.#heap = [];
    this.#look();
  }

  #look(): void {
    while (this.#heap.length > 0 && (this.#heap[0] as Task).act === null) this.#drop();
    this.nextNs = this.#heap.length > 0 ? (this.#heap[0] as Task).atNs : Infinity;
  }

  #drop(): void {
    const last = this.#heap.pop() as Task;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(start: number): void {
    const heap = this.#heap;
    let at = start;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!sooner(heap[at] as Task, heap[above] as Task)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  #sink(start: number): void {
    const heap = this.#heap;
    for (let at = start; ; ) {
      const left = 2 * at + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const below = right < heap.length && sooner(heap[right] as Task, heap[left] as Task) ? right : left;
      if (!sooner(heap[below] as Task, heap[at] as Task)) return;
      this.#swap(at, below);
      at = below;
    }
  }

  #swap(one: number, other: number): void {
    const task = this.#heap[one] as Task;
    this.#heap[one] = this.#heap[other] as Task;
    this.#heap[other] = task;
  }
}

const sooner = (one: Task, other: Task): boolean =>
  one.atNs < other.atNs || (one.atNs === other.atNs && one.order < other.order);
