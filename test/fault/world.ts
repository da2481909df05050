// One case's world: a directory of its own, the programs under their names, and everything that is started in it.
//
// Promises: whatever a case started is found by a mark in its environment and ended by its number, whatever it mounted
// is unmounted, and nothing is left. A message of ours that is not one clear line is a fault of the case.
// Read next: service.ts, ../lib/wait.ts, cases/.
import { type ChildProcess, execFile, execFileSync, spawn, type StdioOptions } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isAlive, killMarked, MARK, marked } from '../lib/proc.ts';
import { Service, type Status } from './service.ts';
import { DEADLINE_MS, type Found, late, Stirs, TimeoutError } from '../lib/wait.ts';

export interface StartOptions {
  /** Words in front: `prlimit --nofile=6`, which become the program by exec. */
  readonly wrap?: readonly string[];
  readonly cwd?: string;
  readonly stdio?: StdioOptions;
  /** What it says is not held to our form: it is not, or not only, ours. */
  readonly foreign?: boolean;
}

/** One of our lines: who, how bad, what. */
const MESSAGE = /^runsv(dir)? [^:]+: (warning|fatal): [^:]+(: [^:]+)*$/;

export class Running {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #stirs: Stirs;
  readonly held: boolean;
  readonly name: string;
  #text = '';
  #end: string | null = null;

  constructor(child: ChildProcess, stirs: Stirs, name: string, held: boolean) {
    this.#child = child;
    this.#stirs = stirs;
    this.pid = child.pid ?? -1;
    this.name = name;
    this.held = held;
    child.stderr?.setEncoding('latin1').on('data', (text: string) => {
      this.#text += text;
      stirs.stir();
    });
    child.on('error', (refusal) => {
      this.#text += `not started: ${refusal.message}\n`;
      this.#end = 'not started';
      stirs.stir();
    });
    child.on('exit', (code, signal) => {
      const end = signal === null ? `exit ${code}` : `signal ${signal}`;
      // Its last words are in the pipe by now; a service may hold the other end, so there is no end to wait for. Between
      // the two all that is readable is read.
      const announce = (): void => {
        this.#end = end;
        stirs.stir();
      };
      setImmediate(() => setImmediate(announce));
    });
  }

  /** Lines said on standard error. */
  lines(): readonly string[] {
    return this.#text.split('\n').filter((line) => line !== '');
  }

  end(): string | null {
    return this.#end;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Writes to its standard input, where that is a pipe. */
  type(text: string): void {
    this.#child.stdin?.write(text, 'latin1');
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Its end: `exit 0`, `signal SIGKILL`. */
  async ended(deadlineMs = DEADLINE_MS): Promise<string> {
    return this.#stirs.until(`the end of ${this.name}`, () => this.#end, [], deadlineMs);
  }

  async says(what: RegExp, times = 1, deadlineMs = DEADLINE_MS): Promise<void> {
    const enough = (): boolean => this.lines().filter((line) => what.test(line)).length >= times;
    await this.#stirs.until(
      `${this.name} to say ${what} (says ${JSON.stringify(this.lines())})`,
      enough,
      [],
      deadlineMs,
    );
  }

  /** Stops listening, so that what outlives the case holds nothing of ours. */
  release(): void {
    this.#child.stderr?.destroy();
    this.#child.unref();
  }
}

export class World {
  readonly dir: string;
  readonly scan: string;
  readonly #toldFolder: string;
  /** Where our programs are. */
  readonly bin: string;
  readonly #stirs = new Stirs();
  readonly #running: Running[] = [];
  readonly #mounts: string[] = [];
  #closed = false;

