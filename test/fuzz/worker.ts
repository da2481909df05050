// The loop, in a thread of its own so that one that does not end can be ended: new inputs from those that reached something,
// by the hundred, as asking for coverage costs more than an input; where a hundred reached something new, in halves again.
import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '../sim/random.ts';
import { Coverage } from './coverage.ts';
import { type Failure, INPUT_AT, type Order, type Result, type Target } from './model.ts';
import { mutated } from './mutate.ts';
import { corpusOf } from './corpus.ts';

const BATCH = 200;
const BATCH_MS = 100;
/** Of processor time, for one input of at most some kilobytes. */
const SLOW_MS = 1000;

const order = workerData as Order;
const coverage = new Coverage();
const { targets } = await import('./targets/index.ts');
const target = targets.find(({ name }) => name === order.target) as Target;
const counters = new Int32Array(order.shared, 0, 2);
const bytes = Buffer.from(order.shared, INPUT_AT);

/** Tells the other thread what is tried: where this one does not come back, that is the input. */
const announce = (input: string): void => {
  counters[1] = bytes.write(input, 'latin1');
  Atomics.add(counters, 0, 1);
};

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

const tried = (input: string): Failure | null => {
  announce(input);
  const before = performance.now();
  const cpuBefore = cpuMs();
  try {
    target.run(input);
  } catch (error) {
    return { input, why: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  const slow = performance.now() - before > SLOW_MS && cpuMs() - cpuBefore > SLOW_MS;
  return slow ? { input, why: `took ${Math.round(performance.now() - before)} ms` } : null;
};

/** A failing input with what is not needed left out, halves first. */
const shrunk = (failure: Failure): Failure => {
  let best = failure;
  for (let size = Math.ceil(best.input.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.input.length; ) {
      const shorter = tried(best.input.slice(0, at) + best.input.slice(at + size));
      if (shorter === null) at += size;
      else best = shorter;
    }
  }
  return best;
};

/** Of inputs that reach something new, a second time: those that reach what the ones before them do not. */
const attributed = (inputs: readonly string[]): readonly string[] => {
  if (inputs.length === 1) return inputs;
  coverage.forget();
  const half = Math.ceil(inputs.length / 2);
  return [inputs.slice(0, half), inputs.slice(half)].flatMap((part) => {
    part.forEach(tried);
    return coverage.isNew() ? attributed(part) : [];
  });
};

const fuzz = (): Result => {
  const random = new Random(order.seed);
  const inputs = [...new Set([...target.seeds, ...corpusOf(target.name)])];
  const found: string[] = [];
  coverage.begin(target.files);
  let count = 0;
  let failure: Failure | null = null;
  const play = (input: string): void => {
    count++;
    failure ??= tried(input);
  };
  inputs.forEach(play);
  coverage.isNew();
  const end = performance.now() + order.ms;
  while (failure === null && performance.now() < end) {
    const batch: string[] = [];
    const enough = performance.now() + BATCH_MS;
    while (failure === null && batch.length < BATCH && performance.now() < enough) {
      const input = mutated(random, { inputs, words: target.words }, target.longest);
      batch.push(input);
      play(input);
    }
    if (failure !== null || !coverage.isNew()) continue;
    const fresh = attributed(batch);
    found.push(...fresh);
    inputs.push(...fresh);
  }
  return { inputs: count, ...coverage.figures(), found, failure: failure === null ? null : shrunk(failure) };
};

const replay = (inputs: readonly string[]): Result => {
  const failures = inputs.map(tried).filter((failure) => failure !== null);
  return { inputs: inputs.length, code: 0, reached: 0, found: [], failure: failures[0] ?? null };
};

parentPort?.postMessage(order.replay === undefined ? fuzz() : replay(order.replay));
