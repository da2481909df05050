// The scripts in control/. Read next: runsv-bytes.ts.
import { chmodSync, rmSync } from 'node:fs';
import type { Case, Difference } from '../model.ts';
import { statusOf, words } from '../observe.ts';
import { kill, stateOf } from '../../lib/proc.ts';
import * as steps from '../steps.ts';
import { attempt, until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const TELLS = steps.habit('tells-signals');
const STAYS = steps.habit('stays');

/** A control script that tells its argument and agrees, or refuses where a file `veto` stands. */
const SCRIPT = `
case "$#$1" in
  0) arg='no argument';;
  1) arg='empty argument';;
  1*) arg='other argument'; grep -q "^s run .*pid=$1 " "$RECORD" && arg='the pid';;
  *) arg="$# arguments";;
esac
echo "s $0: $arg pid=$$" >>"$RECORD"
[ -e veto ]`;

const SIGNALS = { t: 'TERM', c: 'CONT', h: 'HUP', a: 'ALRM', i: 'INT', q: 'QUIT', '1': 'USR1', '2': 'USR2' } as const;
type Letter = keyof typeof SIGNALS;

function argument(lines: Difference['lines']): Difference {
  return { id: 'runsv-control-argument', since231: true, lines };
}

function veto(letter: Letter): Case {
  return {
    name: `runsv-control/veto-${letter}`,
    title: `control/${letter} is asked before ${SIGNALS[letter]} is sent, and may refuse`,
    uses: ['runsv'],
    differs: [argument({ asked: `s control/${letter}: the pid; s control/${letter}: the pid` })],
    async run(world) {
      steps.service(world, 's', { run: TELLS, control: { [letter]: SCRIPT } });
      world.write('s/veto', '');
      await steps.supervise(world, 's');
      const { pid } = await steps.up(world, 's');
      await steps.send(world, 's', letter);
      await world.event(`s control/${letter}:`);
      await pastScript(world, pid, letter);
      noteGot(world, 'refused', letter);
      steps.noteFiles(world, 'refused', 's');
      rmSync(world.path('s/veto'));
      await steps.send(world, 's', letter);
      await world.event(`s run got ${SIGNALS[letter]}`);
      if (letter === 't') await steps.status(world, 's', 'got TERM', (it) => it.term === 1);
      noteGot(world, 'agreed', letter);
      steps.noteEvents(world, 'asked', `s control/${letter}:`);
      await steps.noteState(world, 'agreed', 's', 'run');
    },
  };
}

/** Waits until runsv has handled what came before, and the service its signals. */
async function pastScript(world: World, pid: number, letter: Letter): Promise<void> {
  const [byte, name] = letter === '2' ? ['1', 'USR1'] : ['2', 'USR2'];
  await steps.send(world, 's', byte);
  await world.event(`s run got ${name}`);
  kill(pid, 'SIGWINCH');
  await world.event('s run got WINCH');
}

function noteGot(world: World, key: string, letter: Letter): void {
  world.note(`${key}: ${SIGNALS[letter]} sent`, world.events(`s run got ${SIGNALS[letter]}`).length > 0);
}

const vetoKill: Case = {
  name: 'runsv-control/veto-k',
  title: 'control/k is asked before KILL is sent, and may refuse',
  uses: ['runsv'],
  differs: [
    argument({ asked: 's control/k: the pid' }),
    { id: 'runsv-kill-state', lines: { asked: 's control/k: the pid; s control/k: the pid', agreed: 'ended' } },
  ],
  async run(world) {
    steps.service(world, 's', { run: TELLS, control: { k: SCRIPT } });
    world.write('s/veto', '');
    await steps.supervise(world, 's');
    const { pid } = await steps.up(world, 's');
    await steps.send(world, 's', 'k');
    await world.event('s control/k:');
    world.note('refused', await steps.fate(pid, 700));
    rmSync(world.path('s/veto'));
    // C takes its service for down after a refused k and would answer nothing but p and c.
    await steps.send(world, 's', 'k');
    world.note('agreed', await steps.fate(pid, 2500));
    steps.noteEvents(world, 'asked', 's control/k:');
  },
};

const vetoPause: Case = {
  name: 'runsv-control/veto-p',
  title: 'control/p is asked before STOP is sent; refused, the flag is set all the same',
  uses: ['runsv'],
  differs: [argument({ asked: 's control/p: the pid; s control/p: the pid' })],
  async run(world) {
    steps.service(world, 's', { run: TELLS, control: { p: SCRIPT } });
    world.write('s/veto', '');
    await steps.supervise(world, 's');
    const { pid } = await steps.up(world, 's');
    await steps.send(world, 's', 'p');
    await steps.status(world, 's', 'paused', (it) => it.paused === 1);
    await steps.noteState(world, 'refused', 's', 'run');
    world.note('refused: stopped', stateOf(pid) === 'T');
    rmSync(world.path('s/veto'));
    await steps.send(world, 's', 'p');
    await until('the process stopped', () => stateOf(pid) === 'T');
    steps.noteEvents(world, 'asked', 's control/p:');
    await steps.send(world, 's', 'c');
    await world.event('s run got CONT');
  },
};

function asked(world: World): string {
  return world
    .events('s')
    .map(({ text }) => text.replace('s control/', ''))
    .join('; ');
}

/** All letters have scripts that agree; notes the order of scripts and signals. */
function order(name: string, title: string, bytes: string, count: number, sequence: string, down = false): Case {
  return {
    name: `runsv-control/order-${name}`,
    title,
    uses: ['runsv'],
    differs: [argument({ order: sequence })],
    async run(world) {
      const control = Object.fromEntries([...'udoxtkpc'].map((letter) => [letter, SCRIPT]));
      steps.service(world, 's', { run: STAYS, control, down });
      await steps.supervise(world, 's');
      if (!down) await steps.up(world, 's');
      await steps.send(world, 's', bytes);
      await until('all scripts', () => world.events('s').length >= count);
      await until('an end of changes', () => steps.steady(world, 's'));
      world.note('order', asked(world));
    },
  };
}

const ORDERS: readonly Case[] = [
  order('start', 'control/u runs before the start, without a pid', 'u', 2, 'u: empty argument; s run', true),
  order('once', 'o uses control/u, not control/o', 'o', 2, 'u: empty argument; s run', true),
  order('down', 'd runs control/t, then control/d', 'd', 4, 'u: empty argument; s run; t: the pid; d: the pid'),
  order('exit', 'x runs control/t, then control/x', 'x', 4, 'u: empty argument; s run; t: the pid; x: the pid'),
];

const restartScript: Case = {
  name: 'runsv-control/u-each-start',
  title: 'control/u runs before each automatic start too, and its result does not matter',
  uses: ['runsv'],
  async run(world) {
    const control = { u: 'echo "s u pid=$$" >>"$RECORD"; exit 7' };
    steps.service(world, 's', { run: steps.habit('ends'), finish: steps.habit('ends'), control });
    await steps.supervise(world, 's');
    await world.event('s run', 2);
    world.note(
      'order',
      world
        .events()
        .slice(0, 5)
        .map(({ text }) => text)
        .join('; '),
    );
  },
};

const termRefused: Case = {
  name: 'runsv-control/d-with-veto',
  title: 'd with a control/t that refuses sends CONT, but no TERM',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: TELLS, control: { t: 'exit 0', c: 'exit 0' } });
    await steps.supervise(world, 's');
    const { pid } = await steps.up(world, 's');
    await steps.send(world, 's', 'd');
    await world.event('s run got CONT');
    await pastScript(world, pid, 'h');
    steps.noteEvents(world, 'got', 's run got CONT');
    world.note('TERM', world.events('s run got TERM').length);
    await steps.noteState(world, 'after', 's', 'run');
  },
};

