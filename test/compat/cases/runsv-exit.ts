// How runsv ends, by command, by signal, by accident, and what the next one finds. Read next: runsv-start.ts.
import type { Case, Difference } from '../model.ts';
import { statusOf } from '../observe.ts';
import { isAlive, kill } from '../../lib/proc.ts';
import type { Running } from '../processes.ts';
import * as steps from '../steps.ts';
import { attempt, until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const STAYS = steps.habit('stays');
const ENDS = steps.habit('ends');

function leaves(
  name: string,
  title: string,
  tell: (world: World, runsv: Running) => unknown,
  differs: NonNullable<Case['differs']> = [],
): Case {
  return {
    name: `runsv-exit/${name}`,
    title,
    uses: ['runsv'],
    differs,
    async run(world) {
      steps.service(world, 's', { run: STAYS, finish: ENDS, log: { run: steps.habit('copies-input') } });
      const runsv = await steps.supervise(world, 's');
      const { pid } = await steps.up(world, 's');
      const log = await steps.up(world, 's/log');
      await steps.inState(world, 's', 'run');
      await steps.inState(world, 's/log', 'run');
      await tell(world, runsv);
      world.note('runsv', await runsv.ended());
      world.note('service', isAlive(pid) ? 'lives on' : 'ended');
      await until('the log settled', () => !isAlive(log.pid) || isAlive(pid));
      world.note('log', isAlive(log.pid) ? 'lives on' : 'ended');
      steps.noteEvents(world, 'events', 's');
      steps.noteFiles(world, 'service', 's');
      steps.noteFiles(world, 'log', 's/log');
      world.note('stderr', runsv.stderr());
    },
  };
}

/** What TERM leaves behind, where C dies of the signal and leaves service and log without a supervisor. */
const AS_TERM: Difference = {
  id: 'runsv-signals',
  lines: {
    runsv: 'exit 0',
    service: 'ended',
    log: 'ended',
    events: 's run; s finish -1 15',
    'service: status': 'down pid=none paused=0 want=d term=0',
    'service: stat': '"down\\n"',
    'service: pid': 'empty',
    'log: status': 'down pid=none paused=0 want=d term=0',
    'log: stat': '"down\\n"',
    'log: pid': 'empty',
  },
};

const LEAVES: readonly Case[] = [
  leaves('x', 'x ends the service, the log and runsv', (world) => steps.send(world, 's', 'x')),
  leaves('term', 'TERM to runsv is x', (_, runsv) => kill(runsv.pid, 'SIGTERM')),
  leaves('hup', 'HUP to runsv', (_, runsv) => kill(runsv.pid, 'SIGHUP'), [AS_TERM]),
  leaves('int', 'INT to runsv', (_, runsv) => kill(runsv.pid, 'SIGINT'), [AS_TERM]),
  leaves('quit', 'QUIT to runsv', (_, runsv) => kill(runsv.pid, 'SIGQUIT'), [AS_TERM]),
  leaves('kill', 'KILL leaves service and log behind', (_, runsv) => kill(runsv.pid, 'SIGKILL')),
];

const filesAfter: Case = {
  name: 'runsv-exit/files-after',
  title: 'nothing is removed, and the fifo ok has no reader any more',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    const runsv = await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.send(world, 's', 'x');
    world.note('runsv', await runsv.ended());
    steps.noteFiles(world, 'after', 's');
    for (const name of ['ok', 'control']) {
      world.note(name, steps.openForWriting(world.path('s/supervise', name)) === undefined ? 'no reader' : 'a reader');
    }
    const again = await steps.supervise(world, 's');
    await steps.up(world, 's', 2);
    await steps.noteState(world, 'again', 's', 'run');
    world.note('stderr', again.stderr());
  },
};

function harmless(name: 'SIGUSR1' | 'SIGUSR2' | 'SIGALRM' | 'SIGPIPE'): Case {
  return {
    name: `runsv-exit/${name.slice(3).toLowerCase()}`,
    title: `${name.slice(3)} to runsv`,
    uses: ['runsv'],
    differs: [{ id: 'runsv-signals', lines: { runsv: 'lives on' } }],
    async run(world) {
      steps.service(world, 's', { run: STAYS });
      const runsv = await steps.supervise(world, 's');
      const { pid } = await steps.up(world, 's');
      kill(runsv.pid, name);
      world.note('runsv', await steps.fate(runsv.pid, 700));
      world.note('service', await steps.fate(pid, 0));
    },
  };
}

const ignoredHup: Case = {
  name: 'runsv-exit/hup-ignored',
  title: 'a runsv that was started with HUP, INT and QUIT ignored does not mind them',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    const runsv = world.startFile('/bin/sh', ['-c', `trap '' HUP INT QUIT; exec runsv s`]);
    await steps.listening(world, 's');
    const { pid } = await steps.up(world, 's');
    for (const name of ['SIGHUP', 'SIGINT', 'SIGQUIT'] as const) kill(runsv.pid, name);
    world.note('runsv', await steps.fate(runsv.pid, 700));
    world.note('service', await steps.fate(pid, 0));
    await steps.send(world, 's', 'x');
    world.note('after x', await runsv.ended());
  },
};

