// Many services at once.
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { fault } from '../case.ts';
import { isAlive, marked, proc } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import { kill, type World } from '../world.ts';

const MANY = 200;
const MANY_MS = 60_000;

const many = (world: World): readonly Service[] =>
  Array.from({ length: MANY }, (_, n) => {
    const service = world.service(`m${n}`);
    service.has('run', { text: `#!/bin/sh\necho "start $$" >> ${service.toldPath}\nexec sleep 10000\n` });
    symlinkSync(service.dir, `${world.scan}/m${n}`);
    return service;
  });

/** Waits until every service runs as none of the processes in `not`; their pids. */
const allUp = async (
  world: World,
  services: readonly Service[],
  not: ReadonlySet<number>,
): Promise<readonly number[]> => {
  const waiting = new Map(services.map((service) => [service, 0]));
  const look = (): boolean => {
    for (const [service, found] of waiting) {
      if (found !== 0) continue;
      const status = service.status();
      const fits = status?.state === 'run' && !not.has(status.pid) && isAlive(status.pid);
      if (fits && service.told().includes(`start ${status.pid}`)) waiting.set(service, status.pid);
    }
    return [...waiting.values()].every((pid) => pid !== 0);
  };
  await world.until(
    `all ${services.length} services to run`,
    look,
    services.map(({ dir }) => `${dir}/supervise`),
    MANY_MS,
  );
  return [...waiting.values()];
};

export const TREE = [
  fault('200 services that crash at once all come back, and 200 killed supervisors find theirs', async (world) => {
    const services = many(world);
    const runsvdir = world.runsvdir();
    const first = await allUp(world, services, new Set());
    for (const pid of first) kill(pid, 'SIGKILL');
    const second = await allUp(world, services, new Set(first));
    assert.equal(services.filter((service) => service.count('start') !== 2).length, 0, 'each was started once more');
    const supervisors = marked(world.dir).filter((pid) => proc(pid, 'cmdline').startsWith('runsv\0'));
    assert.equal(supervisors.length, MANY);
    for (const pid of supervisors) kill(pid, 'SIGKILL');
    // not by what they say: a line that nobody reads in time is dropped
    const runsvs = (): readonly number[] =>
      marked(world.dir).filter((pid) => proc(pid, 'cmdline').startsWith('runsv\0'));
    const successors = (): number => runsvs().filter((pid) => !supervisors.includes(pid)).length;
    await world.until('200 new runsvs', () => successors() === MANY, [world.scan], MANY_MS);
    assert.deepEqual(await allUp(world, services, new Set()), second);
    runsvdir.signal('SIGHUP');
    assert.equal(await runsvdir.ended(), 'exit 111');
    await world.until(
      'all to end',
      () => services.every((service) => service.status()?.pid === 0),
      services.map(({ dir }) => `${dir}/supervise`),
      MANY_MS,
    );
    assert.deepEqual(second.filter(isAlive), []);
    assert.equal(services.filter((service) => service.count('start') !== 2).length, 0, 'no second copy was started');
  }),
];
