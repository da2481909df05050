// What sv tells of a tree, held by programs that others wrote: jq, python3-jsonschema, promtool, shellcheck.
//
// Every reader is tried on a tree that our runsv supervises, and on one that C's does. Read next: tree.ts, run.ts.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from '../lib/proc.ts';
import { until } from '../lib/wait.ts';
import { COMPLETION } from './completion.ts';
import { LINT_CASES } from './lint.ts';
import { INSTANCES } from './instances.ts';
import { LOG_CASES } from './logs.ts';
import { METRICS_CASES } from './metrics.ts';
import { MONITOR_CASES } from './monitor.ts';
import { ORDER_CASES } from './order.ts';
import { PAUSE_CASES } from './pause.ts';
import { POLICY_CASES } from './policy.ts';
import { PROBE_CASES } from './probe.ts';
import { PROCFILE_CASES } from './procfile.ts';
import { READINESS_CASES } from './readiness.ts';
import { RECORDING_CASES } from './recording.ts';
import { S6_CASES } from './s6.ts';
import { SCHEMA_CASES } from './schema.ts';
import { SERVER_CASES } from './servers.ts';
import type { Make, Tree } from './tree.ts';

const ROOT = join(import.meta.dirname, '../..');
const SCHEMA = join(ROOT, 'docs/sv.schema.json');

export interface Case {
  readonly title: string;
  readonly attempt: (tree: Tree) => Promise<void>;
  /** The programs that it wants. */
  readonly needs?: readonly string[];
}

const VALIDATE = `
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
jsonschema.validate(json.load(sys.stdin), schema, cls=jsonschema.Draft202012Validator)
`;

const succeeds = (tree: Tree, line: string): Promise<string> => tree.succeeds(line);

/** web with a log, db that is normally down, bad that fails, and odd, whose name is not for a terminal. */
const usual = async (tree: Tree, make: Make): Promise<void> => {
  tree.service('web', 'echo first; echo second; exec sleep 1000');
  tree.file('web/log/run', '#!/bin/sh\nmkdir -p main\nexec svlogd -tt main\n');
  tree.service('db', 'exec sleep 1000');
  tree.file('db/down', '');
  tree.service('bad', 'exit 3');
  tree.start(make);
  await tree.is('web', 'running');
  await tree.is('db', 'down');
};