  constructor(bin: string) {
    this.bin = bin;
    this.dir = mkdtempSync(join(tmpdir(), 'runitbox-fault-'));
    this.scan = join(this.dir, 'scan');
    this.#toldFolder = join(this.dir, 'told');
    mkdirSync(this.scan);
    mkdirSync(this.#toldFolder);
    chmodSync(this.dir, 0o755);
  }

  /** A service outside the scan directory, in `folder` of the world. */
  service(name: string, folder = 'sv'): Service {
    return new Service(join(this.dir, folder, name), this.#toldFolder);
  }

  /** Forgets services, what they told and the links to them, so that their names can be used again. */
  clear(...services: readonly Service[]): void {
    for (const { dir, name, toldPath } of services) {
      for (const path of [dir, join(this.dir, 'links', name), toldPath, `${toldPath}.gate`])
        rmSync(path, { recursive: true, force: true });
    }
  }

  /** Hands the service, and the place where it tells things, to another user. */
  giveTo(uid: number, ...paths: readonly string[]): void {
    for (const path of [this.#toldFolder, ...paths]) chownSync(path, uid, uid);
  }

  /** A case that took too long goes on: nothing more is begun for it. */
  #begin(): void {
    if (this.#closed) throw new Error('the case is over');
  }

  start(program: string, args: readonly string[], options: StartOptions = {}): Running {
    this.#begin();
    const words = [...(options.wrap ?? []), resolve(this.bin, program), ...args];
    const child = spawn(words[0] ?? '', words.slice(1), {
      cwd: options.cwd ?? this.dir,
      env: { PATH: `${this.bin}:/usr/bin:/bin`, [MARK]: this.dir },
      stdio: options.stdio ?? ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    const running = new Running(child, this.#stirs, `${program} ${args.join(' ')}`, options.foreign !== true);
    this.#running.push(running);
    return running;
  }

  runsv(service: Service, options: StartOptions = {}): Running {
    return this.start('runsv', [service.dir], options);
  }

  runsvdir(options: StartOptions = {}): Running {
    return this.start('runsvdir', [this.scan], options);
  }

  async until<T>(
    what: string,
    look: () => T,
    paths: readonly string[] = [],
    deadlineMs = DEADLINE_MS,
  ): Promise<Found<T>> {
    this.#begin();
    return this.#stirs.until(what, look, [this.#toldFolder, ...paths], deadlineMs);
  }

  /** Waits until the status is as asked for. */
  async reach(
    service: Service,
    wanted: Partial<Status>,
    side: '' | 'log/' = '',
    deadlineMs = DEADLINE_MS,
  ): Promise<Status> {
    const fits = (status: Status): boolean =>
      Object.entries(wanted).every(([key, value]) => status[key as keyof Status] === value);
    const look = (): Status | null => {
      const status = service.status(side);
      return status !== null && fits(status) ? status : null;
    };
    const folder = `${service.dir}/${side}`;
    try {
      return await this.until('status', look, [this.scan, service.dir, folder, `${folder}supervise`], deadlineMs);
    } catch (cause) {
      if (!(cause instanceof TimeoutError)) throw cause;
      const seen = JSON.stringify(service.status(side));
      throw late(`${side}status ${JSON.stringify(wanted)} of ${service.name}, it says ${seen}`, deadlineMs);
    }
  }

  /** Waits until the service runs as a process that lives and is none of `not`. */
  async up(service: Service, ...not: readonly number[]): Promise<number> {
    const look = (): number | null => {
      const status = service.status();
      const fits = status?.state === 'run' && isAlive(status.pid) && !not.includes(status.pid);
      return fits && service.told().includes(`start ${status.pid}`) ? status.pid : null;
    };
    const paths = [this.scan, service.dir, `${service.dir}/supervise`];
    return this.until(`${service.name} to run (says ${JSON.stringify(service.status())})`, look, paths);
  }

  /** Waits until a supervisor has opened supervise/ok: opening its other end waits for just that. */
  async supervised(service: Service, deadlineMs = DEADLINE_MS): Promise<void> {
    const ok = `${service.dir}/supervise/ok`;
    await this.until(`${ok} to be there`, () => existsSync(ok), [this.scan, service.dir, `${service.dir}/supervise`]);
    await new Promise<void>((resolve, reject) => {
      execFile('sh', ['-c', 'exec 9>"$0"', ok], { timeout: deadlineMs }, (refusal) =>
        refusal === null ? resolve() : reject(late(`a supervisor of ${service.name}`, deadlineMs)),
      );
    });
  }

  /** Waits until `word` was told `times` times. */
  async tells(service: Service, word: string, times = 1): Promise<void> {
    await this.until(`${service.name} to tell ${word} ${times} times`, () => service.count(word) >= times);
  }

  mount(path: string, type: string, options: string): void {
    this.#begin();
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', type, '-o', options, 'none', path]);
    this.#mounts.push(path);
  }

  bind(from: string, path: string): void {
    this.#begin();
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['--bind', from, path]);
    this.#mounts.push(path);
  }

  remount(path: string, options: string): void {
    execFileSync('mount', ['-o', `remount,${options}`, path]);
  }

  /** Processes of this world whose command line fits. */
  processes(command: RegExp, commandOf: (pid: number) => string): readonly number[] {
    return marked(this.dir).filter((pid) => command.test(commandOf(pid)));
  }

  /** What our programs said that is not one clear line. */
  unclear(): readonly string[] {
    const ours = this.#running.filter((one) => one.held);
    return ours.flatMap((one) => one.lines()).filter((line) => !MESSAGE.test(line));
  }

  report(): readonly string[] {
    const told = this.#running.flatMap((one) => one.lines().map((line) => `${one.name} (${one.pid}) said: ${line}`));
    const ends = this.#running.map((one) => `${one.name} (${one.pid}): ${one.end() ?? 'runs'}`);
    return [...told.slice(-10), ...ends.slice(-6)];
  }

  async close(): Promise<void> {
    this.#closed = true;
    await killMarked(this.dir);
    for (const one of this.#running) one.release();
    for (const path of this.#mounts.reverse()) execFileSync('umount', ['-l', path]);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export { kill } from '../lib/proc.ts';
