// What follows the end of ./run: finish and its arguments, the pause before a restart, times in the status.
// Read next: runsv-exit.ts.
import type { Case } from '../model.ts';
import { statusOf, type Status } from '../observe.ts';
import { isAlive, kill } from '../../lib/proc.ts';
import { gaps } from '../record.ts';
import * as steps from '../steps.ts';
import { until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const STAYS = steps.habit('stays');
const ENDS = steps.habit('ends');

function finishArguments(name: string, title: string, run: string): Case {
  return {
    name: `runsv-ending/finish-${name}`,
    title,
    uses: ['runsv'],
    async run(world) {
      steps.service(world, 's', { run, finish: ENDS });
      world.startFile('/bin/sh', ['-c', 'ulimit -c unlimited; exec runsv s']);
      await world.event('s finish', 2);
      // a loaded machine may be at the third by then
      const [first, second] = world.events('s finish');
      world.note('first', `${first?.text}; ${second?.text}`);
    },
  };
}

const FINISH_ARGUMENTS: readonly Case[] = [
  finishArguments('exit-0', 'finish learns of exit status 0', 'exit 0'),
  finishArguments('exit-3', 'finish learns of exit status 3', 'exit 3'),
  finishArguments('exit-255', 'finish learns of exit status 255', 'exit 255'),
  finishArguments('term', 'finish learns of a signal', 'kill -TERM $$'),
  finishArguments('kill', 'finish learns of KILL', 'kill -KILL $$'),
  finishArguments('realtime', 'finish learns of a realtime signal', "exec perl -e 'kill 40, $$; sleep 9'"),
  finishArguments('core', 'finish learns of a core dump', 'kill -QUIT $$; sleep 9'),
];

/** Runs that last as long as `sleep`; notes from which step on the next start comes. */
function distance(name: string, title: string, layout: steps.Layout, marks: readonly number[]): Case {
  return {
    name: `runsv-ending/distance-${name}`,
    title,
    uses: ['runsv'],
    async run(world) {
      steps.service(world, 's', layout);
      await steps.supervise(world, 's');
      await world.event('s run', 3);
      const [first, second] = gaps(world.events('s run').slice(0, 3));
      // The first start is not slowed down by the start of the case's other processes as often.
      world.note('next start after', steps.reached(Math.min(first ?? 0, second ?? 0), marks));
    },
  };
}

function lasting(seconds: string): string {
  return `${ENDS}sleep ${seconds}\n`;
}

const TIMER = 'runsv-restart-timer';

// Marks lie halfway between what is right and the other answers (at once, a second after the start), so that a start which
// is seen late on a loaded machine does not count as one of those.
const DISTANCES: readonly Case[] = [
  distance('0', 'a run that ends at once is started again after a second', { run: ENDS }, [0, 1, 1.9]),
  distance('0.7', 'a run of 0.7 s is started again a second after its end', { run: lasting('0.7') }, [0, 1, 1.4]),
  distance('1.2', 'a run of 1.2 s is started again at once', { run: lasting('1.2') }, [0, 1, 1.7]),
  distance(
    'finish',
    'finish counts: together above a second, started again at once',
    { run: ENDS, finish: lasting('1.2') },
    [0, 1, 1.7],
  ),
  distance(
    'finish-short',
    'finish counts: together 0.7 s, started again a second after its end',
    { run: ENDS, finish: lasting('0.7') },
    [0, 1, 1.4],
  ),
];

const noPauseBeforeFinish: Case = {
  name: 'runsv-ending/finish-at-once',
  title: 'finish starts at once, however short the run',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: ENDS, finish: ENDS });
    await steps.supervise(world, 's');
    await world.event('s finish', 3);
    const pairs = world.events().slice(0, 6);
    const waits = [0, 2, 4].map((index) => (pairs[index + 1]?.at ?? 0) - (pairs[index]?.at ?? 0));
    world.note('finish after', steps.reached(Math.min(...waits), [0, 0.9]));
  },
};

