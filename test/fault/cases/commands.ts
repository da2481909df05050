// What comes through supervise/control: junk, floods, and commands among them.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { fault } from '../case.ts';
import { isAlive } from '../../lib/proc.ts';
import { kill } from '../world.ts';

const LETTERS = 'udoxtkpchaiq12';
const FIFO_BYTES = 65536;

const isJunk = (byte: number): boolean => !LETTERS.includes(String.fromCharCode(byte));

export const COMMANDS = [
  fault('a fifo full of junk does not keep a command from being obeyed', async (world) => {
    const service = world.service('junk').has('run', 'stays');
    world.runsv(service);
    const pid = await world.up(service);
    const junk = Buffer.from(randomBytes(2 * FIFO_BYTES).filter(isJunk)).subarray(0, FIFO_BYTES - 1);
    service.send(junk);
    service.send('d');
    await world.reach(service, { state: 'down', pid: 0, want: 'd' });
    assert.equal(isAlive(pid), false);
  }),

  fault('a byte that is not a command changes nothing', async (world) => {
    const service = world.service('bytes').has('run', 'listens');
    const runsv = world.runsv(service);
    const pid = await world.up(service);
    const before = JSON.stringify(service.status());
    service.send(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter(isJunk)));
    service.send('1');
    await world.tells(service, 'USR1');
    assert.equal(JSON.stringify(service.status()), before);
    assert.deepEqual(service.told(), [`start ${pid}`, `USR1 ${pid}`]);
    assert.deepEqual(runsv.lines(), []);
  }),

  fault('whatever 64 KiB of commands did, one up brings one instance', async (world) => {
    const service = world.service('flood').has('run', 'stays').has('finish', 'ends');
    const runsv = world.runsv(service);
    await world.up(service);
    const letters = [...randomBytes(60000)].map((byte) => 'udotkpchaiq12'.charCodeAt(byte % 13));
    service.send(Buffer.from(letters));
    service.send('cu');
    await world.reach(service, { want: 'u' });
    await world.up(service);
    assert.equal(service.count('double'), 0);
    service.send('x');
    assert.equal(await runsv.ended(), 'exit 0');
  }),

  fault('control/t that signals the process group ends what a run script without exec has started', async (world) => {
    const service = world.service('group').has('inner', 'stays');
    service.has('run', { text: "#!/bin/sh\nexec chpst -P sh -c './inner; echo never'\n" });
    service.has('control/t', { text: '#!/bin/sh\nkill -TERM -"$1"\n' });
    world.runsv(service);
    for (let round = 1; round <= 3; round++) {
      await world.until('the inner program', () => service.count('start') === round);
      service.send('t');
      await world.until('its end', () => service.count('term') === round);
    }
    assert.equal(service.count('double'), 0);
  }),

  fault('k and u in one write do not start a second instance beside the dying one', async (world) => {
    const service = world.service('ku').has('run', 'stubborn').has('finish', 'tellsItself');
    world.runsv(service);
    let pid = await world.up(service);
    for (let round = 0; round < 4; round++) {
      service.send('ku');
      pid = await world.up(service, pid);
    }
    assert.equal(service.count('double'), 0);
    assert.equal(service.count('args -1 9'), 4);
  }),

  fault('every order of two commands leaves at most one instance, and up works afterwards', async (world) => {
    const pairs = [...'udotkpc'].flatMap((one) => [...'udotkpc'].map((other) => one + other));
    const trials = pairs.map(async (pair) => {
      const service = world.service(`pair-${pair}`).has('run', 'stays');
      const runsv = world.runsv(service);
      await world.up(service);
      service.send(pair);
      service.send('cu');
      await world.reach(service, { want: 'u', state: 'run', paused: false, gotTerm: false });
      assert.equal(service.count('double'), 0, pair);
      runsv.signal('SIGTERM');
      assert.equal(await runsv.ended(), 'exit 0', pair);
      assert.equal(service.status()?.pid, 0, pair);
    });
    await Promise.all(trials);
  }),

  fault('a stopped service told to go down goes down', async (world) => {
    const service = world.service('stopped').has('run', 'stays');
    world.runsv(service);
    const pid = await world.up(service);
    kill(pid, 'SIGSTOP');
    service.send('d');
    await world.reach(service, { state: 'down', pid: 0, want: 'd' });
    service.send('u');
    const next = await world.up(service, pid);
    service.send('p');
    await world.reach(service, { paused: true });
    service.send('x');
    await world.reach(service, { state: 'down', pid: 0 });
    assert.equal(isAlive(next), false);
  }),

  fault('a stopped service told to restart is not restarted by term alone, as ever, but by kill', async (world) => {
    const service = world.service('stopped-term').has('run', 'stays');
    world.runsv(service);
    const pid = await world.up(service);
    service.send('p');
    await world.reach(service, { paused: true, pid });
    service.send('t');
    await world.reach(service, { gotTerm: true, paused: true, pid });
    service.send('k');
    await world.up(service, pid);
  }),
];
