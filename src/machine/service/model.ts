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
//   backoff    a start is due at `dueMs`: the second between two starts, a refused fork, a log that is not ready
//   preparing  control/u runs; ./run comes next
//   starting   ./run was requested; the kernel has not answered yet
//   up         ./run runs
//   ending     ./run ended; ./finish was requested, or is requested again at `dueMs` after a refused fork
//   finishing  ./finish runs
//
// backoff, preparing and starting mean that a start is coming, whatever the want; the want decides what follows when
// the program ends. So "once" is: begin, wanting down. A `down` or `exit` cancels a start that is coming.
//
// Nothing waits for control scripts. A command queues *steps*; the first step's script runs, and when it is done the step
// is taken (its signal is sent unless the script vetoed it) and the next script runs. Wants change at once, so a script
// that hangs delays signals, never the status; `kill` ends the script.
//
// An essential service is finished when ./run ends without a request to stop, and ./finish, if there is one, exits 125.
// It then goes as after `exit`: its log drains, and its supervisor ends.
//
// Everything is a value: (service, event, now) -> (service, effects). No clock, no files, nothing that can fail.
// Read next: table.ts (the table), pair.ts (a service and its log), ../../effects/service/supervisor.ts (who carries it out).
import type { ByteWith, ControlEvent } from '../../formats/control.ts';

export type ServiceState = 'down' | 'backoff' | 'preparing' | 'starting' | 'up' | 'ending' | 'finishing';
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
  /** When to deliver the event `due`, monotonic; null: never. */
  readonly dueMs: number | null;
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
  /** A command requested the end of the present ./run, or of the one about to start. */
  readonly stopRequested: boolean;
  /** The exit code of an essential service that has ended for good; null otherwise. */
  readonly finalExitCode: number | null;
}

/** A process of a service, with everything that lasts only as long as the process. */
export interface Process {
  readonly pid: number;
  /** Monotonic. */
  readonly startedMs: number;
  /** STOP was sent last, not CONT. */
  readonly paused: boolean;
  /** TERM was sent. */
  readonly gotTerm: boolean;
}

/** A ./run that has ended. */
export interface Run {
  /** Monotonic. */
  readonly startedMs: number;
  readonly exit: ExitStatus;
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
  | { readonly kind: 'started'; readonly pid: number }
  /** something that a start needs is missing */
  | { readonly kind: 'notReady' }
  /** no child was created */
  | { readonly kind: 'forkRefused' }
  /** a child was created, but could not execute the program */
  | { readonly kind: 'execFailed' }
  | ({ readonly kind: 'ended' } & ExitStatus)
  | { readonly kind: 'noFinish' }
  | { readonly kind: 'due' }
  /** found running when its supervisor started */
  | ({ readonly kind: 'adopted' } & Adopted);

/** A process that an earlier supervisor started. */
export interface Adopted {
  readonly process: Process;
  readonly phase: 'run' | 'finish';
  readonly since: WallTime;
}

export type EventKind = Event['kind'];

/** What a service wants done. Whoever carries it out replies as the comment says, before it takes the next event. */
export type Effect =
  /** update the files in supervise/ */
  | { readonly kind: 'publish' }
  /** run control/LETTER if there is one; reply: scriptDone, now or later; for u also notReady, at once */
  | { readonly kind: 'runScript'; readonly letter: ScriptLetter; readonly pid: number }
  /** send KILL to the control script that runs */
  | { readonly kind: 'killScript' }
  /** start ./run; reply: started, forkRefused or execFailed */
  | { readonly kind: 'run' }
  /** start ./finish; reply: started, noFinish, forkRefused or execFailed */
  | ({ readonly kind: 'finish' } & ExitStatus)
  | { readonly kind: 'send'; readonly pid: number; readonly signal: number };

export interface Outcome {
  readonly service: Service;
  readonly effects: readonly Effect[];
}

/** The process of a service, 0 for none. */
export const pidOf = ({ process: own }: Service): number => (own === null ? 0 : own.pid);
