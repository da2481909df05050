// The model of one supervised program, whole, before any code.
//
// A service has a *state* (what it is) and a *want* (what it should be):
//
//            begin               scriptDone(u)           started
//   down ------------> preparing ------------> starting ---------> up
//    ^  \                 ^                        |                | ended
//    |   \ too soon       | due                    | forkRefused    v
//    |    `---------> backoff <--------------------'             ending --- noFinish ---> (down)
//    |                                                              | started
//    `------------------------------- ended ------------------ finishing
//
//   down       no process, and no start is coming
//   backoff    a start is due, timer `start`: the pause between two starts, a refused fork, a log that is not ready
//   preparing  control/u runs; ./run comes next
//   waiting    a dependency is not ready: `unmet` leads here from preparing, before control/u runs, and `met` back again
//   starting   ./run was requested; the kernel has not answered yet
//   up         ./run runs; timer `kill` ends a stop that takes too long, `up` and `watchdog` begin one, `check` asks ./check
//   ending     ./run ended; ./finish was requested, or is requested again, timer `start`, after a refused fork
//   finishing  ./finish runs; timer `finish` ends one that takes too long
//
// backoff, waiting, preparing and starting mean that a start is coming, whatever the want; the want decides what follows when
// the program ends. So "once" is: begin, wanting down. A `down` or `exit` cancels a start that is coming.
//
// Nothing waits for control scripts. A command queues *steps*; the first step's script runs, and when it is done the step
// is taken (its signal is sent unless the script vetoed it) and the next script runs. Wants change at once, so a script
// that hangs delays signals, never the status; `kill` ends the script.
//
// An essential service is finished when ./run ends without a request to stop, and ./finish, if there is one, exits 125.
// It then goes as after `exit`: its log drains, and its supervisor ends.
//
// Value files in the service directory change two things, and nothing where there are none. A *stop policy* is known before
// each stop: which signal, and when KILL follows. A *restart policy* is known before each start; it decides what follows an end
// that nobody requested: a start at once, one after a delay, or none until somebody asks (restart-policy.ts).
//
// A service with dependencies starts once each of them is ready or done (dependencies.ts). Where one has the word `restart`, its end
// ends this service too (`stopFor`), which then starts again as any other: once it is ready again.
// A service that can tell whether it is ready has a *life* while ./run runs: what it has told so far. What it tells is no event of
// the table, as hardly any service does: readiness.ts has the handlers. A run that is not ready in time, or gives no sign of life, is
// stopped by event `stopFor`, with a cause; such an end is a failure, unlike one that somebody requested.
//
// Everything is a value: (service, event, now) -> (service, effects). No clock, no files, nothing that can fail.
// Read next: table.ts (the table), pair.ts (a service and its log), ../../effects/service/supervisor.ts (who carries it out).
import type { Bytes } from '../../abi/bytes.ts';
import type { ByteWith, ControlEvent } from '../../formats/control.ts';
import type { RestartDelay, RestartLimit, RestartMode } from '../../formats/values.ts';
import type { HistoryEvent } from '../../formats/history.ts';
import type { Cause, SupervisorState } from '../../formats/state.ts';
import type { Timer, Timers } from './timers.ts';

export type ServiceState = 'down' | 'backoff' | 'waiting' | 'preparing' | 'starting' | 'up' | 'ending' | 'finishing';
export type Want = 'up' | 'down' | 'exit';

/** Wall clock time, only for printing. */
export interface WallTime {
  readonly sec: number;
  readonly nsec: number;
}

/** When an event happened: decisions use monotonic milliseconds, the wall clock is only shown. */
export interface Now {
  readonly ms: number;
  readonly wall: WallTime;
}

/** The letters that have a control script. */
export type ScriptLetter = ByteWith<{ script: true }>;
/** The letters that only send a signal. */
export type PlainSignalLetter = ByteWith<{ event: 'signal' }>;
/** All letters that send a signal. */
export type SignalLetter = ByteWith<{ signal: number }>;

