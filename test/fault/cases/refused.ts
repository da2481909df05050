// The kernel, or a sandbox, refuses a system call for ever: whatever is promised holds, but later where nothing tells.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, statfsSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { alone, fault } from '../case.ts';
import { contain } from '../container.ts';
import { isAlive, proc, procField } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import { sleep, ended } from '../../lib/wait.ts';
import { kill, type Running, type World } from '../world.ts';
import { comes } from './engine.ts';
import { runsvOf } from './scandir.ts';

const REFUSE = join(import.meta.dirname, '../../../out/refuse');
const TMPFS = 0x01021994;
const ERRNO = { ENOSYS: 38, EPERM: 1, EIO: 5 } as const;

/** Newer than Linux 3.2, the oldest kernel that is promised, or unknown to somebody's filter. */
const NEWER = [
  'clone3',
  'close_range',
  'getrandom',
  'memfd_create',
  'O_TMPFILE',
  'pidfd_open',
  'pidfd_send_signal',
  'renameat2',
  'statx',
];
/** Older, and refused here and there all the same. */
const OLDER = [
  'inotify_init1',
  'inotify_add_watch',
  'statfs',
  'prctl',
  'access',
  'readlink',
  'fcntl',
  'lstat',
  'mkdir',
  'rename',
  'unlink',
  'clock_gettime',
];

const refusing = (calls: readonly string[], errno: number): readonly string[] => [
  REFUSE,
  String(errno),
  calls.join(','),
];

/** What may be said about it: nothing, but that a runsv was killed and what it left is taken over. */
const EXPECTED = /was killed by signal 9, starting it again$|taking over .*, still running as process \d+$/;

const linked = (world: World, name: string): Service => {
  const service = world.service(name).has('run', 'stays');
  symlinkSync(service.dir, `${world.scan}/${name}`);
  return service;
};

/** A service, a further one, a runsv that is killed, the end of a service that is no child, a stop. */
const life = async (world: World, running: Running): Promise<void> => {
  const first = linked(world, 'first');
  const pid = await world.up(first);
  await sleep(1100);
  const begun = performance.now();
  const further = linked(world, 'further');
  await world.up(further);
  assert.ok(performance.now() - begun < 2500, 'a further service is found within some two seconds');
  const [runsv = 0] = runsvOf(world, 'first');
  kill(runsv, 'SIGKILL');
  await running.says(/runsv first: warning: taking over \.\/run, still running as process \d+$/);
  await world.supervised(first);
  await world.reach(first, { state: 'run', pid });
  // no child of this runsv: its end is noticed all the same, and soon
  kill(pid, 'SIGKILL');
  await world.up(first, pid);
  assert.equal(isAlive(pid), false);
  first.send('d');
  await world.reach(first, { state: 'down', pid: 0, want: 'd' });
  running.signal('SIGHUP');
  assert.equal(await running.ended(), 'exit 111');
  for (const service of [first, further]) assert.equal(service.count('double'), 0);
  assert.deepEqual(
    running.lines().filter((line) => !EXPECTED.test(line)),
    [],
  );
};

/** A second runsvdir finds what a killed one has left, and notices its end. */
const takesOver = async (world: World, wrap: readonly string[]): Promise<void> => {
  const service = linked(world, 'left');
  const first = world.runsvdir({ wrap });
  const pid = await world.up(service);
  first.signal('SIGKILL');
  await first.ended();
  const second = world.runsvdir({ wrap });
  await second.says(/runsv left already runs as process \d+, taking it over$/);
  const [runsv = 0] = runsvOf(world, 'left');
  kill(runsv, 'SIGKILL');
  await second.says(/taking over \.\/run/);
  await world.reach(service, { state: 'run', pid });
  second.signal('SIGHUP');
  await ended(pid, 'the service');
  assert.equal(service.count('start'), 1);
};

const rows = [
  ...NEWER.map((call) => ({ title: call, calls: [call] })),
  { title: 'every call newer than Linux 3.2 at once', calls: NEWER },
  ...OLDER.map((call) => ({ title: call, calls: [call] })),
];

/** Where nothing tells of a new service it is found by looks, little sooner than it must be. */
const isTimed = (calls: readonly string[]): boolean => calls.length > 1 || calls.some((call) => /inotify/.test(call));

