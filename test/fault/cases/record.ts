// The record in supervise/lock names a process: it must be the right one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { fault } from '../case.ts';
import { childrenOf, contain } from '../container.ts';
import { isAlive, startedMs } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import { sleep, ended } from '../../lib/wait.ts';
import { kill, type World } from '../world.ts';
import { fill } from './disk.ts';

const BOOT = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();

const MOMENT = (ms: number): string => String(ms).padStart(14, '0');
/** Stands in a record for the directory that it lies in. */
const HERE = 'HERE';

/** A record of a start within 20 ms of `ms`. */
const recordOf = (phase: string, boot: string, ms: number, pid: number, directory = HERE): string =>
  `${phase.padEnd(6)} ${boot} ${directory} ${MOMENT(ms - 20)} ${MOMENT(ms + 20)} ${String(pid).padStart(10, '0')}\n`;

const directoryOf = ({ dir }: Service): string => {
  const { dev, ino } = statSync(dir);
  return `${dev}:${ino}`;
};

/** A process of this test's own that has nothing to do with any service. */
const stranger = (): { readonly pid: number; readonly end: () => void } => {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  return { pid: child.pid ?? 0, end: () => void child.kill('SIGKILL') };
};

/** A service that was supervised before, so that supervise/ is there, with a record of our making. */
const withRecord = (world: World, name: string, record: string): Service => {
  const service = world.service(name).has('run', 'stays');
  service.has('supervise/lock', { text: record.replace(HERE, directoryOf(service)) });
  return service;
};

/** Holds that the record is not believed: the service starts, and the stranger is left alone. */
const notBelieved = async (world: World, name: string, record: string, pid: number): Promise<void> => {
  const service = withRecord(world, name, record);
  const runsv = world.runsv(service);
  await world.until(`${name}: a start of its own`, () => service.count('start') === 1);
  const { pid: own } = await world.reach(service, { state: 'run' });
  assert.notEqual(own, pid);
  runsv.signal('SIGTERM');
  assert.equal(await runsv.ended(), 'exit 0');
  assert.equal(isAlive(pid), true, 'the stranger lives');
};

const NOBODY = 65534;

