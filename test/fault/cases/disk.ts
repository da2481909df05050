// The disk is full, or may not be written.
import assert from 'node:assert/strict';
import { chmodSync, closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { fault } from '../case.ts';
import { habit } from '../habits.ts';
import { isAlive } from '../../lib/proc.ts';
import { program, type Service } from '../service.ts';
import { kill, type World } from '../world.ts';

const NOBODY = 65534;

/** A service whose supervise lies on a file system of its own, of `options` size. */
const onItsOwn = (world: World, name: string, options: string): Service => {
  world.mount(`${world.dir}/sv/${name}`, 'tmpfs', options);
  return world.service(name);
};

const fillerOf = (service: Service): string => `${service.dir}/filler`;

/** Fills the file system to the last byte. */
export const fill = (service: Service): void => {
  const fd = openSync(fillerOf(service), 'w');
  try {
    for (;;) writeSync(fd, Buffer.alloc(512, 'x'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause;
  } finally {
    closeSync(fd);
  }
};

/** Takes the service through everything that changes its status; each change must be told. */
const goRound = async (world: World, service: Service): Promise<void> => {
  for (let round = 0; round < 3; round++) {
    const pid = await world.up(service);
    service.send('p');
    await world.reach(service, { paused: true, pid });
    service.send('c');
    await world.reach(service, { paused: false, pid });
    service.send('d');
    await world.reach(service, { state: 'down', pid: 0, want: 'd' });
    assert.equal(isAlive(pid), false);
    service.send('u');
    await world.up(service, pid);
  }
};

export const DISK = [
  fault(
    'a disk that fills up stops no change of status from being told',
    async (world) => {
      const service = onItsOwn(world, 'filled', 'size=64k').has('run', 'stays');
      const runsv = world.runsv(service);
      await world.up(service);
      fill(service);
      await goRound(world, service);
      assert.deepEqual(runsv.lines(), []);
    },
    'mount',
  ),

  fault(
    'a disk that fills up stops no change of status of a service that is killed and comes back',
    async (world) => {
      const service = onItsOwn(world, 'filled-killed', 'size=64k').has('run', 'stays');
      const runsv = world.runsv(service);
      let pid = await world.up(service);
      fill(service);
      for (let round = 0; round < 3; round++) {
        kill(pid, 'SIGKILL');
        pid = await world.up(service, pid);
      }
      // its exits go on record, in files that are new
      assert.deepEqual(runsv.lines(), [
        `runsv ${service.dir}: warning: unable to replace supervise/state.json: out of disk space`,
      ]);
    },
    'mount',
  ),

  fault(
    'a disk that fills up does not hide a finish script',
    async (world) => {
      const service = onItsOwn(world, 'filled-finish', 'size=64k').has('run', 'stays').has('finish', 'plain');
      const runsv = world.runsv(service);
      for (let round = 0; round < 3; round++) {
        const pid = await world.up(service);
        if (round === 0) fill(service);
        service.send('t');
        const finish = await world.reach(service, { state: 'finish' });
        assert.notEqual(finish.pid, pid);
        assert.equal(readFileSync(`${service.dir}/supervise/pid`, 'latin1'), `${finish.pid}\n`);
        service.send('k');
        await world.up(service, pid);
      }
      assert.deepEqual(runsv.lines(), []);
    },
    'mount',
  ),

  fault(
    'a disk that fills up does not hide the log service either',
    async (world) => {
      const service = onItsOwn(world, 'filled-log', 'size=64k').has('run', 'stays').has('log/run', 'stays', 'log');
      const runsv = world.runsv(service);
      await world.up(service);
      const log = await world.reach(service, { state: 'run' }, 'log/');
      fill(service);
      for (let round = 0; round < 2; round++) {
        service.send('d', 'log/');
        await world.reach(service, { state: 'down', pid: 0 }, 'log/');
        service.send('u', 'log/');
        const again = await world.reach(service, { state: 'run' }, 'log/');
        assert.notEqual(again.pid, log.pid);
      }
      assert.deepEqual(runsv.lines(), []);
    },
    'mount',
  ),

  fault(
    'on a disk that is full already, runsv says so, and tells the truth once there is room',
    async (world) => {
      const service = onItsOwn(world, 'full', 'size=64k').has('run', 'stays');
      fill(service);
      const runsv = world.runsv(service);
      await runsv.says(/: out of disk space$/);
      rmSync(fillerOf(service));
      const pid = await world.up(service);
      assert.equal(service.stat(), 'run\n');
      service.send('d');
      await world.reach(service, { state: 'down', pid: 0 });
      assert.equal(isAlive(pid), false);
    },
    'mount',
  ),

  fault(
    'a disk that is full already does not keep a service from starting',
    async (world) => {
      const service = onItsOwn(world, 'full-start', 'size=64k').has('run', 'stays');
      fill(service);
      world.runsv(service);
      await world.until('the service to start', () => service.count('start') > 0);
      assert.equal(service.count('double'), 0);
    },
    'mount',
  ),

  fault(
    'a file system without a free inode is told, and fills itself with a service once there is one',
    async (world) => {
      const service = onItsOwn(world, 'inodes', 'size=1m,nr_inodes=12').has('run', 'stays').isDown();
      let spare = 0;
      try {
        for (; spare < 20; spare++) closeSync(openSync(`${service.dir}/spare-${spare}`, 'w'));
      } catch {
        // none left
      }
      const first = world.runsv(service);
      assert.equal(await first.ended(), 'exit 111');
      assert.equal(first.lines().length, 1, first.lines().join('\n'));
      for (; spare > 0; spare--) {
        rmSync(`${service.dir}/spare-${spare - 1}`);
        const next = world.runsv(service);
        const ready = (): boolean => next.end() !== null || service.status() !== null || next.lines().length > 0;
        await world.until('runsv to start or end', ready, [service.dir, `${service.dir}/supervise`]);
        if (next.end() === null && service.status() !== null) return;
        assert.match(next.lines()[0] ?? '', /: (fatal|warning): .*: out of disk space$|: file does not exist$/);
        next.signal('SIGKILL');
        await next.ended();
      }
      assert.fail('inodes were freed, but it did not start');
    },
    'mount',
  ),

  fault(
    'runsv on a read-only file system ends with 111 and one line',
    async (world) => {
      const service = world.service('read-only').has('run', 'stays');
      world.bind(service.dir, `${world.dir}/ro`);
      world.remount(`${world.dir}/ro`, 'bind,ro');
      const runsv = world.start('runsv', [`${world.dir}/ro`]);
      assert.equal(await runsv.ended(), 'exit 111');
      assert.deepEqual(runsv.lines(), [
        `runsv ${world.dir}/ro: fatal: unable to make supervise: read-only file system: make it a link to a directory in /run`,
      ]);
      assert.equal(service.count('start'), 0);
    },
    'mount',
  ),

  fault(
    'runsv on a file system that was made read-only ends with 111 and one line',
    async (world) => {
      const service = onItsOwn(world, 'read-only-later', 'size=64k').has('run', 'stays');
      const first = world.runsv(service);
      await world.up(service);
      first.signal('SIGTERM');
      assert.equal(await first.ended(), 'exit 0');
      world.remount(service.dir, 'ro');
      const second = world.runsv(service);
      assert.equal(await second.ended(), 'exit 111');
      assert.deepEqual(second.lines(), [
        `runsv ${service.dir}: fatal: unable to open supervise/lock: read-only file system`,
      ]);
      assert.equal(service.count('start'), 1);
    },
    'mount',
  ),

  fault(
    'a supervise that may no longer be changed is warned of, commands go on, and the truth comes back',
    async (world) => {
      const service = world.service('turned').has('run', 'stays');
      world.giveTo(NOBODY, service.dir);
      const runsv = world.runsv(service, {
        wrap: ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'],
      });
      const pid = await world.up(service);
      chmodSync(`${service.dir}/supervise`, 0o500);
      service.send('d');
      await world.tells(service, 'term');
      await runsv.says(/warning: unable to replace .*: access denied$/);
      chmodSync(`${service.dir}/supervise`, 0o700);
      await world.reach(service, { state: 'down', pid: 0, want: 'd' });
      assert.equal(isAlive(pid), false);
      assert.ok(runsv.lines().length <= 4, runsv.lines().join('\n'));
    },
    'setpriv',
  ),

  fault('a spare file that something else left there is survived', async (world) => {
    const service = world.service('spares').has('run', 'stays').isDown();
    const first = world.runsv(service);
    await world.reach(service, { state: 'down' });
    first.signal('SIGTERM');
    await first.ended();
    program(`${service.dir}/supervise/status.new`, 'x'.repeat(5000));
    program(`${service.dir}/supervise/pid.new`, 'x'.repeat(5000));
    program(`${service.dir}/supervise/stat.new`, habit('ends', service.toldPath));
    const runsv = world.runsv(service);
    await world.supervised(service);
    service.send('u');
    const pid = await world.up(service);
    assert.equal(service.stat(), 'run\n');
    assert.equal(service.status()?.pid, pid);
    assert.deepEqual(runsv.lines(), []);
  }),
];
