// `sv new --procfile` on the Procfiles that foreman itself brings, in Debian's package of it. Read next: cases.ts, tree.ts.
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackedPackages } from '../lib/debian.ts';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';

const GEMS = 'root/usr/share/rubygems-integration/all/gems';

/** foreman's example: two Procfiles, and the programs that they name. */
const exampleOfForeman = async (): Promise<string> => {
  const gems = join(await unpackedPackages(['ruby-foreman']), GEMS);
  const [gem] = readdirSync(gems).filter((name) => name.startsWith('foreman-'));
  assert.ok(gem !== undefined, `no foreman in ${gems}`);
  return join(gems, gem, 'data/example');
};

/** The entries as foreman's own expression finds them (lib/foreman/procfile.rb). */
const namesIn = (procfile: string): readonly string[] =>
  readFileSync(procfile, 'utf8')
    .split(/\r?\n/)
    .flatMap((line) => /^([A-Za-z0-9_-]+):\s*(.+)$/.exec(line)?.[1] ?? []);

export const PROCFILE_CASES: readonly Case[] = [
  {
    title: "new --procfile makes services of foreman's own example, and one of them runs beside its programs",
    needs: ['apt-get', 'dpkg-deb', 'shellcheck'],
    async attempt(tree) {
      cpSync(await exampleOfForeman(), join(tree.dir, "an app's"), { recursive: true });
      const names = namesIn(join(tree.dir, "an app's/Procfile"));
      assert.ok(names.includes('spawner'), names.join(' '));
      await tree.succeeds(`mkdir sv; SVSRC=$PWD/sv sv new --procfile "an app's/Procfile"`);
      assert.deepEqual(readdirSync(join(tree.dir, 'sv')).sort(), [...names].sort());
      await tree.succeeds('shellcheck sv/*/run');
      await tree.succeeds('SVSRC=$PWD/sv sv lint $(printf "./sv/%s " $(ls sv))');
      // the one that needs no ruby; its three children print their names
      tree.file('spawner/log/run', '#!/bin/sh\nmkdir -p main\nexec svlogd main\n');
      cpSync(join(tree.dir, 'sv/spawner/run'), join(tree.scan, 'spawner/run'));
      tree.start('ours');
      await until('lines of the three children', async () => {
        const { text } = await tree.shell('cat service/spawner/log/main/current');
        return ['A', 'B', 'C'].every((name) => text.includes(`${name}: ping `));
      });
    },
  },
  {
    title: "new --procfile refuses foreman's example of a Procfile without colons",
    needs: ['apt-get', 'dpkg-deb'],
    async attempt(tree) {
      cpSync(await exampleOfForeman(), join(tree.dir, 'app'), { recursive: true });
      assert.deepEqual(namesIn(join(tree.dir, 'app/Procfile.without_colon')), []);
      const { code, text } = await tree.shell(
        'mkdir sv; SVSRC=$PWD/sv sv new --procfile app/Procfile.without_colon; ls -A sv',
      );
      assert.equal(code, 0);
      assert.equal(text, "sv: new: app/Procfile.without_colon: expected lines 'name: command', found none\n");
    },
  },
];
