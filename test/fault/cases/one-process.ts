// runsvdir --one-process on a real kernel: killed, short of descriptors, with an engine that fails.
//
// Read next: killed.ts (the same of a runsv), ../../sweep/one-process.ts (killed before each system call).
import assert from 'node:assert/strict';
import { chownSync, symlinkSync } from 'node:fs';
import { proc } from '../../lib/proc.ts';
import { type Case, fault } from '../case.ts';
import { copiesLines, writesLines } from '../habits.ts';
import type { Service } from '../service.ts';
import { kill, type Running, type StartOptions, type World } from '../world.ts';
import { assertNoLineLost } from './killed.ts';

const KILLS = 12;
const NOBODY = 65534;

const start = (world: World, options: StartOptions = {}): Running =>
  world.start('runsvdir', ['--one-process', world.scan], options);

/** Services in the scan directory; those with a log write lines to it. */
const services = (world: World, count: number, logEvery: number): readonly Service[] =>
  Array.from({ length: count }, (_, n) => {
    const service = world.service(`s${n}`);
    if (n % logEvery === 0) {
      service.has('run', { text: writesLines(service.toldPath) });
      service.has('log/run', { text: copiesLines(service.toldPath) });
    } else {
      service.has('run', 'stays');
    }
    symlinkSync(service.dir, `${world.scan}/${service.name}`);
    return service;
  });

const allUp = async (world: World, all: readonly Service[]): Promise<readonly number[]> => {
  const pids: number[] = [];
  for (const service of all) pids.push(await world.up(service));
  return pids;
};

const endAll = async (world: World, runsvdir: Running, all: readonly Service[]): Promise<void> => {
  runsvdir.signal('SIGHUP');
  assert.equal(await runsvdir.ended(), 'exit 111');
  for (const service of all) await world.reach(service, { state: 'down', pid: 0 });
};

const runsvs = (world: World): number => world.processes(/^runsv\0/, (pid) => proc(pid, 'cmdline')).length;

const fewDescriptors = (limit: number, least: number): Case =>
  fault(
    `with ${limit} descriptors, runsvdir --one-process starts a runsv for each service that does not fit`,
    async (world) => {
      const all = services(world, 40, 50);
      const runsvdir = start(world, { wrap: ['prlimit', `--nofile=${limit}:${limit}`] });
      await runsvdir.says(/^runsvdir .*: warning: descriptors for \d+ of 40 services, starting runsv for the others$/);
      await allUp(world, all);
      const told = /descriptors for (\d+) of 40/.exec(runsvdir.lines().join('\n'))?.[1];
      assert.equal(runsvs(world), 40 - Number(told), 'as many runsvs as were told');
      assert.ok(Number(told) >= least, `${told} fit`);
      for (const service of all) service.send('d');
      for (const service of all) await world.reach(service, { state: 'down', pid: 0 });
      for (const service of all) service.send('u');
      await allUp(world, all);
      await endAll(world, runsvdir, all);
      await world.until('the end of every runsv', () => runsvs(world) === 0);
      assert.equal(runsvdir.lines().filter((line) => /descriptors for/.test(line)).length, 1, 'told once');
    },
  );

export const ONE_PROCESS: readonly Case[] = [
  fault('a killed runsvdir --one-process leaves every service, log and pipe to the next one', async (world) => {
    const all = services(world, 12, 3);
    let runsvdir = start(world);
    const pids = await allUp(world, all);
    for (let n = 0; n < KILLS; n++) {
      const service = all[n % all.length] as Service;
      // some are killed on the way to another state
      if (n % 2 === 0) service.send('h');
      runsvdir.signal('SIGKILL');
      assert.equal(await runsvdir.ended(), 'signal SIGKILL');
      runsvdir = start(world);
      for (const one of all) await world.supervised(one);
    }
    // HUP ends those that do not mind it; all others are who they were
    const now = await allUp(world, all);
    for (const [at, service] of all.entries()) {
      if (service.count('start') === 1) assert.equal(now[at], pids[at], `${service.name} is another process`);
      assert.equal(service.count('double'), 0, `${service.name} ran twice`);
    }
    assert.equal(runsvs(world), 0, 'processes called runsv');
    await endAll(world, runsvdir, all);
    for (const service of all.filter((_, n) => n % 3 === 0)) assertNoLineLost(service);
  }),

  fewDescriptors(64, 0),
  fewDescriptors(128, 10),

  fault('an engine of runsvdir --one-process that fails goes on with its children, and reaps them', async (world) => {
    const all = services(world, 8, 4);
    const dying = all[1] as Service;
    dying.has('finish', 'tellsItself');
    const runsvdir = start(world);
    const pids = await allUp(world, all);
    // a user may control this one from now on; what a lock of his says of it needs the kernel's word
    for (const name of ['', '/lock', '/control', '/ok', '/status'])
      chownSync(`${all[2]?.dir}/supervise${name}`, NOBODY, NOBODY);
    for (let n = 1; n <= 3; n++) {
      runsvdir.signal('SIGSEGV');
      await runsvdir.says(/: warning: re-executed after an engine failure, 8 services kept$/, n);
      for (const service of all) await world.supervised(service);
    }
    assert.deepEqual(await allUp(world, all), pids, 'the same processes');
    kill(pids[1] ?? 0, 'SIGKILL');
    await world.until('./finish to tell how ./run ended', () =>
      dying.told().some((line) => line.startsWith('args -1 9')),
    );
    await world.up(dying, pids[1] ?? 0);
    for (const service of all) assert.equal(service.count('double'), 0, `${service.name} ran twice`);
    await endAll(world, runsvdir, all);
    for (const service of all.filter((_, n) => n % 4 === 0)) assertNoLineLost(service);
  }),
];
