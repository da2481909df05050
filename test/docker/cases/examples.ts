// docker/examples, as people will run them.
import assert from 'node:assert/strict';
import { type Case, shown } from '../case.ts';
import { until } from '../wait.ts';

const ASK = `exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET /index.php HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;

export const EXAMPLES: readonly Case[] = [
  shown('web: nginx and php-fpm answer, come back when killed, and take leave in order', async (stage) => {
    const container = await stage.run([], 'example-web');
    await container.exec('sv', '-w', '30', 'check', 'nginx', 'php-fpm');
    assert.match(await container.exec('bash', '-c', ASK), /^HTTP\/1\.1 200 OK\r\n[\s\S]*php 8 says hello\n$/);
    await container.line(/^nginx: .* "GET \/index\.php HTTP\/1\.0" 200 /);
    for (const master of [/^nginx: master/, /^php-fpm: master/]) {
      const { pid } = await container.process(master);
      process.kill(pid, 'SIGKILL');
      await until('another one', async () => (await container.process(master)).pid !== pid);
    }
    await container.exec('sv', '-w', '30', 'check', 'nginx', 'php-fpm');
    await container.becomes('healthy');
    assert.equal(await container.stop(), 0);
    assert.match(container.lines.filter((line) => line.startsWith('php-fpm')).at(-1) ?? '', /exiting, bye-bye!$/);
  }),
  shown('cron: a job has run within two minutes, and when the application is over the container is', async (stage) => {
    const container = await stage.run([], 'example-cron');
    await container.line(/^app: hello$/);
    const look = ['exec', container.name, 'cat', '/run/tidied'];
    await until('the job', async () => /tidied at/.test((await stage.engine.tryDocker(...look)).text), 125_000);
    process.kill((await container.process(/usr\/local\/bin\/app$/)).pid, 'SIGKILL');
    await container.line(/^app: hello$/, 2);
    process.kill((await container.process(/usr\/local\/bin\/app$/)).pid, 'SIGTERM');
    assert.equal(await container.code(), 0);
    assert.ok(container.lines.includes('app: saying good-bye'));
  }),
  shown(
    "command: the container ends when the command does, with its exit code and the services' last words",
    async (stage) => {
      const done = await stage.run([], 'example-command');
      assert.equal(await done.code(), 0);
      assert.deepEqual(done.lines, ['cache filled', 'the work is done', 'cache put away']);
      const failed = await stage.run(
        [],
        'example-command',
        'sh',
        '-c',
        'until test -e /run/cache.ready; do sleep 1; done; exit 3',
      );
      assert.equal(await failed.code(), 3);
      assert.equal(failed.lines.at(-1), 'cache put away');
    },
  ),
  shown('command: docker stop ends the command first, then the services', async (stage) => {
    const script = 'trap "echo command ends; exit 0" TERM; echo ready; while :; do sleep 1 & wait $!; done';
    const container = await stage.run([], 'example-command', 'sh', '-c', script);
    await container.line(/^ready$/);
    await container.line(/^cache filled$/);
    assert.equal(await container.stop(), 0);
    assert.deepEqual(container.lines.slice(-2), ['command ends', 'cache put away']);
  }),
];