const notExecutable: Case = {
  name: 'runsv-control/no-x-bit',
  title: "a script without its owner's x bit is not used",
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: TELLS, control: { h: 'exit 0', a: 'exit 0', i: 'exit 0' } });
    chmodSync(world.path('s/control/h'), 0o644);
    chmodSync(world.path('s/control/a'), 0o655);
    chmodSync(world.path('s/control/i'), 0o744);
    const runsv = await steps.supervise(world, 's');
    const { pid } = await steps.up(world, 's');
    await steps.send(world, 's', 'hai');
    await pastScript(world, pid, 'h');
    for (const name of ['HUP', 'ALRM', 'INT']) world.note(name, world.events(`s run got ${name}`).length);
    world.note('stderr', runsv.stderr());
  },
};

const cannotRun: Case = {
  name: 'runsv-control/no-interpreter',
  title: 'a script that cannot be executed is told, and agrees',
  uses: ['runsv'],
  differs: [
    {
      id: 'runsv-control-name',
      lines: { stderr: 'runsv s: fatal: unable to run control/h: interpreter /nowhere/sh: file does not exist\n' },
    },
  ],
  async run(world) {
    steps.service(world, 's', { run: TELLS, control: { h: '#!/nowhere/sh\n' } });
    const runsv = await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.send(world, 's', 'h');
    await world.event('s run got HUP');
    world.note('stderr', runsv.stderr());
  },
};

