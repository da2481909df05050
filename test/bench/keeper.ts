// The face of keeper.c: a supervision tree that is started, asked, and ended whole.
//
// Promises: every tree that was started is ended when `close` or `closeAll` is done, and also when this process is
// killed (the keeper sees the end of its input). A wish that does not come true in time throws.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Suite, Tools } from './programs.ts';

const TIMEOUT_MS = 60000;

export interface Keeper {
  /** The process of the program that was started. */
  readonly pid: number;
  /** One wish of keeper.c; the answer, nanoseconds. */
  ask(wish: string, patienceMs?: number): Promise<number>;
  /** What the tree has said on standard error. */
  said(): string;
  close(): Promise<void>;
}

export interface Command {
  readonly suite: Suite;
  /** A name in the suite's directory, or a path. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Keeping {
  start(command: Command): Promise<Keeper>;
  closeAll(): Promise<void>;
}

/** What the measured programs find in their environment. */
export const environmentOf = (suite: Suite): Record<string, string> => ({ PATH: `${suite.bin}:/usr/bin:/bin` });

class Tree implements Keeper {
  pid = 0;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #answers: AsyncIterator<string>;
  #said = '';

  constructor(child: ChildProcess) {
    if (child.stdout === null || child.stderr === null) throw new Error('keeper without pipes');
    this.#child = child;
    this.#ended = once(child, 'exit');
    child.stdin?.on('error', () => {});
    child.stderr.on('data', (data: Buffer) => {
      this.#said += data.toString('latin1');
    });
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async ask(wish: string, patienceMs = TIMEOUT_MS): Promise<number> {
    this.#child.stdin?.write(`${wish}\n`);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), patienceMs);
    const aborted = new Promise<never>((_, reject) => {
      late.signal.addEventListener('abort', () =>
        reject(new Error(`keeper: no answer to '${wish}' in ${patienceMs} ms`)),
      );
    });
    const line = await Promise.race([this.#answers.next(), aborted]).finally(() => clearTimeout(timer));
    const [verdict, value] = String(line.value).split(' ');
    if (verdict !== 'ok') throw new Error(`keeper: ${wish}: ${line.done ? `ended: ${this.#said}` : line.value}`);
    return Number(value);
  }

  said(): string {
    return this.#said;
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#ended;
  }
}

/** Keepers, each with a fifo of its own in `dir`. */
export const keepingIn = (tools: Tools, dir: string): Keeping => {
  const trees = new Set<Tree>();
  let count = 0;
  return {
    start: async ({ suite, program, args, env }) => {
      const fifo = join(dir, `ran${count++}`);
      execFileSync('mkfifo', [fifo]);
      const file = resolve(suite.bin, program);
      const child = spawn(tools.keeper, [fifo, file, ...args], {
        env: { ...environmentOf(suite), BENCH_FIFO: fifo, ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      const tree = new Tree(child);
      trees.add(tree);
      tree.pid = await tree.ask('pid');
      return tree;
    },
    closeAll: async () => {
      await Promise.all([...trees].map((tree) => tree.close()));
      trees.clear();
    },
  };
};

/** The children of a process, at this moment. */
export const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
