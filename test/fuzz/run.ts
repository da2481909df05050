// Fuzzing, target after target, each in a thread: `run.ts [--seconds N] [--seed N] [--target NAME] [--replay FILE] [--keep]`.
//
// Guided by coverage: inputs that reach something new are what further ones are made of. A failure is an exception that no
// reader may throw, a property that does not hold, or no answer for half a minute; its input, made short, is printed and
// written to out/fuzz/NAME.input, for --replay. --keep adds what reached something new to the corpus in the tree.
// Ends in `N passed, N failed`: targets.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { keep } from './corpus.ts';
import { type Failure, INPUT_AT, type Order, type Result, SHARED_BYTES, type Target } from './model.ts';
import { targets } from './targets/index.ts';

/** Long enough for a busy machine, too long for any input. */
const HANG_MS = 30_000;
const OUT = 'out/fuzz';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    target: { type: 'string' },
    replay: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});

const positive = (option: string, text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${option} wants a number above 0, got ${text}`);
  return value;
};

const seed = positive('--seed', values.seed);
const chosen = targets.filter(({ name }) => values.target === undefined || values.target === name);
if (chosen.length === 0)
  throw new Error(`no target ${values.target}; there are ${targets.map(({ name }) => name).join(', ')}`);

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
    const order: Order = { target: name, seed, ms, shared, ...(replay === undefined ? {} : { replay }) };
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

const tell = (name: string, { input, why }: Failure): void => {
  mkdirSync(OUT, { recursive: true });
  const path = `${OUT}/${name.replaceAll(' ', '-')}.input`;
  writeFileSync(path, input, 'latin1');
  console.log(`FAILED  ${name} (seed ${seed})\n    ${why.replaceAll('\n', '\n    ')}`);
  console.log(
    `    input: ${JSON.stringify(input.slice(0, 2000))}\n    again: make fuzz TARGET='${name}' REPLAY=${path}`,
  );
};

const percent = (part: number, whole: number): string => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`);

console.log(`seed ${seed}, ${values.seconds} s`);
const able = chosen.filter((target) => (target.missing?.() ?? '') === '');
for (const target of chosen) if (!able.includes(target)) console.log(`skipped ${target.name}: ${target.missing?.()}`);
const shares = able.reduce((sum, { share = 1 }) => sum + share, 0);
const shareMs = (1000 * positive('--seconds', values.seconds)) / Math.max(1, shares);
const replay = values.replay === undefined ? undefined : [readFileSync(values.replay, 'latin1')];
let failed = 0;
let inputs = 0;
let code = 0;
let reached = 0;
for (const target of able) {
  const result = await played(target, shareMs * (target.share ?? 1), replay);
  inputs += result.inputs;
  code += result.code;
  reached += result.reached;
  const share = percent(result.reached, result.code);
  console.log(
    `${target.name.padEnd(22)} ${String(result.inputs).padStart(8)} inputs  ${share.padStart(7)} of ${String(result.code).padStart(5)} bytes of code`,
  );
  if (result.failure !== null) {
    failed++;
    tell(target.name, result.failure);
  } else if (values.keep) keep(target.name, result.found);
}
console.log(
  `${inputs} inputs, ${percent(reached, code)} of their code reached, ${chosen.length - able.length} targets skipped`,
);
console.log(`${able.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 && able.length > 0 ? 0 : 1);