const killedScript: Case = {
  name: 'runsv-control/killed',
  title: 'a script that a signal ends',
  uses: ['runsv'],
  differs: [{ id: 'runsv-control-killed', lines: { HUP: '1' } }],
  async run(world) {
    steps.service(world, 's', { run: TELLS, control: { h: 'kill -9 $$' } });
    await steps.supervise(world, 's');
    const { pid } = await steps.up(world, 's');
    await steps.send(world, 's', 'h');
    await pastScript(world, pid, 'h');
    world.note('HUP', world.events('s run got HUP').length);
  },
};

const environment: Case = {
  name: 'runsv-control/inherits',
  title: 'a script gets the directory and descriptors of run, and these signals blocked',
  uses: ['runsv'],
  differs: [
    {
      id: 'runsv-control-signals',
      lines: { blocked: 's control/h SigBlk 0000000000000000' },
    },
  ],
  async run(world) {
    steps.service(world, 's', { run: STAYS, control: { h: steps.habit('tells-itself') }, log: { run: STAYS } });
    await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.send(world, 's', 'h');
    const { pid } = await world.event('s control/h told');
    kill(pid, 'SIGKILL');
    steps.noteEvents(world, 'descriptors', 's control/h fd');
    steps.noteEvents(world, 'blocked', 's control/h SigBlk');
    steps.noteEvents(world, 'ignored', 's control/h SigIgn');
  },
};

const logHasNone: Case = {
  name: 'runsv-control/log',
  title: 'a log service has no control scripts',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: { run: TELLS, control: { h: 'exit 0', u: 'echo u >>"$RECORD"' } } });
    await steps.supervise(world, 's');
    await steps.up(world, 's/log');
    await steps.send(world, 's/log', 'h');
    await world.event('log run got HUP');
    steps.noteEvents(world, 'log', 'log');
    world.note('scripts', world.events('u').length);
  },
};

const hanging: Case = {
  name: 'runsv-control/hanging',
  title: 'commands while a script hangs',
  uses: ['runsv'],
  differs: [{ id: 'runsv-control-hanging', lines: { 'want taken': 'true' } }],
  async run(world) {
    steps.service(world, 's', { run: TELLS, control: { h: steps.habit('stays') } });
    await steps.supervise(world, 's');
    const { pid } = await steps.up(world, 's');
    await steps.send(world, 's', 'h');
    const script = await world.event('s control/h');
    await steps.send(world, 's', 'o');
    world.note('want taken', (await attempt(() => statusOf(world, 's')?.want === 'd', 1000)) === true);
    await steps.send(world, 's', '1');
    world.note('signal', (await attempt(() => world.events('s run got USR1')[0], 700)) ? 'sent' : 'waits');
    kill(script.pid, 'SIGKILL');
    await world.event('s run got USR1');
    kill(pid, 'SIGKILL');
    await steps.noteState(world, 'after', 's', 'down');
  },
};

const killHanging: Case = {
  name: 'runsv-control/hanging-k',
  title: 'k while a script hangs',
  uses: ['runsv'],
  differs: [{ id: 'runsv-control-hanging', lines: { script: 'ended' } }],
  async run(world) {
    steps.service(world, 's', { run: TELLS, control: { h: steps.habit('stays') } });
    await steps.supervise(world, 's');
    const { pid } = await steps.up(world, 's');
    await steps.send(world, 's', 'h');
    const script = await world.event('s control/h');
    await steps.send(world, 's', 'k');
    world.note('script', await steps.fate(script.pid, 1500));
    kill(script.pid, 'SIGKILL');
    await steps.gone(pid, 'run');
    world.note('status', words(await steps.status(world, 's', 'another', (it) => it.pid !== 0 && it.pid !== pid)));
  },
};

export const cases: readonly Case[] = [
  ...(Object.keys(SIGNALS) as Letter[]).map(veto),
  vetoKill,
  vetoPause,
  ...ORDERS,
  restartScript,
  termRefused,
  notExecutable,
  cannotRun,
  killedScript,
  environment,
  logHasNone,
  hanging,
  killHanging,
];
