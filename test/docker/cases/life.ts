// The life of a container, for each kind of image: what runs in it, its health, crashes, and docker stop.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Case, shown, type Stage } from '../case.ts';
import type { Container } from '../container.ts';
import { KINDS, type Kind } from '../images.ts';
import { until } from '../wait.ts';

export const STARTED = /^app: app started \d+$/;
const OTHER = /^other started \d+$/;
/** How many lines a service of the test writes after TERM. */
const LAST_WORDS = 2000;

export const tested = async (stage: Stage, kind: Kind, ...options: readonly string[]): Promise<Container> => {
  const container = await stage.run(options, `tested:${kind}`);
  await container.line(STARTED);
  await container.line(OTHER);
  return container;
};

/** Everything that the services had to say in their last moments is there, in order, and once. */
export const assertStoppedCleanly = (lines: readonly string[], how: 'whole' | 'taken over' = 'whole'): void => {
  for (const prefix of ['app: app', 'other']) {
    const own = lines.filter((line) => line.startsWith(`${prefix} `));
    const lastWords = own.filter((line) => line.startsWith(`${prefix} puts away `));
    assert.equal(lastWords.length, LAST_WORDS, `${prefix}: ${lastWords.length} lines`);
    for (const [at, line] of lastWords.entries()) assert.equal(line, `${prefix} puts away ${at + 1}`);
    assert.equal(own.at(-1), `${prefix} finished with ${prefix === 'other' || how === 'whole' ? 0 : -1}`);
  }
  if (how === 'taken over') return; // which is warned of
  assert.deepEqual(
    lines.filter((line) => /KILL|kill|warning|fatal/.test(line)),
    [],
  );
};

/** Gives the container a file; it may have no program that could write one. */
const breakOrMend = async (stage: Stage, container: Container, text: string): Promise<void> => {
  const file = join(stage.work, `broken-${container.name}`);
  writeFileSync(file, text);
  await stage.engine.docker('cp', file, `${container.name}:/etc/broken`);
};

const tree = (kind: Kind): Case =>
  shown(
    `${kind}: runsvdir is process 1, below it a runsv for each service, below that service and log`,
    async (stage) => {
      const container = await tested(stage, kind);
      const first = Number(await stage.engine.inspect(container.name, '{{.State.Pid}}'));
      const processes = await container.processes();
      const under = (parent: number): readonly string[] =>
        processes
          .filter((each) => each.parent === parent)
          .map((each) => each.args)
          .sort();
      const pidOf = (args: string): number => processes.find((each) => each.args === args)?.pid ?? -1;
      assert.equal(processes.find((each) => each.pid === first)?.args, 'runsvdir -P --subreaper /etc/service');
      assert.deepEqual(under(first), ['runsv app', 'runsv eater', 'runsv filler', 'runsv other']);
      assert.deepEqual(under(pidOf('runsv app')), ['./run', 'svlogd --stdout']);
      assert.deepEqual(under(pidOf('runsv other')), ['./run']);
      assert.deepEqual(under(pidOf('runsv eater')), []);
    },
  );

const health = (kind: Kind): Case =>
  shown(`${kind}: healthy while ./check says so, unhealthy when not, and healthy again`, async (stage) => {
    const container = await tested(stage, kind);
    await container.becomes('healthy');
    await breakOrMend(stage, container, 'yes');
    await container.becomes('unhealthy');
    await breakOrMend(stage, container, '');
    await container.becomes('healthy');
  });

const crash = (kind: Kind): Case =>
  shown(
    `${kind}: a service that is killed with -9 is started again, a runsv is replaced and the service kept`,
    async (stage) => {
      const container = await tested(stage, kind);
      const runsv = await container.process(/^runsv app$/);
      const service = (await container.processes()).find(
        ({ args, parent }) => args === './run' && parent === runsv.pid,
      );
      assert.ok(service);
      process.kill(service.pid, 'SIGKILL');
      await container.line(STARTED, 2);
      await container.line(/^app: app finished with -1$/);
      process.kill(runsv.pid, 'SIGKILL');
      await until('another runsv', async () =>
        (await container.processes()).some(({ args, pid }) => args === 'runsv app' && pid !== runsv.pid),
      );
      await container.exec('sv', '-w', '10', 'check', 'app');
      assert.equal(container.lines.filter((line) => STARTED.test(line)).length, 2, 'the service was not started again');
      assert.equal(await container.stop(), 0);
      // who took a process over is not its parent, and is not told its exit code
      assertStoppedCleanly(container.lines, 'taken over');
    },
  );

const stop = (kind: Kind): Case =>
  shown(
    `${kind}: docker stop ends in time with exit code 0, every service finished, every line in the log`,
    async (stage) => {
      const container = await tested(stage, kind);
      assert.equal(await container.stop(), 0);
      assertStoppedCleanly(container.lines);
    },
  );

const NEEDS_A_SECOND = ['-e', 'NEEDS_MS=1000'];

const slow = shown('debian: docker stop waits for services that need a second to clean up', async (stage) => {
  const container = await tested(stage, 'debian', ...NEEDS_A_SECOND);
  assert.equal(await container.stop(), 0);
  assertStoppedCleanly(container.lines);
});

const slowInC = shown("debian: C runit's runsvdir in its place lets none of them clean up", async (stage) => {
  const programs = ['runsvdir', 'runsv'].flatMap((name) => ['-v', `/usr/bin/${name}:/c/${name}:ro`]);
  const asC = ['-e', 'PATH=/c:/usr/local/bin:/usr/bin:/bin', '--entrypoint', '/c/runsvdir'];
  const container = await stage.run(
    [...NEEDS_A_SECOND, ...programs, ...asC],
    'tested:debian',
    ...['-P', '/etc/service'],
  );
  await container.line(STARTED);
  await container.line(OTHER);
  await container.stop();
  assert.deepEqual(
    container.lines.filter((line) => /puts away|finished/.test(line)),
    [],
  );
});

export const LIFE: readonly Case[] = [
  ...KINDS.flatMap((kind) => [tree(kind), health(kind), crash(kind), stop(kind)]),
  slow,
  slowInC,
];
