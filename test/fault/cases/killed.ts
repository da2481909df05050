// kill -9 of a supervisor: nothing is started twice, nothing is let go.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fault } from '../case.ts';
import { copiesLines, failsAfterOneLine, lingers, writesLines } from '../habits.ts';
import { isAlive, marked, proc } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import { sleep, ended } from '../../lib/wait.ts';
import { kill, type Running, type World } from '../world.ts';
import { runsvOf } from './scandir.ts';

const end = async (running: Running): Promise<void> => {
  running.signal('SIGKILL');
  await running.ended();
};

const linked = (world: World, name: string): Service => {
  const service = world.service(name);
  symlinkSync(service.dir, `${world.scan}/${name}`);
  return service;
};

const takenOver = /warning: taking over \.\/run, still running as process \d+$/;

export const KILLED = [
  fault('a new runsv takes the running service over, and obeys', async (world) => {
    const service = world.service('survives').has('run', 'stays').has('finish', 'tellsItself');
    await end(await upWith(world, service));
    const pid = service.status()?.pid ?? 0;
    const runsv = world.runsv(service);
    await world.supervised(service);
    await runsv.says(takenOver);
    await world.reach(service, { state: 'run', pid });
    service.send('d');
    await world.reach(service, { state: 'down', pid: 0, want: 'd' });
    assert.equal(isAlive(pid), false);
    service.send('u');
    await world.up(service, pid);
    assert.equal(service.count('double'), 0);
    assert.equal(service.count('args -1 0'), 1, 'finish was told that the end is not known');
  }),

  fault('a service that was to be down, and was on its way, is not brought up by the new runsv', async (world) => {
    const service = world.service('going').has('run', 'slowToGo');
    const first = await upWith(world, service);
    const pid = service.status()?.pid ?? 0;
    service.send('d');
    await world.reach(service, { gotTerm: true, want: 'd', pid });
    await end(first);
    world.runsv(service);
    await world.supervised(service);
    await world.reach(service, { state: 'run', want: 'd', pid });
    service.openGate();
    await world.reach(service, { state: 'down', pid: 0, want: 'd' });
    assert.equal(service.count('start'), 1);
  }),

  fault('a new runsv still tells that the service is paused, and that it got TERM', async (world) => {
    const service = world.service('flags').has('run', 'stubborn');
    const first = await upWith(world, service);
    const pid = service.status()?.pid ?? 0;
    service.send('t');
    await world.reach(service, { gotTerm: true, pid });
    service.send('p');
    await world.reach(service, { gotTerm: true, paused: true, pid });
    await end(first);
    world.runsv(service);
    await world.supervised(service);
    const { paused, gotTerm } = service.status() ?? {};
    assert.deepEqual({ paused, gotTerm }, { paused: true, gotTerm: true });
  }),

  fault('what runsv says when it gets TERM is said at once, and read by the next one after kill -9', async (world) => {
    const service = world.service('leaves').has('run', 'stubborn');
    const first = await upWith(world, service);
    const pid = service.status()?.pid ?? 0;
    first.signal('SIGTERM');
    await world.reach(service, { gotTerm: true, want: 'd', pid });
    assert.equal(readFileSync(join(service.dir, 'supervise/stat'), 'latin1'), 'run, got TERM, want exit\n');
    await end(first);
    world.runsv(service);
    await world.supervised(service);
    const { gotTerm, want } = service.status() ?? {};
    assert.deepEqual({ gotTerm, want, pid: service.status()?.pid }, { gotTerm: true, want: 'd', pid });
  }),

  fault('a finish script survives runsv and is not run twice', async (world) => {
    const service = world.service('finishing').has('run', 'stays').has('finish', 'stubborn', 'finish');
    const first = await upWith(world, service);
    service.send('t');
    const finish = await world.reach(service, { state: 'finish' });
    await world.tells(service, 'start', 2);
    await end(first);
    world.runsv(service);
    await world.supervised(service);
    await world.reach(service, { state: 'finish', pid: finish.pid });
    assert.equal(service.count('start'), 2);
    service.send('k');
    const next = await world.reach(service, { state: 'run' });
    await world.until('one more start', () => service.told().includes(`start ${next.pid}`));
    assert.equal(service.count('start'), 3);
    assert.equal(service.count('double'), 0);
  }),

  fault('service, log and the pipe between them survive runsv, and no line is lost', async (world) => {
    const service = world.service('piped');
    service.has('run', { text: writesLines(service.toldPath) });
    service.has('log/run', { text: copiesLines(service.toldPath) });
    let runsv = world.runsv(service);
    const pid = await world.up(service);
    const log = await world.reach(service, { state: 'run' }, 'log/');
    for (let round = 0; round < 5; round++) {
      await end(runsv);
      runsv = world.runsv(service);
      await world.supervised(service);
      await world.reach(service, { state: 'run', pid });
      await world.reach(service, { state: 'run', pid: log.pid }, 'log/');
    }
    service.send('k');
    await world.up(service, pid);
    service.send('d');
    await world.reach(service, { state: 'down', want: 'd' });
    runsv.signal('SIGTERM');
    assert.equal(await runsv.ended(), 'exit 0');
    assertNoLineLost(service);
  }),

  fault('a log that was taken over and ends at the end of its input is started again at once', async (world) => {
    const service = world.service('log-over').has('run', 'stays');
    service.has('log/run', { text: lingers(service.toldPath) });
    const first = await upWith(world, service);
    await world.reach(service, { state: 'run' }, 'log/');
    // A second after its start, nothing is to be waited for.
    await sleep(1200);
    service.send('d');
    await world.reach(service, { state: 'down', pid: 0 });
    await end(first);
    await world.tells(service, 'log-eof');
    const second = world.runsv(service);
    await second.says(/taking over log\/\.\/run/);
    service.openGate();
    await world.tells(service, 'log-end');
    const begun = performance.now();
    await world.tells(service, 'log', 2);
    const tookMs = Math.round(performance.now() - begun);
    assert.ok(tookMs < 1000, `for ${tookMs} ms the pipe had no reader, and a service no log if runsv is killed again`);
  }),

  fault('a log that is restarted loses no line, and neither does its end', async (world) => {
    const service = world.service('log-restarts');
    service.has('run', { text: writesLines(service.toldPath) });
    service.has('log/run', { text: copiesLines(service.toldPath) });
    const runsv = world.runsv(service);
    await world.up(service);
    for (let round = 0; round < 3; round++) {
      const log = await world.reach(service, { state: 'run' }, 'log/');
      await world.tells(service, 'log', round + 1);
      service.send('t', 'log/');
      await ended(log.pid, 'the log');
      await world.until(
        'another log',
        () => service.status('log/')?.pid !== log.pid && service.status('log/')?.state === 'run',
        [`${service.dir}/log/supervise`],
      );
    }
    runsv.signal('SIGTERM');
    assert.equal(await runsv.ended(), 'exit 0');
    assertNoLineLost(service);
  }),

  fault('lines that wait for a log about to be restarted are not dropped when runsv is told to go', async (world) => {
    const service = world.service('last-lines').has('run', {
      text: `#!/bin/sh\necho "x-1 1\nx-1 2\nx-1 3"\necho "start $$" >> ${world.dir}/told/last-lines\nexec sleep 1000\n`,
    });
    service.has('log/run', { text: failsAfterOneLine(service.toldPath) });
    const runsv = world.runsv(service);
    await world.up(service);
    await world.until('the log to fail', () => service.status('log/')?.state === 'down' && service.count('log') === 1, [
      `${service.dir}/log/supervise`,
    ]);
    runsv.signal('SIGTERM');
    assert.equal(await runsv.ended(), 'exit 0');
    assert.equal(readFileSync(`${service.toldPath}.copy`, 'latin1'), 'x-1 1\nx-1 2\nx-1 3\n');
  }),

  fault(
    'a runsv that is killed is replaced by runsvdir, which says so, and its service keeps its process',
    async (world) => {
      const service = linked(world, 'kept').has('run', 'stays');
      const runsvdir = world.runsvdir();
      const pid = await world.up(service);
      for (let round = 1; round <= 3; round++) {
        const [runsv] = runsvOf(world, 'kept');
        kill(runsv ?? 0, 'SIGKILL');
        await runsvdir.says(/warning: runsv kept was killed by signal 9, starting it again$/, round);
        await runsvdir.says(/runsv kept: warning: taking over/, round);
        await world.supervised(service);
      }
      assert.equal(service.status()?.pid, pid);
      assert.equal(service.count('start'), 1);
    },
  ),

  fault('a new runsvdir takes every runsv of a killed one over, and HUP stops all', async (world) => {
    const services = Array.from({ length: 5 }, (_, n) => linked(world, `s${n}`).has('run', 'stays'));
    const first = world.runsvdir();
    const pids = await Promise.all(services.map((service) => world.up(service)));
    const before = services.map(({ name }) => runsvOf(world, name));
    await end(first);
    const second = world.runsvdir();
    await second.says(/warning: runsv s\d already runs as process \d+, taking it over$/, 5);
    assert.deepEqual(
      services.map(({ name }) => runsvOf(world, name)),
      before,
      'the same runsv',
    );
    assert.deepEqual(pids.map(isAlive), [true, true, true, true, true]);
    second.signal('SIGHUP');
    assert.equal(await second.ended(), 'exit 111');
    await Promise.all(pids.map((pid) => ended(pid, 'a service after HUP')));
    await Promise.all(before.flat().map((pid) => ended(pid, 'a runsv after HUP')));
    assert.equal(
      services.reduce((sum, service) => sum + service.count('double'), 0),
      0,
    );
  }),

  fault('HUP to a runsvdir that has only just started stops what an earlier one left', async (world) => {
    const service = linked(world, 'early').has('run', 'stays');
    const first = world.runsvdir();
    const pid = await world.up(service);
    const [runsv] = runsvOf(world, 'early');
    await end(first);
    const second = world.runsvdir();
    await second.says(/unable to lock supervise\/lock/);
    second.signal('SIGHUP');
    assert.equal(await second.ended(), 'exit 111');
    await ended(runsv ?? 0, 'the runsv that was left');
    await ended(pid, 'its service');
  }),

  fault('a runsv taken over and then killed is replaced, and its service keeps its process', async (world) => {
    const service = linked(world, 'twice-orphaned').has('run', 'stays');
    const first = world.runsvdir();
    const pid = await world.up(service);
    await end(first);
    const second = world.runsvdir();
    await second.says(/already runs as process/);
    const [runsv] = runsvOf(world, 'twice-orphaned');
    kill(runsv ?? 0, 'SIGKILL');
    await second.says(/taking over \.\/run/);
    await world.reach(service, { state: 'run', pid });
    assert.equal(service.count('start'), 1);
  }),

  fault('runsvdir and every runsv killed at once: the next runsvdir finds every service alive', async (world) => {
    const services = Array.from({ length: 10 }, (_, n) => linked(world, `s${n}`).has('run', 'stays'));
    const first = world.runsvdir();
    const pids = await Promise.all(services.map((service) => world.up(service)));
    const supervisors = marked(world.dir).filter((pid) => proc(pid, 'cmdline').startsWith('runsv\0'));
    first.signal('SIGSTOP');
    for (const pid of supervisors) kill(pid, 'SIGKILL');
    await end(first);
    const second = world.runsvdir();
    await second.says(/taking over \.\/run/, 10);
    for (const [n, service] of services.entries()) await world.reach(service, { state: 'run', pid: pids[n] ?? 0 });
    assert.equal(
      services.reduce((sum, service) => sum + service.count('start'), 0),
      10,
    );
  }),

  ...(['one file system', 'two file systems'] as const).map((layers) =>
    fault(
      `on an overlay of ${layers}, a new runsvdir takes every runsv of a killed one over`,
      async (world) => {
        const service = onOverlay(world, layers === 'two file systems').has('run', 'stays');
        symlinkSync(service.dir, `${world.scan}/layered`);
        const first = world.runsvdir();
        const pid = await world.up(service);
        await end(first);
        const second = world.runsvdir();
        await second.says(/already runs as process \d+, taking it over$/);
        assert.equal(isAlive(pid), true);
      },
      'mount',
    ),
  ),

  fault('TERM to runsvdir leaves services running, and the next one finds them', async (world) => {
    const service = linked(world, 'left').has('run', 'stays');
    const first = world.runsvdir();
    const pid = await world.up(service);
    first.signal('SIGTERM');
    assert.equal(await first.ended(), 'exit 0');
    const second = world.runsvdir();
    await second.says(/already runs as process/);
    assert.equal(service.status()?.pid, pid);
    second.signal('SIGHUP');
    await ended(pid, 'the service');
  }),
];

