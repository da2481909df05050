// s6-notifyoncheck, which turns a check that is polled into the newline of a descriptor. Read next: packages.ts, readiness.ts.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';
import { FOR_PACKAGES, unpackedWhole } from './packages.ts';
import { eventsOf, has, stateOf, textOf } from './records.ts';

/** s6-supervise holds a record lock on this file, runsv one of the whole file (flock), of which F_GETLK does not tell. */
const HOLD = [
  'import fcntl, time',
  'file = open("supervise/lock", "r+")',
  'fcntl.lockf(file, fcntl.LOCK_EX)',
  'open("held", "w")',
  'time.sleep(100000)',
].join('; ');

export const S6_CASES: readonly Case[] = [
  {
    title: 's6-notifyoncheck tells that a service is ready when its check says so, once it believes in its supervisor',
    needs: [...FOR_PACKAGES, 'unshare', 'python3'],
    async attempt(tree) {
      const { setUp, root } = await unpackedWhole(['s6']);
      // it starts another program of s6 with no environment, from where s6 is installed: there, for this service alone
      const lay = (dirs: readonly string[], at: string): string => {
        const lower = dirs.filter((dir) => existsSync(join(root, dir))).map((dir) => join(root, dir));
        return lower.length === 0 ? '' : `mount -t overlay overlay -o lowerdir=${lower.join(':')}:${at} ${at}\n`;
      };
      const overlays = `${lay(['usr/bin'], '/usr/bin')}${lay(['usr/lib', 'lib'], '/usr/lib')}`;
      tree.file('v/notification-fd', '3\n');
      tree.file('v/data/check', '#!/bin/sh\necho x >>asked\ntest -e up\n');
      tree.file('v/inside', `#!/bin/sh\n${overlays}exec s6-notifyoncheck -3 3 -n 0 -w 50 -t 80000 sleep 1000\n`);
      tree.file('v/run', `#!/bin/sh\n${setUp}\nexec 2>>errors\nexec unshare --mount ./inside\n`);
      // which s6-supervise makes
      await tree.succeeds('mkdir -m 1733 service/v/event');
      tree.start('ours');
      await until('it to refuse', () => textOf(tree, 'v/errors').includes('fatal: s6-supervise not running.\n'));
      assert.equal(textOf(tree, 'v/asked'), '');
      await tree.shell(`cd service/v && exec python3 -c '${HOLD}' </dev/null >/dev/null 2>&1 &`);
      await until('the lock', () => has(tree, 'v/held'));
      await until('two checks', () => textOf(tree, 'v/asked').length >= 4);
      await tree.is('v', 'starting');
      writeFileSync(join(tree.scan, 'v/up'), '');
      const { text } = await tree.sv('-w', '80', 'start', 'v');
      assert.match(text, /^ok: run: v: \(pid \d+\) \d+s\n$/, textOf(tree, 'v/errors'));
      assert.deepEqual([stateOf(tree, 'v')['by'], stateOf(tree, 'v')['ready']], ['fd', true]);
      assert.deepEqual(eventsOf(tree, 'v').slice(-2), ['started', 'ready']);
      await tree.succeeds('sv -w 80 stop v');
    },
  },
];