/** Nothing is mounted on /proc. */
const WITHOUT_PROC = ['unshare', '--mount', 'sh', '-c', 'umount -l /proc && exec "$@"', 'sh'];

export const REFUSED = [
  ...rows.flatMap(({ title, calls }) =>
    (['ENOSYS', 'EPERM'] as const).map((name) => {
      const given = fault(`${title} refused with ${name}: services start, are taken over and stop`, async (world) => {
        await life(world, world.runsvdir({ wrap: refusing(calls, ERRNO[name]) }));
      });
      return isTimed(calls) ? alone(given) : given;
    }),
  ),

  ...(['ENOSYS', 'EPERM'] as const).map((name) =>
    fault(`pidfd_open refused with ${name}: a new runsvdir takes over what a killed one has left`, (world) =>
      takesOver(world, refusing(['pidfd_open'], ERRNO[name])),
    ),
  ),

  ...[
    { what: 'every newer call', calls: NEWER },
    { what: 'fcntl', calls: ['fcntl'] },
  ].map(({ what, calls }) =>
    fault(`${what} refused: a container outlasts a crash of process 1, and is brought down`, async (world) => {
      mkdirSync(join(world.dir, 'links'));
      const one = world.service('one', 'sv').has('run', 'stays');
      symlinkSync(one.dir, join(world.dir, 'links/one'));
      const container = contain(world, { folder: 'links', wrap: refusing(calls, ERRNO.ENOSYS) });
      await world.tells(one, 'start');
      kill(container.first, 'SIGSEGV');
      await container.running.says(/re-executed after an engine failure, 1 service kept$/);
      container.signal(15);
      assert.equal(await container.ended(), 'exit 0');
      assert.deepEqual([one.count('start'), one.count('term')], [1, 1]);
    }),
  ),

  ...[
    { call: 'flock', errno: ERRNO.EPERM, says: 'unable to lock supervise/lock: permission denied' },
    { call: 'flock', errno: ERRNO.ENOSYS, says: 'unable to lock supervise/lock: system call not available' },
    { call: 'mkdir', errno: ERRNO.EIO, says: 'unable to make supervise: input/output error' },
    { call: 'clock_gettime', errno: ERRNO.EIO, says: null },
  ].map(({ call, errno, says }) =>
    fault(`${call} refused with errno ${errno} for ever: runsv says so once, and ends`, async (world) => {
      const service = world.service('web').has('run', 'stays');
      const runsv = world.runsv(service, { wrap: refusing([call], errno), foreign: says === null });
      assert.equal(await runsv.ended(), 'exit 111');
      assert.equal(runsv.lines().length, 1, runsv.lines().join(' | '));
      const line = says ?? 'runitbox: fatal: Error: unable to read clock 1, errno 5';
      assert.ok(runsv.lines()[0]?.includes(says === null ? line : `: fatal: ${line}`), runsv.lines()[0]);
      assert.deepEqual(service.told(), []);
    }),
  ),

  ...(['socket', 'bind'] as const).map((call) =>
    fault(`${call} refused: metrics --listen says so in one line, and ends`, async (world) => {
      const wrap = refusing([call], ERRNO.EPERM);
      const sv = world.start('sv', ['metrics', '--listen', `unix:${world.dir}/s`], { wrap, foreign: true });
      assert.equal(await sv.ended(), 'exit 1');
      assert.deepEqual(sv.lines(), [`sv: unable to listen on unix:${world.dir}/s: permission denied`]);
    }),
  ),

  fault('accept4 refused: metrics --listen says so once, and neither ends nor spins', async (world) => {
    const wrap = refusing(['accept4'], ERRNO.EPERM);
    const sv = world.start('sv', ['metrics', '--listen', `unix:${world.dir}/s`], { wrap, foreign: true });
    const path = join(world.dir, 's');
    await world.until('the socket', () => existsSync(path), [world.dir]);
    const client = connect(path);
    await sv.says(/^sv: unable to accept a connection: permission denied$/);
    const wakeUps = (): number => Number(procField(sv.pid, 'voluntary_ctxt_switches'));
    const before = wakeUps();
    await sleep(2500);
    assert.equal(sv.lines().length, 1, sv.lines().join(' | '));
    assert.ok(wakeUps() - before <= 6, `${wakeUps() - before} wake-ups in 2.5 s`);
    client.destroy();
    sv.signal('SIGTERM');
    assert.equal(await sv.ended(), 'exit 0');
  }),

  fault('lstat refused for ever where a runsv was before: runsv says so once, and ends', async (world) => {
    const service = world.service('web').has('run', 'stays');
    const before = world.runsv(service);
    await world.up(service);
    before.signal('SIGTERM');
    await before.ended();
    const runsv = world.runsv(service, { wrap: refusing(['lstat'], ERRNO.EIO) });
    assert.equal(await runsv.ended(), 'exit 111');
    assert.equal(runsv.lines().length, 1, runsv.lines().join(' | '));
    assert.match(runsv.lines()[0] ?? '', /fatal: unable to open supervise\/lock: input\/output error$/);
    assert.equal(service.count('start'), 1);
  }),

  ...(['rename', 'unlink'] as const).map((call) =>
    fault(
      `${call} refused under both names: runsv says once that it cannot tell the state, and obeys`,
      async (world) => {
        const service = world.service('web').has('run', 'stays');
        const calls = [call, `${call}at`];
        const runsv = world.runsv(service, { wrap: refusing(calls, ERRNO.EPERM) });
        await world.tells(service, 'start');
        await world.supervised(service);
        // in memory the state is told all the same, as no file has to go for that
        const isTold = call === 'unlink' && statfsSync(service.dir).type === TMPFS;
        if (!isTold) await runsv.says(/unable to replace supervise\/(pid|stat): permission denied$/);
        service.send('d');
        await world.tells(service, 'term');
        service.send('x');
        assert.equal(await runsv.ended(), 'exit 0');
        assert.equal(runsv.lines().length, isTold ? 0 : 1, runsv.lines().join(' | '));
      },
    ),
  ),

  fault('svlogd whose input cannot be read tries for a second, and ends as C does', async (world) => {
    mkdirSync(`${world.dir}/log`);
    const svlogd = world.start('svlogd', [`${world.dir}/log`], {
      wrap: refusing(['STDIN'], ERRNO.EIO),
      foreign: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    const begun = performance.now();
    svlogd.type('a line\n');
    assert.equal(await svlogd.ended(), 'exit 0');
    assert.ok(performance.now() - begun > 900, 'it tries again');
    assert.deepEqual(svlogd.lines(), ['svlogd: warning: unable to read standard input: input/output error']);
  }),

  fault('getdents64 refused for ever: runsvdir says so once, and starts nothing', async (world) => {
    const service = linked(world, 'web');
    const runsvdir = world.runsvdir({ wrap: refusing(['getdents64'], ERRNO.EPERM) });
    await runsvdir.says(/warning: unable to read directory .*: permission denied$/);
    runsvdir.signal('SIGALRM');
    await sleep(300);
    runsvdir.signal('SIGHUP');
    assert.equal(await runsvdir.ended(), 'exit 111');
    assert.equal(runsvdir.lines().length, 1);
    assert.deepEqual(service.told(), []);
  }),

  fault('without /proc runsv says once that it takes nothing over, and starts no second copy', async (world) => {
    const service = world.service('no-proc').has('run', 'stays');
    const told = /^runsv \S+: warning: \/proc is not mounted, a service that outlives its runsv is not taken over$/;
    const first = world.runsv(service, { wrap: WITHOUT_PROC });
    const pid = await world.up(service);
    await first.says(told);
    assert.equal(first.lines().length, 1);
    first.signal('SIGKILL');
    await first.ended();
    const second = world.runsv(service, { wrap: WITHOUT_PROC });
    assert.equal(await second.ended(), 'exit 111');
    await second.says(/fatal: process \d+ may be the one that an earlier runsv started, \/proc is needed to tell$/);
    kill(pid, 'SIGKILL');
    // a number is free when its process was reaped, by whoever has inherited it
    await comes('the service to be reaped', () => proc(pid, 'stat') === '');
    world.runsv(service, { wrap: WITHOUT_PROC });
    await world.up(service, pid);
    assert.equal(service.count('double'), 0);
  }),
];
