// The shapes that the module's functions take and return: what `sv list --json`, `sv why --json` and `sv watch --json` print,
// with names as JavaScript has them.
//
// Promises: members are only ever added. Times are RFC 3339 texts in UTC with milliseconds, durations are seconds, sizes are
// bytes; what is not known is null. Names and texts are decoded as UTF-8, what is no UTF-8 becomes U+FFFD.
// Read next: index.ts, ../../docs/sv.schema.json (the same contract for JSON).

/** What is going on, in one word; sv(8) explains each. */
export type Condition =
  | 'unsupervised'
  | 'finishing'
  | 'stopping'
  | 'reloading'
  | 'unready'
  | 'ready'
  | 'starting'
  | 'running'
  | 'waiting'
  | 'backoff'
  | 'failed'
  | 'done'
  | 'down';

/** Why a process has ended: by itself, because somebody asked, or because its supervisor stopped it. */
export type Cause = 'exit' | 'asked' | 'timeout-up' | 'watchdog' | 'dependency';

export interface LastEnd {
  readonly at: string;
  readonly pid: number;
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  /** Name without SIG; null for an exit. */
  readonly signal: string | null;
  readonly ranSeconds: number;
  readonly cause: Cause;
  /** Whether the kernel killed it for lack of memory; 'possible': a process of the same container, at least. */
  readonly oom: true | 'possible' | null;
}

export interface LogService {
  readonly condition: Condition;
  readonly state: 'down' | 'run' | 'finish';
  readonly pid: number | null;
  readonly since: string;
  readonly seconds: number;
}

/** A service that a runsv supervises. */
export interface SupervisedService {
  readonly service: string;
  readonly directory: string;
  readonly supervised: true;
  readonly condition: Condition;
  /** runit's own word. */
  readonly state: 'down' | 'run' | 'finish';
  /** The process of ./run or ./finish; null: there is none. */
  readonly pid: number | null;
  /** When the state began. */
  readonly since: string;
  /** Whole seconds since then. */
  readonly seconds: number;
  readonly want: 'up' | 'down';
  /** 'down': the service directory has a file `down`. */
  readonly normally: 'up' | 'down';
  readonly paused: boolean;
  /** It was sent its stop signal and has not ended since. */
  readonly gotTerm: boolean;
  /** null: the service has no way to tell. */
  readonly ready: boolean | null;
  readonly readyBy: 'fd' | 'socket' | 'check' | null;
  readonly readySince: string | null;
  /** The service's own words. */
  readonly text: string | null;
  /** The services that it waits for. */
  readonly waitingFor: readonly string[];
  readonly nextStart: string | null;
  readonly outcome: 'done' | 'failed' | null;
  /** The sentence for `outcome`. */
  readonly reason: string | null;
  readonly starts: number | null;
  readonly failures: number | null;
  readonly consecutiveFailures: number | null;
  /** Ends for lack of memory. */
  readonly ooms: number | null;
  readonly lastEnd: LastEnd | null;
  readonly log: LogService | null;
  /** With `usage`, where a process runs: of it and of its living descendants. */
  readonly cpuSeconds?: number;
  readonly memoryBytes?: number;
  readonly processes?: number;
}

/** A service that no runsv supervises, or that may not be read. */
export interface UnsupervisedService {
  readonly service: string;
  readonly directory: string;
  readonly supervised: false;
  readonly condition: 'unsupervised';
  /** Why, in sv's words. */
  readonly error: string;
}

export type Service = SupervisedService | UnsupervisedService;

/**
 * Something that has happened to a service. Which members it has depends on `event`; docs/sv.schema.json lists them. They come
 * from a file that the owner of the service may write: a member of another type than here is left out.
 */
export interface RecordedEvent {
  readonly at: string;
  /** 'started', 'ended', 'ready' ...; of watch() also 'is', 'changed', 'gap' and 'removed'. */
  readonly event: string;
  /** Counts the events of the service; a jump shows that some are missing. */
  readonly n?: number;
  /** Events before this one that could not be recorded. */
  readonly lost?: number;
  readonly pid?: number;
  /** null: its supervisor cannot know it, as the process was the child of another one. */
  readonly code?: number | null;
  readonly signal?: string;
  /** Seconds that the process ran. */
  readonly ran?: number;
  /** Seconds from the start to this. */
  readonly after?: number;
  /** Seconds that ./finish took. */
  readonly took?: number;
  /** Seconds until the next start. */
  readonly seconds?: number;
  readonly by?: string;
  readonly cause?: string;
  readonly oom?: true | 'possible';
  readonly why?: string;
  /** The services that are waited for. */
  readonly for?: readonly string[];
  readonly reason?: string;
  /** Of 'is' and 'changed'. */
  readonly condition?: Condition;
  /** Of 'gap': events that were not seen. */
  readonly missed?: number;
}

export interface ServiceEvent extends RecordedEvent {
  readonly service: string;
}

/** A service with what explains its condition. */
export type Explanation = Service & {
  /** The last events, oldest first. */
  readonly history: readonly RecordedEvent[];
  /** The last lines of its log. */
  readonly logLines: readonly string[];
};

export interface Lookup {
  /** The directory of the services; without it SVDIR of the environment, or the first of sv's directories that exists. */
  readonly svdir?: string;
}

export interface ListOptions extends Lookup {
  /** Names with `*`, `?` or `[...]`; without them all services. */
  readonly patterns?: readonly string[];
  /** Add processor time, memory and processes: reads all of /proc once. */
  readonly usage?: boolean;
}

export interface WatchOptions extends Lookup {
  readonly patterns?: readonly string[];
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
}

/** What can be waited for. */
export type Goal = 'up' | 'ready' | 'down' | 'done' | 'failed' | 'gone';

export interface WaitOptions extends Lookup {
  /** One of the services is enough. */
  readonly any?: boolean;
  /** Milliseconds; without it there is no limit. */
  readonly timeoutMs?: number;
  /** Rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface WaitResult {
  readonly service: string;
  readonly reached: boolean;
  readonly condition: Condition;
}
