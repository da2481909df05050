// Dependencies on real trees: who waits for whom, held by tsort, by C's sv and by what the kernel counts.
//
// A run writes its line, and tells then that it is ready. Read next: cases.ts, tree.ts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { kill, proc, waitsInPoll } from '../lib/proc.ts';
import { sleep, until } from '../lib/wait.ts';
import { Random } from '../sim/random.ts';
import type { Case } from './cases.ts';
import type { Tree } from './tree.ts';

/** Lines of a file; the last one may still be being written. */
const linesOf = (path: string): readonly string[] =>
  existsSync(path) ? readFileSync(path, 'latin1').split('\n').slice(0, -1) : [];

const depends = (tree: Tree, name: string, ...on: readonly string[]): void => {
  for (const other of on) tree.file(`${name}/dependencies.d/${other}`, '');
};

/** A service that appends its name to `order`, and then is ready. */
const noting = (tree: Tree, name: string): void => {
  tree.service(name, `echo ${name} >>${join(tree.dir, 'order')}\necho >&3\nexec sleep 1000`);
  tree.file(`${name}/notification-fd`, '3\n');
};

/** The same, but it cannot tell by itself: its ./check does, by a file. */
const onceAvailable = (tree: Tree, name: string): void => {
  tree.service(name, `echo ${name} >>${join(tree.dir, 'order')}\nexec sleep 1000`);
  tree.file(`${name}/check`, '#!/bin/sh\ntest -e available\n');
};

const orderIn = (tree: Tree): readonly string[] => linesOf(join(tree.dir, 'order'));

const cwdOf = (pid: string): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
};

/** The runsv of a service, 0: none now. */
const supervisor = (tree: Tree, name: string): number =>
  Number(
    readdirSync('/proc').find(
      (pid) => proc(Number(pid), 'comm') === 'runsv\n' && cwdOf(pid) === join(tree.scan, name),
    ) ?? 0,
  );

// ---- random graphs ------------------------------------------------------------------------------------------------

interface Graph {
  readonly names: readonly string[];
  /** Who, and on whom it depends. */
  readonly edges: readonly (readonly [string, string])[];
}

const GRAPHS = 500;
/** Time for the services of a tree on a machine with much else to do. */
const LOADED_MS = 90_000;
/** So many graphs are in one tree: none depends on another. */
const IN_ONE_TREE = 25;

const randomGraph = (random: Random, at: number): Graph => {
  const names = Array.from({ length: 2 + random.int(3) }, (_, each) => `g${at}_${each}`);
  const chance = 0.2 + random.fraction() * 0.5;
  const edges = names.flatMap((name, from) =>
    names.flatMap((other, to) => {
      // mostly without cycles
      const isPossible = to < from || random.chance(0.3);
      return name !== other && isPossible && random.chance(chance) ? [[name, other] as const] : [];
    }),
  );
  return { names, edges };
};

const tsort = (edges: Graph['edges']): { readonly loops: boolean; readonly names: readonly string[] } => {
  const input = edges.map(([name, other]) => `${other} ${name}\n`).join('');
  const { status, stdout } = spawnSync('tsort', { input, encoding: 'utf8' });
  return { loops: status !== 0, names: stdout.split('\n') };
};

/** Whether an order of starts, as edges from each to the next, is one that tsort finds no loop in. */
const isAllowed = ({ edges }: Graph, order: readonly string[]): boolean => {
  const steps = order.slice(1).map((name, at) => [name, order[at] as string] as const);
  return !tsort([...edges, ...steps]).loops;
};

