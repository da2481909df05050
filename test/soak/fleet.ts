// The services of a soak, and the init above their runsvdir: a namespace whose process 1 starts runsvdir again and again.
//
// Read next: run.ts, acts.ts. The world, its services and what they tell are those of test/fault.
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { copiesLines } from '../fault/habits.ts';
import { marked, proc } from '../lib/proc.ts';
import type { Service } from '../fault/service.ts';
import type { Running, World } from '../fault/world.ts';

const NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'] as const;
/** Every so-many-th service has a log, and every so-many-th ends at once, again and again. */
const LOG_EVERY = 3;
const ENDS_EVERY = 10;

export interface Fleet {
  readonly world: World;
  readonly services: readonly Service[];
  readonly init: Running;
}

const makeService = (world: World, n: number): Service => {
  const service = world.service(`s${n}`);
  service.has('run', n % ENDS_EVERY === 0 ? 'ends' : n % 2 === 0 ? 'stays' : 'plain');
  if (n % LOG_EVERY === 0) service.has('log/run', { text: copiesLines(service.toldPath) });
  symlinkSync(service.dir, `${world.scan}/${service.name}`);
  return service;
};

export const hasLog = (service: Service): boolean => existsSync(`${service.dir}/log`);
/** Whether it runs until it is told to end. */
export const isSteady = ({ name }: Service): boolean => Number(name.slice(1)) % ENDS_EVERY !== 0;

export const startFleet = (world: World, count: number): Fleet => {
  mkdirSync(`${world.dir}/sv`, { recursive: true });
  const services = Array.from({ length: count }, (_, n) => makeService(world, n + 1));
  const script = 'until test -e "$0"; do runsvdir -P "$1"; done';
  const init = world.start('/bin/sh', ['-c', script, stopPath(world), world.scan], { wrap: NAMESPACE, foreign: true });
  return { world, services, init };
};

const stopPath = (world: World): string => `${world.dir}/stop`;

/** From now on no runsvdir follows the one that ends. */
export const startNoMore = ({ world }: Fleet): void => writeFileSync(stopPath(world), '');

const called = (world: World, words: string): number =>
  marked(world.dir).find((pid) => proc(pid, 'cmdline').startsWith(words)) ?? 0;

/** The runsvdir, 0 for none at this moment. */
export const runsvdirOf = ({ world }: Fleet): number => called(world, 'runsvdir\0');

export const runsvsOf = ({ world }: Fleet): ReadonlyMap<string, number> => {
  const found = new Map<string, number>();
  for (const pid of marked(world.dir)) {
    const [name, service] = proc(pid, 'cmdline').split('\0');
    if (name === 'runsv' && service !== undefined) found.set(service, pid);
  }
  return found;
};

/** Processes by the number that they have in the namespace, which is what supervise/ tells. */
export const insiders = ({ world }: Fleet): ReadonlyMap<number, number> =>
  new Map(marked(world.dir).map((pid) => [Number(/^NSpid:.*\t(\d+)$/m.exec(proc(pid, 'status'))?.[1] ?? 0), pid]));

const linkOf = (fleet: Fleet, service: Service): string => `${fleet.world.scan}/${service.name}`;

/** Takes a service away, or gives it back. */
export const unlink = (fleet: Fleet, service: Service): void => rmSync(linkOf(fleet, service), { force: true });

export const link = (fleet: Fleet, service: Service): void => {
  unlink(fleet, service);
  symlinkSync(service.dir, linkOf(fleet, service));
};
