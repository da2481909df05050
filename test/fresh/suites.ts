// Other suites on bare machines, each as root and as a user with sudo: not part of make test, which has them outside.
// `run.ts --suites 'unit, fault, svlogd CASES=300'`; what they print is in .cache/fresh/*.log.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './bases.ts';
import type { User } from './box.ts';
import { countsIn, plain, skipsIn, summary } from '../lib/summary.ts';
import { checkOut, failures, type Scenario } from './scenarios.ts';

const LIMIT_MS = 2 * 3_600_000;

const of = (codename: Scenario['codename'], user: User, targets: readonly string[]): Scenario => ({
  title: `${codename}: suites as ${user}`,
  codename,
  async attempt(box, held, missed) {
    const dir = user === 'root' ? '/root/checkout' : '/home/tester/checkout';
    await checkOut(box, user, dir);
    for (const target of targets) {
      const since = Date.now();
      const { code, out, err } = await box.start(user, `make ${target}`, dir, LIMIT_MS).ended;
      writeFileSync(join(CACHE, `${codename}-${user}-${target.split(' ')[0]}.log`), out + err);
      // a target without tests is one itself
      const counts = countsIn(out) ?? { passed: code === 0 ? 1 : 0, failed: 0, skipped: 0 };
      const said = `${target}: ${summary(counts)} in ${Math.round((Date.now() - since) / 1000)} s`;
      if (code === 0 && counts.failed + counts.skipped === 0) held(said);
      else missed(`${said}, exit code ${code}\n${[...skipsIn(out), failures(plain(out + err))].join('\n')}`);
    }
  },
});

/** Targets, separated by commas. */
export const suites = (list: string): readonly Scenario[] => {
  const targets = list.split(',').map((each) => each.trim());
  return (['bookworm', 'trixie'] as const).flatMap((codename) =>
    (['root', 'tester'] as const).map((user) => of(codename, user, targets)),
  );
};
