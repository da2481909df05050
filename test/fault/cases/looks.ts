// Looks at the scan directory that fail, take long, or find what is no service.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fault } from '../case.ts';
import { isAlive } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import { sleep } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const NOBODY = 65534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

const linked = (world: World, name: string, folder = 'sv'): Service => {
  const service = world.service(name, folder).has('run', 'stays');
  symlinkSync(service.dir, `${world.scan}/${name}`);
  return service;
};

/** runsvdir under strace, whose `stat` takes that long from the n-th on. */
const slowed = (world: World, inject: string) =>
  world.start('runsvdir', ['-P', world.scan], {
    wrap: ['strace', '-D', '-I1', '-qq', '-o', '/dev/null', '-e', 'trace=stat', '-e', `inject=stat:${inject}`, '--'],
  });

export const LOOKS = [
  fault('what is wrong with an entry is said once, and again when it changes', async (world) => {
    const service = linked(world, 'good');
    symlinkSync('/nonexistent', `${world.scan}/gone`);
    const runsvdir = world.runsvdir();
    await world.up(service);
    const said = (): number => runsvdir.lines().filter((line) => /unable to stat gone/.test(line)).length;
    const stir = async (): Promise<void> => {
      for (let n = 0; n < 5; n++) {
        writeFileSync(`${world.scan}/file`, '');
        await sleep(80);
        rmSync(`${world.scan}/file`);
        await sleep(80);
      }
    };
    await stir();
    assert.equal(said(), 1);
    symlinkSync('/nonexistent', `${world.scan}/gone.new`);
    renameSync(`${world.scan}/gone.new`, `${world.scan}/gone`);
    await runsvdir.says(/unable to stat gone: file does not exist$/, 2);
    await stir();
    assert.equal(said(), 2);
    rmSync(`${world.scan}/gone`);
    await sleep(200);
    symlinkSync('/nonexistent', `${world.scan}/gone`);
    await runsvdir.says(/unable to stat gone: file does not exist$/, 3);
  }),

  fault(
    'a service that cannot be looked at for a while runs on, and one that is new starts when it can be',
    async (world) => {
      const far = linked(world, 'far', 'closed');
      const near = linked(world, 'near');
      world.giveTo(NOBODY, world.scan, far.dir, near.dir);
      chownSync(`${world.dir}/closed`, NOBODY, NOBODY);
      const runsvdir = world.runsvdir({ wrap: AS_NOBODY });
      const pid = await world.up(far);
      await world.up(near);
      chmodSync(`${world.dir}/closed`, 0);
      const late = linked(world, 'late', 'closed');
      world.giveTo(NOBODY, late.dir);
      const other = linked(world, 'other');
      world.giveTo(NOBODY, other.dir);
      await world.up(other);
      await runsvdir.says(/unable to stat far: access denied$/);
      await sleep(3500);
      assert.ok(isAlive(pid), 'it was not stopped');
      const said = runsvdir.lines().filter((line) => /unable to stat/.test(line));
      assert.equal(said.length, 2, 'each is reported once');
      chmodSync(`${world.dir}/closed`, 0o755);
      await world.up(late);
      assert.ok(isAlive(pid));
    },
    'setpriv',
  ),

  fault(
    'a look that takes long keeps runsvdir from no signal',
    async (world) => {
      for (let n = 0; n < 8; n++) linked(world, `slow-${n}`);
      const runsvdir = slowed(world, 'delay_enter=2000000:when=3+');
      await sleep(1000);
      const startMs = Date.now();
      runsvdir.signal('SIGTERM');
      assert.equal(await runsvdir.ended(60_000), 'exit 0');
      assert.ok(Date.now() - startMs < 9000, `${Date.now() - startMs} ms, where the look takes 16 s`);
    },
    'strace',
  ),

  fault(
    'after a look that took long the next is at most five seconds away',
    async (world) => {
      const first = linked(world, 'first');
      slowed(world, 'delay_enter=6000000:when=3');
      await world.up(first);
      const startMs = Date.now();
      const second = linked(world, 'second');
      await world.tells(second, 'start');
      assert.ok(Date.now() - startMs < 12_000, `${Date.now() - startMs} ms, where it was 24 s`);
    },
    'strace',
  ),

  fault('what a runsv on the scan directory itself has left there is no service', async (world) => {
    const service = linked(world, 'web');
    mkdirSync(`${world.scan}/supervise`);
    for (const name of ['lock', 'status', 'pid']) writeFileSync(`${world.scan}/supervise/${name}`, '');
    const runsvdir = world.runsvdir();
    await world.up(service);
    await sleep(1500);
    assert.deepEqual(runsvdir.lines(), []);
  }),

  fault('a service of that name is one, and so is one whose name looks like an option', async (world) => {
    const names = ['supervise', '--help', '-h', '--version', '--', '-P'];
    const services = names.map((name, n) => {
      const service = world.service(`odd-${n}`).has('run', 'stays');
      symlinkSync(service.dir, `${world.scan}/${name}`);
      return service;
    });
    const runsvdir = world.runsvdir();
    await Promise.all(services.map((service) => world.up(service)));
    assert.deepEqual(runsvdir.lines(), []);
  }),

  fault('a newcomer waits ten seconds for a runsv that does not end, and that is said', async (world) => {
    const service = world.service('late', 'scan').has('run', 'stubborn');
    const runsvdir = world.runsvdir();
    const pid = await world.up(service);
    renameSync(service.dir, `${world.dir}/old`);
    mkdirSync(service.dir);
    service.has('run', 'stays', 'other');
    await runsvdir.says(/runsv late, process \d+, has not ended 10 s after TERM, sending TERM again$/, 1, 20_000);
    await world.tells(service, 'start', 2);
    await world.tells(service, 'term', 2);
    assert.ok(isAlive(pid));
  }),
];
