// How a run of the main program ends. Each is thrown through the program, and thrown again at every further call:
// a program that catches everything cannot go on. VirtualKernel.run() turns it into plain data.
//
// Must not: be an Error. Taking a stack trace costs more than a whole scenario.
// Read next: main.ts (who throws), kernel.ts (run).

export type Ending =
  | { readonly how: 'exited'; readonly code: number }
  | { readonly how: 'killed'; readonly signal: number }
  /** execve: the process goes on, as another program */
  | {
      readonly how: 'executed';
      readonly path: string;
      readonly argv: readonly string[];
      readonly env: readonly string[];
    }
  /** it waits, nothing is due, and nobody is left who could do anything: it would wait for ever */
  | { readonly how: 'atRest' }
  /** the scenario had enough: VirtualKernel.stop() */
  | { readonly how: 'stopped' }
  /** it does not stop working though nothing happens */
  | { readonly how: 'livelock'; readonly steps: number; readonly polls: number };

export abstract class Ended {
  abstract readonly ending: Ending;
}

export class MainExited extends Ended {
  readonly ending: Ending;

  constructor(code: number) {
    super();
    this.ending = { how: 'exited', code: code & 255 };
  }
}

export class MainKilled extends Ended {
  readonly ending: Ending;

  constructor(signal: number) {
    super();
    this.ending = { how: 'killed', signal };
  }
}

export class MainExecuted extends Ended {
  readonly ending: Ending;

  constructor(path: string, argv: readonly string[], env: readonly string[]) {
    super();
    this.ending = { how: 'executed', path, argv, env };
  }
}

export class WorldAtRest extends Ended {
  readonly ending: Ending = { how: 'atRest' };
}

export class WorldStopped extends Ended {
  readonly ending: Ending = { how: 'stopped' };
}

export class Livelock extends Ended {
  readonly ending: Ending;

  constructor(steps: number, polls: number) {
    super();
    this.ending = { how: 'livelock', steps, polls };
  }
}
