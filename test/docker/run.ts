// Builds every Dockerfile with a real engine and runs what comes of it.
//
// Promises: where the engine cannot run, that is a failure and says why; SKIP_DOCKER=1 asks for none of it, which is a skip.
// What it makes, it takes away, but for the packed base system in .cache/docker.
// Read next: engine.ts, images.ts, cases/; ../lib/options.ts (options), ../lib/runner.ts.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseOptions } from '../lib/options.ts';
import { Suite, type Test } from '../lib/runner.ts';
import { makeTemporary } from '../lib/temporary.ts';
import { type Case, Stage } from './case.ts';
import { CONFINED } from './cases/confined.ts';
import { DOCS } from './cases/docs.ts';
import { EXAMPLES } from './cases/examples.ts';
import { FILES } from './cases/files.ts';
import { IMAGES } from './cases/images.ts';
import { LIFE } from './cases/life.ts';
import { POLICIES } from './cases/policies.ts';
import { Engine } from './engine.ts';
import { buildExamples, buildOurs, buildTested, makeBases } from './images.ts';

const suite = new Suite(parseOptions({}), { jobs: 6 });

// the longest first
const CASES: readonly Case[] = [...EXAMPLES, ...DOCS, ...FILES, ...POLICIES, ...CONFINED, ...LIFE, ...IMAGES];

const startEngine = async (work: string): Promise<Engine | null> => {
  let engine: Engine | null = null;
  await suite.step('the engine runs', async () => {
    engine = await Engine.start(work);
    suite.defer(engine.close.bind(engine));
  });
  return engine;
};

/** Each step builds on the one before, but for the last two. */
const prepare = async (engine: Engine, work: string): Promise<boolean> => {
  const hasOurs =
    (await suite.step('base images are here under their public names', () => makeBases(engine, work))) &&
    (await suite.step('docker build . and all its targets build from source', () => buildOurs(engine)));
  if (!hasOurs) return false;
  const derived = await Promise.all([
    suite.step('every example builds', () => buildExamples(engine)),
    suite.step('an image of each kind takes services', () => buildTested(engine, work)),
  ]);
  return derived.every((isBuilt) => isBuilt);
};

const testOf = ({ title, attempt }: Case, engine: Engine, dir: string): Test => ({
  title,
  attempt({ defer }) {
    const stage = new Stage(engine, dir);
    defer(() => stage.close());
    return attempt(stage);
  },
});

await suite.run(async () => {
  const chosen = suite.choose(CASES);
  if (process.env['SKIP_DOCKER'] === '1') {
    for (const { title } of chosen) suite.skip(title, 'SKIP_DOCKER=1 says so');
    return;
  }
  const work = makeTemporary('docker');
  suite.defer(() => rmSync(work, { recursive: true, force: true }));
  const engine = await startEngine(work);
  if (engine === null || !(await prepare(engine, work))) return;
  await suite.play(chosen.map((given, at) => testOf(given, engine, join(work, `case-${at}`))));
});
