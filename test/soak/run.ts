// A soak: minutes of random commands, kills, removals and renames, from a seed, over fifty services; afterwards all must
// be as if nothing had been.
//
// `node test/soak/run.ts [--minutes N] [--seed N] [--services N] [--binary FILE]`; ends in `N passed, N failed`, exit
// status 1 where anything failed. Wants root (a PID namespace). The same seed makes the same acts, though not at the same
// moments of what they meet.
// Read next: fleet.ts, acts.ts, checks.ts.
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sleep } from '../lib/wait.ts';
import { kill, World } from '../fault/world.ts';
import { Random } from '../sim/random.ts';
import { type Act, GENTLE, ROUGH } from './acts.ts';
import { type Check, doubles, grown, kept, notUp, orphans, restore, settle, untrue, zombies } from './checks.ts';
import { type Fleet, runsvdirOf, startFleet, startNoMore } from './fleet.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Between two acts. */
const PAUSE_MS = 60;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    services: { type: 'string', default: '50' },
    binary: { type: 'string', default: join(ROOT, 'dist/runitbox') },
  },
});

const prepareBin = (): string => {
  const bin = mkdtempSync(join(tmpdir(), 'runitbox-soak-bin-'));
  copyFileSync(values.binary, join(bin, 'runitbox'));
  for (const name of ['runsv', 'runsvdir', 'sv']) symlinkSync('runitbox', join(bin, name));
  return bin;
};

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

const soak = async (world: World): Promise<readonly Check[]> => {
  const random = new Random(Number(values.seed));
  const totalMs = Number(values.minutes) * MINUTE_MS;
  const fleet = startFleet(world, Number(values.services));
  const checks: Check[] = [{ title: 'all services come up', wrong: await settle(() => notUp(fleet)) }];
  const rough = await play(fleet, ROUGH, random, (totalMs * 2) / 3);
  checks.push({ title: 'all are up again after every kind of kill', wrong: await settled(fleet) });
  const before = kept(fleet);
  const gentle = await play(fleet, GENTLE, random, totalMs / 3);
  checks.push({ title: 'all are up again after commands, crashes and removals', wrong: await settled(fleet) });
  checks.push({ title: 'no service ever ran twice', wrong: doubles(fleet) });
  checks.push({ title: 'every status is true', wrong: await settle(() => untrue(fleet)) });
  checks.push({ title: 'nobody waits to be reaped', wrong: await settle(() => zombies(fleet)) });
  checks.push({
    title: 'supervisors have the descriptors and memory that they had',
    wrong: await settle(() => grown(before, kept(fleet))),
  });
  checks.push({ title: 'nobody is left after the end', wrong: await end(fleet) });
  console.log(`${rough + gentle} acts, seed ${values.seed}`);
  return checks;
};

const bin = prepareBin();
const world = new World(bin);
let checks: readonly Check[] = [];
try {
  checks = await soak(world);
} finally {
  await world.close();
  rmSync(bin, { recursive: true, force: true });
}
for (const { title, wrong } of checks) {
  console.log(`${wrong.length === 0 ? 'ok    ' : 'FAILED'}  ${title}`);
  for (const line of wrong.slice(0, 10)) console.log(`        ${line}`);
}
const failed = checks.filter(({ wrong }) => wrong.length > 0).length;
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 && checks.length > 0 ? 0 : 1);
