// The README's commands on machines that nobody prepared: bare Debian 12 and 13, as root and as a user with sudo.
// `run.ts [--filter TEXT] [--jobs N] [--list] [--suites TARGET,...]`; ends in `N passed, N failed, N skipped`. Wants root.
//
// Promises: a machine is a root of its own in memory with processes and mounts of its own; all of it is gone when this
// process is. Packages and modules that were downloaded are kept in .cache/fresh. Read next: scenarios.ts, box.ts.
import { spawn, execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { summary } from '../lib/summary.ts';
import { CACHE, unpack } from './bases.ts';
import { Box } from './box.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { readSettings } from './settings.ts';
import { suites } from './suites.ts';

const { values } = parseArgs({
  options: {
    filter: { type: 'string', default: '' },
    jobs: { type: 'string', default: '2' },
    suites: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});
const scenarios = values.suites === undefined ? SCENARIOS : suites(values.suites);
const chosen = scenarios.filter(({ title }) => title.toLowerCase().includes(values.filter.toLowerCase()));
const WORK = join(CACHE, 'work');
const INSIDE = 'RUNITBOX_FRESH_INSIDE';

/** In a mount namespace of its own, so that no mount outlives it. */
const playInside = (): Promise<number> =>
  new Promise((resolve) => {
    const words = ['--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
    const child = spawn('unshare', words, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
    child.on('close', (code) => resolve(code ?? 1));
  });

const counts = { passed: 0, failed: 0, skipped: 0 };
const open = new Set<Box>();
const settings = readSettings();

const play = async ({ title, codename, attempt }: Scenario, number: number): Promise<void> => {
  const since = performance.now();
  const seconds = (): string => `(${((performance.now() - since) / 1000).toFixed(0)} s)`;
  const missed = (what: string): void => {
    counts.failed++;
    console.log(`FAILED  ${title} ${seconds()}\n        ${what.replaceAll('\n', '\n        ')}`);
  };
  let box: Box | undefined;
  try {
    box = await Box.open(codename, join(WORK, codename), join(WORK, `box-${number}`), settings.env);
    open.add(box);
    const held = (what: string): void => {
      counts.passed++;
      console.log(`ok      ${title}: ${what} ${seconds()}`);
    };
    await attempt(box, held, missed);
  } catch (cause) {
    missed(cause instanceof Error ? cause.message : String(cause));
  }
  await box?.close();
  if (box !== undefined) open.delete(box);
  execFileSync('rm', ['-rf', join(WORK, `box-${number}`)]);
};

const leave = async (status: number): Promise<never> => {
  for (const box of open) await box.close();
  process.exit(status);
};

const main = async (): Promise<void> => {
  mkdirSync(WORK, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=80%', 'fresh', WORK]);
  for (const codename of new Set(chosen.map((one) => one.codename))) unpack(codename, settings, join(WORK, codename));
  const queue = chosen.entries();
  const worker = async (): Promise<void> => {
    for (const [number, scenario] of queue) await play(scenario, number);
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
};

if (values.list) {
  for (const { title } of chosen) console.log(title);
  process.exit(0);
}
if (process.getuid?.() !== 0) {
  console.error('make fresh-test wants root: it makes root file systems and namespaces');
  process.exit(1);
}
if (process.env[INSIDE] === undefined) process.exit(await playInside());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void leave(130));
const begun = performance.now();
await main();
console.log(`${Math.round((performance.now() - begun) / 1000)} s`);
console.log(summary(counts));
await leave(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
