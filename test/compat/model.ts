// The words of the compatibility suite: programs, suites, cases and declared differences.
//
// A case is played once with C's programs and once with each other combination; what it notes must be equal, line by
// line, but for the lines that a declared difference replaces. Types only, nothing here runs.
// Read next: suites.ts (the combinations), world.ts (what a case can do), compare.ts (how lines are judged).
import type { World } from './world.ts';

/** The programs that are chpst under other names; in C, daemontools', as far as the reference has them, are one file. */
export const CHPST_NAMES = [
  ...(['chpst', 'envdir', 'envuidgid', 'pgrphack', 'setlock', 'setuidgid', 'softlimit'] as const),
  ...(['dchpst', 'dsetuidgid'] as const),
] as const;
/** Of which BusyBox is the reference. */
export const BUSYBOX_NAMES = ['svc', 'svok'] as const;
/** Of a system that has runit as process 1. */
export const INIT_NAMES = ['runit', 'runit-init', 'runsvchdir', 'utmpset'] as const;
export const PROGRAMS = ['sv', 'runsv', 'runsvdir', ...INIT_NAMES, ...CHPST_NAMES, ...BUSYBOX_NAMES] as const;
export type Program = (typeof PROGRAMS)[number];

/** Whose program it is: C's installed one, C's 2.3.1 from a directory, or ours. */
export type Origin = 'c' | 'c231' | 'ours';

export interface Suite {
  readonly name: string;
  readonly origins: Readonly<Record<Program, Origin>>;
}

/**
 * What ours does differently on purpose. The id begins with the program's name and is a heading in
 * docs/differences.md.
 */
export interface Difference {
  readonly id: `${Program}-${string}`;
  /** The notes that ours leaves behind in place of C's; null: ours has no such note. */
  readonly lines: Readonly<Record<string, string | null>>;
  /** C itself behaves this way from 2.3.1 on. */
  readonly since231?: true;
  /** Holds only where these others are ours too. */
  readonly with?: readonly Program[];
}

/** What the machine must offer; a case that lacks it is skipped with a line that says so. */
export type Need = 'root' | 'daemontools' | 'busybox' | 'namespaces';

export interface Case {
  /** Letters, digits and dashes, as `group/what`. */
  readonly name: string;
  /** A sentence. */
  readonly title: string;
  readonly uses: readonly Program[];
  readonly needs?: readonly Need[];
  /** Measures fractions of a second, so it is played when the rest is over. */
  readonly timed?: true;
  readonly differs?: readonly Difference[];
  /** Leaves its findings by `world.note`. Throws TimeoutError where an awaited event does not come. */
  run(world: World): Promise<void>;
}

/** Notes by key, in the order they were made. */
export type Transcript = ReadonlyMap<string, string>;

export type Outcome =
  | { readonly kind: 'played'; readonly transcript: Transcript; readonly report: string }
  | { readonly kind: 'broken'; readonly reason: string; readonly report: string };
