// A run of svlogd during which something happens: the hands of a scenario.
//
// Promises: every wait is for an event and has a deadline; whatever was started is ended by `close`, processors
// included, mounts and files are gone. Notes are what is compared. Read next: scenarios/, ../lib/wait.ts.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, constants, mkdirSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Stirs } from '../lib/wait.ts';
import { isRotated, maskText } from './masks.ts';
import type { Found, Side } from './model.ts';
import { observeDir } from './observe.ts';

/** Only bounds failures. C's is shorter: now and then it sleeps over a signal, and is played again. */
const DEADLINE_MS = { c: 6_000, ours: 30_000 } as const;

/** '' where there is none, as between two steps of a rotation. */
const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return '';
    throw cause;
  }
};

export class Logger {
  readonly child: ChildProcess;
  readonly pid: number;
  #end: string | null = null;
  readonly #ended: Promise<unknown>;

  constructor(child: ChildProcess, stirs: Stirs) {
    this.child = child;
    this.pid = child.pid ?? 0;
    this.#ended = once(child, 'exit').then(([code, signal]) => {
      this.#end = signal === null ? `exit ${code}` : `signal ${signal}`;
      stirs.stir();
    });
  }

  end(): string | null {
    return this.#end;
  }

  signal(name: NodeJS.Signals): void {
    if (this.#end === null) this.child.kill(name);
  }

  /** Ends it and what it has started, which is in its process group. */
  async kill(): Promise<void> {
    try {
      if (this.pid > 1) process.kill(-this.pid, 'SIGKILL');
    } catch {
      // All of it has ended.
    }
    await this.#ended;
  }
}

const open = new Set<Session>();

/** Ends whatever any session has started: for the end of the suite. */
export const closeSessions = async (): Promise<void> => {
  for (const session of [...open]) await session.close();
};

export class Session {
  readonly side: Side;
  readonly root: string;
  readonly notes = new Map<string, string>();
  readonly #stirs = new Stirs();
  readonly #fifo: string;
  readonly #loggers: Logger[] = [];
  readonly #mounts: string[] = [];
  readonly #known = new Map<string, ReadonlySet<string>>();
  /** The input's two ends: the writing one, and the description that svlogd gets. */
  #writer = -1;
  #reader = -1;
  #output: readonly [number, number] | null = null;

