// The world of one case: a fresh directory, the programs under test first in PATH, a record of events, and notes.
//
// Promises: everything happens below `dir`; `close` ends every process and removes the directory. Service programs
// append to the file that $RECORD names, one event a line, as `LABEL WORD... pid=N at=SECONDS`.
// Must not decide what is right: it only notes. Read next: steps.ts (what cases do), record.ts, model.ts.
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Program, Suite, Transcript } from './model.ts';
import { plain } from './normalise.ts';
import { MARK } from '../lib/proc.ts';
import { type Finished, launch, type Launch, type Running, sweep } from './processes.ts';
import { parseRecord, type RecordedEvent } from './record.ts';
import { DEADLINE_MS, until } from '../lib/wait.ts';

export interface StartOptions {
  readonly cwd?: string;
  readonly argv0?: string;
  /** Replaces the program's own path: a link under another name. */
  readonly file?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly stdin?: number;
  readonly extra?: readonly number[];
  readonly deadlineMs?: number;
}

export class World {
  readonly dir: string;
  readonly suite: Suite;
  /** The directory with the links sv, runsv, runsvdir. */
  readonly bin: string;
  readonly env: Record<string, string>;
  readonly #notes = new Map<string, string>();
  readonly #started: Running[] = [];
  readonly #closing: (() => void)[] = [];
  #outputs = 0;

  constructor(parent: string, bin: string, suite: Suite) {
    this.dir = realpathSync(mkdtempSync(join(parent, 'w-')));
    chmodSync(this.dir, 0o755);
    this.suite = suite;
    this.bin = bin;
    for (const name of ['.out', '.tmp']) mkdirSync(this.path(name));
    writeFileSync(this.path('.record'), '');
    chmodSync(this.path('.record'), 0o666);
    this.env = {
      PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`,
      LC_ALL: 'C',
      RECORD: this.path('.record'),
      WORLD: this.dir,
      [MARK]: this.dir,
    };
  }

  path(...parts: readonly string[]): string {
    return join(this.dir, ...parts);
  }

  /** Leaves a finding; pids, seconds and the directory are made alike. A key is used once. */
  note(key: string, value: string | number | boolean): void {
    if (this.#notes.has(key)) throw new Error(`noted twice: ${key}`);
    this.#notes.set(key, plain(String(value), this.dir));
  }

  get transcript(): Transcript {
    return this.#notes;
  }

  /** Makes a file, and the directories above it. */
  write(path: string, text: string, mode = 0o644): string {
    const full = this.path(path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text, 'latin1');
    chmodSync(full, mode);
    return full;
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'latin1');
  }

  mkdir(path: string, mode = 0o755): string {
    mkdirSync(this.path(path), { recursive: true });
    chmodSync(this.path(path), mode);
    return this.path(path);
  }

  link(target: string, path: string): void {
    symlinkSync(target, this.path(path));
  }

  unlink(path: string): void {
    unlinkSync(this.path(path));
  }

  rename(from: string, to: string): void {
    renameSync(this.path(from), this.path(to));
  }

  /** Starts one of the programs under test. */
  start(program: Program, args: readonly string[], options: StartOptions = {}): Running {
    return this.startFile(options.file ?? join(this.bin, program), args, { argv0: program, ...options });
  }

  startFile(file: string, args: readonly string[], options: StartOptions = {}): Running {
    const running = launch(this.#launch(file, args, options));
    this.#started.push(running);
    return running;
  }

  #launch(file: string, args: readonly string[], options: StartOptions): Launch {
    return {
      file,
      args,
      argv0: options.argv0 ?? file,
      cwd: this.path(options.cwd ?? '.'),
      env: { ...this.env, ...options.env },
      output: this.path('.out', String(++this.#outputs)),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
      ...(options.extra === undefined ? {} : { extra: options.extra }),
    };
  }

  /** Starts one of the programs under test and waits for its end. */
  run(program: Program, args: readonly string[], options: StartOptions = {}): Promise<Finished> {
    return this.#finish(this.start(program, args, options), options.deadlineMs);
  }

  /** Runs sv by a link of another name, as an init script is run. */
  lsb(name: string, args: readonly string[], options: StartOptions = {}): Promise<Finished> {
    const link = this.path('.init.d', name);
    mkdirSync(dirname(link), { recursive: true });
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(join(this.bin, 'sv'), link);
    return this.runFile(link, args, options);
  }

  runFile(file: string, args: readonly string[], options: StartOptions = {}): Promise<Finished> {
    return this.#finish(this.startFile(file, args, options), options.deadlineMs);
  }

  async #finish(running: Running, deadlineMs = DEADLINE_MS): Promise<Finished> {
    const begun = performance.now();
    const end = await running.ended(deadlineMs);
    return { end, out: running.stdout(), err: running.stderr(), ms: performance.now() - begun };
  }

  /** The events recorded so far whose text begins with `prefix` as whole words. */
  events(prefix = ''): readonly RecordedEvent[] {
    return parseRecord(this.read('.record')).filter(({ text }) => `${text} `.startsWith(prefix && `${prefix} `));
  }

  /** Waits for the `count`th event that begins with `prefix`. */
  event(prefix: string, count = 1, deadlineMs = DEADLINE_MS): Promise<RecordedEvent> {
    return until(`event ${count} of "${prefix}"`, () => this.events(prefix)[count - 1], deadlineMs);
  }

  /** The process that left the first event beginning with `prefix`; 0 for none. */
  pidOf(prefix: string): number {
    return this.events(prefix)[0]?.pid ?? 0;
  }

  /** All that helps to see why a case failed. */
  report(): string {
    const outputs = this.#started.map((it) => `[${it.pid}] ${it.end() ?? 'running'}\n${it.stdout()}${it.stderr()}`);
    return `-- record\n${this.read('.record')}-- processes\n${outputs.join('\n')}`;
  }

  onClose(action: () => void): void {
    this.#closing.push(action);
  }

  async close(): Promise<void> {
    await sweep(this.dir, this.#started);
    for (const action of this.#closing) action();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
