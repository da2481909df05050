// What a benchmark is made of.
//
// A *figure* is one thing users feel (the time of `sv status`, memory of one more service). It measures the reference
// (side `c`) and this program (side `ours`) in turn, in one run, and gives *rows*. A row is judged by its ratio alone:
// the same machine, the same minute, the same noise. No absolute time decides anything.
// Read next: figures/*.ts (one each), report.ts (how they are shown).
import type { Keeping } from './keeper.ts';
import type { Suite, Tools } from './programs.ts';

export type SideName = 'c' | 'ours';

/** What was measured for one side; `min` where a distribution was. */
export interface Measured {
  readonly value: number;
  readonly min?: number;
  readonly p99?: number;
  readonly count?: number;
}

export interface Row {
  readonly name: string;
  readonly unit: 'ms' | 'us' | 'kB' | 'count';
  readonly c: Measured | null;
  readonly ours: Measured | null;
  /** The greatest ratio ours/c that is good enough; null: for information. */
  readonly limit: number | null;
  readonly goal?: number;
  /** The greatest value of ours, whatever the reference's: for counts, and for what the reference does not do. */
  readonly most?: number;
}

export interface Context {
  readonly quick: boolean;
  readonly ours: Suite;
  readonly c: Suite;
  readonly tools: Tools;
  /** An empty directory of this figure's own, in memory where there is such a place; removed behind it. */
  readonly dir: string;
  /** A directory for temporary files on a disk, if any. */
  readonly disk: string | null;
  readonly keep: Keeping;
  /** A line of text that belongs with the figure. */
  note(text: string): void;
}

export interface Figure {
  readonly name: string;
  readonly title: string;
  /** May be left out without a failure. */
  readonly optional?: true;
  /** A quick run, which holds limits on machines that do other things too, measures it only where it is named. */
  readonly forInformation?: true;
  /** Why it cannot be measured here; null: it can. */
  readonly skipReason?: (context: Context) => string | null;
  measure(context: Context): Promise<readonly Row[]>;
}

export const suitesOf = (context: Context): readonly Suite[] => [context.c, context.ours];
