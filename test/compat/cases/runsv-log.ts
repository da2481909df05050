// The log service: its pipe, its own commands, and what a stop of one end does to the other. Read next: runsv-exit.ts.
import type { Case } from '../model.ts';
import { readIf, words } from '../observe.ts';
import { kill } from '../../lib/proc.ts';
import { gaps } from '../record.ts';
import * as steps from '../steps.ts';
import { attempt, until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const STAYS = steps.habit('stays');
const COPIES = steps.habit('copies-input');

/** Repeats what is written to the fifo ./words. */
const SPEAKS = `#!/bin/sh
read at rest </proc/uptime
echo "s run pid=$$ at=$at" >>"$RECORD"
while :; do
  while read line; do echo "$line"; done <words
done
`;

/** Makes the service say a line. */
async function say(world: World, line: string): Promise<void> {
  await until('the service listening', () => {
    const fd = steps.openForWriting(world.path('s/words'));
    return fd !== undefined && steps.writeAndClose(fd, `${line}\n`);
  });
}

function logged(world: World): string {
  return readIf(world.path('s/log/input'))?.toString('latin1') ?? '';
}

async function loggedLine(world: World, line: string): Promise<void> {
  await until(`the logged line ${line}`, () => logged(world).includes(`${line}\n`));
}

const pipeSurvives: Case = {
  name: 'runsv-log/pipe-survives',
  title: 'neither the restart of the service nor that of the log loses a line',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: SPEAKS, gates: ['words'], log: { run: COPIES } });
    await steps.supervise(world, 's');
    const log = await steps.up(world, 's/log');
    await say(world, 'one');
    await loggedLine(world, 'one');
    kill(log.pid, 'SIGKILL');
    await steps.status(world, 's/log', 'the old log gone', (it) => it.pid !== log.pid);
    await say(world, 'two');
    await loggedLine(world, 'two');
    const service = await steps.up(world, 's');
    kill(service.pid, 'SIGKILL');
    await steps.up(world, 's', 2);
    await say(world, 'three');
    await loggedLine(world, 'three');
    world.note('logged', logged(world));
    world.note('log starts', world.events('log run').length);
  },
};

const startOrder: Case = {
  name: 'runsv-log/first',
  title: 'runsv has both under way and tells of both',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: { run: STAYS } });
    const runsv = await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.up(world, 's/log');
    await steps.noteState(world, 'service', 's', 'run');
    await steps.noteState(world, 'log', 's/log', 'run');
    world.note('log is the older child', world.pidOf('log run') < world.pidOf('s run'));
    world.note('stderr', runsv.stderr());
  },
};

const outputs: Case = {
  name: 'runsv-log/outputs',
  title: "the log's output is runsv's own; the service's standard error is not logged",
  uses: ['runsv'],
  async run(world) {
    const run = 'echo to-log; echo to-err >&2; exec sleep 100000';
    const log = 'read line; echo "log: $line"; echo "log err" >&2; exec sleep 100000';
    steps.service(world, 's', { run, log: { run: log } });
    const runsv = await steps.supervise(world, 's');
    await until(
      'all lines',
      () => /log: /.test(runsv.stdout()) && ['to-err', 'log err'].every((it) => runsv.stderr().includes(it)),
    );
    world.note('stdout', runsv.stdout());
    world.note('stderr', runsv.stderr().split('\n').sort().join(' '));
  },
};

const ignoresExit: Case = {
  name: 'runsv-log/x-ignored',
  title: 'a log service takes no notice of x',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: { run: steps.habit('tells-signals') } });
    await steps.supervise(world, 's');
    await steps.up(world, 's/log');
    await steps.send(world, 's/log', 'x1');
    await world.event('log run got USR1');
    await steps.noteState(world, 'log', 's/log', 'run');
    steps.noteEvents(world, 'events', 'log');
  },
};

const ownCommands: Case = {
  name: 'runsv-log/own-commands',
  title: 'd and u of the log service leave the service alone',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: { run: STAYS } });
    await steps.supervise(world, 's');
    await steps.up(world, 's/log');
    await steps.up(world, 's');
    await steps.send(world, 's/log', 'd');
    await steps.noteState(world, 'log down', 's/log', 'down');
    await steps.noteState(world, 'service', 's', 'run');
    await steps.send(world, 's/log', 'u');
    await steps.up(world, 's/log', 2);
    await steps.noteState(world, 'log up', 's/log', 'run');
    world.note('service starts', world.events('s run').length);
  },
};

const restartDistance: Case = {
  name: 'runsv-log/restart-distance',
  title: 'a log service that ends at once is started once a second',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: { run: steps.habit('ends') } });
    await steps.supervise(world, 's');
    await world.event('log run', 3);
    world.note('distance', steps.reached(Math.min(...gaps(world.events('log run'))), [0, 1, 1.9]));
  },
};