const playGraphs = async (tree: Tree, random: Random, first: number): Promise<number> => {
  const graphs = Array.from({ length: IN_ONE_TREE }, (_, at) => randomGraph(random, first + at));
  for (const { names, edges } of graphs) {
    for (const name of names) {
      noting(tree, name);
      tree.file(`${name}/finish`, `#!/bin/sh\necho ${name} >>${join(tree.dir, 'ends')}\n`);
    }
    for (const [name, other] of edges) depends(tree, name, other);
  }
  // in the second half of its time, all are told to stop
  tree.start('ours', join(tree.dir, 'messages'), '--subreaper', '-k', String((4 * LOADED_MS) / 1000));
  const all = graphs.flatMap(({ names }) => names);
  await until('every service to have started', () => orderIn(tree).length >= all.length, LOADED_MS);
  const order = orderIn(tree);
  const messages = readFileSync(join(tree.dir, 'messages'), 'latin1');
  assert.equal(await tree.end('SIGTERM'), 0);
  const ends = linesOf(join(tree.dir, 'ends'));
  let loops = 0;
  for (const [at, graph] of graphs.entries()) {
    const own = order.filter((name) => graph.names.includes(name));
    assert.deepEqual([...own].sort(), [...graph.names].sort(), 'each starts once');
    const isCyclic = tsort(graph.edges).loops;
    if (isCyclic) loops++;
    const isTold = new RegExp(`^runsv g${first + at}_.* is a cycle of dependencies`, 'm').test(messages);
    assert.equal(isTold, isCyclic, JSON.stringify(graph));
    assert.ok(isCyclic || isAllowed(graph, own), `${own.join(' ')}: ${JSON.stringify(graph.edges)}`);
    const ownEnds = ends.filter((name) => graph.names.includes(name));
    assert.deepEqual([...ownEnds].sort(), [...graph.names].sort(), 'each ends once');
    const isReverse = isAllowed(graph, [...ownEnds].reverse());
    assert.ok(isCyclic || isReverse, `ends: ${ownEnds.join(' ')}: ${JSON.stringify(graph.edges)}`);
  }
  return loops;
};

const GRAPH_CASES: readonly Case[] = Array.from({ length: GRAPHS / IN_ONE_TREE }, (_, at) => ({
  title: `random dependencies ${at + 1}: starts are in an order of tsort, ends in its reverse, and its loops are told as cycles`,
  needs: ['tsort'],
  async attempt(tree) {
    const loops = await playGraphs(tree, new Random(4711 + at), at * IN_ONE_TREE);
    assert.ok(loops > 0 && loops < IN_ONE_TREE, `${loops} loops`);
  },
}));

// ---- cases --------------------------------------------------------------------------------------------------------

