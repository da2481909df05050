// Process 1: the three stages of a system's life, in words and types.
//
//   starting   /etc/runit/N was requested; the kernel has not answered yet
//   running    it runs
//   backoff    the fork was refused; the next try is at `dueMs`
//   helping    it cannot be executed; an emergency shell was requested, or runs
//   pausing    stage 2 crashed or exited 111; it starts again at `dueMs`
//   stopping   stage 2 got TERM, stage 3 comes next; it gets KILL at `dueMs`
//   done       stage 3 has ended
//
// A stop request during stage 1 is kept until stage 1 has ended; Ctrl-Alt-Del is kept until stage 2 runs. The scripts
// ctrlaltdel and pwrfail run beside a stage; no stage waits for them.
// Read next: table.ts (the table), ../../effects/init/supervisor.ts (who carries it out).

export type Stage = 1 | 2 | 3;
export type Script = 'ctrlaltdel' | 'pwrfail';
export type OffKind = 'reboot' | 'powerOff' | 'halt';

export type StagesState = 'starting' | 'running' | 'backoff' | 'helping' | 'pausing' | 'stopping' | 'done';

export interface Stages {
  readonly state: StagesState;
  readonly stage: Stage;
  /** The process of the stage or of the emergency shell, 0: none. */
  readonly pid: number;
  /** When to deliver the event `due`, monotonic; null: never. */
  readonly dueMs: number | null;
  /** There already was an emergency shell: no other one before the stage has started. */
  readonly helped: boolean;
  /** Requests to obey as soon as the stage permits. */
  readonly kept: Kept;
  readonly script: { readonly name: Script; readonly pid: number } | null;
  /** How the machine is being switched off. */
  readonly off: OffKind | null;
}

export interface Kept {
  /** `reboot`: what the files said then; stage 1 may make them anew. */
  readonly stop: { readonly reboot: boolean } | null;
  readonly scripts: readonly Script[];
}

export type StagesEvent =
  | { readonly kind: 'begin' }
  /** the stage or the shell that was requested runs */
  | { readonly kind: 'started'; readonly pid: number }
  /** no child was created; there was a message */
  | { readonly kind: 'forkRefused' }
  /** it cannot be executed, or there is no terminal for a shell; there was a message */
  | { readonly kind: 'unable' }
  | { readonly kind: 'scriptStarted'; readonly name: Script; readonly pid: number }
  | { readonly kind: 'scriptUnable'; readonly name: Script }
  /** any child ended: its exit code, null: a signal */
  | { readonly kind: 'ended'; readonly pid: number; readonly code: number | null }
  /** CONT; whether the files request a stop, and a reboot after it */
  | { readonly kind: 'cont'; readonly stop: boolean; readonly reboot: boolean }
  /** INT or PWR; whether its script is executable */
  | { readonly kind: 'alarm'; readonly name: Script; readonly runnable: boolean }
  /** whether the files request a reboot, after all processes were killed */
  | { readonly kind: 'verdict'; readonly reboot: boolean }
  /** the kernel did not switch the machine off; whether we are permitted to */
  | { readonly kind: 'stillOn'; readonly permitted: boolean }
  | { readonly kind: 'due' };

/** What is wanted done. Whoever carries it out replies as the comment says, before it takes the next event. */
export type StagesEffect =
  | { readonly kind: 'tell'; readonly text: string }
  /** run /etc/runit/N; reply: started, forkRefused or unable */
  | { readonly kind: 'start'; readonly stage: Stage }
  /** run an emergency shell on the console; reply: started, forkRefused or unable */
  | { readonly kind: 'help' }
  /** run /etc/runit/NAME; reply: scriptStarted or scriptUnable */
  | { readonly kind: 'runScript'; readonly name: Script }
  | { readonly kind: 'send'; readonly pid: number; readonly signal: number }
  /** withdraw the stop request from the files */
  | { readonly kind: 'withdrawStop' }
  /** request a stop, or a reboot, by the files */
  | { readonly kind: 'request'; readonly what: 'stop' | 'reboot' }
  /** check the files; reply: cont */
  | { readonly kind: 'checkStopFiles' }
  /** kill every process, and check the files; reply: verdict */
  | { readonly kind: 'killAll' }
  /** reply: stillOn, or none */
  | { readonly kind: 'switchOff'; readonly how: OffKind }
  /** exit: this process may not switch anything off */
  | { readonly kind: 'exit' };

export interface StagesOutcome {
  readonly stages: Stages;
  readonly effects: readonly StagesEffect[];
}