  constructor(side: Side, root: string) {
    this.side = side;
    this.root = root;
    mkdirSync(root);
    open.add(this);
    this.#fifo = this.path('fifo');
    execFileSync('mkfifo', [this.#fifo]);
    this.openInput();
  }

  path(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  note(key: string, value: string | number | boolean): void {
    if (this.notes.has(key)) throw new Error(`noted twice: ${key}`);
    this.notes.set(key, String(value));
  }

  dir(name: string, config: string | null, found: Readonly<Record<string, Found>> = {}): void {
    mkdirSync(this.path(name), { recursive: true });
    if (config !== null) this.config(name, config);
    for (const [file, { text, mode }] of Object.entries(found)) {
      writeFileSync(this.path(name, file), text, 'latin1');
      chmodSync(this.path(name, file), mode);
    }
    this.#known.set(name, new Set(Object.keys(found)));
  }

  config(name: string, text: string): void {
    writeFileSync(this.path(name, 'config'), text, 'latin1');
  }

  openInput(): void {
    const both = openSync(this.#fifo, constants.O_RDWR);
    this.#reader = openSync(this.#fifo, constants.O_RDONLY);
    this.#writer = openSync(this.#fifo, constants.O_WRONLY);
    closeSync(both);
  }

  /** A pipe for standard output, its reading and its writing end. */
  openOutput(): readonly [number, number] {
    const path = this.path('outfifo');
    execFileSync('mkfifo', [path]);
    const both = openSync(path, constants.O_RDWR);
    this.#output = [openSync(path, constants.O_RDONLY), openSync(path, constants.O_WRONLY)];
    closeSync(both);
    return this.#output;
  }

  /** Leaves that pipe to whom it was given. */
  closeOutput(): void {
    for (const fd of this.#output ?? []) closeSync(fd);
    this.#output = null;
  }

  /** The descriptor that svlogd has as its standard input. */
  get reader(): number {
    return this.#reader;
  }

  /** `output`: a descriptor for its standard output. */
  start(options: readonly string[], dirs: readonly string[] = ['d'], output: number | 'ignore' = 'ignore'): Logger {
    const err = openSync(this.path('err'), 'a');
    const child = spawn(this.side.svlogd, [...options, ...dirs], {
      argv0: 'svlogd',
      cwd: this.root,
      stdio: [this.#reader, output, err],
      detached: true,
    });
    closeSync(err);
    const logger = new Logger(child, this.#stirs);
    this.#loggers.push(logger);
    return logger;
  }

  /** Another program, beside svlogd; it is ended with the session. */
  run(command: readonly [string, ...string[]], stdio: readonly (number | 'ignore')[], cwd = this.root): Logger {
    const [program, ...words] = command;
    const child = spawn(program, words, { cwd, stdio: [...stdio], detached: true });
    const logger = new Logger(child, this.#stirs);
    this.#loggers.push(logger);
    return logger;
  }

  #kept: Logger | null = null;
  #keptBy: readonly [readonly string[], readonly string[]] = [[], []];

  /** As runsv does: there is always one svlogd on the pipe. */
  keep(options: readonly string[], dirs: readonly string[]): void {
    this.#keptBy = [options, dirs];
    this.#kept = this.start(options, dirs);
  }

  kept(): Logger {
    if (this.#kept === null) throw new Error('no svlogd is kept');
    return this.#kept;
  }

  /** Ends the one that is kept, and starts the next. */
  async keepAnew(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.kept().signal(signal);
    await this.ended(this.kept());
    this.keep(...this.#keptBy);
  }

  /** Ends the input, and waits for the one that is kept. */
  async letGo(): Promise<void> {
    this.closeInput();
    const end = await this.ended(this.kept());
    if (end !== 'exit 0') throw new Error(`svlogd ended with ${end}, said: ${this.said()}`);
  }

  /** Counted lines, by a process of their own, in about so much time. Resolves when all are in the pipe. */
  async feed(lines: number, seed: number, ms: number, pieces: 'any' | 'whole' = 'any'): Promise<void> {
    const script = join(import.meta.dirname, 'lines/writer.pl');
    const writer = spawn('perl', [script, ...[lines, seed, ms].map(String), ...(pieces === 'whole' ? [pieces] : [])], {
      stdio: ['ignore', this.#writer, 'inherit'],
      detached: true,
    });
    this.#loggers.push(new Logger(writer, this.#stirs));
    const [code] = await once(writer, 'exit');
    if (code !== 0) throw new Error(`the writer of lines ended with ${code}`);
  }

  /** A file, by a process of its own. Resolves when all of it is in the pipe. */
  async pour(path: string): Promise<void> {
    const writer = this.run(['cat', path], ['ignore', this.#writer, 'ignore']);
    await this.ended(writer);
  }

  /** Into the pipe; must fit. */
  write(text: string): void {
    writeSync(this.#writer, text, null, 'latin1');
  }

  closeInput(): void {
    for (const fd of [this.#reader, this.#writer]) if (fd >= 0) closeSync(fd);
    this.#reader = -1;
    this.#writer = -1;
  }

  /** Whether svlogd has read all that was written. */
  isRead(): boolean {
    return this.#left() === 0;
  }

  /** How many bytes are in the pipe: by poll nobody is told, so another process is asked. */
  #left(): number {
    const program = 'my $n = pack "i", 0; ioctl STDIN, 0x541b, $n or die; print unpack "i", $n';
    return Number(execFileSync('perl', ['-e', program], { stdio: [this.#reader, 'pipe', 'inherit'] }));
  }

  /** What is left in the pipe. Nobody may be reading it. */
  unread(): string {
    const fd = openSync(this.#fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const block = Buffer.alloc(1 << 16);
    let length = 0;
    try {
      length = readSync(fd, block);
    } catch {
      // Empty, its writer still there.
    }
    closeSync(fd);
    return block.toString('latin1', 0, length);
  }

  until<T>(what: string, look: () => T): Promise<unknown> {
    const paths = readdirSync(this.root, { withFileTypes: true }).filter((one) => one.isDirectory());
    const all = [this.root, ...paths.map(({ name }) => this.path(name))];
    return this.#stirs.until(`${what}; ${this.side.name} said: ${this.said()}`, look, all, DEADLINE_MS[this.side.name]);
  }

  /** What a file of the session holds. */
  text(name: string): string {
    return read(this.path(name));
  }

  said(): string {
    return maskText(read(this.path('err')));
  }

  /** Waits until standard error holds `text` so many times. */
  says(text: string, times = 1): Promise<unknown> {
    return this.until(`${times} times '${text}' on standard error`, () => this.said().split(text).length > times);
  }

  files(name = 'd'): readonly string[] {
    return readdirSync(this.path(name)).sort();
  }

  rotated(name = 'd', kind = 's'): readonly string[] {
    return this.files(name).filter((file) => isRotated(file) && file.endsWith(`.${kind}`));
  }

  /** All that is in rotated files and current, in their order. */
  logged(name = 'd'): string {
    const files = this.files(name).filter((file) => isRotated(file) && !file.endsWith('.t'));
    return [...files, 'current'].map((file) => read(this.path(name, file))).join('');
  }

  /** The newest of them: a file that is open while it is deleted frees no room. */
  newest(name = 'd'): string {
    return [...this.rotated(name).slice(-1), 'current'].map((file) => read(this.path(name, file))).join('');
  }

  /** Waits until the log ends in `text`. */
  logs(text: string, name = 'd'): Promise<unknown> {
    return this.until(`a log that ends in '${text}'`, () => this.logged(name).endsWith(text));
  }

  async ended(logger: Logger): Promise<string> {
    await this.until('the end of svlogd', () => logger.end() !== null);
    return logger.end() ?? '';
  }

  /** Its files as notes. */
  noteDir(name = 'd', stamped = false): void {
    for (const [key, value] of observeDir(this.path(name), name, this.#known.get(name) ?? new Set(), stamped))
      this.note(key, value);
  }

  /** End of input, how it ended, its files, its words. */
  async finish(logger: Logger, dirs: readonly string[] = ['d'], stamped = false): Promise<void> {
    this.closeInput();
    this.note('end', await this.ended(logger));
    for (const name of dirs) this.noteDir(name, stamped);
    this.note('stderr', this.said());
  }

  /** A small file system in memory; wants root. */
  mount(name: string, bytes: number): void {
    mkdirSync(this.path(name), { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', this.path(name)]);
    this.#mounts.push(this.path(name));
  }

  async close(): Promise<void> {
    open.delete(this);
    for (const logger of this.#loggers) await logger.kill();
    this.closeInput();
    this.closeOutput();
    for (const path of this.#mounts) execFileSync('umount', ['-l', path]);
    rmSync(this.root, { recursive: true, force: true });
  }
}
