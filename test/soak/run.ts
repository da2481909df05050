// A soak: minutes of random commands, kills, removals and renames, from a seed, over fifty services; afterwards all must
// be as if nothing had been.
//
// --one-process: runsvdir supervises all of them itself. --mixed: also services that tell when they are ready, that need others,
// that have a restart policy. `make chaos` is both, with 200 services.
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
import { type Act, GENTLE, ROUGH, ROUGH_ON_ONE } from './acts.ts';
import { doubles, grown, kept, notUp, orphans, restore, settle, untrue, Watch, zombies } from './checks.ts';
import { type Fleet, runsvdirOf, startFleet, startNoMore } from './fleet.ts';

/** Between two acts. */
const PAUSE_MS = 60;
const MINUTE_MS = 60_000;
const LINES_SHOWN = 10;
/** Between two looks while it goes on: each reads all of /proc. */
const WATCH_MS = 5000;

const values = parseOptions({
  minutes: { type: 'string', default: '1' },
  services: { type: 'string', default: '50' },
  'one-process': { type: 'boolean', default: false },
  mixed: { type: 'boolean', default: false },
  binary: { type: 'string', default: join(import.meta.dirname, '../../dist/runitbox') },
});
const suite = new Suite(values, { jobs: 1 });

/** Plays acts for some time; how many. */
const play = async (
  fleet: Fleet,
  acts: readonly Act[],
  { random, watch }: { readonly random: Random; readonly watch: Watch },
  forMs: number,
): Promise<number> => {
  const endMs = Date.now() + forMs;
  let count = 0;
  let lookMs = Date.now() + WATCH_MS;
  for (; Date.now() < endMs; count++) {
    if (Date.now() > lookMs) {
      watch.look(fleet);
      lookMs = Date.now() + WATCH_MS;
    }
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
  const chance = { random: new Random(suite.seed), watch: new Watch() };
  const totalMs = Number(values.minutes) * MINUTE_MS;
  check('all services come up', await settle(() => notUp(fleet)));
  const rough = await play(fleet, fleet.oneProcess ? ROUGH_ON_ONE : ROUGH, chance, (totalMs * 2) / 3);
  check('all are up again after every kind of kill', await settled(fleet));
  const before = kept(fleet);
  const gentle = await play(fleet, GENTLE, chance, totalMs / 3);
  check('all are up again after commands, crashes and removals', await settled(fleet));
  check('no service ever ran twice', doubles(fleet));
  check('whoever ended was reaped meanwhile', chance.watch.wrong());
  check('every status is true', await settle(() => untrue(fleet)));
  check('nobody waits to be reaped', await settle(() => zombies(fleet)));
  check('supervisors have the descriptors and memory that they had', await settle(() => grown(before, kept(fleet))));
  check('nobody is left after the end', await end(fleet));
  console.log(`${rough + gentle} acts, ${chance.watch.looks} looks meanwhile`);
};

await suite.run(async () => {
  const bin = makeTemporary('soak-bin');
  suite.defer(() => rmSync(bin, { recursive: true, force: true }));
  linkPrograms(bin, values.binary, ['runsv', 'runsvdir', 'sv']);
  const world = new World(bin);
  suite.defer(() => world.close());
  const count = wholeNumber('services', values.services);
  await soak(startFleet(world, { count, oneProcess: values['one-process'], mixed: values.mixed }));
});
