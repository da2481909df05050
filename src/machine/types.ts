// The model of one supervised program, whole, before any code.
//
// A service has a *state* (what is) and a *want* (what shall be):
//
//            begin                answered(u)            started
//   down ------------> preparing ------------> starting ---------> up
//    ^  \                 ^                        |                | ended
//    |   \ too soon       | due                    | forkRefused    v
//    |    `---------> waiting <--------------------'             ending --- noFinish ---> (down)
//    |                                                              | started
//    `------------------------------- ended ------------------ finishing
//
//   down       no process, and none is about to be started
//   waiting    a start is due at `dueMs`: the second between two starts, a fork that was refused, a log that is not ready
//   preparing  control/u is being asked; ./run comes next
//   starting   ./run has been asked for; the kernel's answer is outstanding
//   up         ./run runs
//   ending     ./run ended; ./finish has been asked for, or is asked for again at `dueMs` after a refused fork
//   finishing  ./finish runs
//
// waiting, preparing and starting mean that a start is coming, whatever the want; the want decides what follows when
// the program has ended. So "once" is: begin, wanting down. A `down` or `exit` cancels a start that is coming.
//
// Control scripts are asked, never waited for: a command puts *steps* in a queue; the first step's script is asked,
// its answer takes the step (sends the signal unless vetoed) and asks the next. Wants are taken at once, so a script
// that hangs delays signals, not the truth; `kill` ends it.
//
// An essential service is over when ./run has ended without having been told to, and ./finish, if there is one, has
// exited 125. It is left as after `exit`: its log drains, and its supervisor goes.
//
// Everything is a value: (service, event, now) -> (service, effects). No clock, no files, nothing that can fail.
// Read next: service.ts (the table), pair.ts (a service and its log), ../effects/runner.ts (who carries it out).

export type State = 'down' | 'waiting' | 'preparing' | 'starting' | 'up' | 'ending' | 'finishing';
export type Want = 'up' | 'down' | 'exit';

/** The wall clock, for printing only. */
export interface Wall {
  readonly sec: number;
  readonly nsec: number;
}

/** When an event happened: monotonic milliseconds decide, the wall clock is shown. */
export interface Now {
  readonly ms: number;
  readonly wall: Wall;
}

/** The letters that have a control script of their own. */
export type ScriptLetter = 'u' | 't' | 'k' | 'p' | 'c' | 'h' | 'a' | 'i' | 'q' | '1' | '2' | 'd' | 'x';
/** The letters that send a signal and change nothing else. */
export type SignalLetter = 'h' | 'a' | 'i' | 'q' | '1' | '2';
/** The letters that send a signal, whatever else they do. */
export type SignLetter = SignalLetter | 't' | 'k' | 'p' | 'c';

/** One step of a command. `pid` is the process it is meant for; 0 the one about to be started. */
export type Step =
  | { readonly kind: 'start' }
  | { readonly kind: 'sign'; readonly letter: SignLetter; readonly pid: number }
  /** sends CONT without asking: a stopped process could not obey TERM */
  | { readonly kind: 'wake'; readonly pid: number }
  /** asks the script of d or x, which cannot object */
  | { readonly kind: 'tell'; readonly letter: 'd' | 'x'; readonly pid: number };

export interface Service {
  readonly state: State;
  readonly want: Want;
  /** The process of ./run or ./finish, 0 for none. */
  readonly pid: number;
  readonly paused: boolean;
  readonly gotTerm: boolean;
  /** When the present state began, as the status file tells it. */
  readonly since: Wall;
  /** When ./run was last started, monotonic. */
  readonly startedMs: number;
  /** ./run is not started before this, monotonic. */
  readonly notBeforeMs: number;
  /** When the event `due` is owed, monotonic; null for never. */
  readonly dueMs: number | null;
  /** Each at most once, see steps.ts. */
  readonly steps: readonly Step[];
  /** The step whose script has been asked and has not answered. */
  readonly asking: Step | null;
  /** How ./run ended: exit code (-1 for a signal) and the low byte of the wait status. */
  readonly ending: Ending;
  /** A log service has neither control scripts nor a finish script. */
  readonly scripts: boolean;
  /** There may be control scripts, as was seen when a command last came: otherwise none is asked but that of u. */
  readonly control: boolean;
  /** Its last end, which nobody asked for, is the end of everything. */
  readonly essential: boolean;
  /** A command has asked for the end of ./run, as it is or as it is about to be started. */
  readonly told: boolean;
  /** An essential service is over for good: how it ended, as an exit code. */
  readonly over: number | null;
}

export interface Ending {
  readonly code: number;
  readonly status: number;
}

/** What can happen to a service. */
export type Event =
  | { readonly kind: 'up' | 'down' | 'once' | 'exit' | 'term' | 'kill' | 'pause' | 'cont' }
  | { readonly kind: 'signal'; readonly letter: SignalLetter }
  /** the log's end has come: its input is closed, it shall not be started again */
  | { readonly kind: 'leave' }
  /** a control script answered, or there is none */
  | { readonly kind: 'answered'; readonly veto: boolean }
  | { readonly kind: 'started'; readonly pid: number }
  /** what a start needs is not there yet */
  | { readonly kind: 'notReady' }
  /** no child came to be */
  | { readonly kind: 'forkRefused' }
  /** a child came to be that could not become the program */
  | { readonly kind: 'execFailed' }
  | ({ readonly kind: 'ended' } & Ending)
  | { readonly kind: 'noFinish' }
  | { readonly kind: 'due' }
  /** found running when its supervisor started */
  | ({ readonly kind: 'adopted' } & Adopted);

/** What is known of a process that an earlier supervisor started. */
export interface Adopted {
  readonly pid: number;
  readonly phase: 'run' | 'finish';
  readonly startedMs: number;
  readonly since: Wall;
  readonly paused: boolean;
  readonly gotTerm: boolean;
}

export type EventKind = Event['kind'];

/** What a service wants done. Whoever carries it out answers as the comment says, before the next event is taken. */
export type Effect =
  /** make the files in supervise/ say what is */
  | { readonly kind: 'publish' }
  /** run control/LETTER if there is one: answered, now or later; u: or notReady, at once */
  | { readonly kind: 'ask'; readonly letter: ScriptLetter; readonly pid: number }
  /** KILL the control script that runs */
  | { readonly kind: 'endScript' }
  /** start ./run: started, forkRefused or execFailed */
  | { readonly kind: 'run' }
  /** start ./finish: started, noFinish, forkRefused or execFailed */
  | ({ readonly kind: 'finish' } & Ending)
  | { readonly kind: 'send'; readonly pid: number; readonly signal: number };

export interface Outcome {
  readonly service: Service;
  readonly effects: readonly Effect[];
}
