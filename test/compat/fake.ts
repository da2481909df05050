// A supervise directory made by hand, with this process in the place of runsv: what sv writes is seen byte by byte, and
// any status can be put before it.
//
// Promises: fifos are held open until the world closes. Read next: cases/sv-commands.ts.
import { closeSync, constants, mkdirSync, openSync, readSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import type { Status } from './observe.ts';
import { fifo, type Layout, service } from './steps.ts';
import { until } from '../lib/wait.ts';
import type { World } from './world.ts';

export interface FakeState {
  readonly state: Exclude<Status['state'], 'unknown'>;
  readonly pid: number;
  readonly want: string;
  readonly paused: number;
  readonly term: number;
  readonly ageSeconds: number;
}

const STATES = { down: 0, run: 1, finish: 2 } as const;
const TAI_OFFSET = 4611686018427387914n;

/** A state with what is usual for the rest: a pid unless down, wanted up, 100 seconds old. */
export function made(state: FakeState['state'], rest: Partial<FakeState> = {}): FakeState {
  return { state, pid: state === 'down' ? 0 : 4242, want: 'u', paused: 0, term: 0, ageSeconds: 100, ...rest };
}

export function encode(given: FakeState): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000) - given.ageSeconds) + TAI_OFFSET, 0);
  bytes.writeUInt32BE(500, 8);
  bytes.writeUInt32LE(given.pid, 12);
  bytes[16] = given.paused;
  bytes.write(given.want, 17, 'latin1');
  bytes[18] = given.term;
  bytes[19] = STATES[given.state];
  return bytes;
}

export class FakeService {
  readonly world: World;
  readonly dir: string;
  #received = '';
  #control: number | undefined;
  #ok: number | undefined;

  constructor(world: World, dir: string, given: FakeState, layout: Layout = {}) {
    this.world = world;
    this.dir = dir;
    service(world, dir, layout);
    mkdirSync(world.path(dir, 'supervise'), { mode: 0o700 });
    for (const name of ['control', 'ok']) fifo(world, `${dir}/supervise/${name}`);
    this.show(given);
    this.listen();
    world.onClose(() => this.leave());
  }

  /** Puts a status before sv, as runsv does: whole, by renaming. */
  show(given: FakeState): void {
    this.showBytes(encode(given));
  }

  showBytes(bytes: Buffer): void {
    const path = this.world.path(this.dir, 'supervise/status');
    writeFileSync(`${path}.new`, bytes);
    renameSync(`${path}.new`, path);
  }

  remove(name: 'control' | 'ok' | 'status'): void {
    unlinkSync(this.world.path(this.dir, 'supervise', name));
  }

  listen(): void {
    const open = (name: string) =>
      openSync(this.world.path(this.dir, 'supervise', name), constants.O_RDWR | constants.O_NONBLOCK);
    [this.#control, this.#ok] = [open('control'), open('ok')];
  }

  /** Closes the reading ends, as runsv does when it ends. */
  leave(): void {
    this.received();
    for (const fd of [this.#control, this.#ok]) if (fd !== undefined) closeSync(fd);
    [this.#control, this.#ok] = [undefined, undefined];
  }

  /** All bytes written to control so far. */
  received(): string {
    const buffer = Buffer.alloc(4096);
    while (this.#control !== undefined) {
      const count = readSome(this.#control, buffer);
      if (count === 0) break;
      this.#received += buffer.toString('latin1', 0, count);
    }
    return this.#received;
  }

  gets(bytes: string): Promise<true> {
    return until(`the bytes ${bytes} in ${this.dir}`, () => this.received().includes(bytes));
  }
}

function readSome(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer);
  } catch {
    return 0;
  }
}
