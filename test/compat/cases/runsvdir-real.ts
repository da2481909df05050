// runsvdir with real runsv below it. Read next: runsvdir.ts.
import { join } from 'node:path';
import type { Case } from '../model.ts';
import { statusOf } from '../observe.ts';
import { isAlive, kill, proc, procField } from '../../lib/proc.ts';
import * as steps from '../steps.ts';
import { attempt, sleep, until } from '../../lib/wait.ts';

const STAYS = steps.habit('stays');

const wholeTree: Case = {
  name: 'runsvdir-real/hup',
  title: 'HUP to runsvdir brings down every service and its log',
  uses: ['runsvdir', 'runsv'],
  async run(world) {
    for (const name of ['a', 'b']) {
      steps.service(world, `scan/${name}`, { run: STAYS, log: { run: steps.habit('copies-input') } });
    }
    const running = world.start('runsvdir', ['-P', 'scan']);
    for (const name of ['a', 'b']) {
      await steps.up(world, `scan/${name}`);
      await steps.up(world, `scan/${name}/log`);
    }
    kill(running.pid, 'SIGHUP');
    world.note('runsvdir', await running.ended());
    for (const dir of ['scan/a', 'scan/b', 'scan/a/log', 'scan/b/log']) {
      await steps.noteState(world, dir, dir, 'down');
      await until(`runsv of ${dir} gone`, () => !steps.listens(world, dir));
    }
    world.note('stderr', running.stderr());
  },
};

const leftAlone: Case = {
  name: 'runsvdir-real/term',
  title: 'TERM to runsvdir leaves everything running',
  uses: ['runsvdir', 'runsv'],
  async run(world) {
    steps.service(world, 'scan/a', { run: STAYS });
    const running = world.start('runsvdir', ['scan']);
    const { pid } = await steps.up(world, 'scan/a');
    await steps.inState(world, 'scan/a', 'run');
    kill(running.pid, 'SIGTERM');
    world.note('runsvdir', await running.ended());
    await sleep(500);
    world.note('service', isAlive(pid) ? 'lives on' : 'ended');
    world.note('runsv', steps.listens(world, 'scan/a') ? 'listens' : 'is gone');
  },
};

/** The number, seen from here, of process 1 of the namespace that `unshare` made. */
const firstOf = (unshare: number): number => Number(proc(unshare, `task/${unshare}/children`).split(' ')[0] ?? 0);

