// Random lives of a service with dependencies, on the virtual kernel. Read first: dependencies.test.ts.
//
//   order    ./run is started only where each dependency is ready or done at that moment, or is optional and will not come
//   visible  whoever waits says so in state.json, and names nobody who is ready
//   care     once all are ready, and stay so, it runs
//   patience nothing is left open, no busy loop
import { describe, expect, it } from 'vitest';
import '../../../../src/cold-order.ts';
import { runsv } from '../../../../src/applets/runsv.ts';
import { O_NONBLOCK, O_RDONLY } from '../../../../src/abi/flags.ts';
import { SIGKILL, SIGTERM } from '../../../../src/abi/signals.ts';
import { encodeStatus } from '../../../../src/formats/status.ts';
import { decodeState, encodeState, NEW_STATE } from '../../../../src/formats/state.ts';
import { Random, VirtualKernel } from '../../../sim/kernel/kernel.ts';

const LIVES = 150;
const END_MS = 30_000;
const CALM_MS = 20_000;

type Mood = 'ready' | 'starting' | 'running' | 'down' | 'done' | 'failed' | 'backoff';
const MOODS: readonly Mood[] = ['ready', 'starting', 'running', 'down', 'done', 'failed', 'backoff'];
const MET: readonly Mood[] = ['ready', 'running', 'done'];
const LEFT_OUT: readonly Mood[] = ['down', 'failed'];

/** A service whose runsv a life plays. */
class Neighbour {
  mood: Mood = 'backoff';
  isAlive = false;
  readonly optional: boolean;
  readonly #kernel: VirtualKernel;
  readonly #dir: string;
  #fifos: { close(): void }[] = [];
  #pid = 1000;

  constructor(kernel: VirtualKernel, name: string, optional: boolean) {
    this.#kernel = kernel;
    this.#dir = `/scan/${name}`;
    this.optional = optional;
    kernel.user.file(`/scan/web/dependencies.d/${name}`, optional ? 'optional' : '');
    kernel.user.file(`${this.#dir}/run`, '');
    for (const fifo of ['ok', 'control']) kernel.user.fifo(`${this.#dir}/supervise/${fifo}`);
  }

  live(): void {
    if (this.isAlive) return;
    this.isAlive = true;
    for (const name of ['ok', 'control']) {
      const held = this.#kernel.user.open(`${this.#dir}/supervise/${name}`, O_RDONLY | O_NONBLOCK);
      if (typeof held !== 'number') this.#fifos.push(held);
    }
  }

  die(): void {
    this.isAlive = false;
    for (const held of this.#fifos.splice(0)) held.close();
  }

  /** Whether a start may come now. */
  get isMet(): boolean {
    if (!this.isAlive) return false;
    return MET.includes(this.mood) || (this.optional && LEFT_OUT.includes(this.mood));
  }

  becomes(mood: Mood): void {
    this.mood = mood;
    const hasProcess = mood === 'ready' || mood === 'starting' || mood === 'running';
    const pid = hasProcess ? ++this.#pid : 0;
    const by = mood === 'ready' || mood === 'starting' ? 'fd' : null;
    const outcome = mood === 'done' || mood === 'failed' ? mood : null;
    const readyAt = mood === 'ready' ? '2026-01-01T00:00:00.000Z' : null;
    this.#put('state.json', encodeState({ ...NEW_STATE, pid, by, ready: mood === 'ready', readyAt, outcome }));
    const want = hasProcess || mood === 'backoff' ? 'up' : 'down';
    const phase = hasProcess ? 'run' : 'down';
    this.#put('status', encodeStatus({ sec: 5, nsec: 0, pid, paused: false, want, gotTerm: false, phase }));
  }

  #put(name: string, text: string): void {
    const { user } = this.#kernel;
    user.file(`${this.#dir}/supervise/.x`, text);
    user.rename(`${this.#dir}/supervise/.x`, `${this.#dir}/supervise/${name}`);
  }
}

const live = (seed: number): readonly string[] => {
  const random = new Random(seed);
  const kernel = new VirtualKernel({ seed, trace: 0 });
  const troubles: string[] = [];
  const say = (what: string): void => void troubles.push(`seed ${seed}, ${kernel.nowMs.toFixed(1)} ms: ${what}`);
  const names = Array.from({ length: 1 + random.int(4) }, (_, at) => `dep${at}`);
  const all = names.map((name) => new Neighbour(kernel, name, random.chance(0.25)));
  let changedMs = -1;
  kernel.user.program('/scan/web/run', () => ({
    livesMs: random.chance(0.5) ? 'forever' : random.int(4000),
    exit: random.int(2),
    onStart: () => {
      // what changed in this very millisecond may not have been seen
      const late = all.filter(({ isMet }) => !isMet);
      if (late.length > 0 && kernel.nowMs > changedMs + 5) say(`started, although ${late.length} are not ready`);
    },
  }));
  for (const one of all) {
    one.becomes(random.pick(MOODS));
    if (random.chance(0.8)) one.live();
  }
  for (let act = 0; act < 5 + random.int(25); act++) {
    kernel.at(random.fraction() * CALM_MS, () => {
      const one = random.pick(all);
      changedMs = kernel.nowMs;
      const chance = random.fraction();
      if (chance < 0.65) one.becomes(random.pick(MOODS));
      else if (chance < 0.75) one.die();
      else if (chance < 0.9) one.live();
      else if (chance < 0.95) kernel.user.send('/scan/web/supervise/control', random.pick(['u', 'd', 'o', 't', 'k']));
      else kernel.killMain();
    });
  }
  const stateNow = (): ReturnType<typeof decodeState> =>
    decodeState(kernel.user.read('/scan/web/supervise/state.json') ?? '');
  kernel.at(CALM_MS, () => {
    for (const one of all) {
      one.live();
      one.becomes('ready');
    }
    kernel.user.send('/scan/web/supervise/control', 'u');
  });
  kernel.at(CALM_MS + 3000, () => {
    if ((stateNow()?.waiting.length ?? 0) > 0) say('waits for what is ready');
    const before = kernel.record('/scan/web/run').starts;
    // one that ends again and again is about to start
    kernel.after(2600, () => {
      const runs = kernel.live().some(({ key }) => key === '/scan/web/run');
      if (!runs && kernel.record('/scan/web/run').starts === before) say('is not started');
    });
  });
  kernel.at(END_MS, () => kernel.kill(kernel.main.pid, SIGTERM));
  for (let run = 0; run < 40; run++) {
    const ending = kernel.run(() => runsv.run(['runsv', '/scan/web']), { argv: ['runsv', '/scan/web'] });
    if (ending.how === 'exited') break;
    if (ending.how !== 'killed') say(`ended by ${JSON.stringify(ending)}`);
    if (kernel.nowMs > END_MS) kernel.after(10, () => kernel.kill(kernel.main.pid, SIGTERM));
  }
  for (const { pid } of kernel.live()) kernel.kill(pid, SIGKILL);
  return troubles;
};

describe('random lives with dependencies', () => {
  it('keep the order, and wait for nobody in vain', () => {
    const troubles: string[] = [];
    for (let seed = 1; seed <= LIVES; seed++) troubles.push(...live(seed));
    expect(troubles).toEqual([]);
  });
});
