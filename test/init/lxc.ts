// A container made by lxc-create with the template of docker/lxc, started by lxc-start.
//
// Promises: it has no network, and is gone with the case. Read next: cases/lxc.ts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../lib/wait.ts';
import type { Room } from './case.ts';
import { mustRun, run } from '../lib/run.ts';
import { fileOf, Guest } from './guest.ts';

export const UID_BASE = 200_000;
const MAPPED = ['lxc.idmap = u 0 200000 65536', 'lxc.idmap = g 0 200000 65536'];

export class Container {
  readonly name: string;
  readonly #dir: string;
  readonly #room: Room;

  private constructor(room: Room) {
    this.#room = room;
    this.name = room.name;
    this.#dir = join(room.dir, 'lxc');
  }

  /** `words`: for the template, behind `--`. */
  static async make(room: Room, mapped: boolean, words: readonly string[]): Promise<Container> {
    const made = new Container(room);
    mkdirSync(made.#dir);
    const config = join(room.dir, 'lxc.conf');
    const lines = ['lxc.net.0.type = empty', 'lxc.apparmor.profile = unconfined', ...(mapped ? MAPPED : [])];
    writeFileSync(config, `${lines.join('\n')}\n`);
    room.onEnd(() => made.#destroy());
    const template = join(room.roots.docker, 'lxc/lxc-runitbox');
    await mustRun([...made.#words('lxc-create', '-f', config, '-t', template, '--', ...words)]);
    return made;
  }

  #words(program: string, ...more: readonly string[]): readonly string[] {
    return [program, '-P', this.#dir, '-n', this.name, ...more];
  }

  async #destroy(): Promise<void> {
    await run(this.#words('lxc-destroy', '-f'));
    // a start that fails leaves its own behind
    const groups = `find /sys/fs/cgroup -depth -type d -path '*/lxc.*.${this.name}*' -exec rmdir {} +`;
    await run(['sh', '-c', groups]);
  }

  get root(): string {
    return join(this.#dir, this.name, 'rootfs');
  }

  async #first(): Promise<number> {
    return Number((await run(this.#words('lxc-info', '-p', '-H'))).text.trim());
  }

  async #guest(): Promise<Guest> {
    const { dir } = this.#room;
    return new Guest(
      await this.#first(),
      this.root,
      () => fileOf(dir, 'console') + fileOf(dir, 'lxc.log').slice(-4000),
    );
  }

  async start(): Promise<Guest> {
    const logs = ['-o', join(this.#room.dir, 'lxc.log'), '-l', 'INFO', '-L', join(this.#room.dir, 'console')];
    const { code, text } = await run(this.#words('lxc-start', '-d', ...logs));
    if (code !== 0) throw new Error(`lxc-start: ${text}${fileOf(this.#room.dir, 'lxc.log')}`);
    await mustRun([...this.#words('lxc-wait', '-s', 'RUNNING', '-t', '60')]);
    return await this.#guest();
  }

  /** Asks for a reboot and waits for the process 1 that is there afterwards. */
  async reboot(before: Guest): Promise<Guest> {
    await mustRun([...this.#words('lxc-stop', '-r')]);
    await until('the end of the old process 1', () => !before.isAlive(), 60_000);
    const end = performance.now() + 60_000;
    while (performance.now() < end) {
      const pid = await this.#first();
      if (pid > 0 && pid !== before.pid) return await this.#guest();
    }
    throw new Error('no process 1 after a reboot');
  }

  attach(...words: readonly string[]): Promise<string> {
    return mustRun([...this.#words('lxc-attach', '--clear-env', '--', ...words)]);
  }

  /** Stops it as `lxc-stop` does; fails where patience is needed to the end and it is killed. */
  async stop(patienceS: number): Promise<void> {
    const begunMs = performance.now();
    await mustRun([...this.#words('lxc-stop', '-t', String(patienceS))]);
    const seconds = (performance.now() - begunMs) / 1000;
    if (seconds >= patienceS) throw new Error(`lxc-stop killed it after ${patienceS} s`);
    // one that reboots in place of halting is running again
    await mustRun([...this.#words('lxc-wait', '-s', 'STOPPED', '-t', '30')]);
    this.#room.note(`stopped in ${seconds.toFixed(1)} s`);
  }
}