const asFirst: Case = {
  name: 'runsvdir-real/first',
  title: 'TERM to runsvdir as process 1 of a PID namespace',
  uses: ['runsvdir', 'runsv'],
  needs: ['root'],
  differs: [{ id: 'runsvdir-first', lines: { 'finish ran': 'true' } }],
  async run(world) {
    steps.service(world, 'scan/a', { run: STAYS, finish: 'echo a finish >>"$RECORD"' });
    const namespace = ['--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];
    const running = world.startFile('/usr/bin/unshare', [...namespace, join(world.bin, 'runsvdir'), 'scan']);
    await world.event('a run');
    kill(firstOf(running.pid), 'SIGTERM');
    world.note('runsvdir', await running.ended());
    world.note('finish ran', world.read('.record').includes('a finish'));
  },
};

const removedService: Case = {
  name: 'runsvdir-real/removed',
  title: 'a service whose link is removed is brought down, with its log',
  uses: ['runsvdir', 'runsv'],
  async run(world) {
    steps.service(world, 'sv/a', { run: STAYS, log: { run: steps.habit('copies-input') } });
    world.mkdir('scan');
    world.link('../sv/a', 'scan/a');
    world.start('runsvdir', ['scan']);
    await steps.up(world, 'sv/a');
    await steps.up(world, 'sv/a/log');
    world.unlink('scan/a');
    await steps.noteState(world, 'service', 'sv/a', 'down');
    await steps.noteState(world, 'log', 'sv/a/log', 'down');
    await until('runsv gone', () => !steps.listens(world, 'sv/a'));
    world.link('../sv/a', 'scan/a');
    await steps.up(world, 'sv/a', 2);
    await steps.noteState(world, 'again', 'sv/a', 'run');
  },
};

const exited: Case = {
  name: 'runsvdir-real/exit',
  title: 'a runsv that was told to exit is started again by runsvdir',
  uses: ['runsvdir', 'runsv'],
  async run(world) {
    steps.service(world, 'scan/a', { run: STAYS });
    world.start('runsvdir', ['scan']);
    await steps.up(world, 'scan/a');
    await steps.send(world, 'scan/a', 'x');
    await steps.up(world, 'scan/a', 2);
    await steps.noteState(world, 'again', 'scan/a', 'run');
  },
};

const SLOW = `${STAYS.replace('exec sleep 100000', "trap 'sleep 2.5; exit 0' TERM\nsleep 100000 & wait")}`;

const replaced: Case = {
  name: 'runsvdir-real/replaced',
  title: 'a service replaced under its name, its supervise kept elsewhere, the old one slow to end',
  uses: ['runsvdir', 'runsv'],
  differs: [{ id: 'runsvdir-waits-for-old', lines: { 'tries in vain': '0' } }],
  async run(world) {
    world.mkdir('state');
    for (const [dir, run] of [
      ['old', SLOW],
      ['new', STAYS],
    ] as const) {
      steps.service(world, `sv/${dir}`, { run });
      world.link(world.path('state/one'), `sv/${dir}/supervise`);
    }
    world.mkdir('scan');
    world.link('../sv/old', 'scan/one');
    const running = world.start('runsvdir', ['scan']);
    await steps.up(world, 'sv/old');
    await sleep(300);
    world.link('../sv/new', 'scan/.one');
    world.rename('scan/.one', 'scan/one');
    await steps.up(world, 'sv/new');
    const tries = running.stderr().match(/unable to lock supervise\/lock/g)?.length ?? 0;
    world.note('tries in vain', tries === 0 ? '0' : 'some');
  },
};

const takenOver: Case = {
  name: 'runsvdir-real/killed-and-started-anew',
  title: 'a runsvdir after one that was killed, whose runsv still live',
  uses: ['runsvdir', 'runsv'],
  differs: [
    {
      id: 'runsvdir-takes-over',
      lines: { 'tries in vain': 'one', 'service after HUP': 'ended' },
    },
  ],
  async run(world) {
    steps.service(world, 'scan/a', { run: STAYS });
    const first = world.start('runsvdir', ['scan']);
    const { pid } = await steps.up(world, 'scan/a');
    await steps.inState(world, 'scan/a', 'run');
    await steps.kill(first, 'SIGKILL');
    const second = world.start('runsvdir', ['scan']);
    await attempt(() => second.stderr().split('\n').length > 2, 8000);
    const tries =
      second.stderr().match(/unable to lock supervise\/lock: (temporary failure|already supervised by process \d+)/g)
        ?.length ?? 0;
    world.note('tries in vain', tries < 2 ? 'one' : 'one after the other');
    world.note('service', isAlive(pid) ? 'lives on' : 'ended');
    world.note('starts', world.events('a run').length);
    kill(second.pid, 'SIGHUP');
    world.note('runsvdir', await second.ended());
    world.note('service after HUP', await steps.fate(pid, 1500));
  },
};

const runsvKilled: Case = {
  name: 'runsvdir-real/runsv-killed',
  title: 'a runsv killed under runsvdir is started again',
  uses: ['runsvdir', 'runsv'],
  differs: [
    {
      id: 'runsv-adoption',
      lines: {
        starts: '1',
        supervised: 'the first',
        'runsv says': 'runsv a: warning: taking over ./run, still running as process N',
      },
    },
    {
      id: 'runsvdir-crash-told',
      lines: { 'runsvdir says': 'runsvdir scan: warning: runsv a was killed by signal 9, starting it again' },
    },
  ],
  async run(world) {
    steps.service(world, 'scan/a', { run: STAYS });
    const running = world.start('runsvdir', ['-P', 'scan']);
    const service = await steps.up(world, 'scan/a');
    await steps.inState(world, 'scan/a', 'run');
    const runsv = Number(procField(service.pid, 'PPid'));
    kill(runsv, 'SIGKILL');
    await until('the old runsv gone', () => !isAlive(runsv));
    await until('the next runsv', () => steps.listens(world, 'scan/a'));
    await attempt(() => world.events('a run')[1], 2000);
    await steps.inState(world, 'scan/a', 'run');
    world.note('starts', world.events('a run').length);
    world.note('the first service', isAlive(service.pid) ? 'lives on' : 'ended');
    world.note('supervised', statusOf(world, 'scan/a')?.pid === service.pid ? 'the first' : 'another');
    const said = (who: string) =>
      running
        .stderr()
        .split('\n')
        .find((line) => line.startsWith(`${who} `)) ?? '';
    world.note('runsvdir says', said('runsvdir'));
    world.note('runsv says', said('runsv').replace(/\d+$/, 'N'));
  },
};

const logArgument: Case = {
  name: 'runsvdir-real/log-argument',
  title: 'what services and runsv say on standard error shows in the LOG argument',
  uses: ['runsvdir', 'runsv'],
  async run(world) {
    steps.service(world, 'scan/a', { run: 'echo "a word from a" >&2\nexec sleep 100000' });
    steps.service(world, 'scan/b', {});
    const running = world.start('runsvdir', ['-P', 'scan', `log: ${'.'.repeat(395)}`]);
    const text = () =>
      proc(running.pid, 'cmdline')
        .split('\0')
        .find((word) => word.length === 400) ?? '';
    await until('both', () => text().includes('a word from a') && text().includes('runsv b: fatal'));
    world.note('a', /a word from a/.exec(text())?.[0] ?? '');
    world.note('b', /runsv b: fatal: unable to start .\/run: file does not exist/.exec(text())?.[0] ?? '');
    world.note('length', text().length);
    world.note('start', text().slice(0, 5));
  },
};

export const cases: readonly Case[] = [
  replaced,
  takenOver,
  removedService,
  exited,
  runsvKilled,
  wholeTree,
  leftAlone,
  asFirst,
  logArgument,
];
