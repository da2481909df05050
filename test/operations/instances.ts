// Instances, patterns and the graph of dependencies on real trees. Read next: tree.ts, cases.ts.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';

export const INSTANCES: readonly Case[] = [
  {
    title: 'scale makes instances of a template, each with a log of its own, and removes them from the highest number',
    needs: ['shellcheck', 'jq'],
    async attempt(tree) {
      tree.start('ours');
      const source = join(tree.dir, 'sv');
      mkdirSync(source);
      const env = `SVSRC=${source}`;
      await tree.succeeds(`${env} sv new --log web@ -- sh -c 'echo "I am \${PWD##*@}"; exec sleep 1000'`);
      await tree.succeeds('shellcheck sv/web@/run sv/web@/log/run && sv lint ./sv/web@');
      // not into /var/log
      await tree.succeeds(`sed -i 's,/var/log,${tree.dir}/logs,' sv/web@/log/run`);
      const text = await tree.succeeds(`${env} sv scale web@ 3`);
      assert.match(text, /^(run: web@[123]: \(pid \d+\) \ds; run: log: \(pid \d+\) \ds\n){3}ok: web@: 3 instances\n$/);
      await tree.succeeds(`sv list 'web@*' --json | jq -e 'map(.service) == ["web@1", "web@2", "web@3"]'`);
      await until('each to have written its number', async () => {
        const { text: all } = await tree.shell('cat logs/web@1/current logs/web@2/current logs/web@3/current');
        return [1, 2, 3].every((number) => all.includes(`I am ${number}\n`));
      });
      assert.equal(
        await tree.succeeds(`${env} sv scale web@ 1`),
        'ok: web@3: removed\nok: web@2: removed\nok: web@: 1 instance\n',
      );
      assert.equal(
        await tree.succeeds(`${env} sv scale web@ 0; ls service`),
        'ok: web@1: removed\nok: web@: 0 instances\n',
      );
    },
  },
  {
    title: 'patterns reach the services that match, from C and from our runsv',
    async attempt(tree) {
      for (const name of ['web@1', 'web@2', 'db']) tree.service(name, 'exec sleep 1000');
      tree.start('c');
      for (const name of ['web@1', 'web@2', 'db']) await tree.is(name, 'running');
      assert.match((await tree.sv('restart', 'web@*')).text, /^(ok: run: web@[12]: \(pid \d+\) \ds\n){2}$/);
      assert.match((await tree.sv('stop', '[w]*')).text, /^(ok: down: web@[12]: \ds, normally up\n){2}$/);
      assert.match((await tree.sv('status', '*')).text, /^run: db: .*\ndown: web@1: .*\ndown: web@2: .*\n$/);
      assert.equal((await tree.sv('up', 'x*')).code, 1);
    },
  },
  {
    title: 'graph agrees with tsort about cycles',
    needs: ['jq'],
    async attempt(tree) {
      for (const name of ['a', 'b', 'c', 'd']) tree.service(name, 'exec sleep 1000');
      for (const path of ['a/dependencies.d/b', 'a/dependencies.d/c', 'b/dependencies.d/c', 'c/dependencies.d/gone'])
        tree.file(path, path.endsWith('gone') ? 'optional\n' : '');
      tree.start('ours');
      for (const name of ['a', 'b', 'c', 'd']) await tree.is(name, 'running');
      assert.equal(
        (await tree.sv('graph')).text,
        [
          'a                running',
          '|- b             running',
          '|  `- c          running',
          '|     `- gone    missing',
          '`- c             ^',
          'd                running',
          '',
        ].join('\n'),
      );
      const edges = `sv graph --json | jq -r '.[] | .service as $one | .dependencies[] | "\\($one) \\(.)"'`;
      assert.equal(await tree.succeeds(`${edges} | tsort`), 'a\nb\nc\ngone\n');
      writeFileSync(join(tree.scan, 'c/dependencies.d/a'), '');
      assert.equal((await tree.shell(`${edges} | tsort 2>/dev/null`)).code, 1);
      assert.equal((await tree.sv('graph', 'c')).text.split('\n').filter((line) => line.endsWith('^')).length, 2);
    },
  },
];
