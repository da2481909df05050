// Essential services: a file flag-essential, and what its end means to a container, and outside of one.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../case.ts';
import { contain } from '../container.ts';
import { copiesLines } from '../habits.ts';
import type { Service } from '../service.ts';
import type { World } from '../world.ts';
import { assertNoLineLost } from './killed.ts';

/** A linked service; `flag`: essential. */
const linked = (world: World, name: string, flag: boolean): Service => {
  const service = world.service(name, 'sv');
  if (flag) writeFileSync(join(service.dir, 'flag-essential'), '');
  mkdirSync(join(world.dir, 'links'), { recursive: true });
  symlinkSync(service.dir, join(world.dir, 'links', name));
  return service;
};

/** Ends so when the gate is opened. */
const endsBy = (service: Service, how: string): { readonly text: string } => ({
  text: `#!/bin/sh\necho "start $$" >>'${service.toldPath}'\nuntil test -e '${service.toldPath}.gate'; do sleep 0.02; done\n${how}\n`,
});

const finishBy = (service: Service, how: string): { readonly text: string } => ({
  text: `#!/bin/sh\necho "finish $1 $2" >>'${service.toldPath}'\n${how}\n`,
});

const SAYS = /warning: essential service vital has ended with exit code (\d+), shutting down$/;

export const ESSENTIAL = [
  fault('an essential service that ends ends the container, with its code, and the others in order', async (world) => {
    for (const [how, code] of [
      ['exit 0', 0],
      ['exit 42', 42],
      ['kill -KILL $$', 137],
      ['exit 255', 255],
    ] as const) {
      const vital = linked(world, `vital`, true);
      const other = linked(world, 'other', false).has('run', 'stays');
      vital.has('run', endsBy(vital, how));
      const container = contain(world, { folder: 'links' });
      await world.tells(vital, 'start');
      await world.tells(other, 'start');
      vital.openGate();
      assert.equal(await container.ended(), `exit ${code}`);
      assert.equal(container.lines().length, 1, container.lines().join('\n'));
      assert.equal(SAYS.exec(container.lines()[0] ?? '')?.[1], String(code));
      assert.equal(other.count('term'), 1);
      world.clear(vital, other);
    }
  }),

  fault('its finish script decides: 125 is the end, anything else another start', async (world) => {
    const vital = linked(world, 'vital', true);
    vital.has('run', { text: `#!/bin/sh\necho "start $$" >>'${vital.toldPath}'\nexit 9\n` });
    vital.has('finish', finishBy(vital, `test $(grep -c start '${vital.toldPath}') -lt 2 || exit 125`));
    const container = contain(world, { folder: 'links' });
    assert.equal(await container.ended(), 'exit 9');
    assert.equal(vital.count('start'), 2);
    assert.equal(vital.count('finish'), 2);
  }),

  fault('with a restart policy it ends the container when it has failed, or is done', async (world) => {
    for (const [files, code, starts] of [
      [{ 'restart-limit': '3\n' }, 3, 3],
      [{ restart: 'never\n' }, 3, 1],
      [{ restart: 'on-failure\n' }, 0, 1],
    ] as const) {
      const vital = linked(world, 'vital', true);
      vital.has('run', { text: `#!/bin/sh\necho "start $$" >>'${vital.toldPath}'\nexit ${code}\n` });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(vital.dir, name), text);
      const container = contain(world, { folder: 'links' });
      assert.equal(await container.ended(), `exit ${code}`);
      assert.equal(vital.count('start'), starts);
      assert.equal(container.lines().filter((line) => line.includes('warning: failed: ')).length, code === 0 ? 0 : 1);
      world.clear(vital);
    }
  }),

  fault('its log takes every line before the container ends', async (world) => {
    const vital = linked(world, 'vital', true).has('log/run', { text: '' });
    vital.has('log/run', { text: copiesLines(vital.toldPath) });
    const lines = `i=0; while test $i -lt 2000; do i=$((i+1)); echo "x $i"; done; echo 2000 >'${vital.toldPath}.count.x'; exit 5`;
    vital.has('run', { text: `#!/bin/sh\n${lines}\n` });
    const container = contain(world, { folder: 'links' });
    assert.equal(await container.ended(), 'exit 5');
    assertNoLineLost(vital);
  }),

  fault('an essential service that is told to restart, or to go down, does not end the container', async (world) => {
    const vital = linked(world, 'vital', true).has('run', 'stays');
    const container = contain(world, { folder: 'links' });
    await world.tells(vital, 'start');
    await world.reach(vital, { state: 'run' });
    vital.send('t');
    await world.tells(vital, 'start', 2);
    await world.reach(vital, { state: 'run' });
    vital.send('k');
    await world.tells(vital, 'start', 3);
    await world.reach(vital, { state: 'run' });
    vital.send('d');
    await world.reach(vital, { state: 'down', pid: 0 });
    vital.send('u');
    await world.tells(vital, 'start', 4);
    container.signal(15);
    assert.equal(await container.ended(), 'exit 0');
    assert.deepEqual(container.lines(), []);
  }),

  fault('an essential service that is over ends the main command, and its code is the one', async (world) => {
    const vital = linked(world, 'vital', true);
    vital.has('run', endsBy(vital, 'exit 8'));
    const main = world.service('main', 'main');
    const text = `trap 'echo term $$ >>${main.toldPath}; exit 3' TERM; echo start $$ >>${main.toldPath}; while :; do sleep 0.05; done`;
    const container = contain(world, { folder: 'links', command: ['sh', '-c', text] });
    await world.tells(main, 'start');
    await world.tells(vital, 'start');
    vital.openGate();
    assert.equal(await container.ended(), 'exit 8');
    assert.equal(main.count('term'), 1);
    assert.equal(vital.count('start'), 1);
  }),

  fault(
    'without a container an essential service that is over is started again, and runsv alone exits 125',
    async (world) => {
      const vital = linked(world, 'vital', true);
      vital.has('run', { text: `#!/bin/sh\necho "start $$" >>'${vital.toldPath}'\nexit 6\n` });
      const runsv = world.runsv(vital);
      assert.equal(await runsv.ended(), 'exit 125');
      assert.equal(readFileSync(join(vital.dir, 'supervise/exitcode'), 'latin1'), '6\n');
      const runsvdir = world.start('runsvdir', [join(world.dir, 'links')]);
      await world.tells(vital, 'start', 3);
      runsvdir.signal('SIGHUP');
      assert.equal(await runsvdir.ended(), 'exit 111');
      assert.deepEqual(runsvdir.lines(), []);
    },
  ),
];
