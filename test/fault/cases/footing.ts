// After much has happened, a supervisor is as it was: descriptors, memory.
import assert from 'node:assert/strict';
import { symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { fault } from '../case.ts';
import { descriptorsOf, privateKb } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import type { World } from '../world.ts';

const SLACK_KB = 32;

/** Everything that runsv does but restarts, `rounds` times; each round is waited for. */
const exercise = async (world: World, service: Service, rounds: number): Promise<void> => {
  const begun = service.count('USR1');
  for (let round = 1; round <= rounds; round++) {
    service.send('pc12haiqz');
    await world.tells(service, 'USR1', begun + round);
  }
};

const restart = async (world: World, service: Service, times: number): Promise<void> => {
  for (let n = 0; n < times; n++) {
    const pid = service.status()?.pid ?? 0;
    service.send('k');
    await world.up(service, pid);
  }
};

export const FOOTING = [
  fault(
    '2,000 commands, their scripts and restarts leave runsv with the descriptors and memory it had',
    async (world) => {
      const service = world
        .service('worn')
        .has('run', 'listens')
        .has('control/h', 'allows', 'script')
        .has('finish', 'ends', 'finish');
      service.has('log/run', { text: '#!/bin/sh\nexec cat >/dev/null\n' });
      const runsv = world.runsv(service);
      await world.up(service);
      await exercise(world, service, 50);
      await restart(world, service, 2);
      const [files, kb] = [descriptorsOf(runsv.pid), privateKb(runsv.pid)];
      await exercise(world, service, 250);
      await restart(world, service, 5);
      await exercise(world, service, 10);
      assert.deepEqual(descriptorsOf(runsv.pid).length, files.length);
      const grown = privateKb(runsv.pid) - kb;
      assert.ok(grown <= SLACK_KB, `grew by ${grown} kB from ${kb} kB`);
    },
  ),

  fault(
    'ten starts of a service that can report readiness leave runsv with the descriptors and memory it had',
    async (world) => {
      const service = world.service('reports').has('run', 'stays');
      writeFileSync(`${service.dir}/notification-fd`, '3\n');
      writeFileSync(`${service.dir}/notification-socket`, '');
      const runsv = world.runsv(service);
      await world.up(service);
      await restart(world, service, 3);
      const [files, kb] = [descriptorsOf(runsv.pid), privateKb(runsv.pid)];
      await restart(world, service, 10);
      assert.deepEqual(descriptorsOf(runsv.pid).length, files.length);
      const grown = privateKb(runsv.pid) - kb;
      assert.ok(grown <= SLACK_KB, `grew by ${grown} kB from ${kb} kB`);
    },
  ),

  fault('100 services that come and go leave runsvdir with the descriptors and memory it had', async (world) => {
    const service = world.service('guest').has('run', 'stays');
    const runsvdir = world.runsvdir();
    const visit = async (times: number): Promise<void> => {
      for (let n = 0; n < times; n++) {
        symlinkSync(service.dir, `${world.scan}/guest`);
        const pid = await world.up(service);
        unlinkSync(`${world.scan}/guest`);
        await world.reach(service, { state: 'down', pid: 0 });
        assert.ok(pid > 0);
      }
    };
    await visit(15);
    const [files, kb] = [descriptorsOf(runsvdir.pid), privateKb(runsvdir.pid)];
    await visit(85);
    assert.deepEqual(descriptorsOf(runsvdir.pid).length, files.length);
    const grown = privateKb(runsvdir.pid) - kb;
    assert.ok(grown <= SLACK_KB, `grew by ${grown} kB from ${kb} kB`);
    assert.equal(service.count('double'), 0);
  }),
];
