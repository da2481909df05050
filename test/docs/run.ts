// Executes every command of every page as it stands there, and the examples of manual pages.
//
// A page's blocks of one place are one session: one shell, from the first block to the last, on a machine of its own. What needs
// an engine or an init is executed by the suites that have those (pages.ts says which); that each block has a place is
// tested here. Wants root. Read next: page.ts, place.ts, sessions.ts; ../lib/options.ts (options), ../lib/runner.ts.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseOptions } from '../lib/options.ts';
import { mustRun, run } from '../lib/run.ts';
import { Suite, type Test } from '../lib/runner.ts';
import { makeTemporary } from '../lib/temporary.ts';
import { benchFaults } from './bench.ts';
import type { Block } from './page.ts';
import { checkoutFaults } from './checkout.ts';
import { blocksIn, PLACES, pageFaults } from './pages.ts';
import { peerFaults } from './peers.ts';
import { messageFaults } from './messages.ts';
import { pictureFaults } from './pictures/check.ts';
import { copyCheckout, type DEBIANS, debianTar, play } from './place.ts';
import { SESSIONS, scriptOf } from './sessions.ts';

const ROOT = join(import.meta.dirname, '../..');
const LINES_SHOWN = 40;

const suite = new Suite(parseOptions({}), { jobs: 2 });
const work = makeTemporary('docs');
const checkout = join(work, 'checkout');
const roots = new Map<string, Promise<string>>();

const unpack = async (name: keyof typeof DEBIANS): Promise<string> => {
  const dir = join(work, name);
  mkdirSync(dir);
  await mustRun(['tar', '-xf', await debianTar(name), '-C', dir]);
  return dir;
};

/** The root that a session is laid over: this machine's own, or one of Debian's. */
const rootOf = (name: keyof typeof DEBIANS | 'machine'): Promise<string> => {
  const root = roots.get(name) ?? (name === 'machine' ? Promise.resolve('/') : unpack(name));
  roots.set(name, root);
  return root;
};

const faultsOf = async (place: string, page: string, blocks: readonly Block[]): Promise<readonly string[]> => {
  if (place === 'bench') return benchFaults(blocks);
  const session = SESSIONS[place];
  if (place === 'checkout') return checkoutFaults('.', blocks);
  if (session === undefined) return [`nothing says how blocks of the place '${place}' are executed`];
  const { code, text } = await play(await rootOf(session.machine), checkout, scriptOf(session, page, blocks));
  return code === 0 ? [] : [`exit code ${code}\n${text.split('\n').slice(-LINES_SHOWN).join('\n')}`];
};

const TESTS: readonly Test[] = [
  {
    title: 'every block states its language, and commands the place in which they are executed',
    attempt: async () => pageFaults,
  },
  {
    title: 'mandoc has nothing to say against a manual page',
    attempt: async () => {
      const { code, text } = await run(['sh', '-c', 'mandoc -T lint -W warning docs/man/*.8'], { cwd: ROOT });
      return code === 0 ? [] : [text];
    },
  },
  {
    title: 'each message that a page explains is one that the sources print',
    attempt: async () => messageFaults(ROOT),
  },
  {
    title: 'what README.md says of other supervisors is what they do',
    attempt: async () => peerFaults(ROOT, await rootOf('web'), checkout),
  },
  {
    title: 'the pictures of README.md show what the commands print',
    attempt: () => pictureFaults(checkout),
  },
  ...Object.entries(PLACES)
    .filter(([, which]) => which === 'docs')
    .flatMap(([place]) => [...blocksIn(place)].map(([page, blocks]) => ({ place, page, blocks })))
    .map(({ place, page, blocks }) => ({
      title: `${page}, on ${SESSIONS[place]?.machine ?? 'no machine'} (${place})`,
      attempt: () => faultsOf(place, page, blocks),
    })),
];

await suite.run(async () => {
  suite.defer(() => rmSync(work, { recursive: true, force: true }));
  const chosen = suite.choose(TESTS);
  copyCheckout(checkout);
  await suite.play(chosen);
});