const readers = (make: Make): readonly Case[] => {
  const of = (title: string): string => `${title} (${make === 'ours' ? 'our runsv' : "C's runsv"})`;
  return [
    {
      title: of('status --json is what jq and a validator of the schema take'),
      needs: ['jq', 'python3'],
      async attempt(tree) {
        await usual(tree, make);
        await succeeds(
          tree,
          `sv status --json web | jq -e '.[0] | .condition == "running" and .pid > 1 and .log.state == "run"'`,
        );
        await succeeds(tree, `sv list --json | jq -e 'map(.service) == ["bad", "db", "web"]'`);
        await succeeds(
          tree,
          `sv list --usage | jq -e '.[2] | .memory_bytes > 0 and .processes >= 1 and .cpu_seconds >= 0'`,
        );
        writeFileSync(join(tree.dir, 'validate.py'), VALIDATE);
        await succeeds(tree, `sv list --json | python3 validate.py ${SCHEMA}`);
        const { code, text } = await tree.shell(`sv status --json web nope | python3 validate.py ${SCHEMA}`);
        assert.equal(code, 1, text);
      },
    },
    {
      title: of('list shows each service and its condition'),
      async attempt(tree) {
        await usual(tree, make);
        const { text } = await tree.sv('list');
        assert.match(text, /^SERVICE +STATE +PID +FOR +STARTS +LAST END\n/);
        assert.match(text, /^web +running +\d+ /m);
        assert.match(text, /^db +down /m);
        assert.doesNotMatch((await tree.sv('list', 'w*')).text, /^db/m);
      },
    },
    {
      title: of('metrics pass promtool, on standard output and in a file'),
      needs: ['promtool'],
      async attempt(tree) {
        await usual(tree, make);
        await succeeds(tree, 'sv metrics | promtool check metrics');
        await succeeds(
          tree,
          'sv metrics --output m.prom && promtool check metrics <m.prom && test "$(ls m.prom*)" = m.prom',
        );
        const { text } = await tree.sv('metrics', 'web');
        assert.match(text, /^runit_service_up\{service="web"\} 1$/m);
        assert.match(text, /^runit_service_memory_bytes\{service="web"\} \d+$/m);
        const failed = await tree.sv('metrics', '--output', '/nowhere/m.prom');
        assert.deepEqual(
          [failed.code, failed.text],
          [1, 'sv: unable to replace /nowhere/m.prom: file does not exist\n'],
        );
      },
    },
    {
      title: of('wait returns when a service is where the goal wants it, and not before'),
      async attempt(tree) {
        await usual(tree, make);
        assert.equal((await tree.sv('wait', 'up', 'web')).code, 0);
        assert.deepEqual(await tree.sv('-w', '1', 'wait', 'up', 'web', 'db'), {
          code: 1,
          text: 'sv: db: down, not up\n',
        });
        assert.equal((await tree.sv('-w', '1', 'wait', '--any', 'up', 'db', 'web')).code, 0);
        const waiting = tree.sv('wait', 'up', 'db');
        assert.equal((await tree.sv('up', 'db')).code, 0);
        assert.equal((await waiting).code, 0);
        const gone = tree.sv('wait', 'gone', 'web/log');
        assert.equal((await tree.sv('-w', '1', 'wait', 'sideways', 'web')).code, 100);
        await tree.shell('rm -r service/web; true');
        assert.equal((await gone).code, 0);
      },
    },
    {
      title: of('watch tells of an end within the time of a look, as JSON'),
      needs: ['jq'],
      async attempt(tree) {
        await usual(tree, make);
        await tree.shell('sv watch --json web >events 2>&1 </dev/null &');
        const events = async (): Promise<readonly string[]> =>
          (await succeeds(tree, 'jq -r .event events')).split('\n').slice(0, -1);
        await until('its first event', async () => (await events()).includes('is'));
        await tree.sv('-w', '9', 'restart', 'web');
        await until('the new process', async () => /changed|started/.test((await events()).join(' ')));
        await succeeds(tree, `jq -es 'all(.service == "web") and (map(.at) == (map(.at) | sort))' events`);
      },
    },
    {
      title: of('why and logs show the last lines of the log'),
      async attempt(tree) {
        await usual(tree, make);
        const told = await until('both lines', async () => {
          const { text } = await tree.sv('logs', 'web');
          return text.includes('second') && text;
        });
        assert.match(told, /^\S+ first\n\S+ second\n$/);
        assert.match((await tree.sv('logs', '-n', '1', 'web')).text, /^\S+ second\n$/);
        assert.match(
          (await tree.sv('why', 'web')).text,
          /^web: running for [^\n]*, process \d+\n(.*\n)*last log lines .*main\/current\):\n(.*\n)*.* second\n/,
        );
        const missing = await tree.sv('logs', 'db');
        assert.deepEqual(missing, { code: 1, text: 'sv: db: has no log service\n' });
      },
    },
  ];
};

