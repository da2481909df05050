// kill -9 at every moment: at random ones among random commands, and after every single system call.
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { fault } from '../case.ts';
import { copiesLines, writesLines } from '../habits.ts';
import { isAlive } from '../proc.ts';
import type { Service } from '../service.ts';
import { elapse } from '../wait.ts';
import { kill, type World } from '../world.ts';
import { assertNoLineLost } from './killed.ts';
import { runsvOf } from './scandir.ts';

const SERVICES = 5;
const KILLS = 10;

const pick = (from: string): string => from[Math.floor(Math.random() * from.length)] ?? '';

/** Sends random commands until told to stop. Never x, and never a pause that outlasts the next command. */
const disturb = async (service: Service, goesOn: () => boolean): Promise<void> => {
  while (goesOn()) {
    try {
      service.send(pick('uuuudotkpchai'));
    } catch {
      // No supervisor at this moment.
    }
    await elapse(10 + Math.random() * 120);
    if (Math.random() < 0.3) trySend(service, 'cu');
  }
};

const trySend = (service: Service, letters: string): void => {
  try {
    service.send(letters);
  } catch {
    // as above
  }
};

/** What status says must be true again as soon as there is a supervisor. */
const assertTruthful = async (world: World, service: Service): Promise<void> => {
  const paths = [`${service.dir}/supervise`, world.scan];
  await world.supervised(service);
  const truthful = (): boolean => {
    const status = service.status();
    return status !== null && (status.pid === 0 || isAlive(status.pid));
  };
  await world.until(`a true status of ${service.name}`, truthful, paths, 2000);
};

const killOften = async (world: World, service: Service): Promise<void> => {
  for (let n = 0; n < KILLS; n++) {
    await elapse(Math.random() * 400);
    const [runsv] = runsvOf(world, service.name);
    if (runsv === undefined) continue;
    kill(runsv, 'SIGKILL');
    await world.until(`another runsv for ${service.name}`, () => {
      const [next] = runsvOf(world, service.name);
      return next !== undefined && next !== runsv;
    }, [`${service.dir}/supervise`, world.scan]);
    await assertTruthful(world, service);
  }
};

const trial = async (world: World, service: Service): Promise<void> => {
  await world.up(service);
  let over = false;
  const disturbed = disturb(service, () => !over);
  await killOften(world, service).finally(() => {
    over = true;
  });
  await disturbed;
  service.send('cu');
  await world.reach(service, { state: 'run', want: 'u', paused: false });
};

const settled = async (world: World, service: Service): Promise<void> => {
  await world.reach(service, { state: 'down', pid: 0 });
  await world.until('the log to end', () => service.status('log/')?.pid === 0, [`${service.dir}/log/supervise`]);
};

/** Kills a runsv right before its n-th system call; the child that it may have started lives on. */
const killAtCall = async (world: World, service: Service, n: number, during: string): Promise<boolean> => {
  const before = service.status()?.pid ?? 0;
  const strace = ['strace', '-D', '-qqq', '-o', '/dev/null', '-e', `inject=all:signal=KILL:when=${n}`];
  const first = world.runsv(service, { wrap: strace, foreign: true });
  const acted = async (): Promise<void> => {
    if (during === '') return;
    await world.until('the service', () => first.end() !== null || service.status()?.state === 'run', [
      service.dir,
      `${service.dir}/supervise`,
    ]);
    trySend(service, during);
  };
  await acted();
  await world.until('runsv to be killed or to rest', () => first.end() !== null || rests(service, during, before), [
    service.dir,
    `${service.dir}/supervise`,
  ]);
  const killed = first.end() !== null;
  first.signal('SIGKILL');
  await first.ended();
  const second = world.runsv(service);
  await world.supervised(service);
  service.send('cu');
  const { pid } = await world.reach(service, { state: 'run', want: 'u' });
  assert.equal(isAlive(pid), true, `after call ${n}`);
  assert.equal(service.count('double'), 0, `double after call ${n}: ${service.told().slice(-4).join(', ')}`);
  second.signal('SIGTERM');
  assert.equal(await second.ended(), 'exit 0');
  return killed;
};

const rests = (service: Service, during: string, before: number): boolean => {
  const status = service.status();
  if (status === null || !service.isSupervised()) return false;
  if (during === '')
    return status.state === 'run' && status.pid !== before && service.told().includes(`start ${status.pid}`);
  return status.state === 'down' && status.want === 'd';
};

const everyCall =
  (during: string, from: number, step: number) =>
  async (world: World): Promise<void> => {
    const service = world.service('every').has('run', 'stays').has('finish', 'ends');
    for (let n = from; ; n += step) {
      if (!(await killAtCall(world, service, n, during))) break;
      assert.ok(n < 600, 'a start takes fewer calls');
    }
  };

export const TURMOIL = [
  fault('kill -9 of runsv at 50 random moments: one instance each, status true, no line lost', async (world) => {
    const services = Array.from({ length: SERVICES }, (_, n) => {
      const service = world.service(`t${n}`);
      service.has('run', { text: writesLines(service.toldPath) }).has('finish', 'ends');
      service.has('log/run', { text: copiesLines(service.toldPath) });
      symlinkSync(service.dir, `${world.scan}/t${n}`);
      return service;
    });
    const runsvdir = world.runsvdir();
    await Promise.all(services.map((service) => trial(world, service)));
    runsvdir.signal('SIGHUP');
    assert.equal(await runsvdir.ended(), 'exit 111');
    await Promise.all(services.map((service) => settled(world, service)));
    for (const service of services) assertNoLineLost(service);
  }),

  fault(
    'kill -9 of runsv before any system call of its start leaves nothing to start twice',
    everyCall('', 4, 2),
    'strace',
  ),
  fault(
    'kill -9 of runsv before any system call of a stop leaves nothing to start twice',
    everyCall('d', 70, 2),
    'strace',
  ),
];