const blocks: Case = {
  name: 'runsv-log/full-pipe',
  title: 'with the log down the service blocks once 64 KiB are written, and loses nothing',
  uses: ['runsv'],
  async run(world) {
    const run = `exec perl -e '$|=1; for (1..300) { syswrite(STDOUT, ("x" x 1023) . "\\n"); open(F, ">", "count"); print F $_; close F }; sleep 100000'`;
    steps.service(world, 's', { run, log: { run: COPIES, down: true } });
    await steps.supervise(world, 's');
    await until('a full pipe', () => readIf(world.path('s/count'))?.toString() === '64');
    world.note('goes on', (await attempt(() => world.read('s/count') !== '64', 300)) === true);
    await steps.send(world, 's/log', 'u');
    await until('all lines', () => logged(world).length >= 300 * 1024);
    world.note('bytes logged', logged(world).length);
  },
};

const noSigpipe: Case = {
  name: 'runsv-log/no-broken-pipe',
  title: 'a service that writes while its log is away is not killed',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: SPEAKS, gates: ['words'], log: { run: COPIES } });
    await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.up(world, 's/log');
    await steps.send(world, 's/log', 'd');
    await steps.inState(world, 's/log', 'down');
    await say(world, 'one');
    await say(world, 'two');
    await steps.send(world, 's/log', 'u');
    await loggedLine(world, 'two');
    world.note('logged', logged(world));
    world.note('service starts', world.events('s run').length);
  },
};

const finishLogged: Case = {
  name: 'runsv-log/finish-output',
  title: 'what finish writes is logged',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: 'echo run', finish: 'echo "finish $*"', log: { run: COPIES } });
    await steps.supervise(world, 's');
    await loggedLine(world, 'finish 0 0');
    world.note('logged', logged(world).split('\n').slice(0, 2).join(' '));
  },
};

/** x with a log service of some habit. */
function leaving(
  name: string,
  title: string,
  run: string,
  log: string,
  after: 'ended' | 'stays',
  differs: NonNullable<Case['differs']> = [],
): Case {
  return {
    name: `runsv-log/leaving-${name}`,
    title,
    uses: ['runsv'],
    // looks early enough, before runsv stops waiting
    ...(after === 'stays' ? { timed: true } : {}),
    differs,
    async run(world) {
      steps.service(world, 's', { run, log: { run: log } });
      const runsv = await steps.supervise(world, 's');
      await steps.up(world, 's');
      await steps.up(world, 's/log');
      await steps.send(world, 's', 'x');
      if (after === 'ended') {
        world.note('runsv', await runsv.ended());
        world.note('log', words(await steps.inState(world, 's/log', 'down')));
        return;
      }
      await steps.status(world, 's/log', 'wanted down', (it) => it.want === 'd');
      await steps.noteState(world, 'service', 's', 'down');
      await steps.noteState(world, 'log', 's/log', 'run');
      world.note('runsv', await steps.fate(runsv.pid, 2500));
    },
  };
}

const LEAVING: readonly Case[] = [
  leaving('reads', 'x: a log service that ends at end of file lets runsv end', STAYS, COPIES, 'ended'),
  leaving('lingers', 'x: runsv waits for a log service that does not end', STAYS, STAYS, 'stays'),
  leaving(
    'grandchild',
    'x: runsv waits while another process holds the pipe open',
    `${STAYS.replace('exec sleep', 'sleep 100000 &\nexec sleep')}`,
    COPIES,
    'stays',
    [{ id: 'runsv-log-end', lines: { runsv: 'ended' } }],
  ),
];

const addedLater: Case = {
  name: 'runsv-log/added-later',
  title: 'a log directory that is made when the service runs',
  uses: ['runsv'],
  differs: [{ id: 'runsv-log-later', lines: { 'log starts': '1' } }],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    await steps.supervise(world, 's');
    await steps.up(world, 's');
    steps.service(world, 's/log', { run: STAYS });
    await steps.send(world, 's', 't');
    await steps.up(world, 's', 2);
    await attempt(() => world.events('log run')[0], 1000);
    world.note('log starts', world.events('log run').length);
  },
};

const leavingLogDown: Case = {
  name: 'runsv-log/leaving-down',
  title: 'x: a log service that is down is not waited for',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: { run: COPIES, down: true } });
    const runsv = await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.send(world, 's', 'x');
    world.note('runsv', await runsv.ended());
    world.note('log starts', world.events('log run').length);
  },
};

const LAST_WORDS = `#!/usr/bin/perl
$SIG{TERM} = sub { syswrite(STDOUT, "last words\n"); exit 0 };
open(F, '>>', $ENV{RECORD}); syswrite(F, "s run pid=$$\n"); close(F);
select(undef, undef, undef, 0.02) while 1;
`;

const drains: Case = {
  name: 'runsv-log/drains',
  title: 'what the service said last is logged before runsv ends',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', {
      run: LAST_WORDS,
      log: { run: `${COPIES.replace('exec cat', 'sleep 0.3; exec cat')}` },
    });
    const runsv = await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.up(world, 's/log');
    await steps.send(world, 's', 'x');
    world.note('runsv', await runsv.ended());
    world.note('logged', logged(world));
  },
};

export const cases: readonly Case[] = [
  pipeSurvives,
  startOrder,
  outputs,
  ignoresExit,
  ownCommands,
  restartDistance,
  blocks,
  noSigpipe,
  finishLogged,
  ...LEAVING,
  addedLater,
  leavingLogDown,
  drains,
];
