// The services of a soak, and the init above their runsvdir: a namespace whose process 1 starts runsvdir again and again.
//
// Read next: run.ts, acts.ts. The world, its services and what they tell are those of test/fault.
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { copiesLines, habit } from '../fault/habits.ts';
import { marked, proc } from '../lib/proc.ts';
import type { Service } from '../fault/service.ts';
import type { Running, World } from '../fault/world.ts';

const NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'] as const;
/** Every so-many-th service has a log, and every so-many-th ends at once, again and again. */
const LOG_EVERY = 3;
const ENDS_EVERY = 10;
/** Of a mixed fleet, every so-many-th tells when it is ready, needs the one before it, ends at once under a restart policy. */
const READY_EVERY = 7;
const NEEDS_EVERY = 11;
const POLICY_EVERY = 20;

export interface Fleet {
  readonly world: World;
  /** runsvdir supervises all of them itself. */
  readonly oneProcess: boolean;
  readonly services: readonly Service[];
  readonly init: Running;
}

const isSteadyAt = (n: number): boolean => n % ENDS_EVERY !== 0;

/** Files that only our supervisor reads. */
const mix = (service: Service, n: number): void => {
  const file = (path: string, text: string): void => writeFileSync(`${service.dir}/${path}`, text);
  if (n % READY_EVERY === 0 && isSteadyAt(n)) {
    const ready = "tell_('start');\nopen my $ready, '>&=', 3; syswrite $ready, qq(\\n); close $ready;\n";
    const stays = habit('stays', service.toldPath).replace("tell_('start');\n", () => ready);
    service.has('run', { text: stays });
    file('notification-fd', '3\n');
  }
  if (n % NEEDS_EVERY === 0 && isSteadyAt(n - 1)) {
    mkdirSync(`${service.dir}/dependencies.d`);
    file(`dependencies.d/s${n - 1}`, n % 2 === 0 ? 'restart\n' : '');
  }
  if (n % POLICY_EVERY === 0) {
    file('restart-delay', '200 2000 10000\n');
    file('restart-limit', '5\n');
  }
};

const makeService = (world: World, n: number, mixed: boolean): Service => {
  const service = world.service(`s${n}`);
  service.has('run', !isSteadyAt(n) ? 'ends' : n % 2 === 0 ? 'stays' : 'plain');
  if (n % LOG_EVERY === 0) service.has('log/run', { text: copiesLines(service.toldPath) });
  if (mixed) mix(service, n);
  symlinkSync(service.dir, `${world.scan}/${service.name}`);
  return service;
};

export const hasLog = (service: Service): boolean => existsSync(`${service.dir}/log`);
/** Whether it runs until it is told to end. */
export const isSteady = ({ name }: Service): boolean => isSteadyAt(Number(name.slice(1)));
/** Whether it may have given up: that is another end of its story. */
export const mayFail = ({ dir }: Service): boolean => existsSync(`${dir}/restart-limit`);

export interface Kind {
  readonly count: number;
  readonly oneProcess: boolean;
  /** Also services that tell when they are ready, need others, have a restart policy. */
  readonly mixed: boolean;
}

export const startFleet = (world: World, { count, oneProcess, mixed }: Kind): Fleet => {
  mkdirSync(`${world.dir}/sv`, { recursive: true });
  const services = Array.from({ length: count }, (_, n) => makeService(world, n + 1, mixed));
  const options = oneProcess ? '--one-process -P' : '-P';
  const script = `until test -e "$0"; do runsvdir ${options} "$1"; done`;
  const init = world.start('/bin/sh', ['-c', script, stopPath(world), world.scan], { wrap: NAMESPACE, foreign: true });
  return { world, oneProcess, services, init };
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
