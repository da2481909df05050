// `sv metrics` as its readers meet it: promtool, prometheus, node_exporter, curl, and clients that mean no good.
//
// Read next: network.ts, tree.ts.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';
import { Client, freePort } from './network.ts';
import type { Tree } from './tree.ts';

const curl = 'curl --silent --max-time 20';

/** A tree with web and a service that serves its metrics: the address, once it does. */
const serving = async (tree: Tree): Promise<{ port: number; at: string }> => {
  const port = await freePort();
  tree.service('web', 'exec sleep 1000');
  tree.service('metrics', `exec sv metrics --listen 127.0.0.1:${port}`);
  tree.start('ours');
  await tree.is('web', 'running');
  const at = `http://127.0.0.1:${port}`;
  await until('the server', async () => (await tree.shell(`${curl} ${at}/-/healthy`)).text === 'OK\n');
  return { port, at };
};

const statusOf = async (tree: Tree, words: string): Promise<string> =>
  (await tree.shell(`${curl} --output /dev/null --write-out '%{http_code}' ${words}`)).text;

const METRICS = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';
const MOST_CONNECTIONS = 16;

const isServed = async (tree: Tree, at: string): Promise<void> =>
  assert.match((await tree.shell(`${curl} ${at}/metrics`)).text, /^runit_service_up\{service="web"\} 1$/m);

const pidOf = (tree: Tree): string => readFileSync(join(tree.scan, 'metrics/supervise/pid'), 'utf8');

/** Starts a line in the background, and waits until its condition holds. */
const inBackground = async (tree: Tree, line: string, begun: () => Promise<boolean>): Promise<void> => {
  await tree.shell(`${line} >background 2>&1 </dev/null & echo $! >background.pid`);
  await until(line, begun);
};

