// Front door of the svlogd suite: C svlogd and ours on the same input, and what both leave behind.
//
// `node test/svlogd/run.ts [--bin DIR] [--seed N] [--cases N] [--only GROUP,...]`; ends in `N passed, N failed`, exit
// status 1 where anything failed. Read next: model.ts, matrix.ts, property.ts, session.ts, differences.ts, lines/, streams/, bounds/.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareBatch, type Sides } from './compare.ts';
import { MATRIX } from './matrix.ts';
import type { Verdict } from './model.ts';
import { BOUNDS_CASES } from './bounds/cases.ts';
import { DIFFERENCES } from './differences.ts';
import { LINES_CASES } from './lines/cases.ts';
import { judgeCount, judgeDifference, judgeLines, judgeScenario } from './scenario.ts';
import { STREAM_CASES } from './streams/cases.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { type Options, parseOptions, USAGE } from './options.ts';
import type { Place } from './play.ts';
import { documentFaults } from './documented.ts';
import { closeSessions } from './session.ts';
import { propertyCase } from './property.ts';
import { summary } from '../lib/summary.ts';

interface Job {
  readonly name: string;
  readonly play: (place: Place) => Promise<Verdict>;
}

const ROOT = join(import.meta.dirname, '../..');

const makeRoot = (): string => {
  try {
    return mkdtempSync('/dev/shm/runitbox-svlogd-');
  } catch {
    return mkdtempSync(join(tmpdir(), 'runitbox-svlogd-'));
  }
};

/** A copy under svlogd's name, so that a build in between changes nothing. */
const linked = (multicall: string, root: string): string => {
  const bin = join(root, 'bin');
  mkdirSync(bin);
  copyFileSync(multicall, join(bin, 'runitbox'));
  symlinkSync('runitbox', join(bin, 'svlogd'));
  return join(bin, 'svlogd');
};

const cRootIn = (root: string): string =>
  execFileSync(join(ROOT, 'test/reference.sh'), [join(root, 'c')], { encoding: 'utf8' }).trim();

const sidesOf = (options: Options, root: string): Sides => ({
  c: { name: 'c', svlogd: `${cRootIn(root)}/usr/bin/svlogd` },
  ours: {
    name: 'ours',
    svlogd: options.bin === null ? linked(options.multicall, root) : join(options.bin, 'svlogd'),
  },
  self: options.self,
});

const jobsOf = (options: Options, sides: Sides): readonly Job[] => {
  const { replay } = options;
  if (replay !== null)
    return [
      { name: 'replay', play: async (place) => ({ name: 'replay', faults: await compareBatch(sides, replay, place) }) },
    ];
  const jobs: Job[] = [];
  if (options.only.includes('matrix'))
    for (const batch of MATRIX)
      jobs.push({
        name: batch.name,
        play: async (place) => ({ name: batch.name, faults: await compareBatch(sides, batch, place) }),
      });
  if (options.only.includes('property'))
    for (let n = 0; n < options.cases; n++)
      jobs.push({ name: `property/${n}`, play: (place) => propertyCase(sides, options.seed, n, place) });
  if (options.only.includes('scenarios'))
    for (const scenario of SCENARIOS.filter(able))
      jobs.push({ name: scenario.title, play: (place) => judgeScenario(sides, scenario, place) });
  if (options.only.includes('differences'))
    jobs.push({
      name: 'docs',
      play: async () => ({ name: 'docs', faults: documentFaults(join(ROOT, 'docs/differences.md')) }),
    });
  if (options.only.includes('differences'))
    for (const one of DIFFERENCES.filter(able))
      jobs.push({ name: `${one.id}: ${one.title}`, play: (place) => judgeDifference(sides, one, place) });
  if (options.only.includes('lines'))
    for (const given of LINES_CASES.filter(able)) {
      jobs.push({ name: given.title, play: (place) => judgeLines(sides, given, options.seed, place) });
      if (given.cLoses === true)
        jobs.push({ name: `${given.title}: C`, play: (place) => judgeCount(sides, given, options.seed, place) });
    }
  if (options.only.includes('streams') && !options.self)
    for (const given of STREAM_CASES)
      jobs.push({ name: given.title, play: (place) => judgeLines(sides, given, options.seed, place) });
  if (options.only.includes('bounds') && !options.self)
    for (const given of BOUNDS_CASES.filter(able))
      jobs.push({ name: given.title, play: (place) => judgeLines(sides, given, options.seed, place) });
  return jobs.filter(({ name }) => name.includes(options.filter));
};

const isRoot = process.getuid?.() === 0;

/** A small file system can be mounted by root alone. */
const able = (one: { readonly title: string; readonly needs?: 'root' }): boolean => {
  if (one.needs !== 'root' || isRoot) return true;
  counts.skipped++;
  console.log(`SKIPPED ${one.title}: needs root`);
  return false;
};

const counts = { passed: 0, failed: 0, skipped: 0 };

const tell = ({ name, faults }: Verdict): void => {
  counts[faults.length === 0 ? 'passed' : 'failed']++;
  if (faults.length === 0) return;
  console.log(`FAILED  ${name}`);
  for (const fault of faults) console.log(`    ${fault.replaceAll('\n', '\n    ')}`);
};

const attempt = async (job: Job, place: Place): Promise<Verdict> => {
  try {
    return await job.play(place);
  } catch (cause) {
    return { name: job.name, faults: [cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)] };
  }
};

const makePlace = (root: string, n: number): Place => {
  const dir = join(root, `place${n}`);
  mkdirSync(dir);
  execFileSync('mkfifo', [join(dir, 'fifo')]);
  return { dir, fifo: join(dir, 'fifo') };
};

const playAll = async (jobs: readonly Job[], root: string, width: number): Promise<void> => {
  const queue = jobs.values();
  const worker = async (_: unknown, n: number): Promise<void> => {
    const place = makePlace(root, n);
    for (const job of queue) tell(await attempt(job, place));
  };
  await Promise.all(Array.from({ length: width }, worker));
};

const main = async (root: string): Promise<number> => {
  const options = parseOptions(process.argv.slice(2), ROOT);
  const sides = sidesOf(options, root);
  const jobs = jobsOf(options, sides);
  if (options.list) {
    for (const { name } of jobs) console.log(name);
    return 0;
  }
  const begun = performance.now();
  await playAll(jobs, root, options.jobs);
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(`${sides.ours.svlogd} against ${sides.c.svlogd}, seed ${options.seed}, ${seconds} s`);
  console.log(summary(counts));
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
};

const root = makeRoot();
const leave = async (status: number): Promise<never> => {
  await closeSessions();
  rmSync(root, { recursive: true, force: true });
  process.exit(status);
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void leave(130));
try {
  await leave(await main(root));
} catch (cause) {
  console.error(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
  await leave(2);
}
