// A soak: minutes of random commands, kills, removals and renames, from a seed, over fifty services; afterwards all must
// be as if nothing had been.
//
// Wants root (a PID namespace). The same seed makes the same acts, though not at the same moments of what they meet.
// Read next: fleet.ts, acts.ts, checks.ts; ../lib/options.ts (options), ../lib/runner.ts.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { World } from '../fault/world.ts';
import { parseOptions, wholeNumber } from '../lib/options.ts';
import { kill } from '../lib/proc.ts';
import { Suite } from '../lib/runner.ts';
import { linkPrograms, makeTemporary } from '../lib/temporary.ts';
import { sleep } from '../lib/wait.ts';
import { Random } from '../sim/random.ts';
import { type Act, GENTLE, ROUGH } from './acts.ts';
import { doubles, grown, kept, notUp, orphans, restore, settle, untrue, zombies } from './checks.ts';
import { type Fleet, runsvdirOf, startFleet, startNoMore } from './fleet.ts';

/** Between two acts. */
const PAUSE_MS = 60;
const MINUTE_MS = 60_000;
const LINES_SHOWN = 10;

const values = parseOptions({
  minutes: { type: 'string', default: '1' },
  services: { type: 'string', default: '50' },
  binary: { type: 'string', default: join(import.meta.dirname, '../../dist/runitbox') },
});
const suite = new Suite(values, { jobs: 1 });

/** Plays acts for some time; how many. */
const play = async (fleet: Fleet, acts: readonly Act[], random: Random, forMs: number): Promise<number> => {
  const endMs = Date.now() + forMs;
  let count = 0;
  for (; Date.now() < endMs; count++) {
    random.pick(acts)(fleet, random.pick(fleet.services), random);
    await sleep(random.int(2 * PAUSE_MS));
  }
  return count;
};

const settled = async (fleet: Fleet): Promise<readonly string[]> => {
  restore(fleet);
  return settle(() => notUp(fleet));
};

/** Everything is told to end, and nothing starts it again. */
const end = async (fleet: Fleet): Promise<readonly string[]> => {
  startNoMore(fleet);
  kill(runsvdirOf(fleet), 'SIGHUP');
  return settle(() => orphans(fleet));
};

const check = (title: string, wrong: readonly string[]): void => suite.report(title, wrong.slice(0, LINES_SHOWN));

const soak = async (fleet: Fleet): Promise<void> => {
  const random = new Random(suite.seed);
  const totalMs = Number(values.minutes) * MINUTE_MS;
  check('all services come up', await settle(() => notUp(fleet)));
  const rough = await play(fleet, ROUGH, random, (totalMs * 2) / 3);
  check('all are up again after every kind of kill', await settled(fleet));
  const before = kept(fleet);
  const gentle = await play(fleet, GENTLE, random, totalMs / 3);
  check('all are up again after commands, crashes and removals', await settled(fleet));
  check('no service ever ran twice', doubles(fleet));
  check('every status is true', await settle(() => untrue(fleet)));
  check('nobody waits to be reaped', await settle(() => zombies(fleet)));
  check('supervisors have the descriptors and memory that they had', await settle(() => grown(before, kept(fleet))));
  check('nobody is left after the end', await end(fleet));
  console.log(`${rough + gentle} acts`);
};

await suite.run(async () => {
  const bin = makeTemporary('soak-bin');
  suite.defer(() => rmSync(bin, { recursive: true, force: true }));
  linkPrograms(bin, values.binary, ['runsv', 'runsvdir', 'sv']);
  const world = new World(bin);
  suite.defer(() => world.close());
  await soak(startFleet(world, wholeNumber('services', values.services)));
});
