// The engine fails in process 1: want of memory, a bug, a crash. Process 1 stays, and knows what it knew.
//
// The failing runsvdir is the debug build, whose allocator is the product's and can be told to refuse; everything it
// starts is the product. RUNITBOX_FAIL_EVERY=1 refuses every single request in turn (some twenty minutes).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../case.ts';
import { childrenOf, contain, type Container, type ContainerOptions } from '../container.ts';
import { descriptorsOf, isAlive, isAliveWithin, proc, waitsInPoll } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import { sleep, until } from '../../lib/wait.ts';
import { kill, type World } from '../world.ts';

export const DEBUG = join(import.meta.dirname, '../../../dist/runitbox-debug');
/** Programs for which the kernel refuses calls. */
const REFUSE = join(import.meta.dirname, '../../../out/refuse');
const ENOSYS = '38';
const MANY = 3000;
const AT_ONCE = 4;
/** How many requests are refused in a usual run; a sample that moves with the process number. */
const SAMPLE = 60;
/** The debug build starts in 30 ms; beside 20 busy loops in seconds, four of them at a time. */
const LOADED_MS = 180_000;
const LOOK_MS = 20;

const linked = (world: World, folder: string, name: string): Service => {
  const service = world.service(`${folder}-${name}`, 'sv').has('run', 'stays');
  mkdirSync(join(world.dir, folder), { recursive: true });
  symlinkSync(service.dir, join(world.dir, folder, name));
  return service;
};

/** A runsvdir whose n-th request for memory is refused; `n+`: all from then on. */
const failing = (world: World, refuse: string, options: ContainerOptions): Container =>
  contain(world, {
    ...options,
    foreign: true,
    wrap: ['env', `RUNITBOX_FAIL_ALLOC=${refuse}`],
    executable: DEBUG,
  });

