// Servers that everybody runs, as services: nginx, php-fpm and PostgreSQL end without breaking off what they are at, and tell or
// are asked whether they are ready.
//
// Nothing is timed: clients take no more until a case lets them. Read next: packages.ts (where they come from), tree.ts.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { proc } from '../lib/proc.ts';
import type { Result } from '../lib/run.ts';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';
import { freePort } from './network.ts';
import { FOR_PACKAGES, unpackedWhole } from './packages.ts';
import { historyOf, isReady, replaceRunsv, runsvOf, stateOf } from './records.ts';
import type { Tree } from './tree.ts';

const ownText = (tree: Tree, path: string): string => {
  const whole = join(tree.dir, path);
  return existsSync(whole) ? readFileSync(whole, 'latin1') : '';
};

/** Its finish script writes with what ./run ended. */
const notingEnd = (tree: Tree, service: string): void =>
  tree.file(`${service}/finish`, `#!/bin/sh\necho ${service} "$1" "$2" >>${tree.dir}/ends\n`);

const ends = (tree: Tree): string => ownText(tree, 'ends');

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

// ---- nginx --------------------------------------------------------------------------------------------------------

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
/** More than the kernel keeps of a connection that nobody reads. */
const LARGE = 64 * 1024 * 1024;

interface Nginx {
  readonly port: number;
}

/** A service nginx, ready when it answers; `location` says what else it serves. */
const nginx = async (tree: Tree, location = ''): Promise<Nginx> => {
  const { setUp, find } = await unpackedWhole(['nginx-light']);
  const port = await freePort();
  chmodSync(tree.dir, 0o755);
  mkdirSync(join(tree.dir, 'www'));
  chmodSync(join(tree.dir, 'www'), 0o777);
  const conf = [
    ...['daemon off;', 'user root;', 'worker_processes 2;', `pid ${tree.dir}/nginx.pid;`, 'error_log stderr;'],
    ...['events {}', 'http {', 'access_log off;'],
    ...TEMPORARY.map((name) => `${name}_temp_path ${tree.dir}/${name};`),
    ...[`server { listen 127.0.0.1:${port}; root ${tree.dir}/www;`, 'location = /alive { return 204; }', location],
    '} }',
  ];
  writeFileSync(join(tree.dir, 'nginx.conf'), `${conf.join('\n')}\n`);
  const binary = find('usr/sbin/nginx');
  tree.file(
    'nginx/run',
    `#!/bin/sh\n${setUp}\nexec 2>>${tree.dir}/nginx.log\nexec ${binary} -e stderr -p ${tree.dir} -c ${tree.dir}/nginx.conf\n`,
  );
  tree.file('nginx/check', `#!/bin/sh\nexec svprobe http://127.0.0.1:${port}/alive\n`);
  tree.file('nginx/check-interval', '500\n');
  tree.file('nginx/down-signal', 'QUIT\n');
  notingEnd(tree, 'nginx');
  return { port };
};

/** curl takes the first byte of a large file, and the rest when there is a file `go`; its exit code is in `code`. */
const download = async (tree: Tree, port: number): Promise<void> => {
  await tree.succeeds(`truncate -s ${LARGE} www/large && mkfifo out`);
  await tree.shell(
    `{ curl -sS http://127.0.0.1:${port}/large >out; echo $? >code.new; mv code.new code; } </dev/null >/dev/null 2>&1 &
     { exec 3<out; dd bs=1 count=1 <&3; echo >begun; until test -e go; do sleep 0.05; done; wc -c <&3 >size.new; mv size.new size; } </dev/null >/dev/null 2>&1 &`,
  );
  await until('the first byte', () => existsSync(join(tree.dir, 'begun')));
};

/** Sends stop and comes back when the server takes no connection any more; what becomes of the stop. */
const beginStop = async (
  tree: Tree,
  port: number,
  words: readonly string[],
): Promise<{ readonly stopped: Promise<Result>; readonly isOver: () => boolean }> => {
  let isOver = false;
  const stopped = tree.sv('-w', '80', ...words).then((result) => {
    isOver = true;
    return result;
  });
  await until('the server to take nothing new', async () => !(await accepts(port)));
  return { stopped, isOver: () => isOver };
};

/** The signals that a runsv sends from now on, as strace sees them. */
const traceSignals = async (tree: Tree, pid: number): Promise<() => string> => {
  await tree.shell(
    `strace -qq -e trace=kill,pidfd_send_signal -o signals -p ${pid} </dev/null >/dev/null 2>strace.errors &`,
  );
  await until('strace to have attached', () => /^TracerPid:\s+[1-9]/m.test(proc(pid, 'status')));
  return () => (ownText(tree, 'signals').match(/SIG(?!CHLD)[A-Z]+/g) ?? []).join(' ');
};

// ---- PostgreSQL -----------------------------------------------------------------------------------------------------

