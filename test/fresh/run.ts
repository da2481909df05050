// The README's commands on machines that nobody prepared: bare Debian 12 and 13, as root and as a user with sudo. Wants root.
//
// --suites 'TARGET,...' plays other suites on them; --disk DIRECTORY puts the machines there and not into memory, as `make test`
// as a whole takes some 10 GB. Promises: a machine is a root of its own with processes and mounts of its own; all of it is gone
// when this process is. Packages and modules that were downloaded are kept in .cache/fresh.
// Read next: scenarios.ts, box.ts; ../lib/options.ts (options), ../lib/runner.ts.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { enterMountNamespace } from '../lib/namespace.ts';
import { parseOptions } from '../lib/options.ts';
import { Suite, type Test } from '../lib/runner.ts';
import { CACHE, unpack } from './bases.ts';
import { Box } from './box.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { readSettings } from './settings.ts';
import { suites } from './suites.ts';

const SCENARIO_MS = 4 * 3_600_000;

const values = parseOptions({ suites: { type: 'string' }, disk: { type: 'string' } });
const WORK = values.disk ?? join(CACHE, 'work');
const suite = new Suite(values, { jobs: 2, timeoutMs: SCENARIO_MS });
const chosen = suite.choose(values.suites === undefined ? SCENARIOS : suites(values.suites));
if (process.getuid?.() !== 0) {
  console.error('make fresh-test wants root: it makes root file systems and namespaces');
  process.exit(1);
}
await enterMountNamespace();

await suite.run(async () => {
  const settings = readSettings();
  mkdirSync(WORK, { recursive: true });
  if (values.disk !== undefined) suite.defer(() => rmSync(WORK, { recursive: true }));
  if (values.disk === undefined) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=80%', 'fresh', WORK]);
  const codenames = [...new Set(chosen.map((one) => one.codename))];
  await Promise.all(codenames.map((codename) => unpack(codename, settings, join(WORK, codename))));
  const testOf = ({ title, codename, attempt }: Scenario, number: number): Test => ({
    title: `${title}: to its end`,
    async attempt({ defer }) {
      const sinceMs = performance.now();
      const report = (what: string, ...faults: readonly string[]): void =>
        suite.report(`${title}: ${what}`, faults, [`${((performance.now() - sinceMs) / 1000).toFixed(0)} s`]);
      const dir = join(WORK, `box-${number}`);
      defer(() => void execFileSync('rm', ['-rf', dir]));
      const box = await Box.open(codename, join(WORK, codename), dir, settings.env);
      defer(() => box.close());
      await attempt(box, report, (what) => report(what.split('\n')[0] ?? '', what));
    },
  });
  await suite.play(chosen.map(testOf));
});
