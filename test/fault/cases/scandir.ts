// The scan directory and what is in it: removed, replaced, renamed, made again.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { fault } from '../case.ts';
import { isAlive, marked, proc, startedMs } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import { sleep, ended } from '../../lib/wait.ts';
import { kill, type World } from '../world.ts';

/** The runsv that holds a service: the one whose working directory it is. */
export const runsvOf = (world: World, name: string): readonly number[] =>
  marked(world.dir).filter((pid) => proc(pid, 'cmdline') === `runsv\0${name}\0`);

const link = (world: World, service: Service, name = service.name): void =>
  symlinkSync(service.dir, `${world.scan}/${name}`);

export const SCANDIR = [
  fault('a service removed and made anew while it runs is never started twice', async (world) => {
    const service = world.service('anew', 'scan').has('run', 'stays');
    world.runsvdir();
    let pid = await world.up(service);
    for (let round = 0; round < 3; round++) {
      rmSync(service.dir, { recursive: true });
      mkdirSync(service.dir);
      service.has('run', 'stays');
      pid = await world.up(service, pid);
    }
    assert.equal(service.count('double'), 0);
    assert.equal(runsvOf(world, 'anew').length, 1);
  }),

  fault('a service replaced while the old one takes long to stop waits for its end', async (world) => {
    const service = world.service('slow', 'scan').has('run', 'slowToGo');
    world.runsvdir();
    const pid = await world.up(service);
    renameSync(service.dir, `${world.dir}/old`);
    mkdirSync(service.dir);
    service.has('run', 'stays');
    await world.tells(service, 'term');
    await sleep(2500);
    assert.equal(isAlive(pid), true);
    assert.equal(service.count('start'), 1, 'the newcomer was not started beside it');
    service.openGate();
    await world.up(service, pid);
    assert.equal(service.count('double'), 0);
  }),

  fault('a service made step by step while runsvdir runs has its log from the start', async (world) => {
    world.runsvdir();
    await world.up(world.service('first', 'scan').has('run', 'stays'));
    const service = world.service('steps', 'scan');
    await sleep(1500);
    service.has('run', 'stays');
    // more than the second after which any other is started, much less than three
    await sleep(1500);
    assert.equal(service.count('start'), 0, 'it may get a log');
    service.has('log/run', 'stays', 'log');
    await world.up(service);
    await world.until('the log to start', () => service.count('start') === 2);
    assert.equal(service.count('double'), 0);
  }),

  fault('a runsv that was told to go is away for a second, so that who looks now and then sees it', async (world) => {
    const service = world.service('away', 'scan').has('run', 'stays');
    world.runsvdir();
    const pid = await world.up(service);
    await sleep(1000);
    const sentMs = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000;
    service.send('x');
    await ended(pid, './run');
    await world.up(service, pid);
    const [runsv = 0] = runsvOf(world, 'away');
    assert.ok(startedMs(runsv) - sentMs > 980, `another runsv after ${startedMs(runsv) - sentMs} ms`);
  }),

  fault('a link switched to another directory exchanges the service', async (world) => {
    const [one, other] = [world.service('one').has('run', 'stays'), world.service('other').has('run', 'stays')];
    link(world, one, 'web');
    world.runsvdir();
    const pid = await world.up(one);
    symlinkSync(other.dir, `${world.dir}/next`);
    renameSync(`${world.dir}/next`, `${world.scan}/web`);
    await world.up(other);
    assert.equal(isAlive(pid), false);
  }),

  fault('a service that is renamed runs on, and is supervised under its new name from then on', async (world) => {
    const service = world.service('before').has('run', 'stays');
    link(world, service);
    const runsvdir = world.runsvdir();
    const pid = await world.up(service);
    renameSync(`${world.scan}/before`, `${world.scan}/after`);
    await sleep(300);
    assert.equal(isAlive(pid), true);
    const [runsv] = runsvOf(world, 'before');
    kill(runsv ?? 0, 'SIGKILL');
    await ended(runsv ?? 0, 'runsv');
    await runsvdir.says(/was killed by signal 9/);
    await world.supervised(service);
    assert.equal(service.count('double'), 0);
    assert.equal(service.status()?.pid, pid);
  }),

  fault('two services that exchange their names keep to their own directories', async (world) => {
    const [one, other] = [world.service('a').has('run', 'stays'), world.service('b').has('run', 'stays')];
    link(world, one);
    link(world, other);
    const runsvdir = world.runsvdir();
    await Promise.all([world.up(one), world.up(other)]);
    renameSync(`${world.scan}/a`, `${world.scan}/c`);
    renameSync(`${world.scan}/b`, `${world.scan}/a`);
    renameSync(`${world.scan}/c`, `${world.scan}/b`);
    await sleep(300);
    const [first] = runsvOf(world, 'a');
    kill(first ?? 0, 'SIGKILL');
    await runsvdir.says(/was killed by signal 9/);
    await Promise.all([world.supervised(one), world.supervised(other)]);
    assert.equal(one.count('double') + other.count('double'), 0);
    assert.equal(one.count('start') + other.count('start'), 2);
  }),

  fault('a service that lost its name unseen is supervised again under another', async (world) => {
    const [one, other] = [world.service('one').has('run', 'stays'), world.service('other').has('run', 'stays')];
    const [current, next] = [`${world.dir}/current`, `${world.dir}/next`];
    symlinkSync(one.dir, current);
    symlinkSync(other.dir, next);
    symlinkSync(current, `${world.scan}/name`);
    world.runsvdir();
    await world.up(one);
    renameSync(next, current);
    const [runsv] = runsvOf(world, 'name');
    kill(runsv ?? 0, 'SIGKILL');
    await world.up(other);
    link(world, one);
    await world.supervised(one);
    await world.supervised(other);
  }),

  fault(
    'a scan directory that is removed leaves its services running, and one made anew exchanges them',
    async (world) => {
      const service = world.service('kept').has('run', 'stays');
      link(world, service);
      const runsvdir = world.runsvdir();
      const pid = await world.up(service);
      unlinkSync(`${world.scan}/kept`);
      await ended(pid, 'the removed service');
      link(world, service);
      const again = await world.up(service, pid);
      rmSync(world.scan, { recursive: true });
      await runsvdir.says(/warning: unable to (stat|change directory to) .*: file does not exist$/);
      assert.equal(isAlive(again), true);
      mkdirSync(world.scan);
      const newcomer = world.service('newcomer').has('run', 'stays');
      link(world, newcomer);
      await world.up(newcomer);
      await ended(again, 'the service that is no longer there');
      assert.equal(
        runsvdir.lines().length < 6,
        true,
        `says it, but not all the time: ${runsvdir.lines().length} lines`,
      );
    },
  ),

  fault('a runsv that dies while the scan directory is away is replaced when it comes back', async (world) => {
    const service = world.service('orphan').has('run', 'stays');
    link(world, service);
    const runsvdir = world.runsvdir();
    const pid = await world.up(service);
    const [runsv] = runsvOf(world, 'orphan');
    renameSync(world.scan, `${world.dir}/away`);
    await runsvdir.says(/unable to/);
    kill(runsv ?? 0, 'SIGKILL');
    await ended(runsv ?? 0, 'runsv');
    await sleep(200);
    renameSync(`${world.dir}/away`, world.scan);
    await world.supervised(service, 8000);
    assert.equal(service.status()?.pid, pid);
  }),

  fault('what is not a service is reported or passed over, and stops no other', async (world) => {
    const service = world.service('good').has('run', 'stays');
    symlinkSync('nowhere', `${world.scan}/dangling`);
    symlinkSync('loop', `${world.scan}/loop`);
    writeFileSync(`${world.scan}/file`, '');
    mkdirSync(`${world.scan}/.hidden`);
    link(world, service);
    const runsvdir = world.runsvdir();
    await world.up(service);
    await runsvdir.says(/warning: unable to stat dangling: file does not exist$/);
    await runsvdir.says(/warning: unable to stat loop: symbolic link loop$/);
    assert.equal(runsvdir.lines().filter((line) => /file: /.test(line) && !/dangling/.test(line)).length, 0);
  }),

  fault('two names for one service are one service', async (world) => {
    const service = world.service('twice').has('run', 'stays');
    link(world, service, 'x1');
    link(world, service, 'x2');
    world.runsvdir();
    const pid = await world.up(service);
    await sleep(300);
    assert.equal(runsvOf(world, 'x1').length + runsvOf(world, 'x2').length, 1);
    unlinkSync(`${world.scan}/x1`);
    await sleep(500);
    assert.equal(isAlive(pid), true, 'the other name still names it');
    unlinkSync(`${world.scan}/x2`);
    await ended(pid, 'the service without a name');
  }),

  fault('names that no shell would like are names', async (world) => {
    const names = ['sp ace', 'new\nline', '-P', 'ü', '*', '$(x)', 'a'.repeat(255)];
    const services = names.map((name, n) => {
      const service = world.service(`odd-${n}`).has('run', 'stays');
      link(world, service, name);
      return service;
    });
    const runsvdir = world.runsvdir();
    await Promise.all(services.map((service) => world.up(service)));
    assert.deepEqual(runsvdir.lines(), []);
  }),

  fault('runsv that is not in PATH is told in one line for a service, and no harm is done', async (world) => {
    const service = world.service('pathless').has('run', 'stays');
    link(world, service);
    const runsvdir = world.runsvdir({ wrap: ['env', 'PATH=/nonexistent'] });
    await world.up(service);
    assert.deepEqual(runsvdir.lines(), []);
    assert.ok(readFileSync(`${service.dir}/supervise/pid`, 'latin1').length > 1);
  }),
];
