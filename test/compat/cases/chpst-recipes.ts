// What people write into run scripts with chpst, under a real runsv.
// Read next: chpst-state.ts.
import { chownSync } from 'node:fs';
import type { Case } from '../model.ts';
import { isAlive, proc, procField } from '../../lib/proc.ts';
import { readIf, statusOf } from '../observe.ts';
import * as steps from '../steps.ts';
import { until } from '../../lib/wait.ts';

const GAMES = 5;

const logger: Case = {
  name: 'recipes/logger',
  title: 'exec chpst -uUSER svlogd -tt DIR: a logger without privileges',
  uses: ['chpst', 'runsv'],
  needs: ['root'],
  async run(world) {
    const run = 'echo one line; exec sleep 1000';
    steps.service(world, 's', { run, log: { run: 'exec chpst -ugames svlogd -tt ./main' } });
    world.mkdir('s/log/main');
    chownSync(world.path('s/log/main'), GAMES, GAMES);
    await steps.supervise(world, 's');
    const line = await until('the line in the log', () => readIf(world.path('s/log/main/current'))?.toString('latin1'));
    await until('a whole line', () => readIf(world.path('s/log/main/current'))?.toString('latin1').endsWith('\n'));
    world.note(
      'a stamp and the line',
      /^\S{26} one line\n$/.test(readIf(world.path('s/log/main/current'))?.toString('latin1') ?? line),
    );
    const pid = statusOf(world, 's/log')?.pid ?? 0;
    world.note('by', procField(pid, 'Uid'));
    world.note('as', proc(pid, 'cmdline').replaceAll('\0', ' '));
  },
};

const DAEMON = `#!/bin/sh
# detaches: the parent ends, the child goes on
sleep 1000 > /dev/null 2>&1 &
echo $! > daemon.pid
`;

const detached: Case = {
  name: 'recipes/detached',
  title: 'a service that stands for a daemon which detaches, and is stopped through finish',
  uses: ['chpst', 'runsv'],
  async run(world) {
    steps.service(world, 's', {
      run: './daemon\nexec chpst -L supervise/runlock chpst -l supervise/runlock true',
      finish: 'kill $(cat daemon.pid)\necho "s finish $1 $2" >> "$RECORD"',
    });
    world.write('s/daemon', DAEMON, 0o755);
    await steps.supervise(world, 's');
    const { pid } = await steps.inState(world, 's', 'run');
    await until('chpst waiting for its own lock', () => steps.waitsForLock(pid));
    const daemon = Number(world.read('s/daemon.pid'));
    world.note('daemon', isAlive(daemon) ? 'lives' : 'gone');
    world.note('stands for it', proc(pid, 'cmdline').replaceAll('\0', ' '));
    await steps.send(world, 's', 'd');
    await steps.inState(world, 's', 'down');
    await steps.gone(daemon, 'the daemon');
    steps.noteEvents(world);
  },
};

const inherited: Case = {
  name: 'recipes/inherited-lock',
  title: 'a daemon that inherits the lock is waited for, and started anew when it ends',
  uses: ['chpst', 'runsv'],
  async run(world) {
    steps.service(world, 's', {
      run: 'echo "s run pid=$$" >> "$RECORD"\nchpst -L supervise/runlock ./daemon || exit 1\nexec chpst -l supervise/runlock true',
    });
    world.write('s/daemon', DAEMON, 0o755);
    await steps.supervise(world, 's');
    await steps.up(world, 's');
    const { pid } = await steps.inState(world, 's', 'run');
    await until('chpst waiting for the daemon', () => steps.waitsForLock(pid));
    process.kill(Number(world.read('s/daemon.pid')), 'SIGTERM');
    const second = await steps.up(world, 's', 2);
    world.note('started again', second.pid !== pid);
  },
};

const environment: Case = {
  name: 'recipes/environment',
  title: 'a run script with variables, user and limits gives the service all of them, in the process that runsv knows',
  uses: ['chpst', 'runsv'],
  needs: ['root'],
  async run(world) {
    const command = 'exec chpst -e env -u games:bin -o 64 -P sleep 1000';
    steps.service(world, 's', { run: command });
    world.write('s/env/COLOUR', 'blue');
    await steps.supervise(world, 's');
    const { pid } = await steps.inState(world, 's', 'run');
    await until('sleep', () => proc(pid, 'comm') === 'sleep\n');
    for (const field of ['Uid', 'Gid', 'Groups']) world.note(field, procField(pid, field));
    world.note(
      'variable',
      proc(pid, 'environ').includes('\0COLOUR=blue\0') || proc(pid, 'environ').endsWith('\0COLOUR=blue\0'),
    );
    world.note('limit', /^Max open files\s+64 /m.test(proc(pid, 'limits')));
    world.note('leads', proc(pid, 'stat').split(') ')[1]?.split(' ')[2] === String(pid));
  },
};

export const cases: readonly Case[] = [logger, detached, inherited, environment];