/** How many requests the debug build makes before it runs a program: it loads that first. */
const requestsToLoad = (): number => {
  const works = (n: number): boolean =>
    spawnSync(DEBUG, ['--version'], { env: { RUNITBOX_FAIL_ALLOC: `${n}+` } }).status === 0;
  let [low, high] = [1, 1 << 20];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (works(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** It runs, and takes care of TERM by now. */
const living = ({ first }: Container, service: Service): boolean => {
  const pid = service.status()?.pid ?? 0;
  return service.status()?.state === 'run' && isAliveWithin(first, pid) && service.told().includes(`start ${pid}`);
};

/** Looks again and again: what others do gives no sign when process 1 is what is tried. */
export const comes = async (what: string, look: () => boolean): Promise<void> => {
  await until(what, look, LOADED_MS, LOOK_MS);
};

/** Start, a crash of a runsv, a service that appears, stop. Returns whether the engine failed on the way. */
const scenario = async (world: World, refuse: string): Promise<boolean> => {
  const folder = `scan-${refuse.replace('+', 'x')}`;
  const one = linked(world, folder, 'one');
  const container = failing(world, refuse, { folder, words: ['-k', '3'] });
  const stays = (): void =>
    assert.equal(container.running.end(), null, `process 1 is gone: ${container.lines().join(' | ')}`);
  const failed = (): boolean => container.lines().some((line) => /: fatal: /.test(line));
  // one that fails before it has anything to lose just ends
  await comes('the service or an end', () => container.running.end() !== null || living(container, one));
  if (container.running.end() !== null) {
    assert.deepEqual(one.told(), [], `services without process 1: ${container.lines().join(' | ')}`);
    return true;
  }
  const pid = one.status()?.pid ?? 0;
  const supervisor = childrenOf(container.first).find((child) => proc(child, 'cmdline').startsWith('runsv\0')) ?? 0;
  kill(supervisor, 'SIGKILL');
  const another = linked(world, folder, 'another');
  await comes('another service', () => living(container, another));
  await comes('another runsv', () => one.isSupervised());
  stays();
  assert.equal(isAliveWithin(container.first, pid) && one.count('start') === 1, true, 'the service was not touched');
  assert.equal(one.count('double') + another.count('double'), 0, 'two instances');
  container.signal(15);
  assert.match(await container.ended(), /^exit (0|111)$/, container.lines().join(' | '));
  assert.equal(one.count('term'), 1, `brought down in order: ${container.lines().join(' | ')}`);
  assert.equal(another.count('term'), 1);
  return failed();
};

const sample = (from: number): number[] => {
  const every = Number(process.env['RUNITBOX_FAIL_EVERY'] ?? 0);
  return every > 0
    ? Array.from({ length: 1_000_000 }, (_, n) => from + n * every)
    : Array.from({ length: SAMPLE }, (_, n) => from + ((n * 67 + process.pid) % 4000));
};

/** Plays with one request refused, a different one each time. `play` returns whether the engine failed on the way. */
export const eachRefused = async (play: (n: string) => Promise<boolean>): Promise<void> => {
  const queue = sample(requestsToLoad()).values();
  let failures = 0;
  let fine = 0;
  const work = async (): Promise<void> => {
    for (const n of queue) {
      if (await play(String(n))) failures++;
      else fine++;
      // beyond the last request of the scenario nothing is refused any more
      if (process.env['RUNITBOX_FAIL_EVERY'] !== undefined && fine > 20) return;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  assert.ok(failures > 5, `only ${failures} requests were refused`);
  if (process.env['RUNITBOX_FAIL_EVERY'] !== undefined)
    console.log(`        ${failures} requests refused, each in turn`);
};

/** More services than ever were in one variable of the environment; process 1 crashes. */
const manyServices = async (world: World, name: string, wrap: readonly string[]): Promise<void> => {
  const folder = `many-${name}`;
  mkdirSync(join(world.dir, folder));
  for (let n = 0; n < MANY; n++) {
    const dir = join(world.dir, folder, `a-service-with-a-rather-long-name-${n}`);
    mkdirSync(dir);
    writeFileSync(join(dir, 'down'), '');
    symlinkSync('/bin/true', join(dir, 'run'));
  }
  await sleep(1100);
  const main = world.service(`main-${name}`, 'main');
  const text = `echo "start $$" >>${main.toldPath}; exec sleep 1000`;
  const container = contain(world, { folder, command: ['sh', '-c', text], wrap, foreign: true });
  await world.tells(main, 'start');
  const { first } = container;
  const children = (): readonly number[] => [...childrenOf(first)].sort((a, b) => a - b);
  await comes('a runsv for each service', () => children().length === MANY + 1);
  const before = children();
  kill(first, 'SIGSEGV');
  await container.running.says(new RegExp(`warning: re-executed after an engine failure, ${MANY} services kept$`));
  assert.deepEqual(children(), before);
  // it waits for signals again, nothing is kept open but what it had, and nobody was started meanwhile
  await comes('process 1 at rest', () => proc(first, 'stat').includes(') S '));
  assert.equal(
    descriptorsOf(first).some((file) => /memfd|deleted/.test(file)),
    false,
    'the state is closed',
  );
  assert.equal(main.count('start'), 1, 'the main command was started once');
  kill(first, 'SIGKILL');
  await container.ended();
  rmSync(join(world.dir, folder), { recursive: true });
};

export const ENGINE = [
  {
    ...fault('process 1 that gets no memory for one request goes on, whichever it is', (world) =>
      eachRefused((n) => scenario(world, n)),
    ),
    takesMs: process.env['RUNITBOX_FAIL_EVERY'] === undefined ? 240_000 : 7_200_000,
  },

  fault(
    'process 1 that never gets memory again stays, reaps, and brings everything down when asked to',
    async (world) => {
      const load = requestsToLoad();
      for (const more of [2500, 4000]) {
        const folder = `scan-${more}`;
        const one = linked(world, folder, 'one');
        const container = failing(world, `${load + more}+`, { folder });
        await world.tells(one, 'start');
        const { first } = container;
        // each of these takes memory, sooner or later more than there is
        const failed = (): boolean => container.lines().filter((line) => /fatal: out of memory/.test(line)).length > 1;
        await comes('a failure for good', () => {
          if (!failed()) kill(first, 'SIGALRM');
          return failed();
        });
        const runsv = childrenOf(first)[0] ?? 0;
        kill(runsv, 'SIGKILL');
        await comes('the runsv to be reaped', () => proc(runsv, 'stat') === '');
        assert.equal(container.running.end(), null, container.lines().join(' | '));
        assert.equal(one.count('term'), 0);
        container.signal(15);
        assert.equal(await container.ended(), 'exit 111');
        assert.equal(one.count('term'), 1);
      }
    },
  ),

  fault('process 1 that crashes goes on, with services, main command, LOG and all', async (world) => {
    const one = linked(world, 'links', 'one');
    const main = world.service('main', 'main');
    const text = `echo "start $$" >>${main.toldPath}; until test -e ${main.toldPath}.gate; do sleep 0.02; done; exit 77`;
    const container = contain(world, { folder: 'links', command: ['sh', '-c', text] });
    await world.tells(one, 'start');
    await world.tells(main, 'start');
    for (const [round, name] of (['SIGSEGV', 'SIGABRT', 'SIGBUS'] as const).entries()) {
      kill(container.first, name);
      await container.running.says(/warning: re-executed after an engine failure, 1 service kept$/, round + 1);
    }
    assert.equal(one.count('start'), 1);
    assert.equal(main.count('start'), 1);
    main.openGate();
    assert.equal(await container.ended(), 'exit 77');
    assert.equal(one.count('term'), 1);
  }),

  {
    ...fault(
      '3,000 services and a main command outlast a crash of process 1, wherever its state lies',
      async (world) => {
        await manyServices(world, 'memory', []);
        // without files in memory; without files that never had a name either
        await manyServices(world, 'nameless', [REFUSE, ENOSYS, 'memfd_create']);
        await manyServices(world, 'unlinked', [REFUSE, ENOSYS, 'memfd_create,O_TMPFILE']);
      },
    ),
    takesMs: 240_000,
    alone: true,
  },

  fault(
    'process 1 whose state has no place anywhere starts nothing twice, and ends everything when asked to',
    async (world) => {
      const all = ['one', 'two', 'three', 'four', 'five', 'six'].map((name) => linked(world, 'links', name));
      const main = world.service('main', 'main');
      const text = `echo "start $$" >>${main.toldPath}; exec sleep 1000`;
      // no file may be as large as the state
      const container = contain(world, {
        folder: 'links',
        words: ['-k', '2'],
        command: ['sh', '-c', text],
        wrap: ['prlimit', '--fsize=512'],
        foreign: true,
      });
      for (const service of [...all, main]) await world.tells(service, 'start');
      kill(container.first, 'SIGSEGV');
      await container.running.says(/^runitbox: fatal: no file to keep the state in, trying again every second$/);
      container.signal(15);
      assert.equal(await container.ended(), 'exit 111');
      for (const service of [...all, main]) assert.equal(service.count('start'), 1);
      for (const service of all) assert.equal(service.count('term'), 1);
    },
  ),

  fault('the exit code of a main command that ends while process 1 fails is not lost', async (world) => {
    const main = world.service('main', 'main');
    const text = `echo "start $$" >>${main.toldPath}; until test -e ${main.toldPath}.gate; do sleep 0.02; done; exit 78`;
    const container = contain(world, { command: ['sh', '-c', text] });
    await world.tells(main, 'start');
    const command = childrenOf(container.first)[0] ?? 0;
    kill(container.first, 'SIGSEGV');
    await container.running.says(/re-executed after an engine failure/);
    kill(container.first, 'SIGSTOP');
    main.openGate();
    await comes('the end of the main command', () => !isAlive(command));
    kill(container.first, 'SIGSEGV');
    kill(container.first, 'SIGCONT');
    assert.equal(await container.ended(), 'exit 78');
  }),

  fault('a stop that is under way when process 1 fails goes on, with its deadline', async (world) => {
    mkdirSync(join(world.dir, 'links'));
    const lingers = world.service('lingers', 'sv').has('run', 'stubborn');
    symlinkSync(lingers.dir, join(world.dir, 'links/lingers'));
    const container = contain(world, { folder: 'links', words: ['-k', '2'], foreign: true });
    await world.tells(lingers, 'start');
    container.signal(1);
    await world.tells(lingers, 'term');
    // before that it may fail with the signal in hand, and hears it again
    await comes('process 1 to wait', () => waitsInPoll(container.first));
    kill(container.first, 'SIGSEGV');
    assert.equal(await container.ended(), 'exit 111');
    assert.match(container.lines().join('\n'), /re-executed after.*\n.*still running after 2 s, killed: run \(\d+\)$/);
    assert.equal(lingers.count('term'), 1);
  }),

  fault('a signal that the main command has had is not sent to it again after process 1 has failed', async (world) => {
    const main = world.service('main', 'main');
    const text = `trap 'echo usr1 $$ >>${main.toldPath}' USR1; trap 'echo usr2 $$ >>${main.toldPath}' USR2; echo "start $$" >>${main.toldPath}; while :; do sleep 0.02; done`;
    const container = contain(world, { command: ['sh', '-c', text], words: ['-k', '1'], foreign: true });
    await world.tells(main, 'start');
    const { first } = container;
    process.kill(first, 'SIGUSR1');
    await world.tells(main, 'usr1');
    await comes('process 1 to wait', () => waitsInPoll(first));
    kill(first, 'SIGSEGV');
    await container.running.says(/re-executed after an engine failure/);
    await comes('process 1 to wait again', () => waitsInPoll(first));
    process.kill(first, 'SIGUSR2');
    await world.tells(main, 'usr2');
    assert.equal(main.count('usr1'), 1);
  }),

  fault('the LOG argument goes on showing after process 1 has failed', async (world) => {
    mkdirSync(join(world.dir, 'links'));
    const talks = world.service('talks', 'sv');
    const text = `#!/bin/sh\necho "start $$" >>${talks.toldPath}\necho before >&2\nuntil test -e ${talks.toldPath}.gate; do sleep 0.02; done\necho after >&2\nexec sleep 1000\n`;
    talks.has('run', { text });
    symlinkSync(talks.dir, join(world.dir, 'links/talks'));
    const container = contain(world, { folder: 'links', log: `log: ${'.'.repeat(400 + 3 * world.dir.length)}` });
    const shows = (what: RegExp): boolean => what.test(proc(container.first, 'cmdline'));
    await comes('the first line', () => shows(/before/));
    const { first } = container;
    kill(first, 'SIGSEGV');
    await comes('what it says of it', () => shows(/before.*re-executed after an engine failure/));
    talks.openGate();
    await comes('the second line', () => shows(/before.*re-executed.*after/));
    const pipe = readlinkSync(`/proc/${first}/fd/2`);
    const another = linked(world, 'links', 'another');
    await world.tells(another, 'start');
    for (const runsv of childrenOf(first))
      assert.equal(descriptorsOf(runsv).filter((file) => file === pipe).length, 1, 'only the writing end is inherited');
    container.signal(15);
    assert.equal(await container.ended(), 'exit 0');
  }),
];
