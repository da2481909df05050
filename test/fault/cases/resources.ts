// The kernel refuses processes, descriptors, memory.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fault } from '../case.ts';
import { isAlive } from '../../lib/proc.ts';
import { sleep } from '../../lib/wait.ts';
import type { Running, World } from '../world.ts';

/** A user of its own for each case, so that no two count each other's processes. */
let lastUid = 61000 + (process.pid % 2000);

const asUser = (uid: number): readonly string[] => ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];

const limit = (pid: number, what: string, uid = 0): void => {
  const words = [...(uid === 0 ? [] : asUser(uid)), 'prlimit', '--pid', String(pid), what];
  execFileSync(words[0] ?? '', words.slice(1));
};

type Outcome = 'ends' | 'complains' | 'runs';

/** How runsv fares: it ends with 111 and a reason, complains and goes on (never), or runs both without a word. */
const fares = async (world: World, running: Running, runs: () => boolean): Promise<Outcome> => {
  await world.until(`${running.name} to fare`, () => running.end() !== null || running.lines().length > 2 || runs());
  for (const line of running.lines()) assert.match(line, /: process cannot open more files$/);
  if (running.end() === null) return running.lines().length === 0 ? 'runs' : 'complains';
  assert.equal(running.end(), 'exit 111');
  assert.equal(running.lines().filter((line) => line.includes(': fatal: ')).length, 1, running.lines().join('\n'));
  return 'ends';
};

export const RESOURCES = [
  fault(
    'a refused fork leaves runsv obeying, and the service starts when forks are allowed again',
    async (world) => {
      const uid = ++lastUid;
      const service = world.service('forkless').has('run', 'stays').isDown();
      world.giveTo(uid, service.dir);
      const runsv = world.runsv(service, { wrap: asUser(uid) });
      await world.reach(service, { state: 'down' });
      limit(runsv.pid, '--nproc=1:100', uid);
      service.send('u');
      await runsv.says(/warning: unable to fork for \.\/run, trying again: temporary failure$/);
      await world.reach(service, { state: 'down', want: 'u' });
      service.send('d');
      await world.reach(service, { state: 'down', want: 'd' });
      service.send('u');
      await runsv.says(/unable to fork/, 2);
      limit(runsv.pid, '--nproc=100:100', uid);
      await world.up(service);
      assert.ok(runsv.lines().length <= 5, `repeats itself at most once a second: ${runsv.lines().length} lines`);
    },
    'setpriv',
    'prlimit',
  ),

  fault(
    'a fork refused for ./finish is made up for, and runsv obeys meanwhile',
    async (world) => {
      const uid = ++lastUid;
      const service = world.service('forkless-finish').has('run', 'stays').has('finish', 'tellsItself');
      world.giveTo(uid, service.dir);
      const runsv = world.runsv(service, { wrap: asUser(uid) });
      await world.up(service);
      limit(runsv.pid, '--nproc=1:100', uid);
      service.send('d');
      await runsv.says(/warning: unable to fork for \.\/finish, trying again: temporary failure$/);
      await world.reach(service, { pid: 0, want: 'd' });
      limit(runsv.pid, '--nproc=100:100', uid);
      await world.reach(service, { state: 'down', pid: 0 });
      assert.equal(service.count('args 0 0'), 1);
    },
    'setpriv',
    'prlimit',
  ),

  fault(
    'runsv with too few descriptors says so in one line, with enough it supervises',
    async (world) => {
      const outcomes: Outcome[] = [];
      for (let files = 3; files <= 20; files++) {
        const service = world.service(`few-${files}`).has('run', 'stays').has('log/run', 'stays', 'log');
        const running = world.runsv(service, { wrap: ['prlimit', `--nofile=${files}`] });
        outcomes.push(await fares(world, running, () => service.count('start') >= 2));
        running.signal('SIGKILL');
      }
      const seen = outcomes.join(' ');
      assert.match(seen, /^(ends )+runs( runs)*$/);
    },
    'prlimit',
  ),

  fault(
    'runsvdir with too few descriptors says so, with enough it starts what is there',
    async (world) => {
      const service = world.service('there', 'scan').has('run', 'stays');
      await sleep(1000);
      for (let files = 3; files <= 14; files++) {
        const running = world.runsvdir({ wrap: ['prlimit', `--nofile=${files}`] });
        const ready = (): boolean => running.lines().length > 0 || running.end() !== null || service.count('start') > 0;
        await world.until(`runsvdir with ${files} descriptors to start or say why`, ready);
        if (service.count('start') > 0) return;
        assert.match(running.lines()[0] ?? '', /process cannot open more files$/);
        running.signal('SIGKILL');
      }
      assert.fail('14 descriptors are enough');
    },
    'prlimit',
  ),

  fault(
    'descriptors taken away while it runs: commands are obeyed, and the files catch up later',
    async (world) => {
      const service = world.service('bereft').has('run', 'stays');
      const runsv = world.runsv(service);
      const pid = await world.up(service);
      limit(runsv.pid, '--nofile=3:1024');
      service.send('d');
      await world.tells(service, 'term');
      await runsv.says(/warning: unable to replace supervise\/.*: process cannot open more files$/);
      limit(runsv.pid, '--nofile=1024:1024');
      await world.reach(service, { state: 'down', pid: 0, want: 'd' });
      assert.equal(isAlive(pid), false);
    },
    'prlimit',
  ),

  fault(
    'runsv that gets no more memory lets go of nothing: its service stays supervised and obeys',
    async (world) => {
      const service = world.service('starved').has('run', 'listens');
      const runsv = world.runsv(service);
      const pid = await world.up(service);
      limit(runsv.pid, '--as=4096:unlimited');
      for (let n = 0; n < 400; n++) service.send('12hai');
      await world.until('the last signals to arrive', () => service.count('USR2') > 0 || runsv.end() !== null);
      limitIfAlive(runsv, '--as=unlimited:unlimited');
      assert.equal(runsv.end(), null, `runsv ended: ${runsv.end()} ${runsv.lines().at(-1)}`);
      assert.equal(service.status()?.pid, pid);
      service.send('d');
      await world.reach(service, { state: 'down', pid: 0 });
    },
    'prlimit',
  ),

  fault(
    'a limit of address space that does not do is told in one line at the start',
    async (world) => {
      for (const kb of [256, 512, 640, 700, 768, 900, 1000, 1100, 1200]) {
        const service = world.service(`small-${kb}`).has('run', 'stays');
        const running = world.runsv(service, { wrap: ['prlimit', `--as=${kb * 1024}`], foreign: true });
        const ready = (): boolean => running.end() !== null || running.lines().length > 0 || service.status() !== null;
        await world.until(`runsv with ${kb} kB to start or end`, ready, [service.dir, `${service.dir}/supervise`]);
        assert.ok(running.lines().length <= 1, running.lines().join('\n'));
        running.signal('SIGKILL');
      }
    },
    'prlimit',
  ),
];

function limitIfAlive(running: Running, what: string): void {
  if (running.end() === null) limit(running.pid, what);
}
