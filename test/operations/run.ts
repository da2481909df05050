// The verbs of sv beyond runit's, on real trees, held by programs that others wrote.
//
// Wants root. Read next: cases.ts, tree.ts; ../lib/options.ts (options).
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseOptions } from '../lib/options.ts';
import { Suite } from '../lib/runner.ts';
import { standIn, SUPERVISION, supervisionOf } from '../lib/supervision.ts';
import { linkPrograms, makeTemporary } from '../lib/temporary.ts';
import { CASES } from './cases.ts';
import { Tree } from './tree.ts';

const values = parseOptions({
  binary: { type: 'string', default: join(import.meta.dirname, '../../dist/runitbox') },
  ...SUPERVISION,
});
const suite = new Suite(values, { jobs: 4, timeoutMs: 120_000 });

/** Where build/tools.sh puts what is not installed. */
const FETCHED = join(import.meta.dirname, '../../.cache/operations');
const isThere = (program: string): boolean =>
  ['/usr/bin', '/bin', FETCHED].some((dir) => existsSync(join(dir, program)));

await suite.run(async () => {
  const bin = makeTemporary('operations-bin');
  suite.defer(() => rmSync(bin, { recursive: true, force: true }));
  linkPrograms(bin, values.binary, ['runsvdir', 'runsv', 'sv', 'svlogd', 'chpst', 'svprobe', 'pause']);
  standIn(supervisionOf(values.supervision), bin);
  const tests = suite.choose(CASES).map(({ title, needs = [], attempt }) => {
    const missing = needs.filter((program) => !isThere(program));
    return {
      title,
      skipReason: missing.length === 0 ? undefined : `needs ${missing.join(', ')}`,
      attempt: (hands: ConstructorParameters<typeof Tree>[2]) => attempt(new Tree(bin, FETCHED, hands)),
    };
  });
  await suite.play(tests);
});
