// An engine of our own: dockerd with its data in a directory of the test, away from any that the machine runs.
//
// Promises: no bridge, no firewall rules, no forwarding; when closed, the daemon, its containers, images and files are gone.
// Read next: container.ts, images.ts.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, run } from '../lib/run.ts';
import { until } from './wait.ts';

/** Debian's: a newer client elsewhere in PATH may lack BuildKit. */
const CLIENT = '/usr/bin/docker';
const DAEMON = '/usr/sbin/dockerd';

const daemonOptions = (dir: string, socket: string): readonly string[] => [
  ...['-H', socket, '--data-root', join(dir, 'data'), '--exec-root', join(dir, 'exec'), '--pidfile', join(dir, 'pid')],
  ...['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--bridge=none'],
];

export class Engine {
  readonly env: Readonly<Record<string, string>>;
  readonly #dir: string;
  readonly #daemon: ChildProcess;

  private constructor(dir: string, socket: string, daemon: ChildProcess) {
    this.#dir = dir;
    this.#daemon = daemon;
    this.env = { DOCKER_HOST: socket, DOCKER_BUILDKIT: '1', DOCKER_CONFIG: join(dir, 'config') };
  }

  static async start(work: string): Promise<Engine> {
    const dir = join(work, 'engine');
    mkdirSync(dir, { recursive: true });
    const log = openSync(join(dir, 'log'), 'a');
    const socket = `unix://${join(dir, 'socket')}`;
    // a group of its own: Ctrl-C is for us, who end the containers first
    const daemon = spawn(DAEMON, daemonOptions(dir, socket), { stdio: ['ignore', log, log], detached: true });
    const engine = new Engine(dir, socket, daemon);
    try {
      await until('the engine to answer', () => engine.#answers());
    } catch (cause) {
      const told = readFileSync(join(dir, 'log'), 'utf8').split('\n').slice(-15).join('\n');
      await engine.close();
      throw new Error(`${(cause as Error).message}; dockerd said:\n${told}`);
    }
    return engine;
  }

  async #answers(): Promise<boolean> {
    if (this.#daemon.exitCode !== null) throw new Error(`dockerd ended with exit code ${this.#daemon.exitCode}`);
    return (await run([CLIENT, 'version'], { env: this.env })).code === 0;
  }

  /** Runs a docker command that must succeed. */
  docker(...words: readonly string[]): Promise<string> {
    return mustRun([CLIENT, ...words], { env: this.env });
  }

  /** Runs a docker command that may fail. */
  tryDocker(...words: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
    return run([CLIENT, ...words], { env: this.env });
  }

  /** A docker command that goes on, line by line. */
  follow(...words: readonly string[]): ChildProcess {
    return spawn(CLIENT, words, { env: { ...process.env, ...this.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async inspect(name: string, format: string): Promise<string> {
    return (await this.docker('inspect', '--format', format, name)).trim();
  }

  async close(): Promise<void> {
    if (this.#daemon.exitCode !== null) return;
    const ids = (await this.tryDocker('ps', '-aq')).text.split('\n').filter((id) => /^[0-9a-f]+$/.test(id));
    if (ids.length > 0) await this.tryDocker('rm', '-fv', ...ids);
    const end = new Promise((resolve) => this.#daemon.once('exit', resolve));
    this.#daemon.kill('SIGTERM');
    await end;
    await until(
      'containerd to end',
      () => !existsSync(join(this.#dir, 'exec/containerd/containerd.pid')),
      10_000,
    ).catch(() => {});
    // a container on the machine's own network leaves a mount of that network behind
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    const left = mounts.map((line) => line.split(' ')[1] ?? '').filter((path) => path.startsWith(`${this.#dir}/`));
    if (left.length > 0) await run(['umount', ...left.reverse()]);
  }
}
