// Executes every command of every page as it stands there: `run.ts [--filter TEXT]`; ends in `N passed, N failed`.
//
// A page's blocks of one place are one session: one shell, from the first block to the last, on a machine of its own. What needs
// an engine or an init is executed by the suites that have those (pages.ts says which); that each block has a place is
// tested here. Wants root. Read next: page.ts, place.ts, sessions.ts.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchFaults } from './bench.ts';
import { checkoutFaults } from './checkout.ts';
import { blocksIn, PLACES, pageFaults } from './pages.ts';
import { copyCheckout, type DEBIANS, debianTar, play } from './place.ts';
import { SESSIONS, scriptOf } from './sessions.ts';

const { values } = parseArgs({ options: { filter: { type: 'string', default: '' } } });

const work = mkdtempSync(join(tmpdir(), 'runitbox-docs-'));
const checkout = join(work, 'checkout');
const counts = { passed: 0, failed: 0 };

const report = (title: string, faults: readonly string[]): void => {
  counts[faults.length === 0 ? 'passed' : 'failed']++;
  console.log(`${faults.length === 0 ? 'ok     ' : 'FAILED '} ${title}`);
  for (const fault of faults) console.log(`    ${fault.trimEnd().replaceAll('\n', '\n    ')}`);
};

const roots = new Map<string, string>();

/** The root that a session is laid over: this machine's own, or one of Debian's. */
const rootOf = (name: keyof typeof DEBIANS | 'machine'): string => {
  if (name === 'machine') return '/';
  const known = roots.get(name);
  if (known !== undefined) return known;
  const dir = join(work, name);
  mkdirSync(dir);
  execFileSync('tar', ['-xf', debianTar(name), '-C', dir]);
  roots.set(name, dir);
  return dir;
};

const leave = (code: number): never => {
  rmSync(work, { recursive: true, force: true });
  process.exit(code);
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => leave(130));

const wanted = (title: string): boolean => title.includes(values.filter);

report('every block states its language, and commands the place in which they are executed', pageFaults);
copyCheckout(checkout);
for (const [place, suite] of Object.entries(PLACES)) {
  const session = SESSIONS[place];
  if (suite !== 'docs') continue;
  for (const [page, blocks] of blocksIn(place)) {
    const title = `${page}, on ${session?.machine ?? 'no machine'} (${place})`;
    if (!wanted(title)) continue;
    if (place === 'bench') report(title, benchFaults(blocks));
    else if (place === 'checkout') report(title, checkoutFaults('.', blocks));
    else if (session === undefined) report(title, [`nothing says how blocks of the place '${place}' are executed`]);
    else {
      const { code, text } = await play(rootOf(session.machine), checkout, scriptOf(session, page, blocks));
      report(title, code === 0 ? [] : [`exit code ${code}\n${text.split('\n').slice(-40).join('\n')}`]);
    }
  }
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
leave(counts.failed === 0 ? 0 : 1);
