// A system that was started: its process 1, its files and its processes as the machine that tests sees them.
//
// Promises: nothing here is told by the guest about itself but what `run` prints. Read next: scenario.ts.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { proc, stateOf } from '../lib/proc.ts';
import { type Result, run } from '../lib/run.ts';

export interface Process {
  /** As the testing machine numbers it. */
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly args: string;
  /** Its current directory. */
  readonly dir: string;
}

const linkOf = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
};

const namespaceOf = (pid: number): string => linkOf(`/proc/${pid}/ns/pid`);

/** A file below `root`, empty where there is none. */
export const fileOf = (root: string, path: string): string => {
  try {
    return readFileSync(join(root, path), 'latin1');
  } catch {
    return '';
  }
};

/** What the system shows where a boot would have shown it. */
type Console = () => string;

export class Guest {
  /** Of process 1. */
  readonly pid: number;
  readonly root: string;
  readonly console: Console;
  readonly #namespace: string;

  constructor(pid: number, root: string, console: Console) {
    this.pid = pid;
    this.root = root;
    this.console = console;
    this.#namespace = namespaceOf(pid);
    if (this.#namespace === '') throw new Error(`process 1 has ended at once; console:\n${console()}`);
  }

  /** What runs in there. */
  processes(): readonly Process[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => namespaceOf(pid) === this.#namespace && stateOf(pid) !== null)
      .map((pid) => ({
        pid,
        parent: Number(/\) \S (\d+)/.exec(proc(pid, 'stat').slice(-400))?.[1] ?? 0),
        name: proc(pid, 'comm').trim(),
        args: proc(pid, 'cmdline').replaceAll('\0', ' ').trim(),
        dir: linkOf(`/proc/${pid}/cwd`),
      }));
  }

  /** Runs a shell command in there, as its root. */
  attempt(line: string): Promise<Result> {
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const enter = ['nsenter', '-t', String(this.pid), '-a', '-r', '-w'];
    return run([...enter, '--', '/usr/bin/env', '-i', path, '/bin/sh', '-c', line]);
  }

  async run(line: string): Promise<string> {
    const { code, text } = await this.attempt(line);
    if (code !== 0) throw new Error(`in there, ${line}: exit code ${code}\n${text}\nconsole:\n${this.console()}`);
    return text;
  }

  /** As `fileOf`, of the guest. */
  read(path: string): string {
    return fileOf(this.root, path);
  }

  /** For a failure's report. */
  describe(): string {
    const list = this.processes().map(({ pid, parent, args, name }) => `  ${pid} (of ${parent}) ${args || name}`);
    return ['processes:', ...list, 'console:', this.console()].join('\n');
  }

  isAlive(): boolean {
    return stateOf(this.pid) !== null && namespaceOf(this.pid) === this.#namespace;
  }
}
