// `sv logs -f` on real logs: nothing is lost and nothing comes twice, whatever svlogd and the tree do meanwhile.
//
// Read next: cases.ts, tree.ts.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from '../lib/proc.ts';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';
import type { Make, Tree } from './tree.ts';

const LOG_RUN = (options: string): string => `#!/bin/sh\nmkdir -p main\nexec svlogd ${options} main\n`;

/** A service that writes what comes into its fifo; its log. */
const echoing = async (tree: Tree, name: string, options = ''): Promise<void> => {
  // before ./run, which would make a file of that name
  const { code, text } = await tree.shell(`mkdir service/${name} && mkfifo service/${name}/fifo`);
  assert.equal(code, 0, text);
  tree.file(`${name}/log/run`, LOG_RUN(options));
  tree.service(name, 'exec 0<>fifo; exec cat');
};

interface Follower {
  readonly text: () => string;
  readonly pid: () => number;
  /** Ends it by TERM; its exit code. */
  readonly end: () => Promise<number>;
}

let followers = 0;

/** `sv logs -f` in the background. */
const follow = async (tree: Tree, ...words: readonly string[]): Promise<Follower> => {
  const name = join(tree.dir, `follower-${++followers}`);
  const line = `sv logs -f "$@" >"$0.out" 2>&1 </dev/null & echo $! >"$0.pid"; wait $!; echo $? >"$0.code"`;
  const ran = tree.shell(`set -- "$@"; exec bash -c '${line}' "$@"`, [name, ...words]);
  const read = (what: string): string => {
    try {
      return readFileSync(`${name}.${what}`, 'latin1');
    } catch {
      return '';
    }
  };
  await until('sv logs to run', () => read('pid').endsWith('\n'));
  return {
    text: () => read('out'),
    pid: () => Number(read('pid')),
    end: async () => {
      kill(Number(read('pid')), 'SIGTERM');
      await ran;
      return Number(read('code'));
    },
  };
};

const numbered = (count: number): string => Array.from({ length: count }, (_, at) => `${at + 1}\n`).join('');

const type = async (tree: Tree, name: string, text: string): Promise<void> => {
  const { code, text: said } = await tree.shell(`cat >service/${name}/fifo`, [], text);
  assert.equal(code, 0, said);
};

/** Whether each line came once, in order. */
const insistAll = (text: string, count: number): void => {
  const lines = text.split('\n');
  const wrong = lines.findIndex((line, at) => line !== (at < count ? String(at + 1) : ''));
  assert.equal(wrong, -1, `line ${wrong + 1} is ${JSON.stringify(lines[wrong])}`);
  assert.equal(lines.length, count + 1);
};

const LINES = 100_000;

const ROTATIONS: Readonly<Record<string, readonly [config: string, least: number, make: Make]>> = {
  'that keeps all files': ['s4096\nn0\n', 100, 'ours'],
  'with a processor': ['s50000\nn0\n!cat\n', 5, 'ours'],
  "that C's svlogd keeps": ['s4096\nn0\n', 100, 'c'],
};

const rotating: readonly Case[] = Object.entries(ROTATIONS).map(([what, [config, least, make]]) => ({
  title: `logs -f shows each of ${LINES} lines once, over many rotations of a log ${what}`,
  async attempt(tree) {
    await echoing(tree, 'web');
    tree.file('web/log/main/config', config);
    tree.start(make);
    await tree.is('web', 'running');
    await until('its log', () => readdirSync(join(tree.scan, 'web/log/main')).includes('current'));
    const follower = await follow(tree, 'web');
    await type(tree, 'web', numbered(LINES));
    await until('the last line', () => follower.text().endsWith(`\n${LINES}\n`), 60_000).catch(() => {});
    insistAll(follower.text(), LINES);
    const rotated = readdirSync(join(tree.scan, 'web/log/main')).filter((name) => name.startsWith('@')).length;
    assert.ok(rotated >= least, `${rotated} rotations`);
    assert.equal(await follower.end(), 0);
  },
}));

