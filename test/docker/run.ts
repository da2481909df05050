// Builds every Dockerfile with a real engine and runs what comes of it. `run.ts [--filter TEXT] [--jobs N]`; ends in
// `N passed, N failed`, exit status 1 where anything failed.
//
// Promises: nothing is skipped. Where the engine cannot run, that is a failure and says why; SKIP_DOCKER=1 asks for none of
// it, and is told. What it makes, it takes away, but for the packed base system in .cache/docker.
// Read next: engine.ts, images.ts, cases/.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Case, Stage } from './case.ts';
import { CONFINED } from './cases/confined.ts';
import { DOCS } from './cases/docs.ts';
import { EXAMPLES } from './cases/examples.ts';
import { FILES } from './cases/files.ts';
import { IMAGES } from './cases/images.ts';
import { LIFE } from './cases/life.ts';
import { Engine } from './engine.ts';
import { summary } from '../lib/summary.ts';
import { buildExamples, buildOurs, buildTested, makeBases } from './images.ts';

const { values } = parseArgs({
  options: { filter: { type: 'string', default: '' }, jobs: { type: 'string', default: '4' } },
});

// the longest first
const CASES: readonly Case[] = [...EXAMPLES, ...DOCS, ...FILES, ...CONFINED, ...LIFE, ...IMAGES];

const work = mkdtempSync(join(tmpdir(), 'runitbox-docker-'));
const counts = { passed: 0, failed: 0, skipped: 0 };
let engine: Engine | null = null;

const attempt = async (title: string, action: () => Promise<void>): Promise<boolean> => {
  const begunMs = performance.now();
  const seconds = (): string => `(${((performance.now() - begunMs) / 1000).toFixed(1)} s)`;
  try {
    await action();
    counts.passed++;
    console.log(`ok      ${title} ${seconds()}`);
    return true;
  } catch (cause) {
    counts.failed++;
    console.log(`FAILED  ${title} ${seconds()}`);
    console.log(`        ${(cause instanceof Error ? cause.message : String(cause)).replaceAll('\n', '\n        ')}`);
    return false;
  }
};

const play = async (on: Engine, { title, attempt: action }: Case, number: number): Promise<void> => {
  const stage = new Stage(on, join(work, `case-${number}`));
  await attempt(title, () => action(stage));
  await stage.close();
};

const startEngine = async (): Promise<void> => {
  engine = await Engine.start(work);
};

const leave = async (status: number): Promise<never> => {
  await engine?.close();
  rmSync(work, { recursive: true, force: true });
  process.exit(status);
};

const playAll = async (on: Engine): Promise<void> => {
  const chosen = CASES.filter(({ title }) => title.toLowerCase().includes(values.filter.toLowerCase()));
  const queue = chosen.entries();
  const worker = async (): Promise<void> => {
    for (const [number, each] of queue) await play(on, each, number);
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
};

/** Each step builds on the one before. */
const main = async (): Promise<void> => {
  if (!(await attempt('the engine runs', startEngine)) || engine === null) return;
  const on = engine;
  const steps: readonly (readonly [string, () => Promise<void>])[] = [
    ['base images are here under their public names', () => makeBases(on, work)],
    ['docker build . and all its targets build from source', () => buildOurs(on)],
    ['every example builds', () => buildExamples(on)],
    ['an image of each kind takes services', () => buildTested(on, work)],
  ];
  for (const [title, step] of steps) if (!(await attempt(title, step))) return;
  await playAll(on);
};

if (process.env['SKIP_DOCKER'] === '1') {
  console.log('SKIPPED: SKIP_DOCKER=1 says so; nothing about containers has been shown');
  console.log(summary({ ...counts, skipped: CASES.length }));
  process.exit(0);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void leave(130));
await main();
console.log(summary(counts));
await leave(counts.failed === 0 ? 0 : 1);
