// Starts services under every init that docker/init and docker/lxc have something for, for real: in LXC containers, in
// systemd-nspawn, in namespaces.
//
// Wants root. Leaves the machine's own init and its services alone.
// Read next: case.ts, scenario.ts, cases/; ../lib/options.ts (options), ../lib/runner.ts.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { enterMountNamespace } from '../lib/namespace.ts';
import { parseOptions } from '../lib/options.ts';
import { Suite, type Test } from '../lib/runner.ts';
import { makeTemporary } from '../lib/temporary.ts';
import { type Case, makeRoom } from './case.ts';
import { DOCS } from './cases/docs.ts';
import { HELPERS } from './cases/helpers.ts';
import { INITS } from './cases/inits.ts';
import { LXC } from './cases/lxc.ts';
import { SYSTEMD } from './cases/systemd.ts';
import { mapIds, watchGroups } from './mounts.ts';
import { Roots } from './roots.ts';

const CASE_MS = 240_000;

const values = parseOptions({ binary: { type: 'string', default: join(import.meta.dirname, '../../dist/runitbox') } });
const suite = new Suite(values, { jobs: 4, timeoutMs: CASE_MS });

// what needs no root of Debian's comes first, as they are being made meanwhile
const chosen = suite.choose<Case>([...HELPERS, ...LXC, ...SYSTEMD, ...INITS, ...DOCS]);
await enterMountNamespace();

await suite.run(async () => {
  const base = makeTemporary('init');
  suite.defer(() => rmSync(base, { recursive: true, force: true }));
  mapIds(base);
  suite.defer(watchGroups());
  const roots = new Roots(base, values.binary);
  roots.prepare(...new Set(chosen.flatMap(({ from }) => from ?? [])));
  const testOf = (given: Case, index: number): Test => ({
    title: given.title,
    skipReason: given.skipReason?.(),
    async attempt(hands) {
      await roots.ready(given.from);
      await given.attempt(makeRoom(base, index, roots, hands));
    },
  });
  await suite.play(chosen.map(testOf));
});
