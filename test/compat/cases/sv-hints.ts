// The lines on standard error that C's sv does not have. Read next: ../hints.ts.
import { FakeService, made } from '../fake.ts';
import type { Case } from '../model.ts';

/** Both outputs as they are. */
function hinted(
  name: string,
  title: string,
  words: readonly string[],
  expected: string,
  env: Readonly<Record<string, string>> = {},
): Case {
  return {
    name: `sv-hints/${name}`,
    title,
    uses: ['sv'],
    differs: [{ id: 'sv-hints', lines: { stderr: expected } }],
    async run(world) {
      new FakeService(world, 's', made('run'));
      const { out, err } = await world.run('sv', words, { env: { SVDIR: world.dir, SVWAIT: '0', ...env } });
      world.note('stdout', out);
      world.note('stderr', err.replace(/process \d+/, 'process N'));
    },
  };
}

export const cases: readonly Case[] = [
  hinted('timeout', 'why a service was given up', ['stop', 's'], 'sv: s: process N is still running\n'),
  hinted('looked', 'where sv looked', ['status', 'missing', 's'], 'sv: looked in WORLD (SVDIR)\n'),
  hinted(
    'usage',
    'how to get help',
    ['status'],
    "usage: sv [-v] [-w sec] command service ...\n\nsv: 'sv --help' explains commands and options\n",
  ),
];
