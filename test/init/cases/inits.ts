// The entries of docker/init under the inits they are for: BusyBox's, sysvinit and OpenRC in namespaces of their own.
import { appendFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Case, type Room, same, wants } from '../case.ts';
import { mustRun } from '../../lib/run.ts';
import { Booted } from '../namespaces.ts';
import { endedInOrder, lives, QUIET, supervised } from '../scenario.ts';
import { makeApp } from '../service.ts';

/** How the kernel tells of reboot(2) in a PID namespace. */
export const POWERED_OFF = 130;
const REBOOTED = 129;

/** The root of the template, without LXC. */
export async function busyboxRoot(room: Room, kind: string): Promise<string> {
  const root = join(room.dir, 'root');
  const words = [`--name=${room.name}`, `--path=${room.dir}`, `--rootfs=${root}`, `--kind=${kind}`];
  await mustRun([join(room.roots.docker, 'lxc/lxc-runitbox'), ...words, `--service=${makeApp(room.dir)}`]);
  return root;
}

const entry = (room: Room, name: string): string => join(room.roots.docker, 'init', name);

/** Debian's scripts for disks and clocks: in namespaces they would reach those of the machine that tests. */
const FOR_MACHINES =
  /hwclock|checkroot|checkfs|mountall|umountroot|umountfs|mountdevsubfs|brightness|procps|modules|urandom/;

/** They do nothing, and keep their place in the order in which scripts are run. */
export function withoutMachine(root: string): void {
  const dir = join(root, 'etc/init.d');
  for (const name of readdirSync(dir).filter((script) => FOR_MACHINES.test(script))) {
    const text = readFileSync(join(dir, name), 'latin1');
    writeFileSync(join(dir, name), text.replace('\n', '\nexit 0\n'));
  }
}

/** The machine's terminals are not there. */
export function withoutTerminals(inittab: string): void {
  const kept = readFileSync(inittab, 'latin1').split('\n');
  writeFileSync(inittab, kept.filter((line) => !/getty|sulogin|powerfail/.test(line)).join('\n'));
}

async function sysvinitRoot(room: Room): Promise<string> {
  const root = await room.roots.debian('sysvinit', join(room.dir, 'root'));
  cpSync(makeApp(room.dir), join(root, 'etc/service/app'), { recursive: true, verbatimSymlinks: true });
  withoutMachine(root);
  withoutTerminals(join(root, 'etc/inittab'));
  appendFileSync(join(root, 'etc/inittab'), readFileSync(entry(room, 'sysvinit/inittab.add')));
  cpSync(entry(room, 'sysvinit/runsvdir'), join(root, 'etc/init.d/runsvdir'));
  await mustRun(['chroot', root, '/usr/sbin/update-rc.d', 'runsvdir', 'defaults']);
  return root;
}

/** K links run in their order: after sendsigs there would be nothing left to stop. */
function stopsBeforeKill(root: string): void {
  const links = readdirSync(join(root, 'etc/rc0.d')).sort();
  const at = (name: string) => links.findIndex((link) => link.endsWith(name));
  if (at('runsvdir') < 0 || at('runsvdir') > at('sendsigs')) throw new Error(`order in rc0.d: ${links.join(' ')}`);
}

const sysvinit = (level: '0' | '6', end: number, title: string): Case => ({
  title,
  from: 'sysvinit',
  async attempt(room) {
    const root = await sysvinitRoot(room);
    stopsBeforeKill(root);
    const booted = await Booted.init(room, root, '/sbin/init');
    const life = await lives(booted.guest);
    await booted.guest.run(`telinit ${level}`);
    same('the end', await booted.end(), end);
    endedInOrder(root, life);
  },
});

async function openrcRoot(room: Room): Promise<string> {
  const root = await room.roots.debian('openrc', join(room.dir, 'root'));
  cpSync(makeApp(room.dir), join(root, 'etc/service/app'), { recursive: true, verbatimSymlinks: true });
  withoutMachine(root);
  withoutTerminals(join(root, 'etc/inittab'));
  cpSync(entry(room, 'openrc/runsvdir'), join(root, 'etc/init.d/runsvdir'));
  await mustRun(['chroot', root, '/usr/sbin/rc-update', 'add', 'runsvdir', 'default']);
  return root;
}

export const INITS: readonly Case[] = [
  {
    title:
      'BusyBox init: its inittab starts runsvdir at boot, again after a kill -9, and stops the services at poweroff',
    async attempt(room) {
      const root = await busyboxRoot(room, 'busybox');
      cpSync(entry(room, 'busybox/inittab'), join(root, 'etc/inittab'));
      const booted = await Booted.init(room, root, '/sbin/init');
      const life = await lives(booted.guest);
      booted.signal('SIGUSR2');
      same('the end', await booted.end(), POWERED_OFF);
      endedInOrder(root, life);
    },
  },
  {
    title: 'runit: stage 2 is runsvdir-start, and stage 3 stops the services before a reboot',
    async attempt(room) {
      const root = await busyboxRoot(room, 'runit');
      cpSync(entry(room, 'runit/2'), join(root, 'etc/runit/2'));
      const booted = await Booted.init(room, root, '/sbin/init');
      const { runsvdir } = await supervised(booted.guest);
      same('the parent of runsvdir', runsvdir.parent, booted.guest.pid);
      await booted.guest.run('runit-init 6');
      same('the end', await booted.end(), REBOOTED);
      endedInOrder(root, QUIET);
    },
  },
  sysvinit(
    '0',
    POWERED_OFF,
    "sysvinit: a line in inittab starts runsvdir, again after a kill -9; rc0.d's hook stops the services",
  ),
  sysvinit(
    '6',
    REBOOTED,
    "sysvinit: rc6.d's hook stops the services though runsvdir still runs, and none is started again",
  ),
  {
    title: 'OpenRC: the script starts runsvdir at boot, supervises it, reloads it, and stops the services at shutdown',
    from: 'openrc',
    async attempt(room) {
      const root = await openrcRoot(room);
      const booted = await Booted.init(room, root, '/sbin/init');
      const life = await lives(booted.guest);
      wants('the script', await booted.guest.run('rc-service runsvdir status'), 'started');
      await booted.guest.run(
        'rm -f /etc/service/.forced-rescan; rc-service runsvdir reload; sleep 1; test -e /etc/service/.forced-rescan',
      );
      await booted.guest.run('telinit 0');
      same('the end', await booted.end(), POWERED_OFF);
      endedInOrder(root, life);
    },
  },
  {
    title: 'OpenRC: `rc-service runsvdir stop` returns when every service has ended, and restart starts them again',
    from: 'openrc',
    async attempt(room) {
      const root = await openrcRoot(room);
      const booted = await Booted.init(room, root, '/sbin/init');
      await supervised(booted.guest);
      await booted.guest.run('rc-service runsvdir stop');
      endedInOrder(root, QUIET);
      same(
        'what is left',
        booted.guest.processes().filter(({ name }) => /^(runsv|svlogd)/.test(name)),
        [],
      );
      await booted.guest.run('rc-service runsvdir start');
      await supervised(booted.guest);
      await booted.guest.run('rc-service runsvdir restart');
      await supervised(booted.guest);
    },
  },
];
