// What the svlogd suite is made of.
//
// A *batch* is one run of svlogd from its start to the end of its input: options, log directories, bytes. It is played
// by C svlogd and by the one under test, and what both leave behind must be the same.
// A *scenario* is a run with something happening in between (signals, a full disk), which leaves notes.
// Read next: play.ts (how a batch is played), session.ts (scenarios), differences.ts (what may differ).
export interface Side {
  readonly name: 'c' | 'ours';
  /** Absolute path of svlogd. */
  readonly svlogd: string;
}

/** A file that stands in a log directory beforehand. Text is a byte string. */
export interface Found {
  readonly text: string;
  readonly mode: number;
}

export interface LogDir {
  readonly name: string;
  /** null: there is no config file. */
  readonly config: string | null;
  readonly found?: Readonly<Record<string, Found>>;
  readonly kind?: 'missing' | 'a file';
}

export interface Batch {
  /** What stands before the directories. */
  readonly options: readonly string[];
  readonly dirs: readonly LogDir[];
  /** What is given as directories; default: all of `dirs`. */
  readonly operands?: readonly string[];
  /** A byte string. */
  readonly input: string;
  readonly stdin: 'file' | 'pipe';
}

export interface NamedBatch extends Batch {
  readonly name: string;
}

/** What a run left behind, by key; stamps and names made alike. */
export type Seen = ReadonlyMap<string, string>;

export interface Verdict {
  readonly name: string;
  /** Empty where all was well. */
  readonly faults: readonly string[];
}
