// sv and runsv together: what a person does with them, with nothing played. Read next: daemontools.ts.
import type { Case } from '../model.ts';
import { kill } from '../../lib/proc.ts';
import * as steps from '../steps.ts';
import { sleep, until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const STAYS = steps.habit('stays');
const ENDS = steps.habit('ends');
const TELLS = steps.habit('tells-signals');

async function sv(world: World, key: string, ...args: readonly string[]): Promise<void> {
  steps.noteRun(world, key, await world.run('sv', args, { env: { SVDIR: world.dir } }));
}

const lifecycle: Case = {
  name: 'sv-real/lifecycle',
  title: 'start, stop, restart, once and exit of a service that does as it is told',
  uses: ['sv', 'runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, down: true });
    const runsv = await steps.supervise(world, 's');
    await steps.inState(world, 's', 'down');
    await sv(world, '1 status', 'status', 's');
    await sv(world, '2 start', '-w', '20', 'start', 's');
    await sv(world, '3 start again', '-w', '20', 'start', 's');
    await steps.up(world, 's');
    await pastTheSecond();
    await sv(world, '4 restart', '-w', '20', 'restart', 's');
    await steps.up(world, 's', 2);
    await pastTheSecond();
    await sv(world, '5 stop', '-w', '20', 'stop', 's');
    await steps.noteState(world, 'stopped', 's', 'down');
    await sv(world, '6 stop again', '-w', '20', 'stop', 's');
    await pastTheSecond();
    await sv(world, '7 once', '-v', '-w', '20', 'once', 's');
    await steps.up(world, 's', 3);
    await sv(world, '8 status', 'status', 's');
    await pastTheSecond();
    await sv(world, '9 exit', '-w', '20', 'exit', 's');
    world.note('runsv', await runsv.ended());
    await sv(world, '10 status', 'status', 's');
    await sv(world, '11 exit again', '-w', '20', 'exit', 's');
    await sv(world, '12 start', '-w', '20', 'start', 's');
    world.note('starts', world.events('s run').length);
  },
};

/** C takes no commands in the second after a short life, so cases that are not about that let it pass. */
function pastTheSecond(): Promise<void> {
  return sleep(1200);
}

const SIGNALS = [
  ['hup', 'HUP'],
  ['alarm', 'ALRM'],
  ['interrupt', 'INT'],
  ['quit', 'QUIT'],
  ['1', 'USR1'],
  ['2', 'USR2'],
  ['term', 'TERM'],
  ['cont', 'CONT'],
  ['reload', 'HUP'],
  ['down', 'TERM'],
] as const;

const signals: Case = {
  name: 'sv-real/signals',
  title: 'each command that sends a signal sends it',
  uses: ['sv', 'runsv'],
  async run(world) {
    for (const [command, name] of SIGNALS) {
      const dir = `s-${command}`;
      steps.service(world, dir, { run: TELLS });
      await steps.supervise(world, dir);
      await steps.up(world, dir);
      await steps.inState(world, dir, 'run');
      await sv(world, command, command, dir);
      await world.event(`${dir} run got ${name}`);
    }
  },
};

const pauses: Case = {
  name: 'sv-real/pause',
  title: 'pause and cont, waited for',
  uses: ['sv', 'runsv'],
  async run(world) {
    steps.service(world, 's', { run: TELLS });
    await steps.supervise(world, 's');
    await steps.up(world, 's');
    await sv(world, 'pause', '-v', '-w', '20', 'pause', 's');
    await sv(world, 'status', 'status', 's');
    await sv(world, 'cont', '-v', '-w', '20', 'cont', 's');
    await world.event('s run got CONT');
    await steps.noteState(world, 'after', 's', 'run');
  },
};

const forced: Case = {
  name: 'sv-real/force-stop',
  title: 'force-stop of a service that does not mind TERM kills it in the end',
  uses: ['sv', 'runsv'],
  async run(world) {
    steps.service(world, 's', { run: steps.habit('ignores-term'), finish: ENDS });
    await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.inState(world, 's', 'run');
    await sv(world, 'stop', '-w', '1', 'stop', 's');
    await sv(world, 'force-stop', '-w', '1', 'force-stop', 's');
    await world.event('s finish');
    await steps.noteState(world, 'after', 's', 'down');
    steps.noteEvents(world);
  },
};

const forcedRestart: Case = {
  name: 'sv-real/force-restart',
  title: 'force-restart of a service that does not mind TERM starts it anew',
  uses: ['sv', 'runsv'],
  async run(world) {
    steps.service(world, 's', { run: steps.habit('ignores-term'), finish: ENDS });
    await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.inState(world, 's', 'run');
    await pastTheSecond();
    await sv(world, 'force-restart', '-w', '1', 'force-restart', 's');
    await steps.up(world, 's', 2);
    await steps.noteState(world, 'after', 's', 'run');
    steps.noteEvents(world);
  },
};

const startCrashing: Case = {
  name: 'sv-real/crashing',
  title: 'start of a service that cannot stay up times out, with its check script saying no',
  uses: ['sv', 'runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, check: 'exit 1', down: true });
    await steps.supervise(world, 's');
    await steps.inState(world, 's', 'down');
    await sv(world, 'start', '-w', '1', 'start', 's');
    await steps.noteState(world, 'after', 's', 'run');
  },
};

const checked: Case = {
  name: 'sv-real/check',
  title: 'start waits until the check script says yes',
  uses: ['sv', 'runsv'],
  async run(world) {
    const run = `${STAYS.replace('exec sleep', 'sleep 0.6; touch ready\nexec sleep')}`;
    steps.service(world, 's', { run, check: 'test -e ready', down: true });
    await steps.supervise(world, 's');
    await steps.inState(world, 's', 'down');
    await sv(world, 'start', '-w', '20', 'start', 's');
    world.note('ready', world.read('s/ready') === '');
    await sv(world, 'check', '-w', '20', 'check', 's');
  },
};

const withLog: Case = {
  name: 'sv-real/log',
  title: 'status shows the log, NAME/log addresses it, exit brings down both',
  uses: ['sv', 'runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: { run: steps.habit('copies-input') } });
    const runsv = await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.up(world, 's/log');
    for (const dir of ['s', 's/log']) await steps.inState(world, dir, 'run');
    await sv(world, 'status', 'status', 's');
    await sv(world, 'status log', 'status', 's/log');
    await pastTheSecond();
    await sv(world, 'down log', '-w', '20', 'down', 's/log');
    await sv(world, 'both', 'status', 's');
    await sv(world, 'up log', '-w', '20', 'up', 's/log');
    await steps.up(world, 's/log', 2);
    await sv(world, 'exit log', 'exit', 's/log');
    await pastTheSecond();
    await steps.noteState(world, 'log', 's/log', 'run');
    await sv(world, 'exit', '-w', '20', 'exit', 's');
    world.note('runsv', await runsv.ended());
    await sv(world, 'after', 'status', 's');
  },
};

const finishing: Case = {
  name: 'sv-real/finish',
  title: 'stop waits for finish, and status shows it at work',
  uses: ['sv', 'runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, finish: steps.habit('waits-at-gate'), gates: ['finish-gate'] });
    await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.inState(world, 's', 'run');
    const stop = world.start('sv', ['-w', '30', 'stop', './s']);
    await world.event('s finish');
    await steps.inState(world, 's', 'finish');
    await sv(world, 'status', 'status', 's');
    world.note('stop waits', stop.end() === undefined);
    await steps.openGate(world, 's/finish-gate');
    world.note('stop', `${await stop.ended()}\n${stop.stdout()}${stop.stderr()}`);
  },
};

const crashed: Case = {
  name: 'sv-real/died',
  title: 'status after the service died by itself and was started again',
  uses: ['sv', 'runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    await steps.supervise(world, 's');
    const { pid } = await steps.up(world, 's');
    await pastTheSecond();
    kill(pid, 'SIGKILL');
    await steps.up(world, 's', 2);
    await until('a new status', () => world.read('s/supervise/pid') !== `${pid}\n`);
    await steps.inState(world, 's', 'run');
    await sv(world, 'status', 'status', 's');
  },
};

const group: Case = {
  name: 'sv-real/several',
  title: 'several services in one command',
  uses: ['sv', 'runsv'],
  async run(world) {
    for (const dir of ['a', 'b', 'c']) {
      steps.service(world, dir, { run: STAYS, down: true });
      await steps.supervise(world, dir);
      await steps.inState(world, dir, 'down');
    }
    const start = await world.run('sv', ['-w', '20', 'start', 'a', 'b', 'c'], { env: { SVDIR: world.dir } });
    steps.noteRun(world, 'start', { ...start, out: start.out.split('\n').sort().join('\n') });
    for (const dir of ['a', 'b', 'c']) await steps.up(world, dir);
    await pastTheSecond();
    const stop = await world.run('sv', ['-w', '20', 'stop', 'a', 'c', 'missing'], { env: { SVDIR: world.dir } });
    // Each is reported when it is down, and they go down in no order.
    steps.noteRun(world, 'stop', { ...stop, out: stop.out.split('\n').sort().join('\n') });
    await sv(world, 'status', 'status', 'a', 'b', 'c');
  },
};

const lsb: Case = {
  name: 'sv-real/lsb',
  title: 'an init script that is a link to sv',
  uses: ['sv', 'runsv'],
  async run(world) {
    steps.service(world, 'job', { run: STAYS, down: true });
    await steps.supervise(world, 'job');
    await steps.inState(world, 'job', 'down');
    const env = { SVDIR: world.dir };
    for (const [index, words] of [
      ['status'],
      ['-w', '20', 'start'],
      ['status'],
      ['-w', '20', 'stop'],
      ['status'],
    ].entries()) {
      steps.noteRun(world, `${index} ${words.join(' ')}`, await world.lsb('job', words, { env }));
      if (words.includes('start')) await steps.up(world, 'job');
    }
  },
};

const stopStart: Case = {
  name: 'sv-real/stop-start',
  title: 'stop and start, one after the other, of a service younger than a second',
  uses: ['sv', 'runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.inState(world, 's', 'run');
    const { end: stop } = await world.run('sv', ['-w', '5', 'stop', './s']);
    const { end: start } = await world.run('sv', ['-w', '5', 'start', './s']);
    world.note('stop', stop);
    world.note('start', start);
    world.note('starts', world.events('s run').length);
  },
};

export const cases: readonly Case[] = [
  lifecycle,
  withLog,
  stopStart,
  forced,
  forcedRestart,
  startCrashing,
  checked,
  finishing,
  crashed,
  group,
  pauses,
  signals,
  lsb,
];