export const RECORD = [
  fault('a record of our own that names this directory and a living process is believed', async (world) => {
    const other = stranger();
    const service = withRecord(world, 'believed', recordOf('run', BOOT, startedMs(other.pid), other.pid));
    const runsv = world.runsv(service);
    await runsv.says(/taking over \.\/run, still running as process \d+$/);
    await world.reach(service, { state: 'run', pid: other.pid });
    service.send('k');
    await world.up(service, other.pid);
  }),

  fault('a record that a user has written, or moved here, is not believed', async (world) => {
    const other = stranger();
    const ms = startedMs(other.pid);
    try {
      const elsewhere = directoryOf(world.service('elsewhere'));
      await notBelieved(world, 'moved', recordOf('run', BOOT, ms, other.pid, elsewhere), other.pid);
      const forged = withRecord(world, 'forged', recordOf('run', BOOT, ms, other.pid));
      const lock = `${forged.dir}/supervise/lock`;
      chownSync(lock, NOBODY, NOBODY);
      chownSync(`${forged.dir}/supervise`, NOBODY, NOBODY);
      const linked = withRecord(world, 'linked', recordOf('run', BOOT, ms, other.pid));
      linkSync(`${linked.dir}/supervise/lock`, `${linked.dir}/again`);
      for (const service of [forged, linked]) {
        const runsv = world.runsv(service);
        const pid = await world.up(service);
        service.send('k');
        await world.up(service, pid);
        assert.deepEqual(runsv.lines(), []);
        const { uid, nlink } = lstatSync(`${service.dir}/supervise/lock`);
        assert.deepEqual([uid, nlink], [0, 1], 'a lock of our own');
      }
      assert.equal(isAlive(other.pid), true, 'the stranger lives');
    } finally {
      other.end();
    }
  }),

  fault(
    'a lock that is given away while runsv runs is replaced at the next start, and keeps others out',
    async (world) => {
      const service = world.service('given').has('run', 'stays');
      const first = world.runsv(service);
      const pid = await world.up(service);
      const lock = `${service.dir}/supervise/lock`;
      chownSync(lock, NOBODY, NOBODY);
      const before = lstatSync(lock).ino;
      const refusedOnce = world.runsv(service);
      assert.equal(await refusedOnce.ended(), 'exit 111');
      service.send('k');
      const next = await world.up(service, pid);
      const { uid, ino } = lstatSync(lock);
      assert.equal(uid, 0);
      assert.notEqual(ino, before);
      const second = world.runsv(service);
      assert.equal(await second.ended(), 'exit 111');
      assert.match(second.lines().join(), new RegExp(`already supervised by process ${first.pid}$`));
      first.signal('SIGKILL');
      await first.ended();
      const third = world.runsv(service);
      await third.says(/taking over/);
      await world.reach(service, { state: 'run', pid: next });
      assert.equal(service.count('start'), 2);
    },
  ),

  fault(
    'a service whose supervise was given away after its start is taken over where the kernel vouches for it',
    async (world) => {
      const service = world.service('vouched', 'scan').has('run', 'stays');
      await sleep(1100);
      const container = contain(world, { foreign: true });
      await world.until('a start', () => service.count('start') === 1);
      for (const name of ['lock', 'status', 'stat', 'pid'])
        chownSync(`${service.dir}/supervise/${name}`, NOBODY, NOBODY);
      const runsv = childrenOf(container.first)[0] ?? 0;
      kill(runsv, 'SIGKILL');
      await container.running.says(/taking over \.\/run/);
      await world.supervised(service);
      assert.equal(service.count('start'), 1);
    },
    'unshare',
  ),

  fault(
    'what was published is never written again, not even on a full disk',
    async (world) => {
      for (const full of [false, true]) {
        const place = `sv/published-${full}`;
        world.mount(`${world.dir}/${place}`, 'tmpfs', 'size=64k');
        const service = world.service(`published-${full}`).has('run', 'stays');
        world.runsv(service);
        await world.up(service);
        if (full) fill(service);
        for (let round = 0; round < 4; round++) {
          const names = ['status', 'stat', 'pid'].map((name) => `${service.dir}/supervise/${name}`);
          const held = names.map((path) => ({ fd: openSync(path, 'r'), text: readFileSync(path, 'latin1') }));
          for (const letter of ['p', 'c', 'p', 'c']) {
            service.send(letter);
            await world.reach(service, { paused: letter === 'p' }, '', 8000);
          }
          for (const { fd, text } of held) {
            const buffer = Buffer.alloc(100);
            assert.equal(buffer.toString('latin1', 0, readSync(fd, buffer, 0, 100, 0)), text);
            closeSync(fd);
          }
        }
      }
    },
    'mount',
  ),

  fault('a record that names a process older or much younger than itself is not believed', async (world) => {
    const other = stranger();
    try {
      const ms = startedMs(other.pid);
      await notBelieved(world, 'older', recordOf('run', BOOT, ms + 60_000, other.pid), other.pid);
      await notBelieved(world, 'younger', recordOf('run', BOOT, ms - 60_000, other.pid), other.pid);
      await notBelieved(world, 'this', recordOf('finish', BOOT, ms + 500, process.pid), process.pid);
    } finally {
      other.end();
    }
  }),

  fault(
    'a record that names a process started a few seconds after it is not believed: a pid was used again',
    async (world) => {
      const other = stranger();
      try {
        const ms = startedMs(other.pid);
        await notBelieved(world, 'reused-5s', recordOf('run', BOOT, ms - 5_000, other.pid), other.pid);
        await notBelieved(world, 'reused-1s', recordOf('run', BOOT, ms - 1_000, other.pid), other.pid);
      } finally {
        other.end();
      }
    },
  ),

  fault('a record of another boot, a damaged one, and one of nobody are not believed', async (world) => {
    const other = stranger();
    try {
      const ms = startedMs(other.pid);
      const good = recordOf('run', BOOT, ms, other.pid);
      const records: Readonly<Record<string, string>> = {
        'other-boot': recordOf('run', '00000000-0000-0000-0000-000000000000', ms, other.pid),
        'no-boot': recordOf('run', '-', ms, other.pid),
        cut: good.slice(0, -3),
        garbage: '\0\xff'.repeat(64),
        'other-phase': good.replace('run ', 'ran '),
        'pid-one': recordOf('run', BOOT, 20, 1),
        negative: good.replace(/\d{10}\n/, '-000000001\n'),
        endless: 'x'.repeat(100_000),
      };
      for (const [name, record] of Object.entries(records)) await notBelieved(world, name, record, other.pid);
    } finally {
      other.end();
    }
  }),

  fault('a process that has ended, even unreaped, is not taken over', async (world) => {
    const service = world.service('ended').has('run', 'stays');
    const first = world.runsv(service);
    const pid = await world.up(service);
    first.signal('SIGKILL');
    await first.ended();
    kill(pid, 'SIGKILL');
    await ended(pid, 'the service');
    const second = world.runsv(service);
    await world.up(service, pid);
    assert.deepEqual(second.lines(), []);
  }),

  fault(
    'a container started again at once adopts none of its own new processes by their old numbers',
    async (world) => {
      const services = ['a', 'b', 'c', 'd'].map((name) =>
        world.service(name, 'scan').has('run', 'stays').has('log/run', 'stays', 'log'),
      );
      await sleep(1100);
      for (let round = 1; round <= 4; round++) {
        const container = world.start('runsvdir', [world.scan], {
          wrap: ['unshare', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'],
          foreign: true,
        });
        const begun = services.map((service) => service.count('start'));
        const allUp = (): boolean => services.every((service, n) => service.count('start') >= (begun[n] ?? 0) + 2);
        await world.until(
          `all services to start in round ${round} (${container.lines().join(' | ')})`,
          allUp,
          [],
          6000,
        );
        assert.deepEqual(
          container.lines().filter((line) => /taking over/.test(line)),
          [],
        );
        container.signal('SIGKILL');
        await container.ended();
      }
    },
    'unshare',
  ),

  fault('a lock file that cannot hold a record is written over, not trusted', async (world) => {
    const service = world.service('rewritten').has('run', 'stays');
    const first = world.runsv(service);
    const pid = await world.up(service);
    writeFileSync(`${service.dir}/supervise/lock`, '');
    first.signal('SIGKILL');
    await first.ended();
    world.runsv(service);
    await world.until('a start', () => service.count('start') === 2 || service.count('double') === 1);
    kill(pid, 'SIGKILL');
  }),
];
