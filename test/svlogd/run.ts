// The svlogd suite: C svlogd and ours on the same input, and what both leave behind.
//
// --only GROUP,... of matrix property scenarios differences lines streams bounds; --cases N: how many random cases (property);
// --bin DIR: where svlogd is; --self: the other one is C, too, and nothing may differ, which proves the suite itself quiet;
// --replay JSON: one batch, as a failure prints it. Read next: model.ts, matrix.ts, property.ts, session.ts, differences.ts,
// lines/, streams/, bounds/; ../lib/options.ts (the other options), ../lib/runner.ts.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { oneOrMore, parseOptions, wholeNumber } from '../lib/options.ts';
import { Suite, type Test } from '../lib/runner.ts';
import { linkPrograms, makeInMemory } from '../lib/temporary.ts';
import { BOUNDS_CASES } from './bounds/cases.ts';
import { compareBatch, type Sides } from './compare.ts';
import { DIFFERENCES } from './differences.ts';
import { documentFaults } from './documented.ts';
import { LINES_CASES } from './lines/cases.ts';
import { MATRIX } from './matrix.ts';
import type { Batch, Verdict } from './model.ts';
import type { Place } from './play.ts';
import { propertyCase } from './property.ts';
import { judgeCount, judgeDifference, judgeLines, judgeScenario } from './scenario.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { closeSessions } from './session.ts';
import { STREAM_CASES } from './streams/cases.ts';

const ROOT = join(import.meta.dirname, '../..');
const GROUPS = ['matrix', 'property', 'scenarios', 'differences', 'lines', 'streams', 'bounds'] as const;

const values = parseOptions({
  bin: { type: 'string' },
  cases: { type: 'string', default: '2000' },
  only: { type: 'string' },
  self: { type: 'boolean', default: false },
  replay: { type: 'string' },
});
const suite = new Suite(values, { jobs: 4, quiet: true, seed: 1 });
const groups = oneOrMore('only', values.only, GROUPS);

interface Job {
  readonly title: string;
  readonly skipReason?: string | undefined;
  readonly play: (sides: Sides, place: Place) => Verdict | Promise<Verdict>;
}

/** A small file system can be mounted by root alone. */
const skipReason = ({ needs }: { readonly needs?: 'root' }): string | undefined =>
  needs === 'root' && process.getuid?.() !== 0 ? 'needs root' : undefined;

const batchJob = (title: string, batch: Batch): Job => ({
  title,
  play: async (sides, place) => ({ name: title, faults: await compareBatch(sides, batch, place) }),
});

const JOBS: Readonly<Record<(typeof GROUPS)[number], () => readonly Job[]>> = {
  matrix: () => MATRIX.map((batch) => batchJob(batch.name, batch)),
  property: () =>
    Array.from({ length: wholeNumber('cases', values.cases, 0) }, (_, n) => ({
      title: `property/${n}`,
      play: (sides, place) => propertyCase(sides, suite.seed, n, place),
    })),
  scenarios: () =>
    SCENARIOS.map((one) => ({
      title: one.title,
      skipReason: skipReason(one),
      play: (sides, place) => judgeScenario(sides, one, place),
    })),
  differences: () => [
    { title: 'docs', play: () => ({ name: 'docs', faults: documentFaults(join(ROOT, 'docs/differences.md')) }) },
    ...DIFFERENCES.map(
      (one): Job => ({
        title: `${one.id}: ${one.title}`,
        skipReason: skipReason(one),
        play: (sides, place) => judgeDifference(sides, one, place),
      }),
    ),
  ],
  lines: () =>
    LINES_CASES.flatMap((one): readonly Job[] => {
      const common = { title: one.title, skipReason: skipReason(one) };
      const loses: Job = { ...common, play: (sides, place) => judgeLines(sides, one, suite.seed, place) };
      if (one.cLoses !== true) return [loses];
      const title = `${one.title}: what C svlogd loses is found`;
      return [loses, { ...common, title, play: (sides, place) => judgeCount(sides, one, suite.seed, place) }];
    }),
  streams: () =>
    STREAM_CASES.map((one) => ({
      title: one.title,
      play: (sides, place) => judgeLines(sides, one, suite.seed, place),
    })),
  bounds: () =>
    BOUNDS_CASES.map((one) => ({
      title: one.title,
      skipReason: skipReason(one),
      play: (sides, place) => judgeLines(sides, one, suite.seed, place),
    })),
};

const jobs = (): readonly Job[] => {
  if (values.replay !== undefined) return [batchJob('replay', JSON.parse(values.replay) as Batch)];
  // what only ours promises
  const played = values.self ? groups.filter((group) => group !== 'streams' && group !== 'bounds') : groups;
  return played.flatMap((group) => JOBS[group]());
};

const oursIn = (root: string): string => {
  if (values.self) return '/usr/bin/svlogd';
  if (values.bin !== undefined) return join(resolve(values.bin), 'svlogd');
  linkPrograms(join(root, 'bin'), join(ROOT, 'dist/runitbox'), ['svlogd']);
  return join(root, 'bin/svlogd');
};

const sidesIn = (root: string): Sides => {
  const cRoot = execFileSync(join(ROOT, 'test/reference.sh'), [join(root, 'c')], { encoding: 'utf8' }).trim();
  return {
    c: { name: 'c', svlogd: `${cRoot}/usr/bin/svlogd` },
    ours: { name: 'ours', svlogd: oursIn(root) },
    self: values.self,
  };
};

/** Each worker has a directory with a pipe, for all that it plays. */
const makePlaces = (root: string): readonly Place[] =>
  Array.from({ length: suite.jobs }, (_, worker) => {
    const dir = join(root, `place${worker}`);
    mkdirSync(dir);
    execFileSync('mkfifo', [join(dir, 'fifo')]);
    return { dir, fifo: join(dir, 'fifo') };
  });

await suite.run(async () => {
  const chosen = suite.choose(jobs());
  const root = makeInMemory('svlogd');
  suite.defer(() => rmSync(root, { recursive: true, force: true }));
  suite.defer(closeSessions);
  const sides = sidesIn(root);
  const places = makePlaces(root);
  const testOf = ({ title, skipReason, play }: Job): Test => ({
    title,
    skipReason,
    async attempt({ worker }) {
      const place = places[worker];
      return place === undefined ? ['no place to play'] : (await play(sides, place)).faults;
    },
  });
  await suite.play(chosen.map(testOf));
  console.log(`${sides.ours.svlogd} against ${sides.c.svlogd}`);
});