/** One step of a command. `pid` is the process it is for; 0 is the one about to start. */
export type CommandStep =
  | { readonly kind: 'start' }
  | { readonly kind: 'signal'; readonly letter: SignalLetter; readonly pid: number }
  /** sends CONT and runs no script: a stopped process could not obey TERM */
  | { readonly kind: 'continue'; readonly pid: number }
  /** runs the script of d or x, which has no veto */
  | { readonly kind: 'notify'; readonly letter: 'd' | 'x'; readonly pid: number };

export interface Service {
  readonly state: ServiceState;
  readonly want: Want;
  /** The process of ./run or ./finish. */
  readonly process: Process | null;
  /** When the present state began, as the status file shows it. */
  readonly since: WallTime;
  /** The last ./run, once it has ended. */
  readonly lastRun: Run;
  /** ./run is not started before this, monotonic. */
  readonly notBeforeMs: number;
  readonly timers: Timers;
  /** Each step at most once, see steps.ts. */
  readonly steps: readonly CommandStep[];
  /** The step whose control script runs. */
  readonly runningScript: CommandStep | null;
  /** A log service has neither control scripts nor a finish script. */
  readonly scripts: boolean;
  /** The last command found a directory control; without one no script runs, and only that of u is requested. */
  readonly control: boolean;
  /** When it ends for good without a request, everything ends. */
  readonly essential: boolean;
  /**
   * A command requested the end of the present ./run, or of the one about to start; or, while ./finish ends it, another start
   * that no policy may refuse.
   */
  readonly stopRequested: boolean;
  /** Why the supervisor itself stops the present ./run; null: it does not. */
  readonly stopCause: StopCause | null;
  /** What the present ./run has told; null: it cannot tell, or there is none. */
  readonly life: Life | null;
  /** In state waiting: the dependencies that are not ready. */
  readonly waitingFor: readonly Bytes[];
  readonly stop: StopPolicy;
  /** null: runit's: start again, whatever happens. */
  readonly policy: Policy | null;
  readonly streak: Streak;
  /** Why the service is down although nobody asked for that; null: it is not, or somebody did. */
  readonly conclusion: Conclusion | null;
  /** The exit code of an essential service that has ended for good; null otherwise. */
  readonly finalExitCode: number | null;
}

/** A reason for which the supervisor stops ./run. */
export type StopCause = Exclude<Cause, 'exit' | 'asked'>;

/** What state.json says of the process that runs. */
export type Told = Pick<SupervisorState, 'by' | 'ready' | 'readyAt' | 'text' | 'reloading' | 'stopping' | 'socket'>;

/** One life of a ./run that can tell whether it is ready. */
export interface Life {
  readonly told: Told;
  /** The last of it that is worth an event of the history; null: nothing yet. */
  readonly news: HistoryEvent | null;
  readonly wasReady: boolean;
  /** How many times in a row ./check has said no. */
  readonly failedChecks: number;
  /** ./check has said yes once. */
  readonly wasChecked: boolean;
  /** How often ./check is asked; null: never. */
  readonly checkMs: number | null;
  /** How long it may give no sign of life once it is ready; null: for ever. */
  readonly watchdogMs: number | null;
}

/** How ./run is stopped. */
export interface StopPolicy {
  readonly signal: number;
  /** How long after the request KILL follows; null: never. */
  readonly killMs: number | null;
}

/** What follows an end of ./run that nobody requested. */
export interface Policy {
  readonly restart: RestartMode;
  /** null: runit's second between two starts. */
  readonly delay: RestartDelay | null;
  /** null: never too many. */
  readonly limit: RestartLimit | null;
}

/** Failures so far, as far as a policy counts them. */
export interface Streak {
  /** Bad runs, one after the other. */
  readonly bad: number;
  /** The delay before the present run, 0 for none. */
  readonly lastDelayMs: number;
  /** When failures happened that a limit within a time counts, monotonic. */
  readonly failuresMs: readonly number[];
}

/** What a policy has made of a service: it has done its work, or failed for good. */
export interface Conclusion {
  readonly outcome: 'done' | 'failed';
  /** For people: `exit code 1, 5 failures in a row`. */
  readonly reason: Bytes;
}

/** A process of a service, with everything that lasts only as long as the process. */
export interface Process {
  readonly pid: number;
  /** Monotonic. */
  readonly startedMs: number;
  /** STOP was sent last, not CONT. */
  readonly paused: boolean;
  /** TERM, or the signal that stops this service in its place, was sent. */
  readonly gotTerm: boolean;
}

