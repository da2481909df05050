// The service that every target supervises, and what must be true of it when all is over.
//
// Promises: nothing here depends on which call was refused, nor when: whatever happened, `settles` says what is wrong.
// Read next: targets.ts (who plays), ../fault/world.ts.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { assertNoLineLost, writersOf } from '../fault/cases/killed.ts';
import { copiesLines, writesLines } from '../fault/habits.ts';
import { isAlive, MARK, marked, proc } from '../lib/proc.ts';
import type { Service } from '../fault/service.ts';
import { type Found, until } from '../lib/wait.ts';
import type { World } from '../fault/world.ts';

/** How long anything may take: a runsv that ends is started again after a second, a refused start is tried after as long. */
const TIMEOUT_MS = 60_000;
const LOOK_MS = 15;

export interface Told {
  readonly code: number;
  readonly text: string;
}

/** Looks until `look` gives something: what is looked at gives no sign that could be awaited. */
export const comes = <T>(what: string, look: () => T, ms = TIMEOUT_MS): Promise<Found<T>> =>
  until(what, look, ms, LOOK_MS);

const linkOf = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
};

export const SIGHUP = 1;

/** Whether a process catches a signal: until then it would end by it. */
export const hears = (pid: number, signal: number): boolean =>
  (Number(`0x${/^SigCgt:\s*\w*(\w{8})$/m.exec(proc(pid, 'status'))?.[1] ?? '0'}`) >> (signal - 1)) % 2 !== 0;

/** The number that a process has in its own namespace, which is what its supervisor knows. */
const innerPid = (pid: number): number => Number(/^NSpid:.*\t(\d+)$/m.exec(proc(pid, 'status'))?.[1] ?? 0);

export class Subject {
  readonly service: Service;
  readonly #world: World;
  readonly #bin: string;
  /** Instances that ended at once with their log. */
  readonly #cutOff = new Set<string>();

  constructor(world: World, bin: string, name: string, folder = 'sv') {
    this.#world = world;
    this.#bin = bin;
    this.service = world.service(name, folder);
    this.service.has('run', { text: writesLines(this.service.toldPath) }).has('finish', 'tellsItself');
    this.service.has('log/run', { text: copiesLines(this.service.toldPath) });
  }

  sv(...words: readonly string[]): Promise<Told> {
    const env = { PATH: '/usr/bin:/bin', [MARK]: this.#world.dir };
    const args = ['-w', '30', ...words, this.service.dir];
    return new Promise((resolve) => {
      execFile(join(this.#bin, 'real/sv'), args, { env, timeout: TIMEOUT_MS }, (refusal, out) =>
        resolve({ code: refusal === null ? 0 : Number(refusal.code ?? 255), text: out }),
      );
    });
  }

  /** The processes that are instances of a program of the service: those that work in its directory. */
  instances(side: '' | '/log' = ''): readonly number[] {
    const home = `${this.service.dir}${side}`;
    return marked(this.#world.dir).filter(
      (pid) => /perl\0\.\/run\0/.test(proc(pid, 'cmdline')) && linkOf(`/proc/${pid}/cwd`) === home,
    );
  }

  /** Both run, and said so. */
  isUp(): boolean {
    const { service } = this;
    const [pid] = this.instances();
    return (
      pid !== undefined &&
      service.status()?.state === 'run' &&
      service.status('log/')?.state === 'run' &&
      this.instances('/log').length === 1 &&
      service.told().includes(`start ${innerPid(pid)}`)
    );
  }

  /** One instance of each, the pipe between them, and status says so. */
  #isWhole(): string | null {
    const [runs, logs] = [this.instances(), this.instances('/log')];
    const [run = 0] = runs;
    const [log = 0] = logs;
    if (runs.length !== 1 || logs.length !== 1)
      return `${runs.length} copies of the service, ${logs.length} of its log`;
    const { service } = this;
    const says = [service.status()?.pid, service.status('log/')?.pid];
    if (says[0] !== innerPid(run)) return `status says ${says[0]}, the service is ${innerPid(run)}`;
    if (says[1] !== innerPid(log)) return `status says ${says[1]}, the log is ${innerPid(log)}`;
    const pipe = linkOf(`/proc/${run}/fd/1`);
    return pipe === linkOf(`/proc/${log}/fd/0`) && pipe.startsWith('pipe:')
      ? null
      : 'the service and its log have no pipe';
  }

  async #whole(when: string): Promise<void> {
    let wrong: string | null = 'nothing was looked at';
    const look = (): boolean => {
      wrong = this.#isWhole();
      return wrong === null;
    };
    try {
      await comes('one service and its log', look);
    } catch {
      throw new Error(`${when}: ${wrong}`);
    }
  }

  async #obeys(verb: string): Promise<void> {
    const { code, text } = await this.sv(verb);
    assert.equal(code, 0, `sv ${verb}: ${text.trim()}`);
  }

  /**
   * Whatever happened before: now it obeys, is there once, and status says what is. `look` sees to it that there is a
   * supervisor. One that is `killed` may be so just now: once.
   */
  async settles(killed: boolean, look = (): void => {}): Promise<void> {
    try {
      await this.#settles(look);
    } catch (cause) {
      if (!killed) throw cause;
      await this.#settles(look);
    }
  }

  async #settles(look: () => void): Promise<void> {
    look();
    await comes('a supervisor', () => {
      look();
      return this.service.isSupervised();
    });
    await this.#obeys('up');
    await this.#whole('after sv up');
    await this.#obeys('down');
    assert.equal(this.instances().length, 0, 'copies of the service after sv down');
    // a file that could not be written is gone for a moment
    await comes(`status after sv down (${JSON.stringify(this.service.status())})`, () => {
      const { state, pid, want } = this.service.status() ?? {};
      return state === 'down' && pid === 0 && want === 'd';
    });
    await this.#obeys('up');
    await this.#whole('after the second sv up');
    const { text } = await this.sv('status');
    const [pidNow = 0] = this.instances();
    assert.match(text, new RegExp(`^run: .*\\(pid ${innerPid(pidNow)}\\) \\d+s.*; run: log: `), 'sv status');
    assert.equal(this.service.count('double'), 0, 'two copies at the same time');
  }

  /** Its processes and those of its log have been killed, all at the same time. */
  wasKilled(): void {
    for (const instance of writersOf(this.service)) this.#cutOff.add(instance);
  }

  /** When it has ended, with its log: every line is there once. */
  async isOver(): Promise<void> {
    await comes('the end of the service', () => this.instances().length === 0);
    await comes('the end of its log', () => this.instances('/log').length === 0);
    assertNoLineLost(this.service, this.#cutOff);
  }
}

/** Programs of the world that have a name of ours. */
export const supervisors = (world: World): readonly number[] =>
  marked(world.dir).filter((pid) => isAlive(pid) && /(^|\/)(runsv|runsvdir|svlogd)\0/.test(proc(pid, 'cmdline')));
