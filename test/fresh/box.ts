// A bare machine: a copy of a base, with processes, mounts and memory of its own.
//
// Promises: whatever becomes of this process, the box ends with it: its process 1 reads from us, and with process 1 end
// all its processes and mounts. What is written in it lies in memory. Read next: bases.ts, scenarios.ts.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Codename } from '../lib/debian.ts';
import { until } from '../lib/wait.ts';
import { Archives } from './archives.ts';
import { CACHE } from './bases.ts';

export type User = 'root' | 'tester';
const IDS: Readonly<Record<User, number>> = { root: 0, tester: 1000 };
const HOMES: Readonly<Record<User, string>> = { root: '/root', tester: '/home/tester' };

const COMMAND_MS = 1_800_000;
const LOOK_MS = 50;

/** base, upper, work, root; then DIRECTORY=PLACE ... to be mounted. */
const SETUP = `set -eu
base=$1 upper=$2 work=$3 root=$4; shift 4
mount -t overlay overlay -o "lowerdir=$base,upperdir=$upper,workdir=$work" "$root"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=1777 tmpfs "$root/var/tmp"
for each; do
  mkdir -p "$root/\${each#*=}"
  mount --bind "\${each%%=*}" "$root/\${each#*=}"
done
cd "$root"
pivot_root . mnt
exec chroot . sh -c 'umount -l /mnt; echo ready; cat > /dev/null; :'`;

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command on its way in a box. */
export class Command {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #out = '';
  #err = '';

  constructor(words: readonly string[], env: Readonly<Record<string, string>>, limitMs: number) {
    const [program = '', ...args] = words;
    // a group of its own, as that of a terminal's foreground
    this.#child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#child.stdout?.on('data', (data: Buffer) => (this.#out += data.toString()));
    this.#child.stderr?.on('data', (data: Buffer) => (this.#err += data.toString()));
    const timer = setTimeout(() => this.signal('SIGKILL'), limitMs);
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        clearTimeout(timer);
        resolve({ code: code ?? 128, out: this.#out, err: this.#err });
      });
    });
  }

  get said(): string {
    return this.#out + this.#err;
  }

  /** To the whole group, as Ctrl-C is. */
  signal(name: NodeJS.Signals): void {
    try {
      process.kill(-(this.#child.pid ?? 0), name);
    } catch {
      // all of it has ended
    }
  }

  /** Waits until `look` says yes. Rejects where the command ends before, or in `limitMs`. */
  async until(what: string, look: () => boolean, limitMs = COMMAND_MS): Promise<void> {
    let over = false;
    void this.ended.then(() => (over = true));
    await until(
      () => `${what}, from a command that said:\n${this.said}`,
      () => over || look(),
      limitMs,
      LOOK_MS,
    );
    if (!look()) throw new Error(`it ended before ${what}:\n${this.said}`);
  }
}

export class Box {
  /** Where it writes, as seen from here. */
  readonly upper: string;
  readonly #archives: Archives;
  readonly #init: ChildProcess;
  readonly #env: Readonly<Record<string, string>>;
  readonly #pid: number;

  private constructor(
    archives: Archives,
    upper: string,
    init: ChildProcess,
    pid: number,
    env: Readonly<Record<string, string>>,
  ) {
    this.#archives = archives;
    this.upper = upper;
    this.#init = init;
    this.#pid = pid;
    this.#env = env;
  }

  static async open(
    codename: Codename,
    base: string,
    dir: string,
    env: Readonly<Record<string, string>>,
  ): Promise<Box> {
    const [upper, work, root] = ['upper', 'work', 'root'].map((name) => join(dir, name)) as [string, string, string];
    for (const each of [dir, upper, work, root]) mkdirSync(each);
    const archives = new Archives(codename, basename(dir));
    const shared = [`${archives.dir}=var/cache/apt/archives`];
    for (const user of ['root', 'tester'] as const) {
      const modules = join(CACHE, `npm-${user}`);
      mkdirSync(modules, { recursive: true });
      chownSync(modules, IDS[user], IDS[user]);
      shared.push(`${modules}=var/npm-${user}`);
    }
    const words = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private', 'sh', '-c', SETUP, 'box'];
    const init = spawn('unshare', [...words, base, upper, work, root, ...shared], { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    init.stderr.on('data', (data: Buffer) => (said += data.toString()));
    const [first] = await Promise.race([once(init.stdout, 'data'), once(init, 'exit')]);
    if (String(first) !== 'ready\n') throw new Error(`no box: ${said}`);
    return new Box(archives, upper, init, await childOf(init.pid ?? 0), env);
  }

  /** Starts a shell's command. */
  start(user: User, command: string, cwd: string, limitMs = COMMAND_MS): Command {
    const enter = ['nsenter', '--target', String(this.#pid), '--mount', '--pid', '--root', '--wd'];
    const become = ['setpriv', `--reuid=${IDS[user]}`, `--regid=${IDS[user]}`, '--init-groups'];
    const words = [...enter, ...become, 'sh', '-c', `cd "$1" && ${command}`, 'sh', cwd];
    const settings = {
      ...this.#env,
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: HOMES[user],
      USER: user,
      LOGNAME: user,
      LANG: 'C.UTF-8',
      npm_config_cache: `/var/npm-${user}`,
    };
    return new Command(words, settings, limitMs);
  }

  /** Runs one to its end. */
  run(user: User, command: string, cwd = '/'): Promise<Ended> {
    return this.start(user, command, cwd).ended;
  }

  /** Runs one that must succeed. */
  async must(user: User, command: string, cwd = '/'): Promise<Ended> {
    const ended = await this.run(user, command, cwd);
    if (ended.code !== 0)
      throw new Error(`${command}: exit code ${ended.code}\n${tail(ended.out)}\n${tail(ended.err)}`);
    return ended;
  }

  /** Whether it has written a path since it was made. */
  has(path: string): boolean {
    return existsSync(join(this.upper, path));
  }

  async close(): Promise<void> {
    const end = once(this.#init, 'exit');
    this.#init.stdin?.end();
    if (this.#init.exitCode === null) await end;
    this.#archives.close();
  }
}

export const tail = (text: string): string => text.trimEnd().split('\n').slice(-25).join('\n');

const childOf = async (pid: number): Promise<number> => {
  const { readFile } = await import('node:fs/promises');
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return Number(children.trim().split(' ')[0]);
};
