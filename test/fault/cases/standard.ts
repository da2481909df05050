// Standard input, output and error as a careless parent leaves them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { fault } from '../case.ts';
import { isAlive } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import type { World } from '../world.ts';

const CLOSED = ['perl', '-e', 'use POSIX; POSIX::close($_) for 0 .. 2; exec @ARGV'] as const;

/** Makes runsv say something: control/h cannot be run, which is told, and HUP is sent. */
const provoke = (service: Service): void => {
  service.has('control/h', { text: 'no program\n' });
  service.send('h');
};

/** runsv whose standard error is a pipe that nobody reads: `full`, or without a reader. */
const withUnreadError = (world: World, service: Service, how: 'full' | 'gone'): { readonly end: () => void } => {
  const reader = spawn('sleep', ['1000'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const input = reader.stdin as unknown as { readonly _handle: { readonly fd: number } };
  const fd = input._handle.fd;
  const stuff =
    how === 'full'
      ? `fcntl(STDERR, 4, 2048); 1 while syswrite STDERR, 'x' x 4096; 1 while syswrite STDERR, 'x'; fcntl(STDERR, 4, 0);`
      : '';
  world.runsv(service, { wrap: ['perl', '-e', `${stuff} exec @ARGV`], stdio: ['ignore', 'ignore', fd] });
  return {
    end: () => {
      reader.kill('SIGKILL');
      reader.stdin?.destroy();
    },
  };
};

export const STANDARD = [
  fault('runsv whose standard error has lost its reader keeps its service', async (world) => {
    const service = world.service('readerless').has('run', 'listens');
    const runsv = world.start('runsv', [service.dir], {
      wrap: ['perl', '-e', 'pipe R, W; close R; open STDERR, ">&W"; $^F = 9; exec @ARGV'],
    });
    const pid = await world.up(service);
    provoke(service);
    service.send('d');
    await world.until('the command to be obeyed, or the end of runsv', () => !isAlive(pid) || runsv.end() !== null, [
      `${service.dir}/supervise`,
    ]);
    assert.equal(runsv.end(), null);
    await world.reach(service, { state: 'down', pid: 0 });
  }),

  fault('runsvdir whose standard error has lost its reader keeps supervising', async (world) => {
    const service = world.service('readerless-dir', 'scan').has('run', 'stays');
    const { symlinkSync } = await import('node:fs');
    symlinkSync('nowhere', `${world.scan}/dangling`);
    const runsvdir = world.start('runsvdir', [world.scan], {
      wrap: ['perl', '-e', 'pipe R, W; close R; open STDERR, ">&W"; exec @ARGV'],
    });
    await world.until(
      'the service, or the end of runsvdir',
      () => service.count('start') > 0 || runsvdir.end() !== null,
    );
    assert.equal(runsvdir.end(), null);
  }),

  fault('runsv whose standard error is full, and not read, obeys all the same', async (world) => {
    const service = world.service('unread').has('run', 'listens');
    const unread = withUnreadError(world, service, 'full');
    try {
      await world.up(service);
      provoke(service);
      service.send('d');
      await world.reach(service, { state: 'down', want: 'd' }, '', 8000);
    } finally {
      unread.end();
    }
  }),

  fault('runsv started without standard descriptors keeps its own files clean', async (world) => {
    const service = world.service('closed').has('run', 'listens');
    const first = world.runsv(service, { wrap: CLOSED });
    const pid = await world.up(service);
    for (let n = 0; n < 3; n++) provoke(service);
    service.send('p');
    await world.reach(service, { paused: true });
    assert.doesNotMatch(readFileSync(`${service.dir}/supervise/lock`, 'latin1'), /fatal|warning/);
    service.send('c');
    await world.reach(service, { paused: false });
    first.signal('SIGKILL');
    await first.ended();
    world.runsv(service);
    await world.supervised(service);
    await world.reach(service, { state: 'run', pid });
    assert.equal(service.count('double'), 0);
  }),

  fault('runsvdir started without standard descriptors starts its services', async (world) => {
    const service = world
      .service('closed-dir', 'scan')
      .has('run', 'stays')
      .has('log/run', { text: '#!/bin/sh\nexec cat\n' });
    const runsvdir = world.runsvdir({ wrap: CLOSED });
    await world.up(service);
    chmodSync(`${service.dir}/run`, 0o644);
    service.send('t');
    await world.reach(service, { state: 'down' });
    runsvdir.signal('SIGHUP');
    assert.equal(await runsvdir.ended(), 'exit 111');
  }),

  fault(
    'without /proc, and with one that tells of processes alone, services run and obey',
    async (world) => {
      const trials = ['mount -t tmpfs none /proc', 'mount -t proc -o subset=pid none /proc'].map(async (mount, n) => {
        const service = world
          .service(`procless-${n}`)
          .has('run', 'stays')
          .has('log/run', { text: '#!/bin/sh\nexec cat\n' });
        const runsv = world.runsv(service, {
          wrap: ['unshare', '--mount', 'sh', '-c', `${mount} && exec "$@"`, 'sh'],
        });
        await world.up(service);
        service.send('d');
        await world.reach(service, { state: 'down', pid: 0 });
        runsv.signal('SIGTERM');
        assert.equal(await runsv.ended(), 'exit 0');
      });
      await Promise.all(trials);
    },
    'unshare',
    'mount',
  ),
];