export const METRICS_CASES: readonly Case[] = [
  {
    title: 'metrics --listen is scraped by prometheus',
    needs: ['prometheus', 'promtool', 'curl', 'jq'],
    async attempt(tree) {
      const { port, at } = await serving(tree);
      const own = await freePort();
      const config = `{global: {scrape_interval: 1s}, scrape_configs: [{job_name: runit, static_configs: [{targets: ['127.0.0.1:${port}']}]}]}`;
      writeFileSync(join(tree.dir, 'prometheus.yml'), config);
      assert.equal((await tree.shell(`${curl} ${at}/metrics | promtool check metrics`)).code, 0);
      const options = `--config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address=127.0.0.1:${own}`;
      const query = `${curl} --get http://127.0.0.1:${own}/api/v1/query --data-urlencode 'query=runit_service_up{service="web"}'`;
      await inBackground(tree, `prometheus ${options}`, async () => {
        const { text } = await tree.shell(`${query} | jq -r '.data.result[0].value[1]'`);
        return text === '1\n';
      });
    },
  },
  {
    title:
      'metrics --output --every is what the textfile collector of node_exporter reads, beside its own runit collector',
    needs: ['prometheus-node-exporter', 'curl'],
    async attempt(tree) {
      tree.service('web', 'exec sleep 1000');
      tree.service(
        'metrics',
        `mkdir -p ${tree.dir}/text; exec sv metrics --output ${tree.dir}/text/runit.prom --every 1`,
      );
      tree.start('ours');
      await tree.is('web', 'running');
      const port = await freePort();
      const options = [
        '--collector.disable-defaults --collector.textfile --collector.textfile.directory=text',
        `--collector.runit --collector.runit.servicedir=${tree.scan} --web.listen-address=127.0.0.1:${port}`,
      ];
      const got = async (): Promise<string> => (await tree.shell(`${curl} http://127.0.0.1:${port}/metrics`)).text;
      await inBackground(tree, `prometheus-node-exporter ${options.join(' ')}`, async () =>
        (await got()).includes('runit_service_up{service="web"} 1'),
      );
      assert.match(await got(), /^node_service_state\{service="web",supervisor="runit"\} 1$/m);
      assert.equal((await tree.sv('down', 'web')).code, 0);
      await until('the next time', async () => (await got()).includes('runit_service_up{service="web"} 0'));
    },
  },
  {
    title: 'metrics --listen answers curl: 200, 404, 405, 400, and nothing to HEAD but the head',
    needs: ['curl'],
    async attempt(tree) {
      const { port, at } = await serving(tree);
      const { text } = await tree.shell(`${curl} --head ${at}/metrics`);
      assert.match(text, /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/plain; version=0\.0\.4; charset=utf-8\r\n/);
      assert.equal(await statusOf(tree, `${at}/metrics?x=1`), '200');
      assert.equal(await statusOf(tree, `--http1.0 ${at}/metrics`), '200');
      for (const path of ['', '/', '/metrics/', '/../etc/passwd', '/-/']) {
        assert.equal(await statusOf(tree, `--path-as-is ${at}${path}`), '404', path);
      }
      assert.equal(await statusOf(tree, `--request DELETE ${at}/metrics`), '405');
      assert.equal(await statusOf(tree, `--data x=1 ${at}/-/healthy`), '405');
      assert.equal(await statusOf(tree, `--header "X: $(printf %05000d 0)" ${at}/metrics`), '400');
      assert.match(await (await Client.to(port)).send('\x16\x03\x01\x02').rest(), /^HTTP\/1\.1 400 /);
      assert.match(await (await Client.to(port)).send('x'.repeat(100_000)).rest(), /^HTTP\/1\.1 400 /);
    },
  },
  {
    title: 'clients that are silent, slow, or go away hold nobody up, and do not end metrics --listen',
    needs: ['curl'],
    async attempt(tree) {
      const { port, at } = await serving(tree);
      const pid = pidOf(tree);
      const silent = [];
      for (let count = 0; count < MOST_CONNECTIONS; count++) silent.push(await Client.to(port));
      await isServed(tree, at);
      assert.equal(await silent[0]?.rest(), '', 'the oldest has made room');
      const beganMs = performance.now();
      const slow = (await Client.to(port)).send('GET /metrics HTT');
      await isServed(tree, at);
      assert.equal(await slow.rest(), '', 'a request has its time');
      assert.ok(performance.now() - beganMs >= 4900);
      for (let count = 0; count < 2 * MOST_CONNECTIONS; count++) (await Client.to(port)).send(METRICS).leave();
      for (let count = 0; count < MOST_CONNECTIONS; count++) (await Client.to(port)).pause().send(METRICS);
      await isServed(tree, at);
      for (const client of silent) client.leave();
      assert.equal(pidOf(tree), pid);
    },
  },
  {
    title: 'metrics --listen ends with 0 at TERM, and says in one line that an address is in use',
    async attempt(tree) {
      const { port } = await serving(tree);
      assert.deepEqual(await tree.sv('metrics', '--listen', `127.0.0.1:${port}`), {
        code: 1,
        text: `sv: unable to listen on 127.0.0.1:${port}: address already in use\n`,
      });
      for (const signal of ['TERM', 'INT']) {
        const { text } = await tree.shell(
          `timeout --signal ${signal} --preserve-status 1 sv metrics --listen '[::1]:${await freePort()}'; echo $?`,
        );
        assert.equal(text, '0\n');
      }
      assert.deepEqual(await tree.sv('metrics', '--listen', ':9101'), {
        code: 100,
        text: "sv: --listen: expected an address such as 127.0.0.1:9101, [::1]:9101 or unix:/run/metrics.sock, got ':9101'\n",
      });
      assert.equal((await tree.sv('metrics', '--every', '5')).text, 'sv: --every: expected --output with it\n');
    },
  },
  {
    title: 'metrics --listen unix: replaces the socket of a dead server, and nothing else',
    needs: ['curl'],
    async attempt(tree) {
      const listen = 'sv metrics --listen unix:m.sock';
      const answers = async (): Promise<boolean> =>
        (await tree.shell(`${curl} --unix-socket m.sock http://x/-/healthy`)).text === 'OK\n';
      await inBackground(tree, listen, answers);
      assert.equal(statSync(join(tree.dir, 'm.sock')).mode & 0o777, 0o660);
      assert.deepEqual(await tree.shell(listen), {
        code: 1,
        text: 'sv: unable to listen on unix:m.sock: address already in use\n',
      });
      assert.ok(await answers());
      await tree.shell('kill -9 $(cat background.pid)');
      await until('the end of the server', async () => !(await answers()));
      await inBackground(tree, listen, answers);
      await tree.shell('kill $(cat background.pid)');
      await until('its path to be gone', async () => (await tree.shell('ls')).text.includes('m.sock') === false);
      for (const make of ['echo kept >m.sock', 'mkdir m.sock', 'mkfifo m.sock', 'ln -s nowhere m.sock']) {
        const { text } = await tree.shell(`${make}; ${listen} 2>&1; ls -d m.sock; rm -r m.sock; ls`);
        assert.match(text, /^sv: unable to listen on unix:m\.sock: file exists and is not a socket\nm\.sock\n/);
        assert.doesNotMatch(text, /m\.sock\.\d/);
      }
    },
  },
];