const finishWithoutX: Case = {
  name: 'runsv-ending/finish-link',
  title: 'finish may be a link; a dangling one is none',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 'a', { run: ENDS });
    steps.service(world, 'b', { run: ENDS });
    steps.script(world, 'elsewhere', ENDS);
    world.link('../elsewhere', 'a/finish');
    world.link('../nowhere', 'b/finish');
    const [a, b] = [await steps.supervise(world, 'a'), await steps.supervise(world, 'b')];
    for (const label of ['a', 'b']) await world.event(`${label} run`, 2);
    world.note(
      'a',
      world
        .events('a')
        .map(({ text }) => text)
        .slice(0, 3)
        .join('; '),
    );
    world.note(
      'b',
      world
        .events('b')
        .map(({ text }) => text)
        .slice(0, 2)
        .join('; '),
    );
    world.note('stderr', a.stderr() + b.stderr());
  },
};

const finishInherits: Case = {
  name: 'runsv-ending/finish-inherits',
  title: 'finish gets what run got, its standard output on the log too',
  uses: ['runsv'],
  async run(world) {
    const TELLS = steps.habit('tells-itself');
    steps.service(world, 's', { run: ENDS, finish: TELLS, log: { run: STAYS } });
    await steps.supervise(world, 's');
    await world.event('s finish told');
    steps.noteEvents(world, 'finish', 's finish');
  },
};

const finishOnce: Case = {
  name: 'runsv-ending/finish-signalled',
  title: 'a finish that a signal ends is not run again, the service is',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: ENDS, finish: STAYS });
    await steps.supervise(world, 's');
    const { pid } = await world.event('s finish');
    kill(pid, 'SIGKILL');
    await world.event('s run', 2);
    world.note(
      'sequence',
      world
        .events()
        .slice(0, 3)
        .map(({ text }) => text)
        .join('; '),
    );
  },
};

const noFinishForLog: Case = {
  name: 'runsv-ending/log-finish',
  title: 'a log service has no finish',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: { run: ENDS, finish: ENDS } });
    await steps.supervise(world, 's');
    await world.event('log run', 3);
    world.note(
      'log events',
      world
        .events('log')
        .slice(0, 3)
        .map(({ text }) => text)
        .join('; '),
    );
  },
};

const crashState: Case = {
  name: 'runsv-ending/between-starts',
  title: 'between end and next start the status is down, wanted up',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: ENDS });
    await steps.supervise(world, 's');
    await world.event('s run', 2);
    await steps.noteState(world, 'between', 's', 'down');
    await world.event('s run', 3);
  },
};

function secondsOf(status: Status): number {
  return status.seconds + status.nanoseconds / 1e9;
}

const times: Case = {
  name: 'runsv-ending/times',
  title: 'the status time is that of the start of runsv, of run, of going down, but not of finish',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, finish: steps.habit('waits-at-gate'), gates: ['finish-gate'], down: true });
    const mark: number[] = [Date.now() / 1000];
    await steps.supervise(world, 's');
    const asStarted = await steps.inState(world, 's', 'down');
    mark.push(Date.now() / 1000);
    await steps.send(world, 's', 'u');
    const asRun = await steps.inState(world, 's', 'run');
    mark.push(Date.now() / 1000);
    await steps.up(world, 's');
    await steps.send(world, 's', 'd');
    const asFinish = await steps.inState(world, 's', 'finish');
    await world.event('s finish');
    mark.push(Date.now() / 1000);
    await steps.openGate(world, 's/finish-gate');
    const asDown = await steps.inState(world, 's', 'down');
    mark.push(Date.now() / 1000);
    world.note('runsv start', within(asStarted, mark, 0));
    world.note('run start', within(asRun, mark, 1));
    world.note('finish has the time of run', secondsOf(asFinish) === secondsOf(asRun));
    world.note('down', within(asDown, mark, 3));
    world.note(
      'nanoseconds',
      [asStarted, asRun, asDown].every((it) => it.nanoseconds % 1000 === 500),
    );
  },
};

