// pause: the last program of a service that only sets something up.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill, privateKb } from '../lib/proc.ts';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';

const MOST_PRIVATE_KB = 24;

export const PAUSE_CASES: readonly Case[] = [
  {
    title: 'pause ends with 0 at TERM and INT, costs next to nothing, and is undone by finish',
    async attempt(tree) {
      tree.service('mount', 'touch $SVDIR/mounted; exec pause');
      tree.file('mount/finish', '#!/bin/sh\nrm -f "$SVDIR/mounted"; echo "$1 $2" >>"$SVDIR/ends"\n');
      tree.start('ours');
      await tree.is('mount', 'running');
      for (const signal of ['down', 'interrupt']) {
        assert.equal((await tree.sv('-w', '10', 'up', 'mount')).code, 0);
        const pid = readFileSync(join(tree.scan, 'mount/supervise/pid'), 'utf8').trim();
        assert.equal(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), 'pause\0');
        const kb = privateKb(Number(pid));
        assert.ok(kb > 0 && kb <= MOST_PRIVATE_KB, `${kb} kB private`);
        await tree.sv('once', 'mount');
        assert.equal((await tree.shell('test -e service/mounted')).code, 0);
        await tree.sv(signal, 'mount');
        await tree.is('mount', 'down');
        assert.equal((await tree.shell('test -e service/mounted')).code, 1);
      }
      assert.equal(readFileSync(join(tree.scan, 'ends'), 'utf8'), '0 0\n0 0\n');
    },
  },
  {
    title: 'pause ends as process 1, through runitbox too, and says no to words',
    async attempt(tree) {
      for (const line of ['pause', '"$(readlink -f "$(command -v sv)")" pause']) {
        const first = `unshare --pid --fork --kill-child sh -c 'exec ${line}'`;
        await tree.shell(`{ ${first}; echo $? >code; } >/dev/null 2>&1 </dev/null & echo $! >shell`);
        // below the shell and unshare; as soon as it waits, or it would not heed the signal
        const pid = await until('the process to wait', async () => {
          const { text } = await tree.shell(
            'read -r p _ <"/proc/$(<shell)/task/$(<shell)/children"; cat "/proc/$p/task/$p/children"',
          );
          const found = text.trim();
          const { text: about } = await tree.shell(`cat /proc/${found}/comm /proc/${found}/status`);
          return /^(pause|runitbox)\n/.test(about) && /^State:\tS/m.test(about) && Number(found);
        });
        kill(pid, 'SIGTERM');
        await until('its exit code', async () => (await tree.shell('cat code')).text === '0\n');
        await tree.shell('rm code');
      }
      const named = await tree.shell('timeout 0.3 chpst -b alsa pause; echo $?');
      assert.equal(named.text, '124\n');
      const all = await tree.shell(
        'for each in chpst runsv svlogd sv pause; do chpst -b alsa $each --version; done 2>&1 | sort -u',
      );
      assert.match(all.text, /^runitbox \S+\n$/);
      const { code, text } = await tree.shell('pause 5');
      assert.deepEqual([code, text.split('\n')[0]], [100, 'usage: pause ']);
    },
  },
];
