// What runsv records of exits that nobody requested, as the readers show it: jq, a validator of the schema, promtool.
//
// Read next: cases.ts, ../../src/effects/service/recording.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from '../lib/proc.ts';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';
import type { Tree } from './tree.ts';

const pidOf = (tree: Tree, service: string): number =>
  Number(readFileSync(join(tree.scan, service, 'supervise/pid'), 'latin1'));

const succeeds = async (tree: Tree, line: string): Promise<string> => {
  const { code, text } = await tree.shell(line);
  assert.equal(code, 0, `${line}: ${text}`);
  return text;
};

/** Kills the process of a service, and waits until another runs. */
const crash = async (tree: Tree, service: string): Promise<void> => {
  const pid = pidOf(tree, service);
  kill(pid, 'SIGKILL');
  await until('another process', () => pidOf(tree, service) !== pid && pidOf(tree, service) > 0);
};

const HISTORY = 'service/web/supervise/history.jsonl';

/** As many services as ends are timed; the best counts, as the machine has other work. */
const TIMED = 8;
/** Before a program that looks again and again, as C's sv does, would see it. test/bench/figures/watch.ts has the real limit, 5 ms. */
const WATCH_MS = 420;

export const RECORDING_CASES: readonly Case[] = [
  {
    title: 'an exit that nobody requested is on record, and list, why, status --json and metrics show it',
    needs: ['jq', 'promtool'],
    async attempt(tree) {
      tree.service('web', 'exec sleep 1000');
      tree.start('ours');
      await tree.is('web', 'running');
      await tree.sv('restart', 'web');
      assert.equal(existsSync(join(tree.dir, HISTORY)), false);
      await crash(tree, 'web');
      const ended = 'map(select(.event == "ended"))[-1] | .signal == "KILL" and .cause == "exit"';
      await succeeds(tree, `jq -es '${ended}' ${HISTORY}`);
      await succeeds(tree, `jq -es '.[-1] | .event == "started" and .pid == ${pidOf(tree, 'web')}' ${HISTORY}`);
      await succeeds(tree, 'test "$(stat -c %s service/web/supervise/status)" = 20');
      await succeeds(tree, `sv status --json web | jq -e '.[0] | .starts == 2 and .failures == 1'`);
      await succeeds(tree, `sv status --json web | jq -e '.[0].last_end | .signal == "KILL" and .ran_seconds >= 0'`);
      assert.match((await tree.sv('list')).text, /^web +running +\d+ +\d+s +2 +signal KILL, \d+s ago$/m);
      assert.match((await tree.sv('why', 'web')).text, /ended after \d+\.\d s: signal KILL, unexpected\n.*started/);
      assert.match((await tree.sv('metrics', 'web')).text, /^runit_service_failures_total\{service="web"\} 1$/m);
      await succeeds(tree, 'sv metrics | promtool check metrics');
      await tree.sv('term', 'web');
      await until('the end', () => /"cause":"asked"/.test(readFileSync(join(tree.dir, HISTORY), 'latin1')));
    },
  },
  {
    title: 'a runsv that follows a killed one continues the record',
    needs: ['jq'],
    async attempt(tree) {
      tree.service('web', 'exec sleep 1000');
      tree.start('ours');
      await tree.is('web', 'running');
      await crash(tree, 'web');
      await succeeds(tree, `kill -9 $(pgrep -f '^runsv web$' -P $(pgrep -f '${tree.scan}$' | head -1))`);
      await tree.is('web', 'running');
      await crash(tree, 'web');
      await succeeds(tree, `sv status --json web | jq -e '.[0] | .starts == 3 and .failures == 2'`);
      await succeeds(tree, `jq -es 'map(.n) == [range(1; length + 1)]' ${HISTORY}`);
    },
  },
  {
    title: `watch tells of an exit within ${WATCH_MS} ms`,
    async attempt(tree) {
      const names = Array.from({ length: TIMED }, (_, n) => `s${n}`);
      for (const name of names) tree.service(name, 'exec sleep 1000');
      tree.start('ours');
      for (const name of names) await tree.is(name, 'running');
      for (const name of names) await crash(tree, name);
      const watch = spawn('sv', ['watch', '--json'], { env: { ...process.env, ...tree.env } });
      const lines = createInterface({ input: watch.stdout });
      const tookMs: number[] = [];
      let [killedAt, seen] = [0, 0];
      lines.on('line', (line) => {
        if (line.includes('"event":"is"')) seen++;
        if (line.includes('"event":"ended"')) tookMs.push(performance.now() - killedAt);
      });
      await until('its first events', () => seen === TIMED);
      for (const [n, name] of names.entries()) {
        killedAt = performance.now();
        kill(pidOf(tree, name), 'SIGKILL');
        await until('the event', () => tookMs.length > n);
      }
      watch.kill();
      await once(watch, 'exit');
      assert.ok(Math.min(...tookMs) <= WATCH_MS, `took ${tookMs.map((ms) => ms.toFixed(1)).join(', ')} ms`);
    },
  },
];
