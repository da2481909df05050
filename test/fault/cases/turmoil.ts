// kill -9 at every moment: at random ones among random commands, and after every single system call.
import assert from 'node:assert/strict';
import { readFileSync, symlinkSync } from 'node:fs';
import { fault } from '../case.ts';
import { copiesLines, writesLines } from '../habits.ts';
import { isAlive } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import { sleep } from '../../lib/wait.ts';
import { kill, type Running, type World } from '../world.ts';
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
    await sleep(10 + Math.random() * 120);
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
    await sleep(Math.random() * 400);
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

/** A system call of a life: the nth of its name. */
interface Call {
  readonly name: string;
  readonly nth: number;
}

/** Starts runsv under strace, brings it up, sends `during`, and waits until it is killed or nothing more comes. */
const live = async (world: World, service: Service, during: string, strace: readonly string[]): Promise<Running> => {
  const paths = [service.dir, `${service.dir}/supervise`];
  const starts = service.count('start');
  const runsv = world.runsv(service, { wrap: ['strace', '-D', '-qqq', ...strace], foreign: true });
  const isUp = (): boolean => service.status()?.state === 'run' && service.count('start') > starts;
  const isDown = (): boolean => service.status()?.state === 'down' && service.status()?.want === 'd';
  await world.until('runsv to be killed, or its service to be up', () => runsv.end() !== null || isUp(), paths);
  if (during !== '' && runsv.end() === null) {
    trySend(service, during);
    await world.until('runsv to be killed, or its service to be down', () => runsv.end() !== null || isDown(), paths);
  }
  return runsv;
};

/** The calls of a whole life that nobody cuts short, in order. */
const callsOf = async (world: World, service: Service, during: string): Promise<readonly Call[]> => {
  const trace = `${world.dir}/trace`;
  const runsv = await live(world, service, during, ['-o', trace]);
  runsv.signal('SIGTERM');
  await runsv.ended();
  const counts = new Map<string, number>();
  const names = [...readFileSync(trace, 'latin1').matchAll(/^(\w+)\(/gm)].map(([, name]) => name ?? '');
  return names.map((name) => {
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    return { name, nth };
  });
};

/** Kills a runsv right before `call`; whether it came so far. What follows must be one instance, true, and obeying. */
const killBefore = async (world: World, service: Service, call: Call, during: string): Promise<boolean> => {
  const inject = `inject=${call.name}:signal=KILL:when=${call.nth}`;
  const first = await live(world, service, during, ['-o', '/dev/null', '-e', inject]);
  const killed = first.end() === 'signal SIGKILL';
  first.signal('SIGKILL');
  await first.ended();
  const second = world.runsv(service);
  await world.supervised(service);
  service.send('cu');
  // a process that was adopted may just be ending, as it was told to before the kill: another follows it
  const runs = (): boolean => {
    const status = service.status();
    return status?.state === 'run' && status.want === 'u' && isAlive(status.pid);
  };
  await world.until(`a running process, killed before ${call.name} ${call.nth}`, runs, [`${service.dir}/supervise`]);
  assert.equal(
    service.count('double'),
    0,
    `two before ${call.name} ${call.nth}: ${service.told().slice(-4).join(', ')}`,
  );
  service.send('x');
  const end = await second.ended().catch((cause: Error) => {
    const facts = [JSON.stringify(service.status()), ...service.told().slice(-6), ...second.lines()];
    throw new Error(`killed before ${call.name} ${call.nth}: ${cause.message}\n${facts.join('\n')}`);
  });
  assert.equal(end, 'exit 0');
  return killed;
};

/** Kills it before every `step`th call of such a life, from the `from`th on. */
const everyCall =
  (during: string, from: number, step: number) =>
  async (world: World): Promise<void> => {
    const service = world.service('every').has('run', 'stays').has('finish', 'ends');
    const calls = await callsOf(world, service, during);
    let [killed, missed] = [0, 0];
    for (let at = from; at < calls.length && missed < ENOUGH_MISSED; at += step) {
      const call = calls[at];
      if (call === undefined) break;
      const wasKilled = await killBefore(world, service, call, during);
      killed += wasKilled ? 1 : 0;
      missed = wasKilled ? 0 : missed + 1;
    }
    assert.ok(killed >= LEAST_KILLS, `only ${killed} were killed`);
  };

/** So many in a row that did not come to their call: what is left of the recorded life is its end, which no trial sees. */
const ENOUGH_MISSED = 6;
const LEAST_KILLS = 30;

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
    everyCall('', 20, 1),
    'strace',
  ),
  fault(
    'kill -9 of runsv before any system call of a stop leaves nothing to start twice',
    everyCall('d', 90, 1),
    'strace',
  ),
];
