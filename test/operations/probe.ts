// svprobe against servers that others wrote, and as the `check` of a service.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';
import { freePort, serverAt } from './network.ts';
import type { Tree } from './tree.ts';

const CGI = `#!/bin/sh
printf 'Status: %s\\r\\nLocation: /nowhere\\r\\n\\r\\n' "$QUERY_STRING"
`;

/** BusyBox's web server as a service, with a page and a program that answers the status it is asked for. */
const httpd = async (tree: Tree, host = '127.0.0.1'): Promise<string> => {
  const port = await freePort();
  mkdirSync(join(tree.dir, 'www/cgi-bin'), { recursive: true });
  writeFileSync(join(tree.dir, 'www/index.html'), 'hello\n');
  writeFileSync(join(tree.dir, 'www/cgi-bin/status'), CGI);
  chmodSync(join(tree.dir, 'www/cgi-bin/status'), 0o755);
  tree.service('web', `exec busybox httpd -f -p ${host}:${port} -h ${tree.dir}/www`);
  tree.start('ours');
  await tree.is('web', 'running');
  await until('the server', async () => (await tree.shell(`svprobe tcp:${host}:${port}`)).code === 0);
  return `${host}:${port}`;
};

const says = async (tree: Tree, words: string, code: number, text: string): Promise<void> =>
  assert.deepEqual(await tree.shell(`svprobe ${words}`), { code, text });

const withServer = async (server: Server, act: () => Promise<void>): Promise<void> => {
  try {
    await act();
  } finally {
    server.close();
  }
};

export const PROBE_CASES: readonly Case[] = [
  {
    title: 'svprobe takes a status from 200 to 399 of a web server for yes, and follows no redirect',
    needs: ['busybox'],
    async attempt(tree) {
      const at = await httpd(tree);
      await says(tree, `http://${at}/`, 0, '');
      await says(tree, `http://${at.replace('127.0.0.1', 'localhost')}`, 0, '');
      await says(tree, `http://${at}/none`, 1, `svprobe: http://${at}/none: status 404\n`);
      const page = `http://${at}/cgi-bin/status`;
      await says(tree, `'${page}?302'`, 0, '');
      await says(tree, `'${page}?503'`, 1, `svprobe: ${page}?503: status 503\n`);
    },
  },
  {
    title: 'svprobe reaches ::1',
    needs: ['busybox'],
    async attempt(tree) {
      const at = await httpd(tree, '[::1]');
      await says(tree, `http://${at}/index.html`, 0, '');
      await says(tree, `tcp:${at.replace('[::1]', 'localhost')}`, 0, '');
    },
  },
  {
    title: 'svprobe says no to a closed port at once, and in its time to a server that accepts and says nothing',
    async attempt(tree) {
      const closed = await freePort();
      await says(tree, `tcp:127.0.0.1:${closed}`, 1, `svprobe: tcp:127.0.0.1:${closed}: connection refused\n`);
      const { server, port } = await serverAt(() => {});
      await withServer(server, async () => {
        await says(tree, `tcp:127.0.0.1:${port}`, 0, '');
        const beganMs = performance.now();
        await says(tree, `-t 300 http://127.0.0.1:${port}/`, 1, `svprobe: http://127.0.0.1:${port}/: timed out\n`);
        assert.ok(performance.now() - beganMs >= 300);
      });
      const rude = await serverAt((socket) => void socket.end());
      await withServer(rude.server, async () => {
        const { code, text } = await tree.shell(`svprobe http://127.0.0.1:${rude.port}/`);
        assert.equal(code, 1);
        assert.match(text, /: (closed without a reply|connection reset|broken pipe)\n$/);
      });
      const mail = await serverAt((socket) => void socket.write('220 mail\r\n'));
      await withServer(mail.server, () =>
        says(tree, `http://127.0.0.1:${mail.port}/`, 1, `svprobe: http://127.0.0.1:${mail.port}/: no HTTP reply\n`),
      );
    },
  },
  {
    title: 'svprobe knows the socket of a server from that of a dead one, and a file that is there',
    async attempt(tree) {
      const path = join(tree.dir, 's');
      const { server } = await serverAt(() => {}, path);
      await withServer(server, () => says(tree, 'unix:s', 0, ''));
      await until('the end of the server', () => !existsSync(path));
      await says(tree, 'unix:s', 1, 'svprobe: unix:s: file does not exist\n');
      writeFileSync(path, '');
      await says(tree, 'unix:s', 1, 'svprobe: unix:s: connection refused\n');
      await says(tree, 'file:s', 0, '');
    },
  },
  {
    title: 'svprobe is the interpreter of a check, for our sv and for C runit',
    needs: ['busybox'],
    async attempt(tree) {
      const at = await httpd(tree);
      const check = (options: string): void =>
        tree.file('web/check', `#!${tree.dir}/svprobe ${options}http://${at}/cgi-bin/status?200\n`);
      const { text } = await tree.shell('readlink -f "$(command -v svprobe)"');
      symlinkSync(text.trim(), join(tree.dir, 'svprobe'));
      for (const options of ['', '-t 900 ']) {
        check(options);
        for (const sv of ['sv', '/usr/bin/sv']) assert.equal((await tree.shell(`${sv} check web`)).code, 0, sv);
      }
      writeFileSync(join(tree.dir, 'www/cgi-bin/status'), CGI.replace('%s', '500%s'));
      assert.equal((await tree.shell('sv -w 1 check web')).code, 1);
    },
  },
];