/** A ./run that has ended. */
export interface Run {
  /** Monotonic, as the next one. */
  readonly startedMs: number;
  readonly endedMs: number;
  readonly exit: ExitStatus;
  /** Why its supervisor has stopped it; null: it has not. */
  readonly cause: StopCause | null;
  /** It could tell that it was ready, and never was. */
  readonly neverReady: boolean;
}

/** How a process ended: exit code (-1 for a signal) and the low byte of the wait status. */
export interface ExitStatus {
  readonly code: number;
  readonly status: number;
}

/** What can happen to a service. */
export type Event =
  | { readonly kind: ControlEvent }
  | { readonly kind: 'signal'; readonly letter: PlainSignalLetter }
  /** the log's input is closed: it ends by itself and is not started again */
  | { readonly kind: 'drain' }
  /** a control script has ended, or there is none */
  | { readonly kind: 'scriptDone'; readonly veto: boolean }
  /** the restart policy as the files say it now */
  | { readonly kind: 'looked'; readonly policy: Policy | null }
  /** `limitMs`: how long ./finish may take; null, or missing: for ever */
  | { readonly kind: 'started'; readonly pid: number; readonly limitMs?: number | null }
  /** something that a start needs is missing */
  | { readonly kind: 'notReady' }
  /** ./run must not start before these are ready: the reply to runScript of u, in state preparing; in waiting: which are left */
  | { readonly kind: 'unmet'; readonly names: readonly Bytes[] }
  /** every dependency is ready */
  | { readonly kind: 'met' }
  /** no child was created */
  | { readonly kind: 'forkRefused' }
  /** a child was created, but could not execute the program */
  | { readonly kind: 'execFailed' }
  | ({ readonly kind: 'ended' } & ExitStatus)
  | { readonly kind: 'noFinish' }
  | { readonly kind: 'due'; readonly timer: Timer }
  /** ./run must not go on */
  | { readonly kind: 'stopFor'; readonly cause: StopCause }
  /** found running when its supervisor started */
  | ({ readonly kind: 'adopted' } & Adopted);

/** A process that an earlier supervisor started. */
export interface Adopted {
  readonly process: Process;
  readonly phase: 'run' | 'finish';
  readonly since: WallTime;
  /** How much longer ./finish may take; null, or missing: for ever. */
  readonly limitMs?: number | null;
}

export type EventKind = Event['kind'];

/** What a service wants done. Whoever carries it out replies as the comment says, before it takes the next event. */
export type Effect =
  /** update the files in supervise/ */
  | { readonly kind: 'publish' }
  /** run control/LETTER if there is one; reply: scriptDone, now or later; for u also notReady or unmet, at once */
  | { readonly kind: 'runScript'; readonly letter: ScriptLetter; readonly pid: number }
  /** send KILL to the control script that runs */
  | { readonly kind: 'killScript' }
  /** start ./run; reply: looked where the policy is another now, then started, forkRefused or execFailed */
  | { readonly kind: 'run' }
  /** start ./finish; reply: started, noFinish, forkRefused or execFailed */
  | ({ readonly kind: 'finish' } & ExitStatus)
  | { readonly kind: 'send'; readonly pid: number; readonly signal: number }
  /** send KILL to a process that has not ended in time, and to its process group where a file asks for that */
  | { readonly kind: 'killAll'; readonly pid: number }
  /** ask ./check; reply: later, by readiness.ts */
  | { readonly kind: 'check' }
  /** it goes on after a pause: reply: by readiness.ts, at once */
  | { readonly kind: 'resume' }
  /** warn that the service has failed; `isOver`: its container ends, otherwise it waits for a command */
  | { readonly kind: 'warnFailed'; readonly reason: Bytes; readonly isOver: boolean };

export interface Outcome {
  readonly service: Service;
  readonly effects: readonly Effect[];
}

/** The process of a service, 0 for none. */
export const pidOf = ({ process: own }: Service): number => (own === null ? 0 : own.pid);

/** No failures. */
export const NO_STREAK: Streak = { bad: 0, lastDelayMs: 0, failuresMs: [] };
