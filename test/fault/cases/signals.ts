// Signals to the supervisors, and the ways in which they may have been inherited.
import assert from 'node:assert/strict';
import { fault } from '../case.ts';
import { isAlive, proc } from '../../lib/proc.ts';
import { sleep, ended } from '../../lib/wait.ts';
import type { Running, World } from '../world.ts';
import type { Service } from '../service.ts';

/** Becomes runsv with signals ignored or blocked, as nohup, a script's `&` or a careless parent leave them. */
const inheriting = (perl: string): readonly string[] => [
  'perl',
  '-e',
  `use POSIX ':signal_h'; ${perl}; exec @ARGV or exit 99`,
];

const ignoring = (...names: readonly string[]): readonly string[] =>
  inheriting(names.map((name) => `$SIG{${name}} = 'IGNORE'`).join('; '));

const BLOCKED = inheriting('my $set = POSIX::SigSet->new; $set->fillset; sigprocmask(SIG_SETMASK, $set)');

const mask = (pid: number, field: 'SigIgn' | 'SigBlk'): bigint =>
  BigInt(`0x${new RegExp(`^${field}:\\s*(\\w+)`, 'm').exec(proc(pid, 'status'))?.[1] ?? '0'}`);

const has = (set: bigint, signal: number): boolean => ((set >> BigInt(signal - 1)) & 1n) === 1n;

const upWith = async (world: World, service: Service, wrap: readonly string[]): Promise<readonly [Running, number]> => {
  const runsv = world.runsv(service, { wrap });
  return [runsv, await world.up(service)];
};

export const SIGNALS = [
  fault('TERM, HUP, INT and QUIT each bring service and log down before runsv goes', async (world) => {
    const signals = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;
    const trials = signals.map(async (signal) => {
      const service = world
        .service(signal)
        .has('run', 'stays')
        .has('log/run', 'stays', 'log')
        .has('finish', 'tellsItself');
      // a reader of its input, which ends with it
      service.has('log/run', { text: '#!/bin/sh\nexec cat >/dev/null\n' });
      const [runsv, pid] = await upWith(world, service, []);
      const log = await world.reach(service, { state: 'run' }, 'log/');
      runsv.signal(signal);
      assert.equal(await runsv.ended(), 'exit 0', signal);
      assert.equal(isAlive(pid) || isAlive(log.pid), false, signal);
      assert.deepEqual(service.status(), { state: 'down', pid: 0, paused: false, want: 'd', gotTerm: false }, signal);
      assert.equal(service.status('log/')?.pid, 0, signal);
      assert.equal(service.stat(), 'down\n', signal);
      assert.equal(service.count('args 0 0'), 1, signal);
    });
    await Promise.all(trials);
  }),

  fault('USR1, USR2, ALRM and PIPE to runsv do not orphan its service', async (world) => {
    for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGPIPE'] as const) {
      const service = world.service(`stray-${signal}`).has('run', 'stays');
      const [runsv, pid] = await upWith(world, service, []);
      runsv.signal(signal);
      await sleep(100);
      const left = runsv.end() !== null && isAlive(pid);
      assert.equal(left, false, `${signal} ended runsv (${runsv.end()}), its service lives on as ${pid}`);
    }
  }),

  fault('ALRM to runsvdir is a look at the directory, and ends nothing', async (world) => {
    const service = world.service('stray', 'scan').has('run', 'stays');
    const runsvdir = world.runsvdir();
    const pid = await world.up(service);
    runsvdir.signal('SIGALRM');
    await sleep(100);
    assert.equal(runsvdir.end(), null);
    assert.equal(isAlive(pid), true);
  }),

  fault(
    'HUP, INT and QUIT ignored by whoever started runsv stay ignored, by runsv and by its service',
    async (world) => {
      const service = world.service('nohup').has('run', 'plain');
      const [runsv, pid] = await upWith(world, service, ignoring('HUP', 'INT', 'QUIT'));
      assert.deepEqual(
        [1, 2, 3].map((signal) => has(mask(pid, 'SigIgn'), signal)),
        [true, true, true],
        'in the service',
      );
      runsv.signal('SIGHUP');
      runsv.signal('SIGINT');
      runsv.signal('SIGQUIT');
      await sleep(300);
      assert.equal(runsv.end(), null);
      assert.equal(isAlive(pid), true);
    },
  ),

  fault('signals blocked by whoever started runsv reach it and its service', async (world) => {
    const service = world.service('blocked').has('run', 'plain');
    const [runsv, pid] = await upWith(world, service, BLOCKED);
    assert.equal(mask(pid, 'SigBlk'), 0n, 'in the service');
    service.send('t');
    await world.reach(service, { state: 'down' });
    const next = await world.up(service, pid);
    runsv.signal('SIGTERM');
    assert.equal(await runsv.ended(), 'exit 0');
    assert.equal(isAlive(next), false);
  }),

  fault('signals blocked by whoever started runsvdir reach it', async (world) => {
    const service = world.service('blocked-dir', 'scan').has('run', 'stays');
    const runsvdir = world.runsvdir({ wrap: BLOCKED });
    const pid = await world.up(service);
    runsvdir.signal('SIGHUP');
    assert.equal(await runsvdir.ended(), 'exit 111');
    await ended(pid, 'the service');
  }),

  fault('CHLD ignored by whoever started runsv does not hide the end of its service', async (world) => {
    const service = world.service('nochld').has('run', 'stays').has('finish', 'tellsItself');
    const [, pid] = await upWith(world, service, ignoring('CHLD', 'TERM'));
    service.send('t');
    await world.up(service, pid);
    assert.equal(service.count('args 0 0'), 1);
  }),

  fault('a storm of signals is one exit', async (world) => {
    const service = world.service('storm').has('run', 'stays').has('finish', 'tellsItself');
    const [runsv, pid] = await upWith(world, service, []);
    for (let n = 0; n < 200; n++)
      runsv.signal((['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGCHLD'] as const)[n % 4] ?? 'SIGTERM');
    assert.equal(await runsv.ended(), 'exit 0');
    assert.equal(isAlive(pid), false);
    // a TERM that comes when perl has let go of its handlers is its end by a signal
    assert.equal(service.count('args'), 1, service.told().join(' | '));
  }),

  fault('a runsv that is stopped and woken has missed nothing', async (world) => {
    const service = world.service('woken').has('run', 'stays');
    const [runsv, pid] = await upWith(world, service, []);
    runsv.signal('SIGSTOP');
    service.send('t');
    service.send('d');
    runsv.signal('SIGTERM');
    runsv.signal('SIGCONT');
    assert.equal(await runsv.ended(), 'exit 0');
    assert.equal(isAlive(pid), false);
  }),
];
