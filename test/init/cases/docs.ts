// What the pages say is to be done under each init and with LXC, carried out to the letter: on systems where nothing of ours is.
//
// Read next: ../../docs/pages.ts (where the commands come from), ../scenario.ts.
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocksIn } from '../../docs/pages.ts';
import { copyCheckout } from '../../docs/place.ts';
import { type Case, type Room, same } from '../case.ts';
import { mustRun, run } from '../../lib/run.ts';
import { Booted } from '../namespaces.ts';
import type { Debian } from '../roots.ts';
import { endedInOrder, QUIET, supervised } from '../scenario.ts';
import { makeApp } from '../service.ts';
import { busyboxRoot, POWERED_OFF, withoutMachine, withoutTerminals } from './inits.ts';
import { bootSystemd } from './systemd.ts';

const PAGE = 'docker/init/README.md';

const textIn = (place: string, page: string): string => {
  const blocks = blocksIn(place).get(page) ?? [];
  if (blocks.length === 0) throw new Error(`${page}: expected commands for ${place}, found none`);
  return blocks.map(({ text }) => text).join('');
};

/**
 * OpenRC has booted, and takes the next script that is added for new: it does not know one that is added while it starts the
 * default runlevel, or in the second in which it made its cache of dependencies, and then ends it with everything that is left.
 */
const OPENRC_READY = `
until [ "$(cat /run/openrc/softlevel)" = default ] && [ ! -e /run/openrc/rc.starting ] && [ -e /run/openrc/deptree ] &&
  [ $(date +%s) -gt $(($(stat -c %Y /run/openrc/deptree) + 1)) ]
do sleep 0.1
done`;

/** Runs what the page says for this init, and gives it a service; then the system is to go down in order. */
async function followed(room: Room, booted: Booted, root: string, init: string): Promise<void> {
  copyCheckout(join(root, 'src'));
  if (init === 'openrc') await booted.guest.run(OPENRC_READY);
  for (const place of ['init', init]) await booted.guest.run(`set -e; cd /src\n${textIn(place, PAGE)}`);
  cpSync(makeApp(join(room.dir, 'own')), join(root, 'etc/service/app'), { recursive: true, verbatimSymlinks: true });
  await supervised(booted.guest);
}

/** Nothing is left of what the template has put into it. */
async function bareBusybox(room: Room): Promise<string> {
  const root = await busyboxRoot(room, 'busybox');
  const places = await mustRun([room.roots.binary, '--list-full']);
  const ours = ['usr/bin/runitbox', 'sbin/runsvdir-start', 'sbin/runsvdir-stop', 'usr/lib/runitbox', 'etc/service'];
  for (const path of [...places.trim().split('\n'), ...ours])
    rmSync(join(root, path), { recursive: true, force: true });
  writeFileSync(join(root, 'etc/inittab'), '::sysinit:/bin/true\n');
  return root;
}

async function bareDebian(room: Room, init: Debian): Promise<string> {
  const root = await room.roots.bare(init, join(room.dir, 'root'));
  withoutMachine(root);
  withoutTerminals(join(root, 'etc/inittab'));
  return root;
}

const under = (init: 'busybox' | 'sysvinit' | 'openrc', makeRoot: (room: Room) => Promise<string>): Case => ({
  title: `${PAGE}: the commands for ${init} install it on a running system`,
  ...(init === 'busybox' ? {} : { from: init }),
  async attempt(room) {
    const root = await makeRoot(room);
    const booted = await Booted.init(room, root, '/sbin/init');
    await followed(room, booted, root, init);
    if (init === 'busybox') booted.signal('SIGUSR2');
    else await booted.guest.run('telinit 0');
    same('the end', await booted.end(), POWERED_OFF);
    endedInOrder(root, QUIET);
  },
});

const SYSTEMD: Case = {
  title: `${PAGE}: the commands for systemd install it on a running system`,
  from: 'systemd',
  async attempt(room) {
    const root = await room.roots.bare('systemd', join(room.dir, 'root'));
    const booted = await bootSystemd(room, root);
    await followed(room, booted, root, 'systemd');
    await booted.guest.attempt('systemctl poweroff');
    same('the end', await booted.end(), 0);
    endedInOrder(root, QUIET);
  },
};

const ALPINE = 'alpine-minirootfs-3.22.0-x86_64.tar.gz';
const LXC_PAGE = 'docker/lxc/README.md';

const LXC: Case = {
  title: `${LXC_PAGE}: its session, and that of an unprivileged Alpine, run as they are written`,
  from: 'openrc',
  async attempt(room) {
    const dir = join(room.dir, 'checkout');
    copyCheckout(dir);
    await mustRun(['sh', '-ec', `gzip -1 < ${await room.roots.alpineLike()} > ${join(dir, ALPINE)}`]);
    mkdirSync('/var/lib/lxc', { recursive: true });
    // in the suite's own mount namespace
    await mustRun(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/var/lib/lxc']);
    room.onEnd(async () => {
      for (const name of readdirSync('/var/lib/lxc')) await run(['lxc-destroy', '-f', '-n', name]);
      await run(['umount', '-l', '/var/lib/lxc']);
    });
    chmodSync(room.dir, 0o755);
    // who types the next line gives the container that much time to boot
    const booted =
      'until lxc-attach -n web --clear-env -- /bin/sh -c "test -p /etc/service/web/supervise/ok"; do sleep 0.1; done';
    const text = textIn('lxc', LXC_PAGE).replaceAll(/^lxc-start .*$/gm, `$&\n${booted}`);
    await mustRun(['sh', '-ec', `cd "$0"\n${text}`, dir]);
    // it boots meanwhile; the command's own deadline bounds this
    const runs = 'lxc-attach -n web --clear-env -- /usr/sbin/rc-service runsvdir status';
    await mustRun(['sh', '-ec', `lxc-start -n web; until ${runs}; do sleep 0.2; done`]);
    await mustRun(['sh', '-ec', 'lxc-stop -n web && lxc-destroy -n web']);
  },
};

export const DOCS: readonly Case[] = [
  LXC,
  SYSTEMD,
  under('busybox', bareBusybox),
  under('sysvinit', (room) => bareDebian(room, 'sysvinit')),
  under('openrc', (room) => bareDebian(room, 'openrc')),
];
