// One running container: what it says, what runs in it, and how it ends.
//
// Promises: lines are those of docker logs, in order, both streams; a wait has a deadline and shows the lines when late.
import { createInterface } from 'node:readline';
import type { Engine } from './engine.ts';
import { until } from './wait.ts';

const DEADLINE_MS = 120_000;

interface Process {
  /** On the machine, not in the container. */
  readonly pid: number;
  readonly parent: number;
  readonly args: string;
}

let count = 0;

export class Container {
  readonly name: string;
  readonly engine: Engine;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  #ended: Promise<void> = Promise.resolve();

  private constructor(engine: Engine, name: string) {
    this.engine = engine;
    this.name = name;
  }

  /** `options`: of docker run, `words`: the image and what follows it. */
  static async run(engine: Engine, options: readonly string[], ...words: readonly string[]): Promise<Container> {
    const container = new Container(engine, `test-${++count}`);
    const network = options.includes('--network') ? [] : ['--network', 'none'];
    await engine.docker('run', '-d', '--name', container.name, ...network, ...options, ...words);
    container.#follow();
    return container;
  }

  #follow(): void {
    const logs = this.engine.follow('logs', '-f', this.name);
    for (const stream of [logs.stdout, logs.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line);
        for (const look of [...this.#waiting]) look();
      });
    }
    this.#ended = new Promise((resolve) => logs.once('close', () => resolve()));
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Resolves with `look`'s answer to the lines, once it has one. */
  says<T>(what: string, look: (lines: readonly string[]) => T | undefined | false): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = look(this.#lines);
        if (found === undefined || found === false) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(found);
      };
      const late = (): void => {
        this.#waiting.delete(check);
        reject(new Error(`waited ${DEADLINE_MS / 1000} s for: ${what}; it said\n${this.#lines.slice(-30).join('\n')}`));
      };
      const timer = setTimeout(late, DEADLINE_MS);
      this.#waiting.add(check);
      check();
    });
  }

  /** Waits for a line to have come `times` times. */
  async line(wanted: RegExp, times = 1): Promise<void> {
    const seen = (lines: readonly string[]): boolean => lines.filter((line) => wanted.test(line)).length >= times;
    await this.says(`${times} x ${wanted}`, seen);
  }

  exec(...words: readonly string[]): Promise<string> {
    return this.engine.docker('exec', this.name, ...words);
  }

  async processes(): Promise<readonly Process[]> {
    const text = await this.engine.docker('top', this.name, '-eo', 'pid,ppid,args');
    return text
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
      .filter((row) => row !== null)
      .map((row) => ({ pid: Number(row[1]), parent: Number(row[2]), args: row[3] ?? '' }));
  }

  /** The one process whose command line matches. */
  async process(args: RegExp): Promise<Process> {
    return until(`one process ${args}`, async () => {
      const found = (await this.processes()).filter((each) => args.test(each.args));
      return found.length === 1 ? found[0] : undefined;
    });
  }

  /** Resolves when the health check has come to that. */
  async becomes(health: 'healthy' | 'unhealthy'): Promise<void> {
    await until(`${this.name} to be ${health}`, async () => {
      return (await this.engine.inspect(this.name, '{{.State.Health.Status}}')) === health;
    }).catch(async (cause) => {
      const log = await this.engine.inspect(this.name, '{{json .State.Health.Log}}');
      throw new Error(`${(cause as Error).message}; the checks: ${log}; it said\n${this.#lines.slice(-30).join('\n')}`);
    });
  }

  /** docker stop; resolves with the exit code when all lines are there. */
  async stop(seconds = 10): Promise<number> {
    await this.engine.docker('stop', '-t', String(seconds), this.name);
    return this.code();
  }

  /** Waits for the end by itself; the exit code. */
  async code(): Promise<number> {
    const code = Number(await this.engine.docker('wait', this.name));
    await this.#ended;
    // the engine may end its following before the last lines: what counts is what it keeps
    const kept = await this.engine.docker('logs', this.name);
    this.#lines.splice(0, this.#lines.length, ...kept.split('\n').slice(0, -1));
    return code;
  }

  async remove(): Promise<void> {
    await this.engine.tryDocker('rm', '-fv', this.name);
    await this.#ended;
  }
}
