// A supervised tree of programs that are all of the processor under test, but for the shells of the services.
//
// Promises: what it starts ends with the test. Read next: run.ts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, killMarked, MARK } from '../lib/proc.ts';
import { run } from '../lib/run.ts';
import type { Hands } from '../lib/runner.ts';
import { linkPrograms } from '../lib/temporary.ts';
import { bounded, until } from '../lib/wait.ts';

const PROGRAMS = ['runsv', 'runsvdir', 'sv', 'svlogd', 'chpst', 'envdir', 'softlimit', 'setlock', 'svok'] as const;
/** An emulated program on a loaded machine. */
const DEADLINE_MS = 120_000;

const text = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

class Tree {
  readonly #dir: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(dir: string, executable: string) {
    this.#dir = dir;
    linkPrograms(join(dir, 'bin'), executable, PROGRAMS);
    this.#env = {
      SVWAIT: '100',
      [MARK]: dir,
      PATH: `${join(dir, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
      SVDIR: join(dir, 'service'),
    };
    mkdirSync(join(dir, 'logs'));
    this.#script(
      'service/web/run',
      'exec 2>&1\necho "web $$ starts"\nexec chpst -o 33 sh -c \'ulimit -n; exec sleep 1000\'',
    );
    this.#script('service/web/log/run', `exec svlogd -tt ${join(dir, 'logs')}`);
  }

  #script(path: string, body: string): void {
    const file = join(this.#dir, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
  }

  start({ defer }: Hands): () => Promise<void> {
    const child = spawn(join(this.#dir, 'bin/runsvdir'), ['-P', join(this.#dir, 'service')], {
      env: this.#env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = once(child, 'close');
    const stop = async (): Promise<void> => {
      child.kill('SIGHUP');
      await bounded('the end of runsvdir', ended, DEADLINE_MS);
    };
    defer(() => killMarked(this.#dir));
    return stop;
  }

  /** What it says, or the exit code where that is not 0. */
  async sv(...words: readonly string[]): Promise<string> {
    const { code, text: said } = await run(['sv', ...words], { env: this.#env, timeoutMs: DEADLINE_MS });
    if (code !== 0) throw new Error(`sv ${words.join(' ')}: exit code ${code}: ${said}`);
    return said;
  }

  async does(...words: readonly string[]): Promise<string> {
    const { code, text: said } = await run(words, { env: this.#env, timeoutMs: DEADLINE_MS });
    return `${said.trim()} ${code}`;
  }

  pid(): number {
    return Number(text(join(this.#dir, 'service/web/supervise/pid')));
  }

  get log(): string {
    return text(join(this.#dir, 'logs/current'));
  }

  await(what: string, look: () => boolean): Promise<true> {
    return until(() => `${what}; the log says ${this.log}`, look, DEADLINE_MS);
  }
}

const same = (what: string, got: string, expected: string): void => {
  if (got !== expected) throw new Error(`${what}: expected ${expected}, got ${got}`);
};

const starts = (tree: Tree): number => tree.log.split(' starts\n').length - 1;

/** Starts, logs, restarts, comes back after a kill, and stops; chpst and its kin change what they say. */
export const playTree = async (executable: string, dir: string, hands: Hands): Promise<void> => {
  const tree = new Tree(dir, executable);
  const stop = tree.start(hands);
  await tree.await('a first pid', () => tree.pid() > 0);
  await tree.sv('start', 'web');
  await tree.await('chpst has changed a limit', () => / starts\n\S+ 33\n/.test(tree.log));
  const first = tree.pid();
  await tree.sv('restart', 'web');
  await tree.await('another process after restart', () => tree.pid() > 0 && tree.pid() !== first && starts(tree) === 2);
  const second = tree.pid();
  process.kill(second, 'SIGKILL');
  await tree.await('another process after a kill', () => tree.pid() > 0 && tree.pid() !== second && starts(tree) === 3);
  await tree.sv('down', 'web');
  await tree.sv('wait', 'down', 'web');
  same('what sv list says', JSON.parse(await tree.sv('list', '--json'))[0].state, 'down');
  same('svok', await tree.does('svok', join(dir, 'service/web')), ' 0');
  mkdirSync(join(dir, 'env'));
  writeFileSync(join(dir, 'env/NAME'), 'value\n');
  same('envdir', await tree.does('envdir', join(dir, 'env'), 'sh', '-c', 'echo $NAME'), 'value 0');
  same('softlimit', await tree.does('softlimit', '-o', '20', 'sh', '-c', 'ulimit -n'), '20 0');
  same('setlock', await tree.does('setlock', join(dir, 'lock'), 'echo', 'locked'), 'locked 0');
  await tree.sv('up', 'web');
  await tree.await('a process after up', () => starts(tree) === 4);
  const last = tree.pid();
  await stop();
  await tree.await('the end of the service', () => !isAlive(last));
};
