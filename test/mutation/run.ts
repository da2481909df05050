// The mutation score of src/machine: `run.ts [FOLDER]`. Each small change of the source that no test of test/unit/machine
// notices is listed; exit code 1 below the floor. README.md says what is left.
//
// Why not Stryker: its runner starts vitest for groups of mutants and wants releases of vitest and TypeScript that this tree is past;
// here every mutant is in one bundle, and 1,500 are judged in seconds. Read next: mutants.ts, worker.ts.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { instrument, type Mutant } from './mutants.ts';

const TIMEOUT_MS = 10_000;
/** Per cent of mutants that tests must notice. */
const FLOOR = 95;

const [folder = 'src/machine'] = process.argv.slice(2);
const tests = readdirSync(folder.replace('src', 'test/unit'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join(folder.replace('src', 'test/unit'), name));

const mutants: Mutant[] = [];

const bundle = async (): Promise<string> => {
  const result = await build({
    stdin: { contents: tests.map((path) => `import './${path}';`).join('\n'), resolveDir: process.cwd() },
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2023',
    alias: {
      vitest: resolve('test/mutation/vitest.ts'),
      'node:child_process': resolve('test/mutation/child-process.ts'),
    },
    plugins: [
      {
        name: 'mutants',
        setup: ({ onLoad }) => {
          onLoad({ filter: new RegExp(`/${folder}/.*\\.ts$`) }, ({ path }) => ({
            contents: instrument(path.slice(process.cwd().length + 1), readFileSync(path, 'utf8'), mutants),
            loader: 'ts',
          }));
        },
      },
    ],
  });
  return result.outputFiles[0]?.text ?? '';
};

interface Report {
  readonly id: number;
  readonly state: 'begun' | 'survived' | 'killed';
}

/** Judges mutants from `from` on; the next one to judge: one that loops for ever is killed, and ends the thread. */
const judge = (code: string, from: number, survivors: number[]): Promise<number> =>
  new Promise((done, failed) => {
    let current = from;
    const worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData: { code, from, to: mutants.length },
    });
    const expired = (): void => {
      void worker.terminate().then(() => done(current + 1));
    };
    let timer = setTimeout(expired, TIMEOUT_MS);
    worker.on('message', ({ id, state }: Report) => {
      current = id;
      clearTimeout(timer);
      timer = setTimeout(expired, TIMEOUT_MS);
      if (state === 'survived') survivors.push(id);
    });
    worker.on('error', failed);
    worker.on('exit', () => {
      clearTimeout(timer);
      done(current + 1);
    });
  });

const code = await bundle();
const survivors: number[] = [];
for (let next = 0; next < mutants.length; ) next = await judge(code, next, survivors);

for (const id of survivors) {
  const { path, line, was, becomes } = mutants[id] as Mutant;
  const short = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 60);
  console.log(`${path}:${line}: ${short(was)}  ->  ${short(becomes)}`);
}
const killed = mutants.length - survivors.length;
const score = (100 * killed) / mutants.length;
console.log(`${killed} of ${mutants.length} mutants killed: ${score.toFixed(1)} %`);
process.exitCode = score >= FLOOR ? 0 : 1;
