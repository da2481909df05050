// docker/examples, as people will run them.
import assert from 'node:assert/strict';
import { type Case, shown } from '../case.ts';
import { until } from '../wait.ts';

/** Of a table of sv: the word in the second column for a service. */
const stateIn = (table: string, service: string): string | undefined =>
  table
    .split('\n')
    .find((line) => line.startsWith(`${service} `))
    ?.split(/ +/)[1];

const ASK = `exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET /index.php HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;

export const EXAMPLES: readonly Case[] = [
  shown(
    'stack: all are ready in the order of their dependencies, one in a crash loop is told, and docker stop goes the other way',
    async (stage) => {
      // more time than docker stop gives otherwise: in the second half of it, all are told
      const words = ['-P', '--subreaper', '-k', '58', '/etc/service'];
      const container = await stage.run(['--entrypoint', 'runsvdir'], 'example-stack', ...words);
      const all = ['db', 'migrate', 'web@1', 'web@2', 'nginx'];
      await container.exec('sv', '-w', '100', 'start', 'nginx');
      const table = await container.exec('sv', 'list');
      assert.deepEqual(
        all.map((service) => stateIn(table, service)),
        ['ready', 'done', 'ready', 'ready', 'ready'],
        table,
      );
      const begun = await Promise.all(
        ['db', 'web@1', 'web@2', 'nginx'].map(async (service) => {
          const status = JSON.parse(await container.exec('sv', 'status', '--json', service)) as {
            ready_since: string;
          }[];
          return status[0]?.ready_since ?? '';
        }),
      );
      assert.ok(begun.at(-1) === [...begun].sort().at(-1) && begun[0] === [...begun].sort()[0], begun.join(' '));
      const ask = (): Promise<string> => container.exec('busybox', 'wget', '-qO-', 'http://127.0.0.1:8080/');
      const asked = [await ask(), await ask()];
      assert.deepEqual(asked.map((line) => line.replace(/: [12] hits\n$/, '')).sort(), ['web@1', 'web@2']);

      await container.exec('redis-cli', 'set', 'schema', '2');
      await container.exec('sh', '-c', 'sv -w 1 restart web@2 || true');
      await container.line(/^web@2: the data is of another version$/, 2);
      await until('the crash loop in the table', async () =>
        /^web@2 +(backoff|failed) .* exit 1, /m.test(await container.exec('sv', 'list', 'web@2')),
      );
      assert.match(
        await container.exec('sv', 'why', 'web@2'),
        /^web@2: .*\n(.*\n)*.*ended after .* exit code 1, unexpected\n/,
      );
      assert.match(await ask(), /^web@1: 3 hits\n$/);
      await container.exec('sv', '-w', '100', 'wait', 'failed', 'web@2');
      assert.match(
        await container.exec('sv', 'why', 'web@2'),
        /^web@2: failed for .*: exit code 1, 5 failures in a row\n/,
      );
      await container.exec('redis-cli', 'set', 'schema', '3');
      await container.exec('sv', '-w', '100', 'start', 'web@2');
      await container.becomes('healthy');

      assert.equal(await container.stop(60), 0);
      const finished = container.lines.flatMap((line) => /^(.*): finished$/.exec(line)?.[1] ?? []).slice(-4);
      assert.deepEqual(
        [finished[0], [...finished.slice(1, 3)].sort(), finished[3]],
        ['nginx', ['web@1', 'web@2'], 'db'],
      );
      assert.ok(container.lines.some((line) => /Redis is now ready to exit/.test(line)));
    },
  ),
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
