// Containers that may little, or have company: no root, no room, an init in front, a PID namespace that others share.
import assert from 'node:assert/strict';
import { type Case, shown, type Stage } from '../case.ts';
import type { Container } from '../container.ts';
import { until } from '../wait.ts';
import { assertStoppedCleanly, STARTED, tested } from './life.ts';

const pidOf = async (stage: Stage, container: Container): Promise<number> =>
  Number(await stage.engine.inspect(container.name, '{{.State.Pid}}'));

const stillSupervised = async (stage: Stage, container: Container, first: number): Promise<void> => {
  assert.equal(await pidOf(stage, container), first, 'process 1 is who it was');
  assert.match(await container.exec('sv', 'status', 'app'), /^run: app: /);
  assert.equal(await container.stop(), 0);
};

const LOCKED = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:true'];

const nonroot = (what: string, options: readonly string[]): Case =>
  shown(`nonroot: ${what}`, async (stage) => {
    const container = await stage.run(options, 'example-nonroot');
    await container.line(/^app: hello from user \d+$/);
    await container.exec('sv', '-w', '20', 'check', 'app');
    const status = await container.exec('cat', '/proc/1/status');
    assert.match(status, /^CapEff:\s0000000000000000$/m);
    const service = await container.process(/^\/bin\/sh \.\/run$/);
    process.kill(service.pid, 'SIGKILL');
    await container.line(/^app: hello from user \d+$/, 2);
    await container.exec('sv', '-w', '20', 'check', 'app');
    if (options.includes('--read-only')) {
      const { code, text } = await stage.engine.tryDocker('exec', container.name, 'touch', '/etc/service/app/x');
      assert.notEqual(code, 0);
      assert.match(text, /Read-only file system/);
    }
    assert.equal(await container.stop(), 0);
    assert.equal(container.lines.at(-1), 'app: saying good-bye');
  });

const anyUser = String(20_000 + (process.pid % 20_000));

const memory = shown(
  'memory: a service that takes it all is killed and started again, the others and runsvdir are not',
  async (stage) => {
    const container = await tested(stage, 'alpine', '--memory', '64m', '--memory-swap', '64m', '--no-healthcheck');
    const first = await pidOf(stage, container);
    await container.exec('sv', 'up', 'eater');
    await container.line(/^eater finished with -1$/);
    await container.line(/^eater started \d+$/, 2);
    await container.exec('sv', 'down', 'eater');
    assert.equal(container.lines.filter((line) => STARTED.test(line)).length, 1, 'app was left alone');
    await stillSupervised(stage, container, first);
    assertStoppedCleanly(container.lines);
  },
);

const processes = shown(
  'pids: a service that ends while no process is left is started when there is one again',
  async (stage) => {
    const container = await tested(stage, 'alpine', '--pids-limit', '32', '--no-healthcheck');
    const first = await pidOf(stage, container);
    await container.exec('sv', 'once', 'filler');
    await container.line(/^filler full 1$/);
    const all = await container.processes();
    const app = all.find(
      (each) => each.parent === all.find(({ args }) => args === 'runsv app')?.pid && each.args === './run',
    );
    const filler = all.find((each) => each.parent === all.find(({ args }) => args === 'runsv filler')?.pid);
    assert.ok(app !== undefined && filler !== undefined);
    process.kill(app.pid, 'SIGKILL');
    process.kill(filler.pid, 'SIGTERM');
    await container.line(STARTED, 2);
    await until('all of filler to be gone', async () => (await container.processes()).length < 12);
    await stillSupervised(stage, container, first);
  },
);

const init = shown('--init: behind an init the container is supervised and stopped all the same', async (stage) => {
  const container = await tested(stage, 'alpine', '--init');
  const first = await pidOf(stage, container);
  const all = await container.processes();
  assert.match(all.find((each) => each.pid === first)?.args ?? '', /docker-init/);
  assert.equal(all.find((each) => each.args.startsWith('runsvdir'))?.parent, first);
  assert.equal(await container.stop(), 0);
  assertStoppedCleanly(container.lines);
});

const shared = shown(
  'a shared PID namespace: its own services are stopped cleanly, its neighbour is left alone',
  async (stage) => {
    const neighbour = await stage.run(
      ['--no-healthcheck', '--entrypoint', 'sh'],
      'tested:alpine',
      '-c',
      'sleep 900 & wait',
    );
    const container = await tested(stage, 'alpine', '--pid', `container:${neighbour.name}`);
    assert.equal((await container.exec('cat', '/proc/1/comm')).trim(), 'sh');
    assert.equal(await container.stop(), 0);
    assertStoppedCleanly(container.lines);
    assert.equal(await stage.engine.inspect(neighbour.name, '{{.State.Running}}'), 'true');
    assert.ok((await neighbour.processes()).some(({ args }) => args === 'sleep 900'));
  },
);

export const CONFINED: readonly Case[] = [
  nonroot('with a writable root, as it comes', []),
  nonroot(`a read-only root, user ${anyUser} and no capabilities`, [
    ...LOCKED,
    '-u',
    `${anyUser}:${anyUser}`,
    '--tmpfs',
    '/run',
  ]),
  nonroot('the same behind an init', [...LOCKED, '-u', `${anyUser}:${anyUser}`, '--tmpfs', '/run', '--init']),
  memory,
  processes,
  init,
  shared,
];
