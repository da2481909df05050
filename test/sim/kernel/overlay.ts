// Faults and the trace: laid over the table of calls while they are wanted, and only then, so that a scenario
// without them pays nothing.
//
// Promises: a fault refuses a call before it has any effect; the call still is a step. The trace remembers the last
// calls with what they gave.
// Read next: calls.ts (what lies below), kernel.ts (fault(), the option `trace`).
import type { Calls } from '../../../src/host/calls.ts';
import type { Random } from '../random.ts';
import { MainCalls } from './calls.ts';
import { Ended } from './endings.ts';
import type { Main } from './main.ts';

type Name = keyof Calls;

/** Which calls are refused, and with what. */
export interface Fault<K extends Name = Name> {
  readonly call: K;
  /** Above 4096, for spawn: after the fork. */
  readonly errno: number;
  readonly when?: (...args: Parameters<Calls[K]>) => boolean;
  /** How many calls it refuses; default all of them. */
  readonly times?: number;
  /** How likely a call is refused; default always. */
  readonly probability?: number;
}

/** A fault in force. */
export interface FaultHandle {
  /** How many calls were refused. */
  readonly refused: number;
  off(): void;
}

class Rule implements FaultHandle {
  refused = 0;
  readonly #fault: Fault;
  readonly #random: Random;
  #on = true;

  constructor(fault: Fault, random: Random) {
    this.#fault = fault;
    this.#random = random;
  }

  off(): void {
    this.#on = false;
  }

  /** errno, or 0: not refused. */
  judge(args: readonly unknown[]): number {
    const { errno, when, times, probability } = this.#fault;
    if (!this.#on || (times !== undefined && this.refused >= times)) return 0;
    if (when !== undefined && !(when as (...args: readonly unknown[]) => boolean)(...args)) return 0;
    if (probability !== undefined && !this.#random.chance(probability)) return 0;
    this.refused++;
    return errno;
  }
}

type AnyCall = (...args: unknown[]) => unknown;

export class Overlay {
  readonly #main: Main;
  readonly #calls: Calls;
  readonly #rules = new Map<Name, Rule[]>();
  readonly #trace: TraceRing | null;

  constructor(main: Main, calls: Calls, traceLength: number) {
    this.#main = main;
    this.#calls = calls;
    this.#trace = traceLength > 0 ? new TraceRing(traceLength) : null;
    if (this.#trace !== null) for (const name of CALL_NAMES) this.#cover(name);
  }

  get trace(): readonly string[] {
    return this.#trace?.lines() ?? [];
  }

  note(text: string): void {
    this.#trace?.add({ step: this.#main.steps, atMs: this.#main.world.nowMs, text, args: null, result: undefined });
  }

  add<K extends Name>(fault: Fault<K>, random: Random): FaultHandle {
    const rule = new Rule(fault as unknown as Fault, random);
    const rules = this.#rules.get(fault.call);
    if (rules !== undefined) rules.push(rule);
    else this.#rules.set(fault.call, [rule]);
    this.#cover(fault.call);
    return rule;
  }

  /** Puts a function of its own over one call; below it lies the class's. */
  #cover(name: Name): void {
    if (Object.hasOwn(this.#calls, name)) return;
    const below = (this.#calls[name] as AnyCall).bind(this.#calls);
    const cover = (...args: unknown[]): unknown => this.#call(name, below, args);
    Object.defineProperty(this.#calls, name, { value: cover });
  }

  #call(name: Name, below: AnyCall, args: unknown[]): unknown {
    let result: unknown;
    try {
      const errno = this.#judge(name, args);
      if (errno !== 0) this.#main.step();
      result = errno !== 0 ? -errno : below(...args);
    } catch (thrown) {
      result = thrown;
      throw thrown;
    } finally {
      this.#trace?.add({ step: this.#main.steps, atMs: this.#main.world.nowMs, text: name, args, result });
    }
    return result;
  }

  #judge(name: Name, args: readonly unknown[]): number {
    for (const rule of this.#rules.get(name) ?? []) {
      const errno = rule.judge(args);
      if (errno !== 0) return errno;
    }
    return 0;
  }
}

const CALL_NAMES = Object.getOwnPropertyNames(MainCalls.prototype).filter(
  (name) => name !== 'constructor',
) as readonly string[] as readonly Name[];

interface Traced {
  readonly step: number;
  readonly atMs: number;
  readonly text: string;
  /** Null: a remark, not a call. */
  readonly args: readonly unknown[] | null;
  readonly result: unknown;
}

class TraceRing {
  readonly #length: number;
  #entries: Traced[] = [];

  constructor(length: number) {
    this.#length = length;
  }

  add(entry: Traced): void {
    this.#entries.push(entry);
    if (this.#entries.length > 2 * this.#length) this.#entries = this.#entries.slice(-this.#length);
  }

  lines(): readonly string[] {
    return this.#entries.slice(-this.#length).map(lineOf);
  }
}

const lineOf = (entry: Traced): string => {
  const head = `${entry.step} ${entry.atMs.toFixed(3)}ms ${entry.text}`;
  if (entry.args === null) return `${head}`;
  const args = entry.args.map((arg) => JSON.stringify(arg)).join(', ');
  const { result } = entry;
  return `${head}(${args}) = ${JSON.stringify(result instanceof Ended ? result.ending : result)}`;
};
