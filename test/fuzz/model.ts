// What is fuzzed: a reader of bytes, and what must hold of it whatever the bytes are.
// Read next: run.ts (the command), worker.ts (the loop), targets/index.ts.

export interface Target {
  readonly name: string;
  /** The sources whose coverage counts, as paths end. */
  readonly files: RegExp;
  /** What means something to the reader: put into inputs now and then. */
  readonly words: readonly string[];
  /** Inputs are cut to so many bytes. */
  readonly longest: number;
  /** Inputs to begin with, beside those of corpus/NAME.txt; each character is a byte. */
  readonly seeds: readonly string[];
  /** Its share of the time, beside 1 of others. */
  readonly share?: number;
  /** Why it cannot be played here; '' where it can. */
  readonly missing?: () => string;
  /** Throws where something does not hold. An input that is refused in the defined way is no failure. */
  run(input: string): void;
}

/** What a worker is told. */
export interface Order {
  readonly target: string;
  readonly seed: number;
  readonly ms: number;
  /** Only these, once each; nothing is made of them. */
  readonly replay?: readonly string[];
  readonly shared: SharedArrayBuffer;
}

export interface Failure {
  readonly input: string;
  readonly why: string;
}

export interface Result {
  readonly inputs: number;
  /** Bytes of code in the sources meant, and those reached. */
  readonly code: number;
  readonly reached: number;
  /** Inputs that reached something new, the shortest first. */
  readonly found: readonly string[];
  readonly failure: Failure | null;
}

/** Layout of the shared memory: how many inputs were begun, the length of the present one, its bytes. */
export const INPUT_AT = 8;
export const SHARED_BYTES = INPUT_AT + 1024 * 1024;

export function insist(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`does not hold: ${what}`);
}

export const same = (one: unknown, other: unknown, what: string): void => {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
  if (a !== b) throw new Error(`${what}: ${a} and ${b}`);
};
