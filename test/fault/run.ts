// The fault tests: real processes, real kernel, and everything that can go wrong made to go wrong.
//
// Wants root (mounts, other users). Never touches the clock, nor a limit that others share. --programs DIR: other programs than
// ours, to see how they fare: /usr/bin has C runit's.
// Read next: case.ts, world.ts, cases/; ../lib/options.ts (options), ../lib/runner.ts.
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseOptions } from '../lib/options.ts';
import { Suite, type Test } from '../lib/runner.ts';
import { standIn, SUPERVISION, supervisionOf } from '../lib/supervision.ts';
import { linkPrograms, makeTemporary } from '../lib/temporary.ts';
import type { Case } from './case.ts';
import { CASES } from './cases/index.ts';
import { World } from './world.ts';

const CASE_MS = 400_000;
const PROGRAMS = ['runsv', 'runsvdir', 'sv', 'svlogd'];

const values = parseOptions({
  binary: { type: 'string', default: join(import.meta.dirname, '../../dist/runitbox') },
  programs: { type: 'string', default: '' },
  ...SUPERVISION,
});
const suite = new Suite(values, { jobs: 6, timeoutMs: CASE_MS });

const prepareBin = (): string => {
  const bin = makeTemporary('fault-bin');
  suite.defer(() => rmSync(bin, { recursive: true, force: true }));
  if (values.programs === '') linkPrograms(bin, values.binary, PROGRAMS);
  else for (const name of PROGRAMS) symlinkSync(join(values.programs, name), join(bin, name));
  standIn(supervisionOf(values.supervision), bin);
  return bin;
};

const isThere = (program: string): boolean =>
  ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].some((dir) => existsSync(join(dir, program)));

const skipReason = ({ needs = [] }: Case): string | undefined => {
  const missing = needs.filter((program) => !isThere(program));
  return missing.length === 0 ? undefined : `needs ${missing.join(', ')}`;
};

const testOf = (given: Case, bin: string): Test => ({
  title: given.title,
  alone: given.alone,
  timeoutMs: given.takesMs,
  skipReason: skipReason(given),
  async attempt({ defer, explain }) {
    const world = new World(bin);
    defer(() => world.close());
    explain(() => world.report());
    await given.attempt(world);
    const unclear = world.unclear();
    return unclear.length === 0 ? [] : ['messages that are not one clear line:', ...unclear];
  },
});

await suite.run(async () => {
  const chosen = suite.choose(CASES);
  const bin = prepareBin();
  await suite.play(chosen.map((given) => testOf(given, bin)));
});
