// Front door of the fault tests: real processes, real kernel, and everything that can go wrong made to go wrong.
//
// `node test/fault/run.ts [--filter TEXT] [--jobs N] [--binary FILE] [--programs DIR]`; ends in `N passed, N failed`, exit status 1 where
// anything failed. Wants root (mounts, other users). Never touches the clock, nor a limit that others share.
// Read next: case.ts, world.ts, cases/.
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Case } from './case.ts';
import { CASES } from './cases/index.ts';
import { elapse } from './wait.ts';
import { World } from './world.ts';
import { summary } from '../summary.ts';

const ROOT = join(import.meta.dirname, '../..');
const CASE_MS = 180_000;
const PROGRAMS = ['runsv', 'runsvdir', 'sv', 'svlogd'];

const { values } = parseArgs({
  options: {
    filter: { type: 'string', default: '' },
    jobs: { type: 'string', default: '4' },
    binary: { type: 'string', default: join(ROOT, 'dist/runitbox') },
    /** Other programs than ours, to see how they fare: /usr/bin has C runit's. */
    programs: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
  },
});

const bin = mkdtempSync(join(tmpdir(), 'runitbox-fault-bin-'));
chmodSync(bin, 0o755);
const open = new Set<World>();
const counts = { passed: 0, failed: 0, skipped: 0 };

/** A copy, so that a build in between changes nothing. */
const prepareBin = (): void => {
  if (values.programs !== '') {
    for (const name of PROGRAMS) symlinkSync(join(values.programs, name), join(bin, name));
    return;
  }
  copyFileSync(values.binary, join(bin, 'runitbox'));
  for (const name of PROGRAMS) symlinkSync('runitbox', join(bin, name));
};

const isThere = (program: string): boolean =>
  ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].some((dir) => existsSync(join(dir, program)));

const tooLong = async (ms: number): Promise<never> => {
  await elapse(ms);
  throw new Error(`took longer than ${ms / 1000} s`);
};

/** What was wrong, as lines; none where the sentence held. */
const tryOne = async (given: Case, world: World): Promise<readonly string[]> => {
  try {
    await Promise.race([given.attempt(world), tooLong(given.takesMs ?? CASE_MS)]);
    const unclear = world.unclear();
    return unclear.length === 0 ? [] : ['messages that are not one clear line:', ...unclear];
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    return [...text.split('\n').filter((line) => line !== ''), ...world.report()];
  }
};

const play = async (given: Case): Promise<void> => {
  const missing = (given.needs ?? []).filter((program) => !isThere(program));
  if (missing.length > 0) {
    counts.skipped++;
    console.log(`SKIPPED ${given.title} (needs ${missing.join(', ')})`);
    return;
  }
  const world = new World(bin);
  open.add(world);
  const begun = performance.now();
  const faults = await tryOne(given, world);
  await world.close();
  open.delete(world);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${faults.length === 0 ? 'ok     ' : 'FAILED '} ${given.title} (${seconds} s)`);
  for (const line of faults) console.log(`        ${line}`);
  counts[faults.length === 0 ? 'passed' : 'failed']++;
};

const leave = async (status: number): Promise<never> => {
  for (const world of open) await world.close();
  rmSync(bin, { recursive: true, force: true });
  process.exit(status);
};

const playAll = async (cases: readonly Case[], jobs: number): Promise<void> => {
  const queue = cases.values();
  const worker = async (): Promise<void> => {
    for (const given of queue) await play(given);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
};

const main = async (): Promise<void> => {
  prepareBin();
  const chosen = CASES.filter((given) => given.title.toLowerCase().includes(values.filter.toLowerCase()));
  if (values.list) {
    for (const given of chosen) console.log(given.title);
    return;
  }
  await playAll(
    chosen.filter((given) => given.alone !== true),
    Number(values.jobs),
  );
  await playAll(
    chosen.filter((given) => given.alone === true),
    1,
  );
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void leave(130));
const begun = performance.now();
await main();
console.log(`${Math.round((performance.now() - begun) / 1000)} s`);
console.log(summary(counts));
await leave(counts.failed === 0 ? 0 : 1);