/** The programs of the server, as the user nobody may reach them: below a mount of their own where they are not installed. */
const postgres = async (tree: Tree): Promise<(program: string) => string> => {
  const { setUp, root, find } = await unpackedWhole(['postgresql']);
  const bin = find('usr/lib/postgresql', /^\d+$/, 'bin');
  const place = join(tree.dir, 'root');
  mkdirSync(place);
  mkdirSync(join(tree.dir, 'pg'));
  await tree.succeeds('chmod 755 . && chown nobody pg');
  if (!bin.startsWith(root)) return (program) => `exec chpst -u nobody ${bin}/${program}`;
  const bind = `mount --bind ${root} ${place}`;
  return (program) =>
    `${setUp.replaceAll(root, place)}; exec unshare --mount sh -c '${bind} && exec chpst -u nobody ${bin.replace(root, place)}/${program} "$@"' sh`;
};

const database = async (tree: Tree): Promise<void> => {
  const of = await postgres(tree);
  const pg = join(tree.dir, 'pg');
  tree.file(
    'initdb/run',
    `#!/bin/sh\nexec >${tree.dir}/initdb.log 2>&1\n${of('initdb')} -D ${pg}/data -U nobody -A trust --no-sync --no-locale -E UTF8\n`,
  );
  tree.file('initdb/restart', 'on-failure\n');
  // not ready while it runs: done is
  tree.file('initdb/notification-fd', '3\n');
  tree.file('db/dependencies.d/initdb', '');
  tree.file(
    'db/run',
    `#!/bin/sh\nexec 2>>${tree.dir}/db.log\n${of('postgres')} -D ${pg}/data -k ${pg} -c listen_addresses= -c fsync=off\n`,
  );
  tree.file('db/check', `#!/bin/sh\n${of('pg_isready')} -q -h ${pg}\n`);
  tree.file('db/check-interval', '500\n');
  notingEnd(tree, 'db');
  // its session has no end of its own
  tree.file('client/down', '');
  tree.file('client/dependencies.d/db', '');
  tree.file(
    'client/run',
    `#!/bin/sh\nexec >>${tree.dir}/client.log 2>&1\n${of('psql')} -h ${pg} -d postgres -c 'select pg_sleep(100000)'\n`,
  );
  tree.file('sessions', `#!/bin/sh\n${of('psql')} -h ${pg} -d postgres -tAc "${SESSIONS}"\n`);
};

const SESSIONS = "select count(*) from pg_stat_activity where query like 'select pg_sleep(%' and state = 'active'";

const withSession = async (tree: Tree): Promise<void> => {
  const { code, text } = await tree.sv('-w', '80', 'once', 'client');
  assert.equal(code, 0, text);
  await until('its session', async () => (await tree.shell('service/sessions')).text === '1\n');
};

// ---- cases ----------------------------------------------------------------------------------------------------------

