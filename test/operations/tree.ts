// A supervised tree for a case: a scan directory, its runsvdir (ours or C runit's), and our sv.
//
// Promises: every process that the tree started is ended by its mark when the case is over.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { kill, killMarked, MARK } from '../lib/proc.ts';
import { type Result, run } from '../lib/run.ts';
import type { Hands } from '../lib/runner.ts';
import { makeTemporary } from '../lib/temporary.ts';
import { until } from '../lib/wait.ts';

export type Make = 'ours' | 'c';

const C_PROGRAMS = '/usr/bin';

/** Processes that work in this directory or below it. */
const processesBelow = (dir: string): readonly number[] => {
  const isBelow = (pid: string): boolean => {
    try {
      return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${dir}/`);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isBelow(name))
    .map(Number);
};

export class Tree {
  readonly dir: string;
  readonly scan: string;
  readonly #bin: string;
  readonly #fetched: string;
  readonly #mark: string;
  #runsvdir: ChildProcess | null = null;

  /** `bin` comes first in PATH, `fetched` last. */
  constructor(bin: string, fetched: string, hands: Hands) {
    this.#bin = bin;
    this.#fetched = fetched;
    this.dir = makeTemporary('operations');
    this.scan = join(this.dir, 'service');
    this.#mark = this.dir;
    mkdirSync(this.scan);
    hands.defer(() => this.#close());
  }

  get env(): Readonly<Record<string, string>> {
    return { PATH: `${this.#bin}:${process.env['PATH'] ?? ''}:${this.#fetched}`, SVDIR: this.scan, [MARK]: this.#mark };
  }

  /** Makes a file below the scan directory; programs where they begin with `#!`. */
  file(path: string, text: string): void {
    const whole = join(this.scan, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, text);
    if (text.startsWith('#!')) chmodSync(whole, 0o755);
  }

  /** A service whose `./run` is this line for the shell. */
  service(name: string, line: string): void {
    this.file(`${name}/run`, `#!/bin/sh\nexec 2>&1\n${line}\n`);
  }

  /** `messages`: the file for what supervisors say. */
  start(make: Make, messages?: string, ...options: readonly string[]): void {
    const bin = make === 'ours' ? this.#bin : C_PROGRAMS;
    const env = { ...process.env, ...this.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    const fd = messages === undefined ? 'ignore' : openSync(messages, 'a');
    this.#runsvdir = spawn(join(bin, 'runsvdir'), ['-P', ...options, this.scan], {
      env,
      stdio: ['ignore', 'ignore', fd],
    });
    if (fd !== 'ignore') closeSync(fd);
  }

  /** Sends runsvdir a signal; how it has ended. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const runsvdir = this.#runsvdir as ChildProcess;
    const ended = once(runsvdir, 'exit');
    runsvdir.kill(signal);
    return ((await ended) as [number | null])[0];
  }

  /** Our sv. */
  sv(...words: readonly string[]): Promise<Result> {
    return this.shell('exec sv "$@"', words);
  }

  /** A line for bash, with our programs first in PATH; without its start-up file, which it reads where its input is a socket. */
  shell(line: string, words: readonly string[] = [], input = ''): Promise<Result> {
    return run(['bash', '--norc', '-o', 'pipefail', '-c', line, 'bash', ...words], {
      cwd: this.dir,
      env: this.env,
      input,
    });
  }

  /** A line that must exit with 0. Returns what it printed. */
  async succeeds(line: string): Promise<string> {
    const { code, text } = await this.shell(line);
    assert.equal(code, 0, `${line}: ${text}`);
    return text;
  }

  /** Until our sv calls the service's condition this. */
  is(service: string, condition: string): Promise<unknown> {
    return until(`${service} to be ${condition}`, async () => {
      const { text } = await this.sv('list', '--json', service);
      return text.includes(`"condition":"${condition}"`);
    });
  }

  async #close(): Promise<void> {
    this.#runsvdir?.kill('SIGKILL');
    await killMarked(this.#mark);
    // nginx writes its title over the environment that has the mark
    for (const pid of processesBelow(this.dir)) kill(pid, 'SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }
}
