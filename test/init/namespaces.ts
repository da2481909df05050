// A system whose init is process 1 of namespaces of its own: what a boot comes to, without a kernel of its own.
//
// Read next: ns-init (how it is done), cases/.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { bounded, until } from '../lib/wait.ts';
import { childrenOf } from '../fault/container.ts';
import { proc } from '../lib/proc.ts';
import type { Room } from './case.ts';
import { Guest } from './guest.ts';

const END_MS = 120_000;

export class Booted {
  readonly guest: Guest;
  readonly #child: ChildProcess;
  readonly #end: Promise<number>;

  private constructor(guest: Guest, child: ChildProcess, end: Promise<number>) {
    this.guest = guest;
    this.#child = child;
    this.#end = end;
  }

  /** `isInit`: tells by the command line of a child of `words` that it has become process 1 of the guest. */
  static async start(room: Room, words: readonly string[], root: string, isInit: RegExp): Promise<Booted> {
    const [program = 'false', ...args] = words;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        said += data.toString('latin1');
      });
    }
    const end = new Promise<number>((resolve) =>
      child.on('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))),
    );
    // its death is that of process 1, hence of all
    room.onEnd(async () => {
      for (const pid of childrenOf(child.pid ?? 0)) process.kill(pid, 'SIGKILL');
      await end;
    });
    const isReady = (pid: number) => isInit.test(proc(pid, 'cmdline').replaceAll('\0', ' '));
    const pid = await until(
      `an init that runs; said so far:\n${said}`,
      () => childrenOf(child.pid ?? 0).find(isReady),
      END_MS,
    );
    return new Booted(new Guest(pid, root, () => said), child, end);
  }

  static init(room: Room, root: string, ...init: readonly string[]): Promise<Booted> {
    return Booted.start(
      room,
      [join(import.meta.dirname, 'ns-init'), root, ...init],
      root,
      /^(\/sbin\/)?(init|runit)\b/,
    );
  }

  /** Signals process 1. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.guest.pid, name);
  }

  /** Waits until it has ended; how. */
  async end(): Promise<number> {
    return await bounded(`the end of ${this.#child.spawnfile}; console:\n${this.guest.console()}`, this.#end, END_MS);
  }
}