export const SERVER_CASES: readonly Case[] = [
  {
    title: 'nginx gets QUIT, then CONT, and ends when a slow download is whole; curl exits with 0',
    needs: [...FOR_PACKAGES, 'curl', 'strace'],
    async attempt(tree) {
      const { port } = await nginx(tree);
      tree.start('ours');
      await tree.is('nginx', 'ready');
      await download(tree, port);
      const signals = await traceSignals(tree, runsvOf(tree, 'nginx'));
      const { stopped, isOver } = await beginStop(tree, port, ['stop', 'nginx']);
      await tree.is('nginx', 'stopping');
      assert.ok(!isOver() && ends(tree) === '', 'it did not wait for the download');
      writeFileSync(join(tree.dir, 'go'), '');
      assert.match((await stopped).text, /^ok: down: nginx: \d+s, normally up\n$/);
      await until('curl to end', () => existsSync(join(tree.dir, 'code')) && existsSync(join(tree.dir, 'size')));
      assert.deepEqual([ownText(tree, 'code'), ownText(tree, 'size')], ['0\n', `${LARGE - 1}\n`]);
      assert.equal(ends(tree), 'nginx 0 0\n');
      assert.equal(signals(), 'SIGQUIT SIGCONT');
    },
  },
  {
    title:
      'nginx that waits for a download for ever is killed after timeout-kill, its workers too, and starts again at once',
    needs: [...FOR_PACKAGES, 'curl'],
    async attempt(tree) {
      const { port } = await nginx(tree);
      tree.file('nginx/timeout-kill', '1500\n');
      tree.file('nginx/flag-timeout-killpg', '');
      tree.start('ours');
      await tree.is('nginx', 'ready');
      await download(tree, port);
      const { code, text } = await tree.sv('-w', '80', 'restart', 'nginx');
      // its port is free: a worker that was left would hold it
      assert.deepEqual(
        [code, text.replace(/\d+/g, 'N')],
        [0, 'ok: run: nginx: (pid N) Ns\n'],
        ownText(tree, 'nginx.log'),
      );
      assert.equal(ends(tree), 'nginx -1 9\n');
      assert.ok(historyOf(tree, 'nginx').some(({ event, by }) => event === 'killed' && by === 'timeout-kill'));
      writeFileSync(join(tree.dir, 'go'), '');
      await until('curl to end', () => existsSync(join(tree.dir, 'code')));
      assert.notEqual(ownText(tree, 'code'), '0\n');
    },
  },
  {
    title:
      'php-fpm tells by sd_notify that it is ready; stop --dependents lets nginx finish a request of it, then itself',
    needs: [...FOR_PACKAGES, 'curl'],
    async attempt(tree) {
      const pass = `fastcgi_param SCRIPT_FILENAME ${tree.dir}/www/slow.php; fastcgi_param REQUEST_METHOD GET; fastcgi_pass unix:${tree.dir}/fpm.sock;`;
      const { port } = await nginx(tree, `location = /slow { ${pass} }`);
      tree.file('nginx/dependencies.d/fpm', '');
      const { setUp, find } = await unpackedWhole(['php-fpm']);
      writeFileSync(
        join(tree.dir, 'www/slow.php'),
        '<?php touch("asked"); while (!file_exists("go")) { clearstatcache(); usleep(20000); } echo "whole\\n";\n',
      );
      const conf = [
        ...['[global]', 'daemonize = no', 'error_log = /dev/stderr', 'process_control_timeout = 80s'],
        ...['[www]', 'user = www-data', 'group = www-data', `listen = ${tree.dir}/fpm.sock`],
        ...['pm = static', 'pm.max_children = 2', `chdir = ${tree.dir}/www`],
      ];
      writeFileSync(join(tree.dir, 'fpm.conf'), `${conf.join('\n')}\n`);
      const binary = find('usr/sbin', /^php-fpm[\d.]*$/);
      tree.file(
        'fpm/run',
        `#!/bin/sh\n${setUp}\nexec 2>>${tree.dir}/fpm.log\nexec ${binary} -n -y ${tree.dir}/fpm.conf\n`,
      );
      tree.file('fpm/notification-socket', '');
      tree.file('fpm/down-signal', 'SIGQUIT\n');
      notingEnd(tree, 'fpm');
      tree.start('ours');
      await isReady(tree, 'fpm');
      assert.deepEqual(
        [stateOf(tree, 'fpm')['by'], stateOf(tree, 'fpm')['text']],
        ['socket', 'Ready to handle connections'],
      );
      await tree.is('nginx', 'ready');
      const answer = tree.shell(`curl -sS --fail http://127.0.0.1:${port}/slow`);
      await until('the request', () => existsSync(join(tree.dir, 'www/asked')));
      const { stopped, isOver } = await beginStop(tree, port, ['--dependents', 'stop', 'fpm']);
      assert.ok(!isOver() && ends(tree) === '', 'they did not wait for the request');
      assert.equal((await tree.sv('status', 'fpm')).text.startsWith('run: fpm: '), true);
      writeFileSync(join(tree.dir, 'www/go'), '');
      assert.deepEqual(await answer, { code: 0, text: 'whole\n' });
      assert.equal((await stopped).code, 0);
      assert.equal(ends(tree), 'nginx 0 0\nfpm 0 0\n');
    },
  },
  {
    title: 'PostgreSQL is ready when pg_isready says so; INT ends it in spite of a session, for which TERM waits',
    needs: FOR_PACKAGES,
    async attempt(tree) {
      await database(tree);
      tree.start('ours');
      await tree.is('initdb', 'done');
      assert.match((await tree.sv('-w', '80', 'start', 'db')).text, /^ok: run: db: \(pid \d+\) \d+s\n$/);
      assert.equal(stateOf(tree, 'db')['by'], 'check');
      await withSession(tree);
      const late = await tree.sv('-w', '2', 'stop', 'db');
      assert.deepEqual([late.code, ends(tree)], [1, ''], late.text + ownText(tree, 'db.log'));
      await until('the smart shutdown', () => ownText(tree, 'db.log').includes('received smart shutdown request'));
      // the rest of that stop: as an administrator would
      await tree.succeeds('sv interrupt db');
      await tree.is('db', 'down');
      tree.file('db/down-signal', 'INT\n');
      await tree.succeeds('sv -w 80 start db');
      await withSession(tree);
      assert.match((await tree.sv('-w', '80', 'stop', 'db')).text, /^ok: down: db: \d+s, normally up\n$/);
      assert.match(ownText(tree, 'client.log'), /terminating connection due to administrator command/);
      assert.match(ownText(tree, 'db.log'), /database system is shut down\n$/);
      assert.equal(ends(tree), 'db 0 0\ndb 0 0\n');
    },
  },
  {
    title:
      'PostgreSQL of another user tells by sd_notify that it is ready, and is stopped by INT after kill -9 of its runsv',
    needs: [...FOR_PACKAGES, 'jq'],
    async attempt(tree) {
      await database(tree);
      await tree.succeeds('rm service/db/check service/db/check-interval');
      tree.file('db/notification-socket', '');
      tree.file('db/down-signal', 'INT\n');
      tree.start('ours');
      await tree.succeeds(`sv -w 80 start db && sv status --json db | jq -e '.[0] | .ready and .ready_by == "socket"'`);
      await withSession(tree);
      await replaceRunsv(tree, 'db');
      await tree.is('db', 'ready');
      await tree.succeeds('sv -w 80 stop db');
      assert.match(ownText(tree, 'db.log'), /received fast shutdown request/);
      assert.equal(ends(tree).startsWith('db '), true);
    },
  },
];