export const ORDER_CASES: readonly Case[] = [
  {
    title: "C's sv up starts what a service depends on",
    needs: ['sv'],
    async attempt(tree) {
      for (const name of ['web', 'db', 'disk']) {
        noting(tree, name);
        tree.file(`${name}/down`, '');
      }
      depends(tree, 'web', 'db');
      depends(tree, 'db', 'disk');
      tree.start('ours');
      for (const name of ['web', 'db', 'disk']) await tree.is(name, 'down');
      await tree.succeeds('/usr/bin/sv up "$SVDIR/web"');
      await until('all to start', () => orderIn(tree).length === 3);
      assert.deepEqual(orderIn(tree), ['disk', 'db', 'web']);
      // a stop of one is that of one
      await tree.succeeds('sv stop db');
      assert.match((await tree.sv('status', 'web')).text, /^run: web: /);
      await tree.succeeds('sv start web');
      await until('db to start', () => orderIn(tree).length === 4);
      assert.deepEqual(orderIn(tree).slice(3), ['db']);
    },
  },
  {
    title: 'what a service waits for is told by status, list, why, graph and --json',
    needs: ['jq'],
    async attempt(tree) {
      noting(tree, 'web');
      depends(tree, 'web', 'db');
      tree.start('ours');
      await tree.is('web', 'waiting');
      const { text } = await tree.sv('status', 'web');
      assert.match(text, /^down: web: \d+s, normally up, want up, waiting for db\n$/);
      assert.match((await tree.sv('list')).text, /^web +waiting .* waiting for db$/m);
      assert.match((await tree.sv('why', 'web')).text, /^web: waiting for db \(missing\)\n.*waits for db\n/);
      await tree.succeeds(`sv status --json web | jq -e '.[0].waiting_for == ["db"]'`);
      const { code, text: line } = await tree.sv('-w', '1', 'start', 'web');
      assert.equal(code, 1);
      assert.match(line, /^timeout: down: web: \d+s, normally up, want up, waiting for db\n$/);
      noting(tree, 'db');
      assert.match(await tree.succeeds('sv -w 20 start web'), /^ok: run: web: \(pid \d+\) \d+s\n$/);
      assert.deepEqual(orderIn(tree), ['db', 'web']);
    },
  },
  {
    title: 'a service waits until one that has ./check is available, and counts one that is done',
    async attempt(tree) {
      noting(tree, 'web');
      onceAvailable(tree, 'db');
      tree.service('migrate', `echo migrate >>${join(tree.dir, 'order')}`);
      tree.file('migrate/restart', 'on-failure\n');
      depends(tree, 'web', 'db', 'migrate');
      tree.start('ours');
      await tree.is('migrate', 'done');
      await tree.is('db', 'running');
      await tree.is('web', 'waiting');
      await tree.succeeds(`sv list web | grep 'waiting for db$'`);
      tree.file('db/available', '');
      await tree.is('web', 'ready');
      assert.equal(orderIn(tree).at(-1), 'web');
    },
  },
  {
    title:
      'a oneshot with notification-fd is waited for until it is done, also by start and --ready-fd, without a warning',
    async attempt(tree) {
      noting(tree, 'web');
      tree.service('migrate', `while test ! -e go; do sleep 0.05; done\necho migrate >>${join(tree.dir, 'order')}`);
      tree.file('migrate/restart', 'on-failure\n');
      tree.file('migrate/notification-fd', '3\n');
      depends(tree, 'web', 'migrate');
      const told = tree.shell(
        'mkfifo r; runsvdir -P --ready-fd 3 "$SVDIR" 3>r </dev/null >/dev/null 2>messages & cat r; echo told',
      );
      await tree.is('migrate', 'starting');
      await tree.is('web', 'waiting');
      const starting = tree.sv('-w', '80', 'start', 'web', 'migrate');
      assert.equal(await Promise.race([told, starting, sleep(700)]), undefined);
      tree.file('migrate/go', '');
      assert.equal((await told).text, '\ntold\n');
      const { code, text } = await starting;
      assert.equal(code, 0);
      assert.match(text, /^ok: run: web: .*\nok: down: migrate: \d+s, normally up, done\n$/);
      assert.deepEqual(orderIn(tree), ['migrate', 'web']);
      assert.equal(readFileSync(join(tree.dir, 'messages'), 'latin1'), '');
    },
  },
  {
    title: 'sv start ends at once where a dependency fails',
    async attempt(tree) {
      for (const name of ['web', 'cache', 'bad']) {
        tree.service(name, 'exec sleep 1000');
        tree.file(`${name}/down`, '');
      }
      // as long as its ./check says no, it is not ready
      tree.file('bad/run', '#!/bin/sh\nwhile test ! -e fail; do sleep 0.1; done\nexit 3\n');
      tree.file('bad/check', '#!/bin/sh\nexit 1\n');
      tree.file('bad/restart', 'never\n');
      depends(tree, 'web', 'cache');
      depends(tree, 'cache', 'bad');
      tree.start('ours');
      for (const name of ['web', 'cache', 'bad']) await tree.is(name, 'down');
      const starting = tree.sv('-w', '60', 'start', 'web');
      await tree.is('web', 'waiting');
      tree.file('bad/fail', '');
      const { code, text } = await starting;
      assert.deepEqual([code, text], [1, 'fail: web: waiting for bad, which has failed: exit code 3\n']);
      const waiting = await tree.sv('-w', '60', 'wait', 'up', 'web');
      assert.deepEqual([waiting.code, waiting.text], [1, 'sv: web: waiting for cache, not up\n']);
    },
  },
  {
    title: 'a service that waits makes no wake-up',
    async attempt(tree) {
      for (const name of ['web', 'db']) noting(tree, name);
      tree.file('db/down', '');
      tree.file('web/down', '');
      depends(tree, 'web', 'db', 'gone');
      tree.start('ours');
      await tree.is('db', 'down');
      await tree.is('web', 'down');
      await tree.succeeds('sv up web');
      await tree.is('db', 'ready');
      await until('db to be met', async () => (await tree.sv('list', 'web')).text.includes('waiting for gone'));
      const runsv = supervisor(tree, 'web');
      await until('its poll', () => waitsInPoll(runsv));
      const wakeUps = (): string | undefined => /^voluntary_ctxt_switches:\s+(\d+)/m.exec(proc(runsv, 'status'))?.[1];
      const before = wakeUps();
      await sleep(2000);
      assert.equal(wakeUps(), before);
      noting(tree, 'gone');
      await tree.is('web', 'ready');
    },
  },
  {
    title: 'kill -9 of a runsv that waits, or of the one that is waited for, loses nothing',
    async attempt(tree) {
      noting(tree, 'web');
      onceAvailable(tree, 'db');
      depends(tree, 'web', 'db');
      tree.start('ours');
      await tree.is('web', 'waiting');
      for (const name of ['web', 'db']) {
        const runsv = supervisor(tree, name);
        kill(runsv, 'SIGKILL');
        await until('another one', () => ![0, runsv].includes(supervisor(tree, name)));
        await tree.is('web', 'waiting');
      }
      tree.file('db/available', '');
      await tree.is('web', 'ready');
      assert.deepEqual(orderIn(tree), ['db', 'web']);
    },
  },
  {
    title: 'the word restart takes a service along when its dependency ends',
    async attempt(tree) {
      for (const name of ['web', 'db', 'app']) noting(tree, name);
      tree.file('web/dependencies.d/db', 'restart\n');
      depends(tree, 'app', 'db');
      tree.start('ours');
      await until('all to start', () => orderIn(tree).length === 3);
      await tree.is('web', 'ready');
      await tree.succeeds('sv restart db');
      await until('web to start again', () => orderIn(tree).length === 5);
      assert.deepEqual(orderIn(tree).slice(3), ['db', 'web']);
      const history = linesOf(join(tree.scan, 'web/supervise/history.jsonl')).map((line) => JSON.parse(line));
      assert.ok(history.some(({ event, cause }) => event === 'ended' && cause === 'dependency'));
    },
  },
  {
    title: 'sv stop of several services tells one when those that depend on it have obeyed; --dependents finds them',
    async attempt(tree) {
      for (const name of ['web', 'cache', 'db', 'other']) {
        noting(tree, name);
        tree.file(`${name}/finish`, `#!/bin/sh\nsleep 0.3\necho ${name} >>${join(tree.dir, 'ends')}\n`);
      }
      depends(tree, 'web', 'cache');
      depends(tree, 'cache', 'db');
      tree.start('ours');
      for (const name of ['web', 'other']) await tree.is(name, 'ready');
      const ends = (): readonly string[] => linesOf(join(tree.dir, 'ends'));
      // web depends on db by way of cache, which is not named
      const { code, text } = await tree.sv('-w', '60', 'stop', 'db', 'web');
      assert.equal(code, 0);
      assert.match(text, /^ok: down: web: \d+s, normally up\nok: down: db: \d+s, normally up\n$/);
      assert.deepEqual(ends(), ['web', 'db']);
      await tree.succeeds('sv -w 60 start web db');
      await tree.succeeds('sv -w 60 --dependents restart db');
      await tree.is('web', 'ready');
      assert.deepEqual(ends().slice(2), ['web', 'cache', 'db']);
      assert.deepEqual(orderIn(tree).slice(-3), ['db', 'cache', 'web']);
      await tree.succeeds('sv -w 60 --dependents stop db');
      assert.deepEqual(ends().slice(5), ['web', 'cache', 'db']);
      assert.match((await tree.sv('status', 'other')).text, /^run: other/);
      assert.deepEqual(await tree.sv('--dependents', 'up', 'db'), {
        code: 100,
        text: "sv: --dependents: expected stop or restart behind it, got 'up'\n",
      });
    },
  },
  {
    title: 'runsvdir --ready-fd writes a newline once every service is ready, done, failed, or down as it should be',
    async attempt(tree) {
      for (const name of ['web', 'db', 'off']) noting(tree, name);
      depends(tree, 'web', 'db');
      tree.file('off/down', '');
      onceAvailable(tree, 'slow');
      tree.service('migrate', 'exit 0');
      tree.file('migrate/restart', 'on-failure\n');
      tree.service('bad', 'exit 3');
      tree.file('bad/restart', 'never\n');
      tree.service('plain', 'exec sleep 1000');
      const told = tree.shell('mkfifo r; runsvdir -P --ready-fd 3 "$SVDIR" 3>r </dev/null >/dev/null 2>&1 & od -c r');
      for (const name of ['web', 'db']) await tree.is(name, 'ready');
      await tree.is('slow', 'running');
      await tree.is('bad', 'failed');
      await tree.is('migrate', 'done');
      const early = await Promise.race([told, sleep(1000)]);
      assert.equal(early, undefined);
      tree.file('slow/available', '');
      // whoever wrote it has closed it, too
      assert.match((await told).text, /^0000000 +\\n\n0000001\n$/);
      await tree.is('off', 'down');
      const refused = await tree.shell('runsvdir --ready-fd 99 "$SVDIR"');
      assert.deepEqual(refused, {
        code: 1,
        text: "runsvdir: fatal: --ready-fd: expected the number of an open descriptor, got '99'\n",
      });
    },
  },
  {
    title: 'a container is stopped in waves: who depends on another one first',
    async attempt(tree) {
      const names = ['web', 'cache', 'db', 'disk'];
      for (const name of names) {
        noting(tree, name);
        // slow enough to show whether somebody waits
        tree.file(`${name}/finish`, `#!/bin/sh\nsleep 0.3\necho ${name} >>${join(tree.dir, 'ends')}\n`);
      }
      depends(tree, 'web', 'cache', 'db');
      depends(tree, 'cache', 'db');
      depends(tree, 'db', 'disk');
      tree.start('ours', undefined, '--subreaper', '-k', '60');
      await until('all to start', () => orderIn(tree).length === names.length);
      for (const name of names) await tree.is(name, 'ready');
      assert.equal(await tree.end('SIGTERM'), 0);
      assert.deepEqual(linesOf(join(tree.dir, 'ends')), names);
    },
  },
  {
    title: 'a stop in waves waits no longer than half of its time',
    async attempt(tree) {
      for (const name of ['web', 'db']) noting(tree, name);
      tree.file('web/run', '#!/bin/sh\ntrap "" TERM\necho web >>../../order\necho >&3\nwhile :; do sleep 1; done\n');
      depends(tree, 'web', 'db');
      tree.file('db/finish', `#!/bin/sh\ndate +%s%3N >${join(tree.dir, 'ends')}\n`);
      tree.start('ours', undefined, '--subreaper', '-k', '4');
      await until('both to start', () => orderIn(tree).length === 2);
      await tree.is('web', 'ready');
      const beganMs = Date.now();
      assert.equal(await tree.end('SIGTERM'), 0);
      const ms = Number(linesOf(join(tree.dir, 'ends'))[0]) - beganMs;
      assert.ok(ms >= 1900 && ms < 4000, `${ms} ms`);
    },
  },
  {
    title: 'services whose links go together are stopped in waves',
    async attempt(tree) {
      for (const name of ['web', 'db']) {
        noting(tree, name);
        tree.file(`${name}/finish`, `#!/bin/sh\nsleep 0.3\necho ${name} >>${join(tree.dir, 'ends')}\n`);
      }
      depends(tree, 'web', 'db');
      tree.start('ours');
      await tree.is('web', 'ready');
      await tree.succeeds('mkdir gone && mv service/web service/db gone/');
      await until('both to end', () => linesOf(join(tree.dir, 'ends')).length === 2);
      assert.deepEqual(linesOf(join(tree.dir, 'ends')), ['web', 'db']);
    },
  },
  ...GRAPH_CASES,
];