export const LOG_CASES: readonly Case[] = [
  ...rotating,
  {
    title: 'logs -f says so where files of the log are removed before it reads them',
    async attempt(tree) {
      await echoing(tree, 'web');
      tree.file('web/log/main/config', 's4096\nn2\n');
      tree.start('ours');
      await tree.is('web', 'running');
      await type(tree, 'web', '1\n');
      await until('its log', async () => (await tree.sv('logs', 'web')).text === '1\n');
      const follower = await follow(tree, 'web');
      await until('the first line', () => follower.text() === '1\n');
      kill(follower.pid(), 'SIGSTOP');
      await type(tree, 'web', numbered(20_000));
      await until('all of it', async () => (await tree.sv('logs', '-n', '1', 'web')).text === '20000\n');
      kill(follower.pid(), 'SIGCONT');
      await until('the last line', () => follower.text().endsWith('\n20000\n'));
      assert.match(
        follower.text(),
        /^sv: web: files of its log were removed before they were read: lines are missing$/m,
      );
      assert.equal(await follower.end(), 0);
    },
  },
  {
    title: 'logs -f goes on over restarts of the log service, a killed one and a rotation by hand',
    async attempt(tree) {
      await echoing(tree, 'web');
      tree.start('ours');
      await tree.is('web', 'running');
      const follower = await follow(tree, 'web');
      let count = 0;
      const more = async (): Promise<void> => {
        await type(tree, 'web', `${++count}\n`);
        await until(`line ${count}`, () => follower.text().includes(`${count}\n`));
      };
      await more();
      for (const act of ['-w 9 restart web/log', 'alarm web/log', 'kill web/log', '-w 9 restart web']) {
        assert.equal((await tree.sv(...act.split(' '))).code, 0, act);
        await more();
      }
      assert.ok(!follower.text().includes('missing'), follower.text());
      insistAll(follower.text().replace(/^sv: .*\n/gm, ''), count);
      assert.equal(await follower.end(), 0);
    },
  },
  {
    title: 'logs -f waits for a service that is not there yet, and follows one that was removed and made again',
    async attempt(tree) {
      tree.start('ours');
      const follower = await follow(tree, 'web');
      await until('a word about it', () => follower.text().endsWith('; waiting for its log\n'));
      for (const turn of ['first', 'second']) {
        await echoing(tree, 'web');
        await tree.is('web', 'running');
        await type(tree, 'web', `${turn}\n`);
        await until(`the ${turn} line`, () => follower.text().endsWith(`${turn}\n`));
        const gone = tree.sv('-w', '9', 'wait', 'gone', 'web/log');
        renameSync(join(tree.scan, 'web'), join(tree.dir, turn));
        await tree.shell(`sv -w 9 shutdown ../${turn}`);
        await gone;
        rmSync(join(tree.dir, turn), { recursive: true });
      }
      const lines = follower
        .text()
        .split('\n')
        .filter((line) => !line.startsWith('sv:'));
      assert.deepEqual(lines, ['first', 'second', '']);
      assert.ok(!follower.text().includes('missing'), follower.text());
      assert.equal(await follower.end(), 0);
    },
  },
  {
    title: 'logs -f merges several logs by their stamps, with names, and says which has none',
    async attempt(tree) {
      for (const name of ['a', 'b']) await echoing(tree, name, '-tt');
      tree.service('plain', 'exec sleep 1000');
      tree.start('ours');
      for (const name of ['a', 'b', 'plain']) await tree.is(name, 'running');
      await type(tree, 'a', 'a1\n');
      await until('a line', async () => (await tree.sv('logs', 'a')).text.endsWith('a1\n'));
      const follower = await follow(tree, '-n', '1', 'b', 'a', 'plain');
      await until('it', () => follower.text().includes('a1\n'));
      await type(tree, 'b', 'b2\n');
      await until('the other', () => follower.text().includes('b2\n'));
      const lines = follower
        .text()
        .split('\n')
        .map((line) => line.replace(/^(\w+): \S+ /, '$1: '));
      assert.deepEqual(lines, ['sv: has no log service', 'a: a1', 'b: b2', '']);
      assert.equal(await follower.end(), 0);
      assert.deepEqual(await tree.sv('logs', '-f', 'plain'), { code: 1, text: 'sv: plain: has no log service\n' });
    },
  },
  {
    title: 'logs -f ends with 0 when nobody reads any more, though nothing is written',
    async attempt(tree) {
      await echoing(tree, 'web');
      tree.start('ours');
      await tree.is('web', 'running');
      await type(tree, 'web', 'one\n');
      await until('a line', async () => (await tree.sv('logs', 'web')).text === 'one\n');
      const { code, text } = await tree.shell('set +o pipefail; sv logs -f web | head -n 1; echo ${PIPESTATUS[0]}');
      assert.deepEqual([code, text], [0, 'one\n0\n']);
    },
  },
  {
    title: 'logs -f shows a line of a megabyte whole, and raw bytes to a pipe as they are',
    async attempt(tree) {
      tree.service('web', 'exec sleep 1000');
      tree.file('web/log/run', '#!/bin/sh\nexec 3>>current\nexec sleep 1000\n');
      tree.start('ours');
      await tree.is('web', 'running');
      await until('its log', () => readdirSync(join(tree.scan, 'web/log')).includes('current'));
      await tree.shell('echo start >>service/web/log/current');
      const follower = await follow(tree, 'web');
      await until('the first line', () => follower.text() === 'start\n');
      const long = 'x'.repeat(1_000_000);
      await tree.shell('cat >>service/web/log/current', [], `${long}\n\x1b[2J\n`);
      await tree.shell("printf '\\377\\n' >>service/web/log/current");
      await until('all of it', () => follower.text().endsWith('\xff\n'));
      const lines = follower.text().split('\n');
      assert.equal(lines[1]?.length, long.length);
      assert.ok(follower.text() === `start\n${long}\n\x1b[2J\n\xff\n`);
      assert.equal(await follower.end(), 0);
    },
  },
];
