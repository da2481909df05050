// The words of a scan directory: what it has, what can happen to it, what it wants done.
//
// Read next: table.ts (the decisions), held.ts (who is stopped later).
/** A service that a scan found. */
export interface Found {
  readonly name: string;
  readonly key: string;
}

export interface Entry extends Found {
  /** The process of runsv, 0 for none. */
  readonly pid: number;
  /** When runsv was last started or tried, monotonic. */
  readonly startedMs: number;
  /**
   * When to start runsv, monotonic; null: it runs, or is finished. If it is leaving: until when a new service waits for
   * it; null: that time is up, and there was a warning.
   */
  readonly dueMs: number | null;
  /** It is leaving and was not sent TERM yet: the services that depend on it, and have not ended. Missing: nobody is waited for. */
  readonly dependents?: readonly string[];
}

/** By name: the services that depend on it. */
export type Dependents = ReadonlyMap<string, readonly string[]>;

export interface Tree {
  readonly wanted: ReadonlyMap<string, Entry>;
  readonly leaving: readonly Entry[];
  /** Everything is being stopped, for good. */
  readonly stopping: boolean;
}

export type TreeEvent =
  /** `dependents`: among those that are gone; missing: nobody depends on anybody */
  | { readonly kind: 'scanned'; readonly found: readonly Found[]; readonly dependents?: Dependents | null }
  | { readonly kind: 'started'; readonly runsvs: readonly { readonly key: string; readonly pid: number }[] }
  /** could not be started; there was a warning */
  | { readonly kind: 'notStarted'; readonly keys: readonly string[] }
  | { readonly kind: 'ended'; readonly runsvs: readonly Ended[] }
  /** an earlier runsv still supervises the service */
  | { readonly kind: 'alreadySupervised'; readonly name: string; readonly key: string; readonly pid: number }
  /** another runsvdir supervises the service: no start before `free` */
  | { readonly kind: 'elsewhere'; readonly key: string }
  | { readonly kind: 'free'; readonly key: string }
  | { readonly kind: 'due' }
  /** no start any more */
  | { readonly kind: 'finished'; readonly key: string }
  /** stop everything, in waves until `hurryMs`; the second time: send TERM again, to all */
  | { readonly kind: 'stop'; readonly dependents?: Dependents | null; readonly hurryMs?: number | null };

export interface Ended {
  readonly pid: number;
  /** Its exit code, -1: a signal, or unknown. */
  readonly code: number;
  /** The signal that ended it, 0: none. */
  readonly signal: number;
}

export type TreeEffect =
  | { readonly kind: 'start'; readonly name: string; readonly key: string }
  | { readonly kind: 'term'; readonly pid: number }
  /** a new service has waited for it long enough */
  | { readonly kind: 'warnLingering'; readonly name: string; readonly pid: number }
  /** see whether an earlier runsv holds the service; reply: alreadySupervised, elsewhere, or none */
  | { readonly kind: 'lookForHolder'; readonly name: string; readonly key: string }
  | { readonly kind: 'warnCrash'; readonly name: string; readonly signal: number }
  /** an essential service has ended for good; reply: finished if that ends everything, or none */
  | { readonly kind: 'essentialFinished'; readonly name: string; readonly key: string };
