// What the tests of the packed programs and of the npm packages share: a directory, processes that end with the test.
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { until as lookUntil } from '../lib/wait.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const STATIC = join(ROOT, 'dist/runitbox');
export const PACKED = join(ROOT, 'dist/runitbox-node');

// a loaded machine starts a hundred megabytes slowly
vi.setConfig({ testTimeout: 120_000 });

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Setting {
  readonly cwd?: string;
  readonly argv0?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

export const environment = (env: Setting['env']): Record<string, string> => ({ PATH, LC_ALL: 'C', ...env });

/** Runs a program to its end. */
export const run = (file: string, args: readonly string[], { env, ...setting }: Setting = {}): Ran => {
  const options = { ...setting, env: environment(env), encoding: 'utf8', input: '', timeout: 120_000 } as const;
  const { status, stdout, stderr, error } = spawnSync(file, [...args], options);
  if (error !== undefined) throw error;
  return { code: status, out: stdout, err: stderr };
};

export const freshDirectory = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'runitbox-pkg-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};

/** A service directory; `script` is what its run does. */
export const makeService = (dir: string, script: string): string => {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'run'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return dir;
};

/** As everywhere, with the time that a hundred megabytes want. */
export const until = <T>(what: string, look: () => T) => lookUntil(what, look, 60_000);

export interface Running {
  readonly pid: number;
  readonly errors: () => string;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
}

/**
 * Starts a supervisor, which is told to end when the test is over: by the command `ending`, or by HUP, as TERM lets a
 * runsvdir go without its runsvs.
 */
export const start = (
  file: string,
  args: readonly string[],
  ending: readonly string[] = [],
  { env, ...setting }: Setting = {},
): Running => {
  const options: SpawnOptions = { ...setting, env: environment(env), stdio: ['ignore', 'ignore', 'pipe'] };
  const child: ChildProcess = spawn(file, [...args], options);
  let errors = '';
  child.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  onTestFinished(async () => {
    const [program, ...words] = ending;
    if (program !== undefined) run(program, words);
    else if (child.exitCode === null) child.kill('SIGHUP');
    await ended;
  });
  return { pid: child.pid ?? 0, errors: () => errors, ended };
};
