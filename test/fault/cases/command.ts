// A main command: `runsvdir DIR -- CMD`. What it ends with, what it gets, and what ends with it.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../case.ts';
import { childrenOf, contain, type Container, type ContainerOptions } from '../container.ts';
import { habit } from '../habits.ts';
import { marked, proc, waitsInPoll } from '../../lib/proc.ts';
import { program, type Service } from '../service.ts';
import { sleep, until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const AT_ONCE = 6;
/** Signals that a process does not die of by default; TSTP, TTIN and TTOU stop it, but not where no shell waits for it. */
const IGNORED = [17, 18, 23, 28, 20, 21, 22];
const SIGSTOP = 19;

const end = async (world: World, script: string, options: ContainerOptions = {}): Promise<string> => {
  const container = contain(world, { ...options, command: ['sh', '-c', `ulimit -c 0; ${script}`], foreign: true });
  return container.ended();
};

/** Does `one` for every number, several at once. */
const each = async (numbers: readonly number[], one: (n: number) => Promise<void>): Promise<void> => {
  const queue = numbers.values();
  const work = async (): Promise<void> => {
    for (const n of queue) await one(n);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
};

const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** A linked service beside the main command. */
const beside = (world: World, name: string, what: Parameters<Service['has']>[1]): Service => {
  const service = world.service(name, 'sv').has('run', what);
  mkdirSync(join(world.dir, 'links'), { recursive: true });
  symlinkSync(service.dir, join(world.dir, 'links', name));
  return service;
};

/** A main command with a habit; it tells things as a service does. */
const commanded = (world: World, what: Parameters<typeof habit>[0], words: readonly string[] = []) => {
  const main = world.service('main', 'main');
  program(join(main.dir, 'cmd'), habit(what, main.toldPath));
  mkdirSync(join(world.dir, 'links'), { recursive: true });
  const start = (more: ContainerOptions = {}): Container =>
    contain(world, { folder: 'links', words, command: [join(main.dir, 'cmd')], ...more });
  return { main, start };
};

/** A `runsv` in front of ours that does what the script says first, with the service's name as $1. */
const runsvAfter = (world: World, script: string): readonly string[] => {
  const dir = join(world.dir, 'slow');
  mkdirSync(dir, { recursive: true });
  const rest = 'PATH=${PATH#*:}; exec runsv "$@"';
  program(join(dir, 'runsv'), `#!/bin/sh\n${script}\n${rest}\n`);
  return ['sh', '-c', `PATH=${dir}:$PATH; exec "$0" "$@"`];
};

export const COMMAND = [
  fault('the main command finds every runsv listening, linked or made only now', async (world) => {
    beside(world, 'one', 'stays').isDown();
    beside(world, 'other', 'stays').isDown();
    world.service('young', 'links').has('run', 'stays').isDown();
    const words = 'for s in one other young; do sv start "$0/$s" || exit 9; done; exit 7';
    const command = ['sh', '-c', words, `${world.dir}/links`];
    const container = contain(world, { folder: 'links', command, wrap: runsvAfter(world, 'sleep 0.3') });
    assert.equal(await container.ended(), 'exit 7');
    assert.deepEqual(container.lines(), []);
  }),

  fault('a runsv that does not listen holds the main command up for five seconds, and is named', async (world) => {
    beside(world, 'good', 'stays');
    beside(world, 'mute', 'stays');
    const wrap = runsvAfter(world, 'test "$1" != mute || exec sleep 1000');
    const startMs = Date.now();
    const container = contain(world, { folder: 'links', command: ['sh', '-c', 'exit 7'], words: ['-k', '1'], wrap });
    assert.equal(await container.ended(), 'exit 7');
    assert.ok(Date.now() - startMs >= 5000);
    await container.running.says(/warning: no runsv listens after 5 s in mute, starting sh anyway$/);
  }),

  fault('a container that is told to end while its main command waits ends without it', async (world) => {
    const mute = beside(world, 'mute', 'stays');
    const wrap = runsvAfter(world, `echo "start $$" >>${mute.toldPath}; exec sleep 1000`);
    const main = world.service('main', 'main');
    const command = ['sh', '-c', `echo "start $$" >>${main.toldPath}; exit 7`];
    const container = contain(world, { folder: 'links', command, wrap });
    await world.tells(mute, 'start');
    container.signal(15);
    assert.equal(await container.ended(), 'exit 0');
    assert.equal(main.count('start'), 0);
  }),

  fault('every exit code of the main command comes through', (world) =>
    each(numbers(0, 255), async (code) => assert.equal(await end(world, `exit ${code}`), `exit ${code}`)),
  ),

  fault('every signal that ends the main command comes through as 128 and its number', (world) =>
    each(numbers(1, 31), async (signal) => {
      if (signal === SIGSTOP) return;
      const code = IGNORED.includes(signal) ? 7 : 128 + signal;
      assert.equal(await end(world, `kill -${signal} $$; exit 7`), `exit ${code}`, `signal ${signal}`);
    }),
  ),

  fault('a main command that was stopped goes on when CONT is sent to process 1', async (world) => {
    const main = world.service('stopped', 'main');
    const text = `echo start $$ >>${main.toldPath}; kill -STOP $$; exit 7`;
    const container = contain(world, { command: ['sh', '-c', text] });
    await world.tells(main, 'start');
    const child = (): number => childrenOf(container.first)[0] ?? 0;
    while (!/\) T /.test(proc(child(), 'stat'))) await sleep(5);
    container.signal(18);
    assert.equal(await container.ended(), 'exit 7');
  }),

  fault(
    'a main command that is not there is 127, one that cannot be executed 126, each told in one line',
    async (world) => {
      const plain = join(world.dir, 'plain');
      writeFileSync(plain, 'x');
      const service = beside(world, 'one', 'stays');
      for (const [command, why, code] of [
        ['not-there', 'file does not exist', 127],
        [join(world.dir, 'not/there'), 'file does not exist', 127],
        [plain, 'access denied', 126],
        [world.dir, 'access denied', 126],
      ] as const) {
        const container = contain(world, { folder: 'links', command: [command] });
        assert.equal(await container.ended(), `exit ${code}`);
        assert.equal(container.lines().length, 1, container.lines().join('\n'));
        assert.ok(container.lines()[0]?.endsWith(`fatal: unable to start ${command}: ${why}`), container.lines()[0]);
      }
      chmodSync(plain, 0o755);
      const container = contain(world, { folder: 'links', command: [plain] });
      assert.equal(await container.ended(), 'exit 126');
      assert.match(container.lines().join('\n'), /exec format error$/);
      assert.equal(service.count('start'), service.count('term'));
    },
  ),

  fault('when the main command ends every service is brought down, in order', async (world) => {
    const service = beside(world, 'one', 'stays').has('finish', 'tellsItself', 'finish');
    const text = `until test -s ${service.toldPath}; do sleep 0.02; done; exit 3`;
    for (const subreaper of [false, true]) {
      const container = contain(world, { folder: 'links', subreaper, command: ['sh', '-c', text] });
      assert.equal(await container.ended(), 'exit 3');
      assert.deepEqual(container.lines(), []);
      assert.deepEqual(marked(world.dir), []);
    }
    assert.equal(service.count('term'), service.count('start'));
    assert.equal(service.count('args 0 0'), service.count('start'));
  }),

  fault('HUP, INT, QUIT, USR1 and USR2 are for the main command alone', async (world) => {
    const service = beside(world, 'one', 'stays');
    const { main, start } = commanded(world, 'listens');
    const container = start();
    await world.tells(main, 'start');
    await world.tells(service, 'start');
    for (const [name, number] of [
      ['HUP', 1],
      ['INT', 2],
      ['QUIT', 3],
      ['USR1', 10],
      ['USR2', 12],
    ] as const) {
      container.signal(number);
      await world.tells(main, name);
    }
    assert.equal(service.count('term'), 0);
    container.signal(15);
    assert.equal(await container.ended(), 'exit 143');
    assert.equal(service.count('term'), 1);
  }),

  fault('TERM, PWR and RTMIN+3 end the main command first, then the services', async (world) => {
    const service = beside(world, 'one', 'stays');
    const { main, start } = commanded(world, 'slowToGo', ['-k', '60']);
    for (const [round, number] of [15, 30, 37].entries()) {
      const container = start();
      await world.tells(main, 'start', round + 1);
      await world.tells(service, 'start', round + 1);
      container.signal(number);
      await world.tells(main, 'term', round + 1);
      await sleep(100);
      assert.equal(service.count('term'), round, 'the service still runs for it');
      main.openGate();
      assert.equal(await container.ended(), 'exit 0');
      assert.equal(service.count('term'), round + 1);
      main.closeGate();
    }
  }),

  fault('a main command that ignores TERM is killed at the deadline, services stop before', async (world) => {
    const service = beside(world, 'one', 'stays');
    const { main, start } = commanded(world, 'stubborn', ['-k', '1']);
    const container = start();
    await world.tells(main, 'start');
    await world.tells(service, 'start');
    container.signal(15);
    assert.equal(await container.ended(), 'exit 137');
    assert.equal(service.count('term'), 1);
    assert.match(container.lines().join('\n'), /^[^\n]* warning: still there at the end, killed: cmd \(\d+\)$/);
  }),

  fault(
    'the main command has the terminal to itself: its signals, its input; services get neither',
    async (world) => {
      const service = beside(world, 'one', { text: '' });
      program(
        join(service.dir, 'run'),
        `#!/bin/sh\nreadlink /proc/self/fd/0 >${service.toldPath}.input\n. ${service.dir}/stay\n`,
      );
      program(join(service.dir, 'stay'), `echo "start $$" >>${service.toldPath}\nexec sleep 1000\n`);
      const main = world.service('main', 'main');
      // tells its terminal's foreground group and its own; ends by ^C, which the terminal turns into INT
      const cmd = `#!/usr/bin/perl
use POSIX ();
$| = 1;
open my $told, '>>', '${main.toldPath}'; select $told; $| = 1;
$SIG{INT} = sub { print "INT $$\\n"; exit 5 };
print 'foreground ', (POSIX::tcgetpgrp(0) == getpgrp(0) ? 'mine' : 'not'), "\\n";
print 'leader ', (getpgrp(0) == $$ ? 'mine' : 'not'), "\\n";
my $line = <STDIN>; print "line $line";
POSIX::sigprocmask(POSIX::SIG_BLOCK(), POSIX::SigSet->new(POSIX::SIGINT()));
print "start $$\\n";
POSIX::sigsuspend(POSIX::SigSet->new) while 1;
`;
      program(join(main.dir, 'cmd'), cmd);
      const container = contain(world, {
        folder: 'links',
        subreaper: true,
        wrap: [join(import.meta.dirname, '../on-terminal')],
        command: [join(main.dir, 'cmd')],
        stdio: ['pipe', 'ignore', 'pipe'],
        foreign: true,
      });
      await world.tells(service, 'start');
      container.running.type('hello\n');
      await world.tells(main, 'start');
      container.running.type('\x03');
      assert.equal(await container.ended(), 'exit 5', container.lines().join('\n'));
      assert.deepEqual(main.told().slice(0, 3), ['foreground mine', 'leader mine', 'line hello']);
      assert.equal(main.count('INT'), 1, 'once, and to it alone');
      assert.equal(readFileSync(`${service.toldPath}.input`, 'latin1'), '/dev/null\n');
    },
    'perl',
  ),

  fault('without a terminal the main command has the input that runsvdir was given', async (world) => {
    const main = world.service('main', 'main');
    const container = contain(world, {
      command: ['sh', '-c', `cat >>${main.toldPath}; exit 4`],
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    container.running.type('start one\nline two\n');
    container.running.endInput();
    assert.equal(await container.ended(), 'exit 4');
    assert.deepEqual(main.told(), ['start one', 'line two']);
  }),

  fault('-- stands behind LOG as well, and with nothing behind it is a LOG as ever', async (world) => {
    const log = `log: ${'.'.repeat(40)}`;
    const both = world.start('runsvdir', ['-P', world.scan, log, '--', 'sh', '-c', 'exit 6']);
    assert.equal(await both.ended(), 'exit 6');
    const none = world.start('runsvdir', ['-P', world.scan, '--']);
    await none.says(/warning: log service disabled\.$/);
    await until('runsvdir to wait', () => waitsInPoll(none.pid));
    none.signal('SIGTERM');
    assert.equal(await none.ended(), 'exit 0');
  }),
];
