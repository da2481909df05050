// Value files in a service directory: C reads none of them; ours stops and starts the service as they say, and sv sends the
// signal that one of them names. Without them every other case here holds.
import { readFileSync } from 'node:fs';
import { until } from '../../lib/wait.ts';
import { FakeService, made } from '../fake.ts';
import type { Case } from '../model.ts';
import * as steps from '../steps.ts';
import type { World } from '../world.ts';

const QUIET_MS = 2500;
const STAYS = steps.habit('stays');

const linesOf = (world: World, path: string): readonly string[] =>
  steps.exists(world, path) ? readFileSync(world.path(path), 'latin1').split('\n').slice(0, -1) : [];

const stopSignal: Case = {
  name: 'policies/down-signal',
  title: 'a file down-signal names the signal of a stop',
  uses: ['runsv'],
  differs: [{ id: 'runsv-stop-policy', lines: { signal: 'QUIT' } }],
  async run(world) {
    const traps = "trap 'echo TERM >>got; exit' TERM; trap 'echo QUIT >>got; exit' QUIT";
    steps.service(world, 's', { run: `${traps}\necho ready >>got\nwhile :; do sleep 0.05; done` });
    world.write('s/down-signal', 'QUIT\n');
    await steps.supervise(world, 's');
    await until('./run to be ready', () => linesOf(world, 's/got').length === 1);
    await steps.send(world, 's', 'd');
    world.note('signal', await until('the signal', () => linesOf(world, 's/got')[1]));
  },
};

const readiness: Case = {
  name: 'policies/notification-fd',
  title: 'a file notification-fd gives ./run a descriptor on which it tells that it is ready',
  uses: ['runsv'],
  differs: [{ id: 'runsv-readiness', lines: { descriptor: 'open', state: 'there' } }],
  async run(world) {
    steps.service(world, 's', {
      run: 'if test -e /proc/self/fd/3; then echo open >>got; else echo closed >>got; fi\nexec sleep 1000',
    });
    world.write('s/notification-fd', '3\n');
    await steps.supervise(world, 's');
    world.note('descriptor', await until('./run', () => linesOf(world, 's/got')[0]));
    world.note('state', steps.exists(world, 's/supervise/state.json') ? 'there' : 'none');
  },
};

const notReady: Case = {
  name: 'policies/not-ready',
  title: 'sv check waits for a service that state.json calls not ready',
  uses: ['sv'],
  differs: [{ id: 'sv-ready', lines: { exit: 'exit 1' } }],
  async run(world) {
    const given = made('run');
    new FakeService(world, 's', given);
    world.write('s/supervise/state.json', `${JSON.stringify({ pid: given.pid, by: 'fd', ready: false })}\n`);
    world.note('exit', (await world.run('sv', ['-w', '1', 'check', './s'])).end);
  },
};

const limit: Case = {
  name: 'policies/restart-limit',
  title: 'a file restart-limit says how often a service may fail',
  uses: ['runsv'],
  timed: true,
  differs: [{ id: 'runsv-restart-policy', lines: { starts: 'once' } }],
  async run(world) {
    steps.service(world, 's', { run: 'echo start >>got\nexit 3' });
    world.write('s/restart-limit', '1\n');
    await steps.supervise(world, 's');
    await until('the first start', () => linesOf(world, 's/got').length > 0);
    const endMs = performance.now() + QUIET_MS;
    await until('a second start, or none', () => linesOf(world, 's/got').length > 1 || performance.now() > endMs);
    world.note('starts', linesOf(world, 's/got').length > 1 ? 'again' : 'once');
  },
};

const dependency: Case = {
  name: 'policies/dependencies',
  title: 'a name in dependencies.d is a service that is waited for',
  uses: ['runsv'],
  differs: [{ id: 'runsv-dependencies', lines: { starts: 'once db is there' } }],
  async run(world) {
    steps.service(world, 's', { run: `echo start >>got\n${STAYS}` });
    world.write('s/dependencies.d/db', '');
    await steps.supervise(world, 's');
    const waits = (): boolean =>
      linesOf(world, 's/supervise/state.json').some((line) => line.includes('"waiting":["db"]'));
    await until('a start, or a wait', () => linesOf(world, 's/got').length > 0 || waits());
    world.note('starts', waits() ? 'once db is there' : 'at once');
  },
};

const reload: Case = {
  name: 'policies/reload-signal',
  title: 'a file reload-signal names the signal of sv reload',
  uses: ['sv'],
  differs: [{ id: 'sv-reload-signal', lines: { bytes: '2' } }],
  async run(world) {
    const service = new FakeService(world, 's', made('run'));
    world.write('s/reload-signal', 'USR2\n');
    const ran = await world.run('sv', ['reload', './s']);
    world.note('exit', ran.end);
    world.note('bytes', service.received());
  },
};

export const cases: readonly Case[] = [stopSignal, readiness, limit, dependency, reload, notReady];
