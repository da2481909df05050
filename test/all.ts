// Runs every suite and sums up: `all.ts [--quick] [NAME ...]`. Ends in `N passed, N failed, N skipped`; exit code 1 if anything failed.
//
// A suite is a command. Where it prints `N passed, N failed` (or vitest's own summary) its tests are counted, else it
// counts as one. What a suite prints is shown as it comes.
import { spawn } from 'node:child_process';
import { type Counts, summary } from './lib/summary.ts';

interface Suite {
  readonly name: string;
  readonly command: readonly string[];
}

const make = (name: string, ...more: readonly string[]): Suite => ({
  name,
  command: ['make', '--no-print-directory', name, ...more],
});

const SUITES: readonly Suite[] = [
  make('check'),
  make('all'),
  make('size'),
  make('unit'),
  make('contract'),
  make('contract-ng'),
  make('sim'),
  make('fuzz'),
  make('compat'),
  make('fault'),
  make('soak', 'MINUTES=1'),
  make('sweep-sample'),
  make('svlogd'),
  make('qemu'),
  make('pkg-test'),
  make('docs-test'),
  make('repro'),
  make('bench-quick'),
  make('bench-log-quick'),
  // engines and inits last: what they mount and run must not disturb what is measured
  make('docker-test'),
  make('init-test'),
  make('fresh-test'),
];

/** A sample in a minute and a half. */
const QUICK: readonly Suite[] = [
  make('check'),
  make('size'),
  make('unit'),
  make('contract-quick'),
  make('sim', 'SEQUENCES=1000'),
  make('compat-quick'),
];

const escape = String.fromCharCode(27);
const plain = (text: string): string => text.replaceAll(new RegExp(`${escape}\\[[0-9;]*m`, 'g'), '');

/** What the last summary in a suite's output says; null where there is none. */
const countIn = (output: string): Counts | null => {
  const text = plain(output);
  const own = [...text.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/gm)].at(-1);
  if (own !== undefined) return { passed: Number(own[1]), failed: Number(own[2]), skipped: Number(own[3] ?? 0) };
  const vitest = [...text.matchAll(/^\s*Tests\s+(.*)$/gm)].at(-1)?.[1];
  if (vitest === undefined) return null;
  const number = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(vitest)?.[1] ?? 0);
  return { passed: number('passed'), failed: number('failed'), skipped: number('skipped') + number('todo') };
};

/** One suite at a time, whatever -j make was given: those that measure want the machine for themselves. */
const flags = (process.env['MAKEFLAGS'] ?? '').replaceAll(/(^| )(-j\S*|--jobserver-\S+)/g, '');

const runSuite = (suite: Suite): Promise<Counts> =>
  new Promise((resolve) => {
    const [program, ...args] = suite.command;
    const child = spawn(program ?? 'false', args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, MAKEFLAGS: flags },
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      process.stdout.write(data);
    });
    child.on('close', (code) => {
      const count = countIn(output) ?? { passed: code === 0 ? 1 : 0, failed: 0, skipped: 0 };
      // a suite that fails without a failed test has failed all the same
      resolve(code !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count);
    });
  });

const [first, ...rest] = process.argv.slice(2);
const all = first === '--quick' ? QUICK : SUITES;
const wanted = first === undefined || first === '--quick' ? rest : [first, ...rest];
const suites = wanted.length === 0 ? all : all.filter((suite) => wanted.includes(suite.name));
const rows: string[] = [];
const total = { passed: 0, failed: 0, skipped: 0 };
for (const suite of suites) {
  const startMs = Date.now();
  console.log(`== ${suite.name}`);
  const count = await runSuite(suite);
  for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += count[key];
  const seconds = ((Date.now() - startMs) / 1000).toFixed(0);
  rows.push(
    `${suite.name.padEnd(15)} ${String(count.passed).padStart(6)} passed ${String(count.failed).padStart(4)} failed ` +
      `${String(count.skipped).padStart(4)} skipped ${seconds.padStart(5)} s`,
  );
}
console.log(`== summary\n${rows.join('\n')}`);
console.log(summary(total));
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
