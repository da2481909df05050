// The systemd units of docker/init, under systemd as process 1 of a systemd-nspawn container.
import { chownSync, cpSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../lib/wait.ts';
import { type Case, type Room, same, wants } from '../case.ts';
import { mustRun } from '../../lib/run.ts';
import type { Guest } from '../guest.ts';
import { Booted } from '../namespaces.ts';
import { endedInOrder, lives, QUIET, restartsService, supervised } from '../scenario.ts';
import { makeApp, makeMine } from '../service.ts';

const UNIT = 'runsvdir.service';

async function machineRoot(room: Room): Promise<string> {
  const root = await room.roots.debian('systemd', join(room.dir, 'root'));
  cpSync(makeApp(room.dir), join(root, 'etc/service/app'), { recursive: true, verbatimSymlinks: true });
  cpSync(join(room.roots.docker, 'init/systemd', UNIT), join(root, 'etc/systemd/system', UNIT));
  await mustRun(['systemctl', `--root=${root}`, 'enable', UNIT]);
  return root;
}

export async function bootSystemd(room: Room, root: string): Promise<Booted> {
  const words = ['systemd-nspawn', '--quiet', '--register=no', '--keep-unit', '--private-network'];
  const name = [`--machine=${room.name}`, '-D', root, '--boot'];
  const booted = await Booted.start(room, [...words, ...name], root, /^(\S*\/)?(systemd|init)( |$)/);
  const settled = 'systemctl is-system-running 2>&1 | grep -qE "running|degraded"';
  await booted.guest.run(`for i in $(seq 300); do ${settled} && exit; sleep 0.1; done; exit 1`);
  return booted;
}

const show = async (guest: Guest, ...properties: readonly string[]): Promise<string> =>
  (await guest.run(`systemctl show ${UNIT} ${properties.map((name) => `-p ${name}`).join(' ')} --value`)).trim();

async function powersOff(booted: Booted): Promise<void> {
  await booted.guest.attempt('systemctl poweroff');
  same('the end', await booted.end(), 0);
}

/** A user whose services are started at boot, without a login. */
async function addUser(root: string): Promise<string> {
  await mustRun(['chroot', root, '/usr/sbin/useradd', '--create-home', '--shell', '/bin/sh', 'ada']);
  mkdirSync(join(root, 'var/lib/systemd/linger'), { recursive: true });
  writeFileSync(join(root, 'var/lib/systemd/linger/ada'), '');
  return join(root, 'home/ada');
}

function give(path: string, uid: number, gid: number): void {
  chownSync(path, uid, gid);
  for (const name of readdirSync(path, { withFileTypes: true })) {
    const below = join(path, name.name);
    if (name.isDirectory()) give(below, uid, gid);
    else if (!name.isSymbolicLink()) chownSync(below, uid, gid);
  }
}

async function enableForUser(room: Room, home: string): Promise<void> {
  const units = join(home, '.config/systemd/user');
  mkdirSync(join(units, 'default.target.wants'), { recursive: true });
  cpSync(join(room.roots.docker, 'init/user', UNIT), join(units, UNIT));
  symlinkSync(`../${UNIT}`, join(units, 'default.target.wants', UNIT));
  makeMine(home);
  const { uid, gid } = statSync(home);
  give(home, uid, gid);
}

export const SYSTEMD: readonly Case[] = [
  {
    title: 'systemd: the unit starts at boot and outlives a kill -9 of runsvdir; poweroff stops the services',
    from: 'systemd',
    async attempt(room) {
      const root = await machineRoot(room);
      const booted = await bootSystemd(room, root);
      const life = await lives(booted.guest);
      same('restarts', await show(booted.guest, 'NRestarts'), '1');
      await powersOff(booted);
      endedInOrder(root, life);
    },
  },
  {
    title:
      'systemd: stop returns when every service has ended, HUP and 111 count as success, reload looks at the directory',
    from: 'systemd',
    async attempt(room) {
      const root = await machineRoot(room);
      const { guest } = await bootSystemd(room, root);
      const before = await supervised(guest);
      await guest.run('systemctl stop runsvdir');
      endedInOrder(root, QUIET);
      same(
        'processes left',
        guest.processes().filter(({ name }) => /^(runsv|svlogd)/.test(name)),
        [],
      );
      same('the result', await show(guest, 'Result'), 'success');
      await guest.run('systemctl start runsvdir');
      const { runsvdir } = await supervised(guest);
      if (runsvdir.pid === before.runsvdir.pid) throw new Error('the same process');
      await guest.run('rm -f /etc/service/.forced-rescan; systemctl reload runsvdir');
      await guest.run('for i in $(seq 100); do test -e /etc/service/.forced-rescan && exit; sleep 0.1; done; exit 1');
      process.kill(runsvdir.pid, 'SIGHUP');
      await until('the end of runsvdir', () => guest.processes().every(({ pid }) => pid !== runsvdir.pid), 60_000);
      await supervised(guest);
      wants('the journal', await guest.run('journalctl -u runsvdir --no-pager'), 'Deactivated successfully');
    },
  },
  {
    title: 'systemd: services that were taken over after a kill -9 are stopped by `systemctl stop`, too',
    from: 'systemd',
    async attempt(room) {
      const root = await machineRoot(room);
      const { guest } = await bootSystemd(room, root);
      await restartsService(guest);
      const { runsvdir } = await supervised(guest);
      process.kill(runsvdir.pid, 'SIGKILL');
      await until('the next runsvdir', () =>
        guest.processes().some((next) => next.name === 'runsvdir' && next.pid !== runsvdir.pid),
      );
      await guest.run('systemctl stop runsvdir');
      // its runsv has seen its end
      endedInOrder(root, { kills: 1, takenOver: false });
      same(
        'processes left',
        guest.processes().filter(({ name }) => /^(runsv|svlogd)/.test(name)),
        [],
      );
    },
  },
  {
    title: "systemd --user: a user's services start with the machine, in XDG directories, and stop with it",
    from: 'systemd',
    async attempt(room) {
      const root = await room.roots.debian('systemd', join(room.dir, 'root'));
      const home = await addUser(root);
      await enableForUser(room, home);
      const booted = await bootSystemd(room, root);
      const log = 'home/ada/.local/state/log/mine/current';
      await until('the service of the user', () => booted.guest.read(log).includes('started as ada'), 60_000);
      const ask = 'SVDIR=/home/ada/.config/service chpst -u ada sv status mine';
      wants('sv as the user', await booted.guest.run(ask), 'run: mine: ');
      await powersOff(booted);
      wants('the log', booted.guest.read(log), 'got TERM\n');
      wants('the log', booted.guest.read(log), 'finish 0\n');
    },
  },
];
