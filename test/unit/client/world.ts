// A machine with services on it for sv's tests: runsv played by hand, so that each test says when status changes.
import '../../../src/cold-sv.ts';
import { sv } from '../../../src/applets/sv.ts';
import type { Applet } from '../../../src/cli/applet.ts';
import { encodeEvent, type HistoryEvent } from '../../../src/formats/history.ts';
import { encodeState, NEW_STATE, type SupervisorState } from '../../../src/formats/state.ts';
import { encodeStatus, type Status } from '../../../src/formats/status.ts';
import { CLOCK_REALTIME, O_APPEND, O_CREAT, O_WRONLY } from '../../../src/abi/flags.ts';
import { type Held, type KernelOptions, Outsider, type RunOptions, VirtualKernel } from '../../sim/kernel/kernel.ts';
import { Process } from '../../sim/kernel/processes.ts';

const WALL_S = 1_800_000_000;

/** What sv did: its exit code, its words, and the milliseconds it took. */
export interface Ran {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

export class FakeRunsv {
  readonly dir: string;
  readonly #kernel: VirtualKernel;
  #held: Held[] = [];
  #status: Status;

  /** A service in /svc that has been up for ten seconds, unless `status` says otherwise. */
  constructor(kernel: VirtualKernel, name: string, status: Partial<Status> = {}) {
    this.#kernel = kernel;
    this.dir = `/svc/${name}`;
    this.#status = {
      sec: WALL_S - 10,
      nsec: 500,
      pid: 77,
      paused: false,
      want: 'up',
      gotTerm: false,
      phase: 'run',
      ...status,
    };
    for (const fifo of ['control', 'ok']) kernel.user.fifo(`${this.dir}/supervise/${fifo}`);
    this.listen();
    this.show({});
  }

  listen(): void {
    this.#held = ['control', 'ok'].map((fifo) => {
      const held = this.#kernel.user.open(`${this.dir}/supervise/${fifo}`);
      if (typeof held === 'number') throw new Error(`cannot open ${fifo}`);
      return held;
    });
  }

  /** The bytes that came to the control fifo. */
  get got(): string {
    const read = this.#held[0]?.read();
    return typeof read === 'string' ? read : '';
  }

  /** Publishes a state as runsv does, by rename. */
  show(change: Partial<Status>): void {
    this.#status = { ...this.#status, ...change };
    const { user } = this.#kernel;
    user.write(`${this.dir}/supervise/status.new`, encodeStatus(this.#status));
    user.rename(`${this.dir}/supervise/status.new`, `${this.dir}/supervise/status`);
  }

  /** Publishes a state that begins now, by C's clock of microseconds. */
  become(change: Partial<Status>): void {
    const [sec = 0, ns = 0] = this.#kernel.world.clock.read(CLOCK_REALTIME) ?? [];
    this.show({ sec, nsec: ns - (ns % 1000) + 500, ...change });
  }

  /** Publishes what it knows beside the status, as a supervisor of ours does. */
  tell(state: Partial<SupervisorState>): void {
    const { user } = this.#kernel;
    const text = encodeState({ ...NEW_STATE, pid: this.#status.pid, ...state });
    user.write(`${this.dir}/supervise/state.json.new`, text);
    user.rename(`${this.dir}/supervise/state.json.new`, `${this.dir}/supervise/state.json`);
  }

  /** Appends an event to the history. */
  record(n: number, event: HistoryEvent, lost = 0): void {
    const at = `2027-01-15T08:00:${String(n % 60).padStart(2, '0')}.000Z`;
    const line = encodeEvent({ at, n, lost }, event);
    const held = this.#kernel.user.open(`${this.dir}/supervise/history.jsonl`, O_WRONLY | O_CREAT | O_APPEND);
    if (typeof held === 'number') throw new Error('cannot open history.jsonl');
    held.write(line);
    held.close();
  }

  end(): void {
    for (const held of this.#held) held.close();
    this.#held = [];
  }
}

export class SvWorld {
  readonly kernel: VirtualKernel;

  constructor(options: KernelOptions = {}) {
    this.kernel = new VirtualKernel({ wallSec: WALL_S, trace: 200, ...options });
    this.kernel.user.folder('/svc');
  }

  service(name: string, status: Partial<Status> = {}): FakeRunsv {
    return new FakeRunsv(this.kernel, name, status);
  }

  /** Somebody else with a number of his own, whom /proc shows. */
  stranger(pid: number): Outsider {
    const { world } = this.kernel;
    const process = new Process(pid, null, world.tree.root, 0);
    world.processes.add(process);
    return new Outsider(world, process);
  }

  at(ms: number, act: () => void): void {
    this.kernel.at(ms, act);
  }

  /** Runs sv, or another program, with SVDIR=/svc. */
  run(line: string, options: RunOptions = {}, program: Applet = sv): Ran {
    const argv = options.argv ?? [program.name, ...line.split(' ').filter((word) => word !== '')];
    const begun = this.kernel.nowMs;
    const before = [this.kernel.stdout.text.length, this.kernel.stderr.text.length];
    const ending = this.kernel.run(() => program.run(argv), { argv, env: ['SVDIR=/svc'], cwd: '/svc', ...options });
    const code = ending.how === 'exited' ? ending.code : ending.how;
    const { stdout, stderr } = this.kernel;
    return {
      code,
      out: stdout.text.slice(before[0]),
      err: stderr.text.slice(before[1]),
      ms: this.kernel.nowMs - begun,
    };
  }
}
