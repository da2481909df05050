// Fuzzing, target after target, each in a thread, --seconds N for all of them.
//
// Guided by coverage: inputs that reach something new are what further ones are made of. A failure is an exception that no
// reader may throw, a property that does not hold, or no answer for half a minute; its input, made short, is printed and
// written to out/fuzz/NAME.input, for --replay. --keep adds what reached something new to the corpus in the tree.
// Read next: model.ts, targets/; ../lib/options.ts (options), ../lib/runner.ts.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { parseOptions, wholeNumber } from '../lib/options.ts';
import { Suite, type Test } from '../lib/runner.ts';
import { keep } from './corpus.ts';
import { type Failure, INPUT_AT, type Order, type Result, SHARED_BYTES, type Target } from './model.ts';
import { targets } from './targets/index.ts';

/** Long enough for a busy machine, too long for any input. */
const HANG_MS = 30_000;
const OUT = 'out/fuzz';

const values = parseOptions({
  seconds: { type: 'string', default: '60' },
  replay: { type: 'string' },
  keep: { type: 'boolean', default: false },
});
const suite = new Suite(values, { jobs: 1 });

const hung = (shared: SharedArrayBuffer): Result => {
  const length = new Int32Array(shared, 0, 2)[1] ?? 0;
  const input = Buffer.from(shared, INPUT_AT, length).toString('latin1');
  const failure = { input, why: `no answer for ${HANG_MS / 1000} s` };
  return { inputs: 0, code: 0, reached: 0, found: [], failure };
};

const played = ({ name }: Target, ms: number, replay?: readonly string[]): Promise<Result> =>
  new Promise((resolve, reject) => {
    const shared = new SharedArrayBuffer(SHARED_BYTES);
    const counters = new Int32Array(shared, 0, 2);
    const order: Order = { target: name, seed: suite.seed, ms, shared, ...(replay === undefined ? {} : { replay }) };
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: order });
    let last = -1;
    const watch = setInterval(() => {
      const now = Atomics.load(counters, 0);
      // before the first input the sources are loaded
      if (now === last && now > 0) end(() => resolve(hung(shared)));
      last = now;
    }, HANG_MS);
    const end = (then: () => void): void => {
      clearInterval(watch);
      void worker.terminate().then(then);
    };
    worker.once('message', (result: Result) => end(() => resolve(result)));
    worker.once('error', (error) => end(() => reject(error)));
  });

/** What is wrong, and the file that has the input. */
const keepFailure = (name: string, { input, why }: Failure): readonly string[] => {
  mkdirSync(OUT, { recursive: true });
  const path = `${OUT}/${name.replaceAll(' ', '-')}.input`;
  writeFileSync(path, input, 'latin1');
  return [why, `input: ${JSON.stringify(input.slice(0, 2000))}`, `again: make fuzz TARGET='${name}' REPLAY=${path}`];
};

const percent = (part: number, whole: number): string => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`);

const chosen = suite
  .choose(targets.map((target) => ({ title: target.name, target })))
  .map(({ target }): Target & { readonly skipReason: string | undefined } => ({
    ...target,
    skipReason: target.missing?.() || undefined,
  }));
const shares = chosen.reduce((sum, { skipReason, share = 1 }) => sum + (skipReason === undefined ? share : 0), 0);
const shareMs = (1000 * wholeNumber('seconds', values.seconds)) / Math.max(1, shares);
const replay = values.replay === undefined ? undefined : [readFileSync(values.replay, 'latin1')];
const sum = { inputs: 0, code: 0, reached: 0 };

const testOf = (target: (typeof chosen)[number]): Test => ({
  title: target.name,
  skipReason: target.skipReason,
  async attempt({ note }) {
    const result = await played(target, shareMs * (target.share ?? 1), replay);
    for (const key of ['inputs', 'code', 'reached'] as const) sum[key] += result[key];
    note(`${result.inputs} inputs`);
    note(`${percent(result.reached, result.code)} of ${result.code} bytes of code`);
    if (result.failure !== null) return keepFailure(target.name, result.failure);
    if (values.keep) keep(target.name, result.found);
    return [];
  },
});

await suite.run(async () => {
  await suite.play(chosen.map(testOf));
  console.log(`${sum.inputs} inputs, ${percent(sum.reached, sum.code)} of their code reached`);
});
