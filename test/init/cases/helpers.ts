// What services are copied with: log-run, listening, sv-reset; and services of a user below the machine's own.
import { cpSync, mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { until } from '../../lib/wait.ts';
import { type Case, type Room, same, wants } from '../case.ts';
import { mustRun, run } from '../../lib/run.ts';
import { Booted } from '../namespaces.ts';
import { supervised } from '../scenario.ts';
import { makeApp, makeMine } from '../service.ts';

const listen = (server: Server, ...where: readonly [string] | readonly [number, string]): Promise<void> =>
  new Promise((resolve, reject) => {
    server.on('error', reject);
    if (where.length === 1) server.listen(where[0], resolve);
    else server.listen(where[0], where[1], resolve);
  });

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

async function opened(room: Room, ...where: readonly [string] | readonly [number, string]): Promise<Server> {
  const server = createServer();
  await listen(server, ...where);
  room.onEnd(() => new Promise((resolve) => server.close(resolve)));
  return server;
}

async function box(room: Room): Promise<Booted> {
  const root = join(room.dir, 'root');
  const words = [`--name=${room.name}`, `--path=${room.dir}`, `--rootfs=${root}`, '--kind=busybox'];
  await mustRun([join(room.roots.docker, 'lxc/lxc-runitbox'), ...words, `--service=${makeApp(room.dir)}`]);
  cpSync(join(room.roots.docker, 'init/user/runsvdir-user'), join(root, 'usr/bin/runsvdir-user'));
  return await Booted.init(room, root, '/sbin/init');
}

export const HELPERS: readonly Case[] = [
  {
    title: 'listening tells whether somebody listens at a port, an address or a socket, in every shell',
    async attempt(room) {
      const helper = join(room.roots.docker, 'init/helpers/listening');
      const port = portOf(await opened(room, 0, '127.0.0.1'));
      const everywhere = portOf(await opened(room, 0, '::'));
      const socket = join(room.dir, 'socket');
      await opened(room, socket);
      const gone = createServer();
      await listen(gone, 0, '127.0.0.1');
      const free = portOf(gone);
      await new Promise((resolve) => gone.close(resolve));
      const rows: readonly (readonly [string, number])[] = [
        [String(port), 0],
        [`127.0.0.1:${port}`, 0],
        [`127.0.0.2:${port}`, 1],
        [String(everywhere), 0],
        [`127.0.0.1:${everywhere}`, 0],
        [String(free), 1],
        [`127.0.0.1:${free}`, 1],
        [socket, 0],
        [`${socket}.not`, 1],
        ['0', 2],
        ['65536', 2],
        ['http', 2],
        ['1.2.3:80', 2],
        ['::1:80', 2],
        ['', 2],
      ];
      for (const shell of [['dash'], ['busybox', 'sh'], ['bash']]) {
        for (const [word, code] of rows) {
          same(`${shell.join(' ')}: listening ${word}`, (await run([...shell, helper, word])).code, code);
        }
      }
    },
  },
  {
    title:
      'sv-reset gives a service a fresh start: it ends in order, its supervise is made anew, its wishes are forgotten',
    async attempt(room) {
      const { guest } = await box(room);
      const before = await supervised(guest);
      await guest.run(
        'sv -w 30 down app; mkdir /etc/sv; mv /etc/service/app /etc/sv/; ln -s /etc/sv/app /etc/service/',
      );
      await guest.run('cd /etc/sv/app/supervise; echo damaged | tee status >old; /usr/lib/runitbox/sv-reset app');
      const after = await supervised(guest);
      if (after.runsv.pid === before.runsv.pid) throw new Error('the runsv is the old one');
      same('what was in supervise', (await guest.attempt('test -e /etc/sv/app/supervise/old')).code, 1);
      same('what is in the directory', (await guest.run('ls -A /etc/service')).trim(), 'app');
      const refused = await guest.attempt('/usr/lib/runitbox/sv-reset nothing ../app');
      same('exit code for two that are none', refused.code, 2);
      wants('what it says', refused.text, 'sv-reset: /etc/service/nothing: no such service\n');
    },
  },
  {
    title: "log-run writes as another user than root, to a directory of the service's name, or passes lines on",
    async attempt(room) {
      const { guest } = await box(room);
      const { logger } = await supervised(guest);
      wants('its user', await guest.run('ps -o user,args'), 'log      svlogd -tt /var/log/sv/app');
      wants('its directory', logger.args, '/var/log/sv/app');
      await guest.run(
        'mkdir -p /etc/sv/talks/log; cd /etc/sv/talks; ln -s /usr/lib/runitbox/log-run log/run; echo --stdout >log/options',
      );
      await guest.run(
        `printf '#!/bin/sh\\necho hello\\nexec sleep 3600\\n' >/etc/sv/talks/run; chmod +x /etc/sv/talks/run; ln -s /etc/sv/talks /etc/service/`,
      );
      await until(
        'a line on the console',
        () => guest.console().includes('talks: hello\n') || guest.read('dev/console').includes('hello'),
        60_000,
      );
    },
  },
  {
    title: "a user's services, supervised by that user's runsvdir below the machine's own, start and stop with it",
    async attempt(room) {
      const booted = await box(room);
      const { guest } = booted;
      await guest.run('echo ada:x:1000:1000::/home/ada:/bin/sh >>/etc/passwd; echo ada:x:1000: >>/etc/group');
      const home = join(guest.root, 'home/ada');
      makeMine(home);
      mkdirSync(join(guest.root, 'etc/sv/runsvdir-ada'), { recursive: true });
      cpSync(join(room.roots.docker, 'init/user/run'), join(guest.root, 'etc/sv/runsvdir-ada/run'));
      await guest.run('chown -R ada:ada /home/ada && ln -s /etc/sv/runsvdir-ada /etc/service/');
      const log = 'home/ada/.local/state/log/mine/current';
      await until(`the service; ${guest.describe()}`, () => guest.read(log).includes('started as ada\n'), 60_000);
      booted.signal('SIGUSR2');
      await booted.end();
      wants('the log', guest.read(log), 'got TERM\n');
      wants('the log', guest.read(log), 'finish 0\n');
    },
  },
  {
    title: 'the scripts are clean in the eyes of shellcheck',
    async attempt(room) {
      const list = await mustRun([
        'sh',
        '-c',
        `grep -rlE '^#!/bin/sh' ${room.roots.docker}/init ${room.roots.docker}/lxc`,
      ]);
      const found = await run(['shellcheck', '-s', 'sh', ...list.trim().split('\n')]);
      same(`shellcheck:\n${found.text}`, found.code, 0);
    },
  },
];
