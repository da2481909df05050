// runsvdir on the virtual kernel: /service with services in it, and a runsv that behaves as a test says.
import { runsvdir } from '../../../../src/applets/runsvdir.ts';
import { O_RDONLY } from '../../../../src/abi/flags.ts';
import {
  type Behaviour,
  type Ending,
  type KernelOptions,
  Outsider,
  type RunOptions,
  type Started,
  VirtualKernel,
} from '../../../sim/kernel/kernel.ts';

/** How a runsv behaves, besides holding the lock of its service. */
export type Runsv = (name: string) => Behaviour & { readonly listens?: boolean };

/** How long ago the services were made. */
export const OLD_MS = 10_000;

export class ScanWorld {
  readonly kernel: VirtualKernel;

  constructor(services: readonly string[] = [], runsv: Runsv = () => ({}), options: KernelOptions = {}) {
    this.kernel = new VirtualKernel(options);
    this.kernel.user.folder('/service');
    for (const name of services) this.add(name);
    this.kernel.user.program('/bin/runsv', (started) => this.#runsv(started, runsv));
    // a directory that was just made may still be written to: runsvdir waits a second
    this.kernel.advance(OLD_MS);
  }

  add(name: string): void {
    this.kernel.user.folder(`/service/${name}/supervise`);
    this.kernel.user.fifo(`/service/${name}/supervise/ok`);
  }

  #runsv({ argv, process }: Started, behave: Runsv): Behaviour {
    const name = argv[1] ?? '';
    const { listens = true, ...behaviour } = behave(name);
    const act = new Outsider(this.kernel.world, process);
    if (typeof act.lock(`${name}/supervise/lock`) === 'number') return { key: 'refused', livesMs: 1, exit: 111 };
    if (listens) act.open(`${name}/supervise/ok`, O_RDONLY);
    const { at } = this.kernel.world.tree;
    if (at.find(process, name, true) === 0 && at.node !== null) process.enter(at.node);
    return { key: `runsv ${name}`, ...behaviour };
  }

  starts(name: string): number {
    return this.kernel.record(`runsv ${name}`).starts;
  }

  signal(ms: number, signal: number): void {
    this.kernel.after(ms, () => this.kernel.kill(this.kernel.main.pid, signal));
  }

  /** Runs `runsvdir WORDS`, through failures of the engine. */
  run(words: readonly string[] = ['-P', '/service'], options: RunOptions = {}): Ending {
    const argv = ['runsvdir', ...words];
    // executed anew it sees its arguments as they are in memory
    const program = (): number => runsvdir.run([...this.kernel.main.argv]) as number;
    let ending = this.kernel.run(program, { argv, env: ['PATH=/bin'], ...options });
    while (ending.how === 'executed') ending = this.kernel.runOn(program, ending.env);
    return ending;
  }

  get said(): string {
    return this.kernel.stderr.text;
  }
}