/** Whether a time lies between two marks; the kernel's coarse clock lags by up to a tick. */
function within(status: Status, marks: readonly number[], index: number): string {
  const [low, at, high] = [marks[index] ?? 0, secondsOf(status), marks[index + 1] ?? 0];
  return at >= low - 0.02 && at <= high + 0.02 ? 'in time' : `${at} is not in ${low}..${high}`;
}

const timeKept: Case = {
  name: 'runsv-ending/time-kept',
  title: 'commands that do not change the state do not change the time',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: steps.habit('ignores-term') });
    await steps.supervise(world, 's');
    await steps.up(world, 's');
    const before = await steps.inState(world, 's', 'run');
    await steps.send(world, 's', 'tpcod');
    const after = await steps.status(world, 's', 'got TERM, wanted down', (it) => it.term === 1 && it.want === 'd');
    world.note('the same time', secondsOf(before) === secondsOf(after));
  },
};

/** A command within the pause before a restart. */
function withinPause(name: string, title: string, bytes: string): Case {
  return {
    name: `runsv-ending/pause-${name}`,
    title,
    uses: ['runsv'],
    differs: [{ id: TIMER, lines: { 'taken after': '0 s or more' } }],
    async run(world) {
      steps.service(world, 's', { run: ENDS });
      const runsv = await steps.supervise(world, 's');
      const { at, pid } = await world.event('s run', 2);
      await steps.gone(pid, 'the second run');
      await steps.inState(world, 's', 'down');
      const begun = performance.now();
      await steps.send(world, 's', bytes);
      await until('the effect', () => effect(world, bytes, runsv.end()));
      world.note('taken after', steps.reached((performance.now() - begun) / 1000, [0, 0.4]));
      world.note('starts', world.events('s run').filter((it) => it.at > at).length);
    },
  };
}

function effect(world: World, bytes: string, end: string | undefined): boolean {
  if (bytes === 'x') return end !== undefined;
  return statusOf(world, 's')?.want === 'd';
}

const PAUSES: readonly Case[] = [
  withinPause('d', 'd in the pause before a restart', 'd'),
  withinPause('x', 'x in the pause before a restart', 'x'),
];

const termYoung: Case = {
  name: 'runsv-ending/pause-term',
  title: 'TERM to a runsv whose service is younger than a second',
  uses: ['runsv'],
  differs: [{ id: TIMER, lines: { after: '0 s or more' } }],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    const runsv = await steps.supervise(world, 's');
    const { pid } = await steps.up(world, 's');
    const begun = performance.now();
    kill(runsv.pid, 'SIGTERM');
    world.note('end', await runsv.ended());
    world.note('after', steps.reached((performance.now() - begun) / 1000, [0, 0.9]));
    world.note('service', isAlive(pid) ? 'lives' : 'ended');
  },
};

const stopStart: Case = {
  name: 'runsv-ending/down-up-young',
  title: 'd and u, one after the other, to a service younger than a second',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.send(world, 's', 'd');
    await steps.inState(world, 's', 'down');
    await steps.send(world, 's', 'u');
    await steps.up(world, 's', 2);
    world.note('next start after', steps.reached(gaps(world.events('s run'))[0] ?? 0, [0, 0.95]));
    await steps.noteState(world, 'after', 's', 'run');
  },
};

export const cases: readonly Case[] = [
  ...FINISH_ARGUMENTS,
  ...DISTANCES,
  noPauseBeforeFinish,
  finishWithoutX,
  finishInherits,
  finishOnce,
  noFinishForLog,
  crashState,
  times,
  timeKept,
  ...PAUSES,
  termYoung,
  stopStart,
];