/** A service directory that lies in the lower layer, and is written to the upper one. */
function onOverlay(world: World, two: boolean): Service {
  const layers = `${world.dir}/layers`;
  world.mount(layers, 'tmpfs', 'size=4m');
  const lower = two ? `${world.dir}/lower` : `${layers}/lower`;
  for (const dir of [lower, `${lower}/layered`, `${layers}/upper`, `${layers}/work`]) mkdirSync(dir);
  world.mount(`${world.dir}/merged`, 'overlay', `lowerdir=${lower},upperdir=${layers}/upper,workdir=${layers}/work`);
  return world.service('layered', 'merged');
}

async function upWith(world: World, service: Service): Promise<Running> {
  const runsv = world.runsv(service);
  await world.up(service);
  return runsv;
}

/** How many lines each instance is known to have written. */
function writtenBy(service: Service): readonly (readonly [string, number])[] {
  const prefix = `${service.name}.count.`;
  const folder = dirname(service.toldPath);
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .map((name) => [name.slice(prefix.length), Number(readFileSync(join(folder, name), 'latin1').trim() || '0')]);
}

/** The instances of a service that have written lines so far. */
export const writersOf = (service: Service): readonly string[] => writtenBy(service).map(([instance]) => instance);

/**
 * Every line that an instance is known to have written arrived, in order and once; of those that were `killed` together with
 * their log, all but the last ones, which were in the pipe between the two.
 */
export function assertNoLineLost(service: Service, killed: ReadonlySet<string> = new Set()): void {
  const numbers = new Map<string, number>();
  for (const line of readFileSync(`${service.toldPath}.copy`, 'latin1').split('\n').slice(0, -1)) {
    const [instance, number] = line.split(' ');
    const last = numbers.get(instance ?? '') ?? 0;
    assert.equal(Number(number), last + 1, `line after ${instance} ${last} is ${line}`);
    numbers.set(instance ?? '', last + 1);
  }
  for (const [instance, written] of writtenBy(service)) {
    const arrived = numbers.get(instance) ?? 0;
    const least = killed.has(instance) ? 0 : written;
    assert.ok(arrived >= least && arrived <= written + 1, `${instance} wrote ${written}, ${arrived} arrived`);
  }
  assert.equal(service.count('double'), 0);
  assert.equal(service.count('pipe'), 0, 'the service lost its log');
}
