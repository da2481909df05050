// Process 1: the three stages of a system's life, in words and types.
//
//   starting   /etc/runit/N has been asked for; the kernel's answer is outstanding
//   running    it runs
//   waiting    it could not be forked and is asked for again at `dueMs`
//   helping    it cannot be executed; an emergency shell was asked for, or runs
//   pausing    stage 2 crashed or exited 111; it is entered again at `dueMs`
//   stopping   told to end, so that stage 3 may come; killed at `dueMs`
//   over       stage 3 has ended
//
// A request to stop that comes in stage 1 is kept until that has ended; so is Ctrl-Alt-Del, until stage 2 runs. The scripts
// ctrlaltdel and pwrfail run beside a stage and are not waited for.
// Read next: table.ts (the table), ../../effects/init/supervisor.ts (who carries it out).

export type Stage = 1 | 2 | 3;
export type Script = 'ctrlaltdel' | 'pwrfail';
export type OffKind = 'reboot' | 'powerOff' | 'halt';

export type StagesState = 'starting' | 'running' | 'backoff' | 'helping' | 'pausing' | 'stopping' | 'done';

export interface Stages {
  readonly state: StagesState;
  readonly stage: Stage;
  /** The process of the stage or of the emergency shell, 0 for none. */
  readonly pid: number;
  /** When the event `due` is owed, monotonic; null for never. */
  readonly dueMs: number | null;
  /** An emergency shell was there already: it is not offered again before the stage has started. */
  readonly helped: boolean;
  /** To be obeyed as soon as the stage permits. */
  readonly kept: Kept;
  readonly script: { readonly name: Script; readonly pid: number } | null;
  /** How the machine is being switched off. */
  readonly off: OffKind | null;
}

export interface Kept {
  /** `reboot` says what the files said then: stage 1 may make them anew. */
  readonly stop: { readonly reboot: boolean } | null;
  readonly scripts: readonly Script[];
}

export type StagesEvent =
  | { readonly kind: 'begin' }
  /** the stage or the shell that was asked for runs */
  | { readonly kind: 'started'; readonly pid: number }
  /** no child came to be; told already */
  | { readonly kind: 'forkRefused' }
  /** it cannot be executed, or there is no terminal for a shell; told already */
  | { readonly kind: 'unable' }
  | { readonly kind: 'scriptStarted'; readonly name: Script; readonly pid: number }
  | { readonly kind: 'scriptUnable'; readonly name: Script }
  /** a child ended, whoever's it was: its exit code, null for a signal */
  | { readonly kind: 'ended'; readonly pid: number; readonly code: number | null }
  /** CONT; whether the files ask for a stop, and for a reboot after it */
  | { readonly kind: 'cont'; readonly stop: boolean; readonly reboot: boolean }
  /** INT or PWR; whether its script is there to be run */
  | { readonly kind: 'alarm'; readonly name: Script; readonly runnable: boolean }
  /** whether the files ask for a reboot, now that all is over */
  | { readonly kind: 'verdict'; readonly reboot: boolean }
  /** the kernel did not switch the machine off; whether it might have */
  | { readonly kind: 'stillOn'; readonly permitted: boolean }
  | { readonly kind: 'due' };

/** What is wanted done. Whoever carries it out answers as the comment says, before the next event is taken. */
export type StagesEffect =
  | { readonly kind: 'tell'; readonly text: string }
  /** run /etc/runit/N: started, forkRefused or unable */
  | { readonly kind: 'start'; readonly stage: Stage }
  /** run an emergency shell on the console: started, forkRefused or unable */
  | { readonly kind: 'help' }
  /** run /etc/runit/NAME: scriptStarted or scriptUnable */
  | { readonly kind: 'runScript'; readonly name: Script }
  | { readonly kind: 'send'; readonly pid: number; readonly signal: number }
  /** make the files ask for no stop any more */
  | { readonly kind: 'withdrawStop' }
  /** make the files ask for a stop, or for a reboot */
  | { readonly kind: 'request'; readonly what: 'stop' | 'reboot' }
  /** look at the files: cont */
  | { readonly kind: 'checkStopFiles' }
  /** kill every process, and look at the files: verdict */
  | { readonly kind: 'killAll' }
  /** stillOn, or the end */
  | { readonly kind: 'switchOff'; readonly how: OffKind }
  /** leave: the kernel will not let this process switch anything off */
  | { readonly kind: 'exit' };

export interface StagesOutcome {
  readonly stages: Stages;
  readonly effects: readonly StagesEffect[];
}
