// ./run and ./finish that cannot be run.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { alone, fault } from '../case.ts';
import { program, type Service } from '../service.ts';
import type { World } from '../world.ts';

interface Unusable {
  readonly how: string;
  readonly make: (run: string) => void;
  readonly text: string;
}

const UNUSABLE: readonly Unusable[] = [
  { how: 'missing', make: () => {}, text: 'file does not exist' },
  { how: 'not executable', make: (run) => program(run, '#!/bin/sh\n', 0o644), text: 'access denied' },
  {
    how: 'without interpreter',
    make: (run) => program(run, '#!/no/such/shell\n'),
    text: 'interpreter /no/such/shell: file does not exist',
  },
  { how: 'without #!', make: (run) => program(run, 'echo hello\n'), text: 'exec format error' },
  { how: 'empty', make: (run) => program(run, ''), text: 'exec format error' },
  { how: 'a directory', make: (run) => mkdirSync(run), text: 'access denied' },
  { how: 'a link to itself', make: (run) => symlinkSync('run', run), text: 'symbolic link loop' },
  { how: 'a dangling link', make: (run) => symlinkSync('nothing', run), text: 'file does not exist' },
];

const trySome = async (world: World, { how, make, text }: Unusable): Promise<void> => {
  const service: Service = world.service(`run-${how.replaceAll(/[^a-z]/g, '-')}`).has('finish', 'tellsItself');
  make(`${service.dir}/run`);
  const runsv = world.runsv(service);
  await world.until(`finish for ./run ${how}`, () => service.told().some((line) => line.startsWith('args 111 0 ')));
  await runsv.says(/unable to start \.\/run/);
  assert.equal(runsv.lines()[0], `runsv ${service.dir}: fatal: unable to start ./run: ${text}`);
  service.send('d');
  await world.reach(service, { state: 'down', want: 'd', pid: 0 });
  rmSync(`${service.dir}/run`, { recursive: true, force: true });
  service.has('run', 'stays').send('u');
  await world.up(service);
};

export const PROGRAMS = [
  fault(
    'a ./run that cannot be run is told by its reason, is an end with 111 to finish, and is tried again',
    async (world) => {
      await Promise.all(UNUSABLE.map((unusable) => trySome(world, unusable)));
    },
  ),

  alone(
    fault('a ./run that vanishes and comes back is found again within two seconds', async (world) => {
      const service = world.service('vanishes').has('run', 'stays');
      const runsv = world.runsv(service);
      const pid = await world.up(service);
      renameSync(`${service.dir}/run`, `${service.dir}/away`);
      service.send('t');
      await runsv.says(/fatal: unable to start \.\/run: file does not exist$/, 2);
      renameSync(`${service.dir}/away`, `${service.dir}/run`);
      const begun = performance.now();
      await world.up(service, pid);
      assert.ok(performance.now() - begun < 2000, 'within two seconds');
    }),
  ),

  fault('a ./finish that cannot be run is told by its reason and counts as run', async (world) => {
    const service = world.service('bad-finish').has('run', 'stays').has('finish', 'ends');
    chmodSync(`${service.dir}/finish`, 0o644);
    const runsv = world.runsv(service);
    const pid = await world.up(service);
    service.send('t');
    await world.up(service, pid);
    await runsv.says(/unable to start \.\/finish/);
    assert.deepEqual(runsv.lines(), [`runsv ${service.dir}: fatal: unable to start ./finish: access denied`]);
  }),

  fault('a control script that cannot be run is told by its reason and is no veto', async (world) => {
    const service = world.service('bad-script').has('run', 'stays').has('control/t', { text: 'no program\n' });
    const runsv = world.runsv(service);
    const pid = await world.up(service);
    service.send('t');
    await world.up(service, pid);
    await runsv.says(/unable to run control\/t/);
    assert.deepEqual(runsv.lines(), [`runsv ${service.dir}: fatal: unable to run control/t: exec format error`]);
  }),

  fault('a log that cannot be run is told by its reason, and its service runs', async (world) => {
    const service = world.service('bad-log').has('run', 'stays');
    mkdirSync(`${service.dir}/log`);
    const runsv = world.runsv(service);
    await world.up(service);
    await runsv.says(/fatal: unable to start log\/\.\/run: file does not exist$/);
    service.has('log/run', 'stays', 'log');
    await world.reach(service, { state: 'run' }, 'log/');
  }),

  fault('a service that ends at once is started once a second, not more', async (world) => {
    const service = world.service('ends').has('run', 'ends');
    world.runsv(service);
    await world.tells(service, 'start');
    const begun = performance.now();
    await world.tells(service, 'start', 4);
    const tookMs = performance.now() - begun;
    assert.ok(tookMs > 2900 && tookMs < 5800, `three more starts took ${Math.round(tookMs)} ms`);
  }),

  fault('no directory, and a file for one: each is one line and 111', async (world) => {
    const service = world.service('unfit').has('run', 'stays');
    program(`${service.dir}/file`, '');
    for (const [dir, text] of [
      ['nowhere', 'file does not exist'],
      ['file', 'not a directory'],
    ] as const) {
      const runsv = world.start('runsv', [`${service.dir}/${dir}`]);
      assert.equal(await runsv.ended(), 'exit 111');
      assert.deepEqual(runsv.lines(), [`runsv ${service.dir}/${dir}: fatal: unable to change to directory: ${text}`]);
    }
  }),

  fault('a control that is no fifo, and a supervise that is no directory: each is one line and 111', async (world) => {
    const odd = world.service('odd').has('run', 'stays').has('supervise/control', { text: '' });
    const file = world.service('odd-file').has('run', 'stays').has('supervise', { text: '' });
    for (const [service, text] of [
      [odd, 'supervise/control exists but is not a fifo'],
      [file, 'unable to open supervise/lock: not a directory'],
    ] as const) {
      const runsv = world.runsv(service);
      assert.equal(await runsv.ended(), 'exit 111');
      assert.deepEqual(runsv.lines(), [`runsv ${service.dir}: fatal: ${text}`]);
      assert.equal(service.count('start'), 0);
    }
  }),

  fault('a second runsv for a service is refused with one line and 111', async (world) => {
    const service = world.service('taken').has('run', 'stays');
    const first = world.runsv(service);
    await world.up(service);
    const second = world.runsv(service);
    assert.equal(await second.ended(), 'exit 111');
    assert.deepEqual(second.lines(), [
      `runsv ${service.dir}: fatal: unable to lock supervise/lock: already supervised by process ${first.pid}`,
    ]);
    assert.equal(service.count('start'), 1);
  }),
];
