// A suite of each kind of end, played by runner.test.ts. Its directory is $PLACE, in which deferred actions leave their names.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseOptions } from '../../lib/options.ts';
import { Suite, type Test } from '../../lib/runner.ts';
import { sleep } from '../../lib/wait.ts';

const leave = (name: string): void => appendFileSync(join(process.env['PLACE'] ?? '', 'done'), `${name}\n`);
const suite = new Suite(parseOptions({ wrong: { type: 'boolean', default: false } }), { jobs: 2, timeoutMs: 200 });

const TESTS: readonly Test[] = [
  {
    title: 'passes',
    attempt: async ({ defer, note }) => {
      note('a fact');
      defer(() => leave('second'));
      defer(() => leave('first'));
    },
  },
  { title: 'says what is wrong', attempt: async () => ['this is wrong'] },
  {
    title: 'throws',
    attempt: async ({ defer, explain }) => {
      defer(() => leave('after throw'));
      explain(() => ['explained']);
      throw new Error('thrown');
    },
  },
  {
    title: 'does not end',
    attempt: async ({ defer }) => {
      defer(() => leave('after timeout'));
      await sleep(60_000);
    },
  },
  {
    title: 'hangs until a signal comes',
    timeoutMs: 60_000,
    alone: true,
    attempt: async ({ defer }) => {
      defer(() => leave('after signal'));
      console.log('hanging');
      await sleep(60_000);
    },
  },
  { title: 'cannot be played', skipReason: 'needs a moon', attempt: async () => [] },
];

await suite.run(async () => {
  suite.defer(() => leave('the end'));
  await suite.play(suite.choose(TESTS));
});
