// Containers from the template of docker/lxc, privileged and unprivileged.
import { proc } from '../../lib/proc.ts';
import { type Case, type Room, same, wants } from '../case.ts';
import type { Guest } from '../guest.ts';
import { Container, UID_BASE } from '../lxc.ts';
import {
  endedInOrder,
  find,
  type Life,
  lives,
  QUIET,
  replacesRunsv,
  restartsService,
  supervised,
} from '../scenario.ts';
import { makeApp } from '../service.ts';

/** As lxc-stop's own. */
const PATIENCE_S = 60;

const WAYS = [
  { way: 'privileged', mapped: false },
  { way: 'unprivileged', mapped: true },
] as const;

const uidOf = (pid: number): number => Number(/^Uid:\s+(\d+)/m.exec(proc(pid, 'status'))?.[1] ?? -1);

async function make(room: Room, mapped: boolean, ...words: readonly string[]): Promise<Container> {
  return await Container.make(room, mapped, [`--service=${makeApp(room.dir)}`, ...words]);
}

/** In a user namespace root is nobody outside, and app is that root's. */
async function isMapped(guest: Guest, mapped: boolean): Promise<void> {
  const { runsvdir, app } = await supervised(guest);
  const uid = mapped ? UID_BASE : 0;
  same('users outside', [uidOf(guest.pid), uidOf(runsvdir.pid), uidOf(app.pid)], [uid, uid, uid]);
}

async function attaches(container: Container): Promise<void> {
  wants('sv by lxc-attach', await container.attach('/usr/bin/sv', 'status', 'app'), 'run: app: (pid ');
}

async function stopped(container: Container, ...lived: readonly Life[]): Promise<void> {
  await container.stop(PATIENCE_S);
  endedInOrder(container.root, ...lived);
}

const busybox = ({ way, mapped }: (typeof WAYS)[number]): Case => ({
  title: `LXC, ${way}: BusyBox's inittab respawns runsvdir-start, whose services outlive a kill -9 of runsvdir`,
  async attempt(room) {
    const container = await make(room, mapped);
    const guest = await container.start();
    await isMapped(guest, mapped);
    await attaches(container);
    const life = await lives(guest);
    await stopped(container, life);
  },
});

const first = ({ way, mapped }: (typeof WAYS)[number]): Case => ({
  title: `LXC, ${way}: runsvdir is process 1 and stops its services for lxc-stop`,
  async attempt(room) {
    const container = await make(room, mapped, '--kind=runsvdir');
    const guest = await container.start();
    await isMapped(guest, mapped);
    same('process 1', (await supervised(guest)).runsvdir.pid, guest.pid);
    await attaches(container);
    await restartsService(guest);
    await replacesRunsv(guest);
    await stopped(container, { kills: 1, takenOver: true });
  },
});

const runit = ({ way, mapped }: (typeof WAYS)[number]): Case => ({
  title: `LXC, ${way}: runit is process 1; a reboot stops the services and starts them again, lxc-stop stops them`,
  async attempt(room) {
    const container = await make(room, mapped, '--kind=runit');
    const guest = await container.start();
    await isMapped(guest, mapped);
    same('process 1', find(guest, 'runit')[0]?.pid, guest.pid);
    const life = await lives(guest);
    const again = await container.reboot(guest);
    await supervised(again);
    await stopped(container, life, QUIET);
  },
});

const alpine = ({ way, mapped }: (typeof WAYS)[number]): Case => ({
  title: `LXC, ${way}: Alpine's layout (a stand-in for its root): OpenRC starts runsvdir, ours are in place of applets`,
  from: 'openrc',
  async attempt(room) {
    const container = await make(room, mapped, '--kind=alpine', `--base=${await room.roots.alpineLike()}`);
    const guest = await container.start();
    await isMapped(guest, mapped);
    same('what sv is', (await container.attach('/bin/readlink', '/usr/bin/sv')).trim(), '/usr/bin/runitbox');
    wants('the service', await guest.run('rc-service runsvdir status'), 'started');
    const life = await lives(guest);
    await stopped(container, life);
  },
});

export const LXC: readonly Case[] = [busybox, first, runit, alpine].flatMap((kind) => WAYS.map(kind));
