// What the logger benchmarks are made of.
//
// A *logger* is a program that keeps lines in a directory of rotated files; a *work* is what it is asked to do with
// them (stamp, select). Not every logger can do every work. Read next: loggers.ts, throughput.ts.
export const WORKS = ['plain', '-t', '-tt', 'patterns'] as const;
export type Work = (typeof WORKS)[number];

export const INPUTS = ['pipe', 'file'] as const;
export type Input = (typeof INPUTS)[number];

export const LOGGERS = ['ours', 'c', 'busybox', 's6-log', 'multilog'] as const;
export type LoggerName = (typeof LOGGERS)[number];

export interface Logger {
  readonly name: LoggerName;
  /** The command that logs into `dir`, which is there and empty, after what it needs was put in it; null: cannot. */
  command(work: Work, dir: string): readonly string[] | null;
}

/** One judged ratio, ours / the reference's: times, or memory. */
export interface Verdict {
  readonly name: string;
  readonly ours: number;
  readonly reference: number;
  readonly unit: string;
  /** The greatest ratio that is good enough; null where the row is for information. */
  readonly limit: number | null;
}

export const ratioOf = (verdict: Verdict): number => verdict.ours / verdict.reference;

/** `slack` widens the limit. A row without a limit is always met. */
export const isMet = (verdict: Verdict, slack: number): boolean =>
  verdict.limit === null || ratioOf(verdict) <= verdict.limit * slack;