const OURS: readonly Case[] = [
  {
    title: 'logs of several services are merged by their stamps',
    async attempt(tree) {
      for (const name of ['a', 'b']) {
        tree.service(name, `while read -r line; do echo "$line"; done <fifo; exec sleep 1000`);
        tree.file(`${name}/log/run`, '#!/bin/sh\nmkdir -p main\nexec svlogd -ttt main\n');
        await succeeds(tree, `mkfifo service/${name}/fifo`);
      }
      tree.start('ours');
      await succeeds(
        tree,
        'exec 3>service/a/fifo 4>service/b/fifo; for n in 1 2 3; do echo a$n >&3; sleep 0.02; echo b$n >&4; sleep 0.02; done',
      );
      await until('all lines', async () => {
        const { text } = await tree.sv('logs', 'a', 'b');
        return text.replace(/ \S+ /g, ' ').split('\n').length === 7 && /a1\n.*b1\n.*a2\n.*b2\n.*a3\n.*b3\n$/.test(text);
      });
    },
  },
  {
    title: 'new makes what shellcheck takes; link starts it, remove ends it',
    needs: ['shellcheck'],
    async attempt(tree) {
      tree.start('ours');
      mkdirSync(join(tree.dir, 'sv'));
      const env = `SVSRC=${tree.dir}/sv`;
      const text = await succeeds(
        tree,
        `${env} sv new --log --user nobody:nogroup --essential hello -- sh -c "echo it's; exec sleep 1000"`,
      );
      assert.equal(
        text,
        ['', '/log', '/run', '/flag-essential', '/log/run'].map((path) => `${tree.dir}/sv/hello${path}\n`).join(''),
      );
      await succeeds(tree, 'shellcheck sv/hello/run sv/hello/log/run && sv lint ./sv/hello');
      assert.equal((await tree.shell(`${env} sv new hello -- true`)).code, 1);
      await succeeds(tree, `${env} sv new plain -- sleep 1000`);
      assert.match(await succeeds(tree, `${env} sv link plain`), /^run: plain: \(pid \d+\) \ds\n$/);
      assert.equal(await succeeds(tree, `${env} sv remove plain`), 'ok: plain: removed\n');
      assert.equal((await tree.shell(`${env} sv remove plain`)).text, 'sv: remove: plain: no such service\n');
      tree.service('real', 'exec sleep 1000');
      assert.match((await tree.shell(`${env} sv remove real`)).text, /is not a link/);
    },
  },
  {
    title: 'new makes a service for each line of a Procfile',
    needs: ['shellcheck'],
    async attempt(tree) {
      mkdirSync(join(tree.dir, 'sv'));
      writeFileSync(
        join(tree.dir, 'Procfile'),
        'web: echo "port $PORT" >&2; exec sleep 1000\nworker: exec sleep 1000\nplain: sleep 1000\nset: A=1 sleep 1000\n',
      );
      await succeeds(tree, `SVSRC=${tree.dir}/sv sv new --procfile Procfile && shellcheck sv/*/run`);
      assert.match(readFileSync(join(tree.dir, 'sv/web/run'), 'utf8'), /^export PORT=5000$/m);
      assert.match(readFileSync(join(tree.dir, 'sv/worker/run'), 'utf8'), /^export PORT=5100$/m);
      tree.start('ours');
      await succeeds(tree, 'ln -s "$PWD"/sv/* service/');
      for (const name of ['web', 'worker', 'plain', 'set']) {
        await until(
          `${name} to sleep`,
          async () => (await tree.shell(`cat /proc/$(<service/${name}/supervise/pid)/comm`)).text === 'sleep\n',
        );
      }
      await succeeds(tree, `rm service/*; mv sv gone`);
      assert.deepEqual(await tree.shell(`SVSRC=${tree.dir}/sv sv new hello -- true`), {
        code: 1,
        text: `sv: new: ${tree.dir}/sv: expected a directory, found none: make it, or set SVSRC to another one\n`,
      });
    },
  },
  {
    title: 'status without the right to command, where the directory may be read',
    async attempt(tree) {
      tree.service('web', 'exec sleep 1000');
      tree.start('ours');
      await tree.is('web', 'running');
      chmodSync(tree.dir, 0o755);
      chmodSync(join(tree.scan, 'web/supervise'), 0o755);
      const line = 'setpriv --reuid 65534 --clear-groups env SVDIR=service sv list --json';
      assert.match(await succeeds(tree, line), /"condition":"running"/);
    },
  },
  {
    title: 'names and logs that are not for a terminal are shown with care, and JSON stays valid',
    needs: ['jq'],
    async attempt(tree) {
      const name = 'o\x1b[31mdd"\\';
      tree.service(name, "printf 'evil\\033[2J\\377 line\\n'; exec sleep 1000");
      tree.file(`${name}/log/run`, '#!/bin/sh\nmkdir -p main\nexec svlogd main\n');
      tree.start('ours');
      const why = await until('its log', async () => {
        const { text } = await tree.shell('sv why "$SVDIR"/o*');
        return text.includes('evil') && text;
      });
      assert.ok(!why.includes('\x1b'), JSON.stringify(why));
      assert.ok(!(await tree.sv('list')).text.includes('\x1b'));
      const json = await succeeds(tree, 'sv list --json');
      assert.ok(!json.includes('\x1b'));
      assert.equal((JSON.parse(json) as { service: string }[])[0]?.service, name);
      await succeeds(tree, `sv why --json "$SVDIR"/o* | jq -e '.[0].log_lines[0] | startswith("evil")'`);
    },
  },
  {
    title: 'what the owner of supervise writes there stops nobody from seeing the other services',
    needs: ['jq'],
    async attempt(tree) {
      for (const name of ['bad', 'web']) tree.service(name, 'exec sleep 1000');
      tree.start('ours');
      for (const name of ['bad', 'web']) await tree.is(name, 'running');
      const deep = '['.repeat(2000);
      const states = ['{"text":"\\u4e2d","reason":"\\ud83d\\u009b","by":"fd","ready":true}', deep, '\xff\x1b[2J'];
      const histories = [
        `{"at":"x","n":1,"event":"\\u4e2d","x":${deep}${']'.repeat(2000)}}`,
        '{"at":"x","n":1,"event":"\\u4e2d"}',
      ];
      for (const state of states) {
        for (const history of histories) {
          tree.file('bad/supervise/state.json', `${state}\n`);
          tree.file('bad/supervise/history.jsonl', `${history}\n`);
          await succeeds(tree, `sv list --json | jq -e '.[1].condition == "running"'`);
          await succeeds(tree, `sv why --json bad web | jq -e '.[1].service == "web"'`);
          await succeeds(tree, `sv list && sv why bad && sv metrics >metrics && sv -w 1 wait up web`);
        }
      }
    },
  },
  {
    title: 'a log that leads elsewhere is not read',
    async attempt(tree) {
      tree.service('web', 'exec sleep 1000');
      tree.start('ours');
      await tree.is('web', 'running');
      tree.file('web/log/main/@4000000065000000000000aa.s', 'old\n');
      await succeeds(tree, 'echo secret >secret && ln -s $PWD/secret service/web/log/main/current');
      const { code, text } = await tree.sv('logs', 'web');
      assert.deepEqual([code, text], [1, 'sv: web: has no log service\n']);
      assert.doesNotMatch((await tree.sv('why', 'web')).text, /secret/);
    },
  },
  {
    title: 'lint counts directories with errors, and takes those of Debian packages',
    async attempt(tree) {
      tree.service('web', 'exec sleep 1000');
      tree.file('bad/run', 'exec sleep 1000\n');
      symlinkSync('/nowhere', join(tree.scan, 'gone'));
      assert.deepEqual(await tree.sv('lint', './service/web'), { code: 0, text: '' });
      const { code, text } = await tree.sv('lint', './service/bad', './service/gone');
      assert.equal(code, 2);
      assert.match(text, /^\.\/service\/bad: error: \.\/run is not executable/m);
      assert.match(text, /^\.\/service\/gone: error: no such directory/m);
    },
  },
  {
    title: 'watch reports a service that appears and one that is removed',
    async attempt(tree) {
      tree.service('one', 'exec sleep 1000');
      tree.start('ours');
      await tree.is('one', 'running');
      const seen = tree.shell(
        'while read -r line; do echo "$line"; case $line in *removed*) break; esac; done < <(exec sv watch 2>/dev/null)',
      );
      await until('sv watch to run', async () => (await tree.shell("pgrep -f '^sv watch'")).code === 0);
      tree.service('two', 'exec sleep 1000');
      await tree.is('two', 'running');
      const { text } = await tree.shell('mv service/two . && sleep 0.1; cat two/supervise/pid');
      kill(Number(text), 'SIGTERM');
      assert.match((await seen).text, /one running\n(.*\n)*.* two (.*\n)*.* two removed/);
    },
  },
  {
    title: 'verbs refuse what they do not know, in one line',
    async attempt(tree) {
      assert.deepEqual(await tree.sv('list', '--yaml'), {
        code: 100,
        text: 'sv: illegal option -- yaml\nusage: sv list [--json] [--usage] [pattern ...]\n',
      });
      assert.equal((await tree.sv('why')).code, 100);
      assert.deepEqual(await tree.sv('logs', '-n', 'many', 'web'), {
        code: 100,
        text: "sv: -n: expected a number up to 100000, got 'many'\n",
      });
      const { text } = await tree.shell('SVDIR=/nowhere sv list');
      assert.equal(text, 'sv: unable to read /nowhere: file does not exist\n');
    },
  },
];

export const CASES: readonly Case[] = [
  // the longest first
  ...SERVER_CASES,
  ...S6_CASES,
  ...readers('ours'),
  ...readers('c'),
  ...INSTANCES,
  ...COMPLETION,
  ...LINT_CASES,
  ...OURS,
  ...SCHEMA_CASES,
  ...LOG_CASES,
  ...METRICS_CASES,
  ...MONITOR_CASES,
  ...ORDER_CASES,
  ...POLICY_CASES,
  ...PROBE_CASES,
  ...PROCFILE_CASES,
  ...READINESS_CASES,
  ...PAUSE_CASES,
  ...RECORDING_CASES,
];
