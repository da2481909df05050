// Programs that do not end when they should: control scripts, finish, logs.
import assert from 'node:assert/strict';
import { fault } from '../case.ts';
import { ignoresEnd } from '../habits.ts';
import { isAlive } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import { ended } from '../../lib/wait.ts';
import { kill, type World } from '../world.ts';

/** The process that told `word`. */
const teller = (service: Service, word: string): number =>
  Number(
    service
      .told()
      .findLast((line) => line.startsWith(`${word} `))
      ?.split(' ')[1],
  );

/** A service with a control script that hangs, and has been asked. */
const hangsIn = async (world: World, letter: string, send: string): Promise<Service> => {
  const service = world.service(`hangs-${letter}-${send}`).has('run', 'stays');
  service.has(`control/${letter}`, 'plain', 'script');
  world.runsv(service);
  if (letter !== 'u') {
    await world.up(service);
    service.send(send);
  }
  await world.tells(service, 'start', letter === 'u' ? 1 : 2);
  return service;
};

export const HANGING = [
  fault('a control script that hangs delays the signal, not the truth, and kill ends both', async (world) => {
    const service = await hangsIn(world, 't', 'd');
    const { pid } = await world.reach(service, { state: 'run', want: 'd', gotTerm: false });
    const script = teller(service, 'start');
    service.send('u');
    await world.reach(service, { state: 'run', want: 'u', pid });
    service.send('p');
    service.send('k');
    await world.reach(service, { state: 'run', want: 'u' });
    await world.up(service, pid);
    assert.equal(isAlive(script), false);
  }),

  fault('one kill is enough, however many commands wait for a control script that hangs', async (world) => {
    const service = world.service('hangs-again').has('run', 'stubborn').has('control/t', 'plain', 'script');
    const runsv = world.runsv(service);
    await world.up(service);
    service.send('dudtd');
    await world.reach(service, { state: 'run', want: 'd' });
    await world.tells(service, 'start', 2);
    service.send('k');
    await world.reach(service, { state: 'down', pid: 0, want: 'd' });
    service.send('x');
    assert.equal(await runsv.ended(), 'exit 0');
  }),

  fault('exit with a control script that hangs is acknowledged, and kill lets runsv go', async (world) => {
    const service = world.service('hangs-exit').has('run', 'stays').has('control/t', 'plain', 'script');
    const runsv = world.runsv(service);
    await world.up(service);
    service.send('x');
    await world.reach(service, { state: 'run', want: 'd' });
    assert.match(service.stat(), /want exit/);
    await world.tells(service, 'start', 2);
    service.send('k');
    assert.equal(await runsv.ended(), 'exit 0');
  }),

  fault('a control script for exit that hangs after the service has ended is ended by kill', async (world) => {
    const service = world.service('hangs-x').has('run', 'stays').has('control/x', 'plain', 'script');
    const runsv = world.runsv(service);
    await world.up(service);
    service.send('x');
    await world.reach(service, { state: 'down', pid: 0 });
    await world.tells(service, 'start', 2);
    service.send('k');
    assert.equal(await runsv.ended(), 'exit 0');
  }),

  fault('a control script for up that hangs does not keep down and up from being acknowledged', async (world) => {
    const service = await hangsIn(world, 'u', '');
    await world.reach(service, { state: 'down', want: 'u' });
    service.send('d');
    await world.reach(service, { state: 'down', want: 'd' });
    service.send('u');
    await world.reach(service, { state: 'down', want: 'u' });
    service.send('k');
    await world.reach(service, { state: 'run', want: 'u' });
    assert.equal(service.count('double'), 0);
  }),

  fault('a control script is waited for before the next start, and kill ends one that hangs', async (world) => {
    const service = await hangsIn(world, 't', 't');
    const pid = service.status()?.pid ?? 0;
    kill(pid, 'SIGKILL');
    await world.reach(service, { state: 'down', want: 'u' });
    service.send('k');
    const again = await world.up(service);
    assert.notEqual(again, pid);
  }),

  fault('a vetoed kill is vetoed even while another script hangs', async (world) => {
    const service = world.service('veto').has('run', 'stays').has('control/k', 'vetoes', 'script');
    world.runsv(service);
    const pid = await world.up(service);
    service.send('k');
    await world.tells(service, 'asked');
    service.send('p');
    await world.reach(service, { paused: true, pid });
    assert.equal(isAlive(pid), true);
  }),

  fault('a finish script that hangs is ended by kill, and is not run twice', async (world) => {
    const service = world.service('finish-hangs').has('run', 'stays').has('finish', 'stubborn', 'finish');
    world.runsv(service);
    const pid = await world.up(service);
    service.send('d');
    const finish = await world.reach(service, { state: 'finish', want: 'd' });
    await world.until('finish to tell', () => service.told().includes(`start ${finish.pid}`));
    service.send('t');
    service.send('k');
    await world.reach(service, { state: 'down', pid: 0, want: 'd' });
    assert.equal(service.told().filter((line) => line === `start ${finish.pid}`).length, 1);
    assert.equal(service.count('start'), 2);
    assert.equal(isAlive(pid) || isAlive(finish.pid), false);
  }),

  fault('exit while finish hangs: kill lets runsv go', async (world) => {
    const service = world.service('finish-exit').has('run', 'stays').has('finish', 'stubborn', 'finish');
    const runsv = world.runsv(service);
    await world.up(service);
    runsv.signal('SIGTERM');
    await world.reach(service, { state: 'finish' });
    await world.tells(service, 'start', 2);
    service.send('k');
    assert.equal(await runsv.ended(), 'exit 0');
  }),

  fault('a log that ignores the end of its input keeps runsv, and a second TERM ends it', async (world) => {
    const service = world.service('stuck-log').has('run', 'stays');
    service.has('log/run', { text: ignoresEnd(service.toldPath) });
    const runsv = world.runsv(service);
    await world.up(service);
    const log = await world.reach(service, { state: 'run' }, 'log/');
    await world.tells(service, 'log');
    runsv.signal('SIGTERM');
    await world.reach(service, { state: 'run', want: 'd' }, 'log/');
    assert.equal(runsv.end(), null);
    runsv.signal('SIGTERM');
    assert.equal(await runsv.ended(), 'exit 0');
    assert.equal(isAlive(log.pid), false);
  }),

  fault('a log that ignores the end of its input and TERM is ended by kill', async (world) => {
    const service = world.service('stuck-log-2').has('run', 'stays');
    service.has('log/run', { text: ignoresEnd(service.toldPath, 'TERM') });
    const runsv = world.runsv(service);
    await world.up(service);
    await world.tells(service, 'log');
    runsv.signal('SIGTERM');
    const log = await world.reach(service, { state: 'run', want: 'd' }, 'log/');
    service.send('x');
    await world.reach(service, { state: 'run', gotTerm: true }, 'log/');
    service.send('k');
    assert.equal(await runsv.ended(), 'exit 0');
    assert.equal(isAlive(log.pid), false);
    assert.equal(service.status('log/')?.pid, 0);
  }),

  fault('a grandchild that holds the pipe open is no reason for the log to be lost', async (world) => {
    const service = world.service('grandchild').has('run', {
      text: `#!/bin/sh\nsleep 1000 &\nexec perl -e 'open F,">>","${world.dir}/told/grandchild";syswrite F,"start $$\\n";sleep 1000'\n`,
    });
    service.has('log/run', { text: ignoresEnd(service.toldPath) });
    const runsv = world.runsv(service);
    await world.up(service);
    runsv.signal('SIGTERM');
    await world.reach(service, { state: 'down', pid: 0 });
    assert.equal(runsv.end(), null);
    runsv.signal('SIGTERM');
    await ended(runsv.pid, 'runsv');
    assert.equal(await runsv.ended(), 'exit 0');
  }),
];