const finishWaitedFor: Case = {
  name: 'runsv-exit/finish-waited-for',
  title: 'TERM while finish is at work: runsv waits for it',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: ENDS, finish: steps.habit('waits-at-gate'), gates: ['finish-gate'] });
    const runsv = await steps.supervise(world, 's');
    const { pid } = await world.event('s finish');
    kill(runsv.pid, 'SIGTERM');
    await steps.status(world, 's', 'wanted down', (it) => it.want === 'd');
    await steps.noteState(world, 'meanwhile', 's', 'finish');
    world.note('finish', isAlive(pid) ? 'at work' : 'ended');
    await steps.openGate(world, 's/finish-gate');
    world.note('runsv', await runsv.ended());
    steps.noteFiles(world, 'after', 's');
    steps.noteEvents(world);
  },
};

const stubborn: Case = {
  name: 'runsv-exit/stubborn',
  title: 'TERM and a service that does not mind it: runsv waits, k ends both',
  uses: ['runsv'],
  differs: [{ id: 'runsv-kill-state', lines: { events: 's run; s finish -1 9' } }],
  async run(world) {
    steps.service(world, 's', { run: steps.habit('ignores-term'), finish: ENDS });
    const runsv = await steps.supervise(world, 's');
    await steps.up(world, 's');
    kill(runsv.pid, 'SIGTERM');
    await steps.status(world, 's', 'got TERM', (it) => it.term === 1 && it.want === 'd');
    await steps.noteState(world, 'meanwhile', 's', 'run');
    await steps.send(world, 's', 'k');
    world.note('runsv', await runsv.ended());
    steps.noteEvents(world);
  },
};

const upAfterExit: Case = {
  name: 'runsv-exit/u-after-x',
  title: 'u takes x back while the service still runs',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: steps.habit('ignores-term') });
    const runsv = await steps.supervise(world, 's');
    const { pid } = await steps.up(world, 's');
    await steps.send(world, 's', 'x');
    await steps.status(world, 's', 'wanted down', (it) => it.want === 'd');
    await steps.send(world, 's', 'u');
    await steps.status(world, 's', 'wanted up', (it) => it.want === 'u');
    await steps.noteState(world, 'after u', 's', 'run');
    kill(pid, 'SIGKILL');
    await steps.up(world, 's', 2);
    world.note('runsv', runsv.end() ?? 'stays');
  },
};

const insistLog: Case = {
  name: 'runsv-exit/log-that-stays',
  title: 'a log service that ignores the end of its input, a second TERM, and k',
  uses: ['runsv'],
  differs: [{ id: 'runsv-log-insist', lines: { 'TERM reaches the log': 'true', k: 'ended' } }],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: { run: steps.habit('tells-signals') } });
    const runsv = await steps.supervise(world, 's');
    await steps.up(world, 's');
    const { pid } = await steps.up(world, 's/log');
    kill(runsv.pid, 'SIGTERM');
    await steps.status(world, 's/log', 'wanted down', (it) => it.want === 'd');
    kill(runsv.pid, 'SIGTERM');
    world.note('TERM reaches the log', (await attempt(() => world.events('log run got TERM')[0], 1200)) !== undefined);
    await steps.send(world, 's', 'k');
    world.note('k', await steps.fate(pid, 1200));
    kill(pid, 'SIGKILL');
    world.note('runsv', await runsv.ended());
  },
};

const adoption: Case = {
  name: 'runsv-exit/killed-and-started-anew',
  title: 'a runsv after one that was killed, whose service, finish or log still live',
  uses: ['runsv'],
  differs: [
    {
      id: 'runsv-adoption',
      lines: {
        'second copy': 'false',
        'second log': 'false',
        'the same pid': 'true',
        'the same log': 'true',
        'the old service': 'ended',
        'the old log': 'ended',
        stderr: `runsv s: warning: taking over ./run, still running as process N
runsv s: warning: taking over log/./run, still running as process N`,
      },
    },
  ],
  async run(world) {
    steps.service(world, 's', { run: STAYS, finish: ENDS, log: { run: steps.habit('copies-input') } });
    const first = await steps.supervise(world, 's');
    const service = await steps.up(world, 's');
    const log = await steps.up(world, 's/log');
    await steps.noteState(world, 'before', 's', 'run');
    await steps.inState(world, 's/log', 'run');
    await steps.kill(first, 'SIGKILL');
    const second = await steps.supervise(world, 's');
    const another = (dir: string, pid: number) => ![0, pid].includes(statusOf(world, dir)?.pid ?? 0);
    // status is written before a new process has come to tell of itself
    const told = () => ['s run', 'log run'].every((label) => world.events(label).length > 1);
    await attempt(() => another('s', service.pid) && another('s/log', log.pid) && told(), 4000);
    world.note('second copy', world.events('s run').length > 1);
    world.note('second log', world.events('log run').length > 1);
    await steps.noteState(world, 'after', 's', 'run');
    world.note('the same pid', statusOf(world, 's')?.pid === service.pid);
    world.note('the same log', statusOf(world, 's/log')?.pid === log.pid);
    kill(second.pid, 'SIGTERM');
    await steps.status(world, 's', 'down', (it) => it.state === 'down');
    world.note('the old service', await steps.fate(service.pid, 1500));
    world.note('the old log', await steps.fate(log.pid, 4000));
    world.note('stderr', second.stderr().split('\n').sort().join('\n').trim().replace(/\d+$/gm, 'N'));
  },
};

export const cases: readonly Case[] = [
  ...LEAVES,
  filesAfter,
  ignoredHup,
  harmless('SIGUSR1'),
  harmless('SIGUSR2'),
  harmless('SIGALRM'),
  harmless('SIGPIPE'),
  finishWaitedFor,
  stubborn,
  upAfterExit,
  insistLog,
  adoption,
];
