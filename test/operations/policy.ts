// Stop and restart policies on real trees: value files, what follows from them, and what sv says of it.
//
// Times are those that programs write themselves. Read next: cases.ts, tree.ts.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from '../lib/proc.ts';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';
import type { Tree } from './tree.ts';

/** What a loaded machine may add to a start, in milliseconds: an idle one adds less than 100, and make sim holds each to 60. */
const SLACK_MS = 5000;

const linesOf = (tree: Tree, path: string): readonly string[] => {
  const whole = join(tree.scan, path);
  return existsSync(whole) ? readFileSync(whole, 'latin1').split('\n').slice(0, -1) : [];
};

const isAlive = (pid: string): boolean => existsSync(`/proc/${pid}`);

/** Distances between the times in a file, in milliseconds. */
const distancesIn = (tree: Tree, path: string): readonly number[] => {
  const times = linesOf(tree, path).map(Number);
  return times.slice(1).map((time, at) => time - (times[at] as number));
};

/** A service that ignores TERM, as does the child that it waits for; both write their numbers. */
const stuck = (tree: Tree): void => {
  tree.file(
    'stuck/run',
    '#!/bin/sh\ntrap "" TERM\necho $$ >>pids\nsleep 1000 & echo $! >>pids\nwhile :; do wait; sleep 0.2; done\n',
  );
  tree.file('stuck/timeout-kill', '1500\n');
};

const timed = async (attempt: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await attempt();
  return performance.now() - began;
};

/** Writes the names of the signals that it gets, and ends at QUIT. */
const NOTES_SIGNALS = `trap 'echo QUIT >>got; exit 0' QUIT
trap 'echo TERM >>got' TERM
trap 'echo USR2 >>got' USR2
trap 'echo HUP >>got' HUP
echo started >>got
while :; do sleep 0.05; done`;

