// Two runsvdirs on one scan directory, or with a service in common: the second does no harm.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { fault } from '../case.ts';
import { contain } from '../container.ts';
import { descriptorsOf, isAlive, waitsInPoll } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import { sleep } from '../../lib/wait.ts';
import type { World } from '../world.ts';
import { comes } from './engine.ts';
import { runsvOf } from './scandir.ts';

const WAITS = /warning: .* is already supervised by process \d+, waiting for its end$/;

const linked = (world: World, name: string, folder = 'scan'): Service => {
  const service = world.service(name).has('run', 'stays');
  mkdirSync(`${world.dir}/${folder}`, { recursive: true });
  symlinkSync(service.dir, `${world.dir}/${folder}/${name}`);
  return service;
};

/** Whether a shared lock of the directory is refused: how anybody asks whether it is supervised. */
const isHeld = (dir: string): boolean => {
  try {
    execFileSync('flock', ['-sn', dir, 'true']);
    return false;
  } catch {
    return true;
  }
};

/** Tries for the lock of a directory some thousand times a second, until it gets it. */
const CONTENDER = `use Fcntl ':flock'; my ($dir, $told) = @ARGV; open(my $fd, '<', $dir) || sysopen($fd, $dir, 0) || die;
my $tell = sub { open(my $out, '>>', $told); print $out "$_[0] $$\n"; close $out };
$tell->('tries'); select(undef, undef, undef, 0.0001) until flock($fd, LOCK_EX | LOCK_NB); $tell->('has');`;

export const SECOND = [
  fault(
    'a second runsvdir on a directory waits, says so once, and harms nothing when it is told to go',
    async (world) => {
      const service = linked(world, 'web');
      const first = world.runsvdir();
      const pid = await world.up(service);
      for (const signal of ['SIGHUP', 'SIGTERM'] as const) {
        const second = world.runsvdir();
        await second.says(WAITS);
        const more = linked(world, `more-${signal}`);
        await world.up(more);
        second.signal('SIGALRM');
        await sleep(300);
        second.signal(signal);
        assert.equal(await second.ended(), signal === 'SIGHUP' ? 'exit 111' : 'exit 0');
        assert.equal(second.lines().length, 1);
        assert.ok(isAlive(pid) && service.count('start') === 1);
        assert.equal(more.count('start'), 1);
      }
      assert.deepEqual(first.lines(), []);
    },
  ),

  fault('a second runsvdir takes over when the first is killed, and not before', async (world) => {
    const service = linked(world, 'web');
    const first = world.runsvdir();
    const pid = await world.up(service);
    const second = world.runsvdir();
    await second.says(WAITS);
    first.signal('SIGKILL');
    await second.says(/runsv web already runs as process \d+, taking it over$/);
    assert.equal(service.status()?.pid, pid);
    second.signal('SIGHUP');
    await second.ended();
    await world.reach(service, { state: 'down' });
  }),

  fault(
    'whoever can read a scan directory can ask whether it is supervised, whatever is done with it',
    async (world) => {
      const service = linked(world, 'web');
      assert.equal(isHeld(world.scan), false);
      const runsvdir = world.runsvdir();
      await world.up(service);
      assert.equal(isHeld(world.scan), true);
      mkdirSync(`${world.dir}/other`);
      assert.equal(isHeld(`${world.dir}/other`), false);
      runsvdir.signal('SIGTERM');
      await runsvdir.ended();
      assert.equal(isHeld(world.scan), false);
    },
    'flock',
  ),

  fault(
    'somebody who asks at the start keeps no service from starting',
    async (world) => {
      const service = linked(world, 'web');
      // one who asks for ever
      world.start('/usr/bin/flock', ['-s', world.scan, 'sh', '-c', `: >${world.dir}/asked; exec sleep 1000`]);
      await world.until('the lock', () => existsSync(`${world.dir}/asked`), [world.dir]);
      const runsvdir = world.runsvdir();
      await world.up(service);
      await runsvdir.says(/is already supervised elsewhere, leaving alone what runs there$/);
    },
    'flock',
  ),

  fault('a runsv that another runsvdir has started is left alone, and started when nobody has it', async (world) => {
    const service = linked(world, 'shared');
    mkdirSync(`${world.dir}/other`);
    symlinkSync(service.dir, `${world.dir}/other/shared`);
    const first = world.runsvdir();
    const pid = await world.up(service);
    const second = world.start('runsvdir', [`${world.dir}/other`]);
    await second.says(/runsv shared already runs as process \d+ of runsvdir \d+, leaving it alone$/);
    second.signal('SIGHUP');
    await second.ended();
    assert.ok(isAlive(pid));
    const third = world.start('runsvdir', [`${world.dir}/other`]);
    await third.says(/leaving it alone$/);
    first.signal('SIGHUP');
    await first.ended();
    await world.up(service, pid);
    assert.equal(service.count('double'), 0);
    assert.equal(runsvOf(world, 'shared').length, 1);
  }),

  fault('a service that another runsvdir has is not forgotten when the engine fails', async (world) => {
    const service = linked(world, 'shared');
    mkdirSync(`${world.dir}/other`);
    symlinkSync(service.dir, `${world.dir}/other/shared`);
    const first = world.runsvdir();
    const pid = await world.up(service);
    const second = contain(world, { folder: 'other', subreaper: true });
    await second.running.says(/leaving it alone$/);
    second.running.signal('SIGSEGV');
    await second.running.says(/leaving it alone$/, 2);
    first.signal('SIGHUP');
    await first.ended();
    await world.up(service, pid);
    assert.equal(service.count('double'), 0);
  }),

  fault('nobody gets the lock of a directory while a runsvdir executes itself anew', async (world) => {
    const service = linked(world, 'web', 'links');
    const dir = `${world.dir}/links`;
    const container = contain(world, { folder: 'links', subreaper: true });
    const pid = await world.up(service);
    const contender = world.service('contender');
    world.start('/usr/bin/perl', ['-e', CONTENDER, dir, contender.toldPath], { foreign: true });
    await world.tells(contender, 'tries');
    for (const round of [1, 2]) {
      container.running.signal('SIGSEGV');
      await container.running.says(/re-executed after an engine failure/, round);
      await comes('its poll', () => waitsInPoll(container.first));
    }
    const another = linked(world, 'another', 'links');
    await world.up(another);
    for (const runsv of runsvOf(world, 'another')) assert.equal(descriptorsOf(runsv).includes(dir), false);
    assert.equal(contender.count('has'), 0);
    assert.ok(isAlive(pid) && service.count('start') === 1);
    container.signal(15);
    assert.equal(await container.ended(), 'exit 0');
    await world.tells(contender, 'has');
  }),

  fault('a directory that a container out of sight supervises too is supervised beside it', async (world) => {
    const service = linked(world, 'here');
    const inner = contain(world);
    await world.tells(service, 'start');
    // another PID namespace: the holder of the lock is none of its processes
    const other = contain(world);
    await other.running.says(/is already supervised elsewhere, leaving alone what runs there$/);
    other.signal(15);
    assert.equal(await other.ended(), 'exit 0');
    assert.equal(service.count('start'), 1);
    inner.signal(15);
    assert.equal(await inner.ended(), 'exit 0');
  }),
];
