// A container for a case: runsvdir as process 1 of a PID namespace of its own, or as a subreaper without one.
//
// Promises: the namespace ends with the case. Read next: cases/container.ts.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { proc } from '../lib/proc.ts';
import type { Running, StartOptions, World } from './world.ts';

const NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'] as const;

export const SIGNALS = {
  TERM: { number: 15, code: 0 },
  HUP: { number: 1, code: 111 },
  INT: { number: 2, code: 0 },
  QUIT: { number: 3, code: 0 },
  PWR: { number: 30, code: 0 },
  'RTMIN+3': { number: 37, code: 0 },
} as const;

export type SignalName = keyof typeof SIGNALS;
export const SIGNAL_NAMES = Object.keys(SIGNALS) as readonly SignalName[];

/** The children of a process, in the order of their start. */
export const childrenOf = (pid: number): readonly number[] =>
  proc(pid, `task/${pid}/children`)
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);

export interface ContainerOptions extends StartOptions {
  /** A folder of the world; default `scan`. */
  readonly folder?: string;
  /** Without a namespace: the flag instead. */
  readonly subreaper?: boolean;
  /** Words in front of the directory: -k 1 */
  readonly words?: readonly string[];
  /** Another executable than the one under test. */
  readonly executable?: string;
  readonly log?: string;
  /** Words behind it: -- CMD */
  readonly command?: readonly string[];
}

export class Container {
  readonly running: Running;
  readonly #subreaper: boolean;

  constructor(running: Running, subreaper: boolean) {
    this.running = running;
    this.#subreaper = subreaper;
  }

  /** Process 1, by its number outside; once something in there is known to run. */
  get first(): number {
    return this.#subreaper ? this.running.pid : (childrenOf(this.running.pid)[0] ?? 0);
  }

  signal(number: number): void {
    process.kill(this.first, number);
  }

  ended(deadlineMs?: number): Promise<string> {
    return this.running.ended(deadlineMs);
  }

  lines(): readonly string[] {
    return this.running.lines();
  }
}

/** Starts a container. What lies in its folder must be a second old, or linked there. */
export const contain = (world: World, options: ContainerOptions = {}): Container => {
  const { folder = 'scan', subreaper = false, words = [], command = [], wrap = [] } = options;
  const dir = join(world.dir, folder);
  mkdirSync(dir, { recursive: true });
  const { executable, log } = options;
  const args = ['-P', ...words, ...(subreaper ? ['--subreaper'] : []), dir, ...(log === undefined ? [] : [log])];
  const [program, first] = executable === undefined ? ['runsvdir', []] : [executable, ['runsvdir']];
  const rest = command.length === 0 ? [] : ['--', ...command];
  const running = world.start(program, [...first, ...args, ...rest], {
    ...options,
    wrap: subreaper ? wrap : [...NAMESPACE, ...wrap],
  });
  return new Container(running, subreaper);
};