export const POLICY_CASES: readonly Case[] = [
  {
    title: 'timeout-kill ends a stop in time, and flag-timeout-killpg the whole process group',
    async attempt(tree) {
      stuck(tree);
      tree.file('stuck/flag-timeout-killpg', '');
      tree.start('ours');
      const pids = await until('both processes', () => {
        const lines = linesOf(tree, 'stuck/pids');
        return lines.length === 2 && lines;
      });
      const ms = await timed(async () => {
        assert.deepEqual(await tree.sv('-w', '30', 'stop', 'stuck'), {
          code: 0,
          text: 'ok: down: stuck: 0s, normally up\n',
        });
      });
      assert.ok(ms >= 1500 && ms < 1800 + SLACK_MS, `${ms} ms`);
      await until('the child to end', () => !pids.some(isAlive));
      const history = linesOf(tree, 'stuck/supervise/history.jsonl').map((line) => JSON.parse(line));
      assert.ok(history.some(({ event, by }) => event === 'killed' && by === 'timeout-kill'));
    },
  },
  {
    title: 'timeout-kill without the flag leaves other processes of the service alone',
    async attempt(tree) {
      stuck(tree);
      tree.start('ours');
      const pids = await until('both processes', () => {
        const lines = linesOf(tree, 'stuck/pids');
        return lines.length === 2 && lines;
      });
      assert.equal((await tree.sv('-w', '3', 'stop', 'stuck')).code, 0);
      assert.deepEqual(pids.map(isAlive), [false, true]);
    },
  },
  {
    title: 'timeout-kill holds for restart, whose sv may be of C runit',
    async attempt(tree) {
      stuck(tree);
      tree.file('stuck/timeout-kill', '500\n');
      tree.start('ours');
      await until('both processes', () => linesOf(tree, 'stuck/pids').length === 2);
      assert.equal((await tree.shell('/usr/bin/sv -w 5 restart "$SVDIR/stuck"')).code, 0);
      await until('the new one', () => linesOf(tree, 'stuck/pids').length === 4);
    },
  },
  {
    title: 'down-signal takes the place of TERM, reload-signal that of HUP',
    async attempt(tree) {
      tree.service('web', NOTES_SIGNALS);
      tree.file('web/down-signal', 'SIGQUIT\n');
      tree.file('web/reload-signal', 'usr2\n');
      tree.start('ours');
      await until('its start', () => linesOf(tree, 'web/got').length === 1);
      assert.match((await tree.sv('reload', 'web')).text, /^ok: run: web: /);
      await until('the signal', () => linesOf(tree, 'web/got').includes('USR2'));
      assert.equal((await tree.sv('stop', 'web')).code, 0);
      assert.deepEqual(linesOf(tree, 'web/got'), ['started', 'USR2', 'QUIT']);
      writeFileSync(join(tree.scan, 'web/reload-signal'), 'WINCH\n');
      assert.deepEqual(await tree.sv('reload', 'web'), {
        code: 1,
        text: 'fail: web: reload-signal: WINCH has no command\n',
      });
    },
  },
  {
    title: 'timeout-finish ends a finish script that hangs',
    async attempt(tree) {
      tree.service('web', 'exec sleep 1000');
      tree.file('web/finish', '#!/bin/sh\nexec sleep 1000\n');
      tree.file('web/timeout-finish', '300\n');
      tree.start('ours');
      await tree.is('web', 'running');
      const ms = await timed(async () => assert.equal((await tree.sv('stop', 'web')).code, 0));
      assert.ok(ms >= 300 && ms < 1000, `${ms} ms`);
    },
  },
  {
    title: 'restart-delay and restart-limit hold the distances between starts, and end them',
    async attempt(tree) {
      tree.file('bad/run', '#!/bin/sh\ndate +%s%3N >>t\nexit 3\n');
      tree.file('bad/restart-delay', '1000 2000 10000\n');
      tree.file('bad/restart-limit', '4\n');
      tree.start('ours');
      assert.equal((await tree.sv('-w', '20', 'wait', 'failed', 'bad')).code, 0);
      const distances = distancesIn(tree, 'bad/t');
      assert.equal(distances.length, 3);
      for (const [at, whole] of [1000, 2000, 2000].entries()) {
        const ms = distances[at] as number;
        // runit's second counts from start to start; date takes its time
        assert.ok(ms >= (whole * 7) / 8 - 10 && ms <= whole + SLACK_MS, `${distances.join(' ')}`);
      }
      assert.match((await tree.sv('status', 'bad')).text, /^down: bad: \ds, normally up, failed\n$/);
      assert.match((await tree.sv('list')).text, /^bad +failed .* 4 +exit 3, [^;]* ago; 4 failures in a row$/m);
      assert.match((await tree.sv('why', 'bad')).text, /^bad: failed for \ds: exit code 3, 4 failures in a row\n/);
      assert.deepEqual(await tree.sv('check', 'bad'), {
        code: 1,
        text: 'fail: bad: failed: exit code 3, 4 failures in a row\n',
      });
      assert.equal((await tree.shell('/usr/bin/sv status "$SVDIR/bad"')).text.includes('normally up'), true);
    },
  },
  {
    title: 'a service that has failed starts again when told to, and start ends at once when it fails again',
    async attempt(tree) {
      tree.file('bad/run', '#!/bin/sh\ndate +%s%3N >>t\ntest -e good && exec sleep 1000\nexit 3\n');
      tree.file('bad/restart-limit', '1\n');
      tree.start('ours');
      await tree.is('bad', 'failed');
      const ms = await timed(async () => {
        assert.deepEqual(await tree.sv('start', 'bad'), {
          code: 1,
          text: 'fail: bad: failed: exit code 3, 1 failure in a row\n',
        });
      });
      assert.ok(ms < 2000, `${ms} ms`);
      tree.file('bad/good', '');
      assert.match((await tree.sv('start', 'bad')).text, /^ok: run: bad: /);
      assert.equal((await tree.sv('stop', 'bad')).text, 'ok: down: bad: 0s, normally up\n');
    },
  },
  {
    title: 'the next start is shown, and start does not wait for it',
    async attempt(tree) {
      tree.file('bad/run', '#!/bin/sh\ntest -e good && exec sleep 1000\nexit 3\n');
      tree.file('bad/restart-delay', '30000 60000 10000\n');
      tree.start('ours');
      await tree.is('bad', 'backoff');
      assert.match(
        (await tree.sv('status', 'bad')).text,
        /^down: bad: \ds, normally up, want up, next start in \d\ds\n$/,
      );
      tree.file('bad/good', '');
      assert.match((await tree.sv('start', 'bad')).text, /^ok: run: bad: /);
    },
  },
  {
    title: 'a program that is done stays down, also for the next runsv, and counts as up',
    async attempt(tree) {
      tree.file('once/run', '#!/bin/sh\necho x >>t\nexit 0\n');
      tree.file('once/restart', 'on-failure\n');
      tree.start('ours');
      await tree.is('once', 'done');
      assert.match((await tree.sv('check', 'once')).text, /^ok: down: once: \ds, normally up, done\n$/);
      const line =
        'for p in $(pgrep -x runsv); do test "$(readlink /proc/$p/cwd)" = "$SVDIR/once" && echo $p; done; true';
      const runsv = async (): Promise<string> => (await tree.shell(line)).text.trim();
      const first = await runsv();
      kill(Number(first), 'SIGKILL');
      await until('another runsv', async () => !['', first].includes(await runsv()));
      await tree.is('once', 'done');
      assert.equal(linesOf(tree, 'once/t').length, 1);
      assert.match((await tree.sv('start', 'once')).text, /^ok: down: once: \ds, normally up, done\n$/);
      assert.equal(linesOf(tree, 'once/t').length, 2);
    },
  },
  {
    title: 'without value files nothing is different: starts a second apart, no file beside those of runit but records',
    async attempt(tree) {
      tree.file('bad/run', '#!/bin/sh\ndate +%s%3N >>t\nexit 0\n');
      tree.start('ours');
      await until('three starts', () => linesOf(tree, 'bad/t').length >= 3);
      for (const ms of distancesIn(tree, 'bad/t')) assert.ok(ms >= 990 && ms < 1000 + SLACK_MS, `${ms} ms`);
      assert.match(
        (await tree.sv('status', 'bad')).text,
        /^(run|down): bad: (\(pid \d+\) )?\ds(, normally up, want up)?\n$/,
      );
    },
  },
];
