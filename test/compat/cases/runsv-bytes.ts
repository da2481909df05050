// runsv's control bytes in each state of the service. Read next: runsv-control.ts.
//
// What a byte does not do cannot be awaited, so each case sends a second byte whose effect shows, and looks then.
import type { Case, Difference } from '../model.ts';
import { statusOf, words } from '../observe.ts';
import { kill, stateOf } from '../../lib/proc.ts';
import type { Running } from '../processes.ts';
import * as steps from '../steps.ts';
import { attempt, until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const TELLS = steps.habit('tells-signals');
const ENDS = steps.habit('ends');
const LETTERS = ['u', 'd', 'o', 'x', 't', 'k', 'p', 'c', 'h', 'a', 'i', 'q', '1', '2'] as const;
const JUNK = ['U', '\0', '\n', '0', '\xff', 'zz z'] as const;

/** Waits until runsv has handled all bytes before, and the service's process all signals of them. */
async function settle(world: World, pid: number, sent: string): Promise<void> {
  const [byte, name] = sent.includes('2') ? ['1', 'USR1'] : ['2', 'USR2'];
  await steps.send(world, 's', byte);
  await world.event(`s run got ${name}`);
  kill(pid, 'SIGWINCH');
  await world.event('s run got WINCH');
}

/** The signals recorded, in no order, as several may have been pending at once. */
function noteSignals(world: World, key: string): void {
  const got = world.events('s run got').map(({ text }) => text.replace('s run got ', ''));
  world.note(key, [...new Set(got)].sort().join(' '));
}

/** Ends the process and notes what runsv makes of it. */
async function noteSequel(world: World, runsv: Running, byte: string): Promise<void> {
  await until('runsv at an end, a new start, or down for good', () => {
    const now = statusOf(world, 's');
    if (runsv.end() !== undefined || starts(world) > 1) return true;
    return byte !== 'x' && now?.state === 'down' && now.want === 'd';
  });
  const again = starts(world) > 1 ? 'run again' : 'not run again';
  world.note('sequel', `${again}, runsv ${runsv.end() ?? 'stays'}`);
}

function starts(world: World): number {
  return world.events('s run').filter(({ text }) => text === 's run').length;
}

function inRun(byte: string): Case {
  return {
    name: `runsv-bytes/run-${JSON.stringify(byte).slice(1, -1)}`,
    title: `a running service and the byte ${JSON.stringify(byte)}`,
    uses: ['runsv'],
    async run(world) {
      steps.service(world, 's', { run: TELLS });
      const runsv = await steps.supervise(world, 's');
      const { pid } = await steps.up(world, 's');
      await steps.send(world, 's', byte);
      await settle(world, pid, byte);
      await steps.noteState(world, 'after', 's', 'run');
      noteSignals(world, 'signals');
      kill(pid, 'SIGKILL');
      await noteSequel(world, runsv, byte);
    },
  };
}

const killInRun: Case = {
  name: 'runsv-bytes/run-k',
  title: 'a running service and the byte k: it is killed and, wanted up, started again',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: TELLS, finish: ENDS });
    await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.send(world, 's', 'k');
    await steps.up(world, 's', 2);
    await steps.noteState(world, 'after', 's', 'run');
    noteSequence(world);
  },
};

function noteSequence(world: World): void {
  world.note(
    'sequence',
    world
      .events()
      .map(({ text }) => text)
      .join('; '),
  );
}

const pauseInRun: Case = {
  name: 'runsv-bytes/run-p',
  title: 'a running service and the bytes p and c: it is stopped and goes on',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: TELLS });
    await steps.supervise(world, 's');
    const { pid } = await steps.up(world, 's');
    await steps.send(world, 's', 'p');
    await until('the process stopped', () => stateOf(pid) === 'T');
    await steps.status(world, 's', 'paused', (it) => it.paused === 1);
    await steps.noteState(world, 'paused', 's', 'run');
    await steps.send(world, 's', 'c');
    await world.event('s run got CONT');
    await steps.status(world, 's', 'not paused', (it) => it.paused === 0);
    await steps.noteState(world, 'continued', 's', 'run');
  },
};

const stopPaused: Case = {
  name: 'runsv-bytes/run-pd',
  title: 'd ends a paused service, as CONT follows TERM; t does not, until c',
  uses: ['runsv'],
  differs: [
    {
      id: 'runsv-paused',
      lines: {
        'after d: status': 'down pid=none paused=0 want=d term=0',
        'after d: stat': '"down\\n"',
      },
    },
  ],
  async run(world) {
    const STAYS = steps.habit('stays');
    for (const dir of ['stop', 'term']) steps.service(world, dir, { run: STAYS });
    for (const dir of ['stop', 'term']) {
      await steps.supervise(world, dir);
      const { pid } = await steps.up(world, dir);
      await steps.send(world, dir, 'p');
      await until('the process stopped', () => stateOf(pid) === 'T');
      await steps.send(world, dir, dir === 'stop' ? 'd' : 't');
    }
    await steps.noteState(world, 'after d', 'stop', 'down');
    await steps.status(world, 'term', 'got TERM', (it) => it.term === 1);
    await steps.noteState(world, 'after t', 'term', 'run');
    await steps.send(world, 'term', 'c');
    await steps.up(world, 'term', 2);
    await steps.noteState(world, 'after c', 'term', 'run');
  },
};

/** A byte that is followed by u, so that its start shows that both were handled. */
function inDown(byte: string): Case {
  return {
    name: `runsv-bytes/down-${JSON.stringify(byte).slice(1, -1)}`,
    title: `a service that is down and the byte ${JSON.stringify(byte)}`,
    uses: ['runsv'],
    async run(world) {
      steps.service(world, 's', { run: TELLS, down: true });
      const runsv = await steps.supervise(world, 's');
      await steps.noteState(world, 'before', 's', 'down');
      await steps.send(world, 's', byte);
      if (byte === 'x') return world.note('runsv', await runsv.ended());
      if (byte !== 'u' && byte !== 'o') await steps.send(world, 's', 'u');
      const { pid } = await steps.up(world, 's');
      await settle(world, pid, byte);
      noteSignals(world, 'signals');
      await steps.noteState(world, 'after', 's', 'run');
    },
  };
}

/** The want that shows that a byte before it was handled; the opposite of what the byte may want. */
function wantAfter(byte: string): 'u' | 'd' {
  return 'uc'.includes(byte) ? 'u' : 'd';
}

/** A byte amid others that change the want, so that it was handled when the last one shows. */
function inFinish(byte: string): Case {
  return {
    name: `runsv-bytes/finish-${JSON.stringify(byte).slice(1, -1)}`,
    title: `a service in finish and the byte ${JSON.stringify(byte)}`,
    uses: ['runsv'],
    async run(world) {
      steps.service(world, 's', { run: ENDS, finish: TELLS, gates: ['finish-gate'] });
      const runsv = await steps.supervise(world, 's');
      const { pid } = await world.event('s finish');
      await steps.noteState(world, 'before', 's', 'finish');
      const want = wantAfter(byte);
      await steps.send(world, 's', want === 'u' ? 'd' : 'u');
      await steps.status(world, 's', 'prepared', (it) => it.want !== want);
      await steps.send(world, 's', 'udox'.includes(byte) ? byte : byte + want);
      await steps.status(world, 's', `wanted ${want}`, (it) => it.want === want);
      await steps.noteState(world, 'after', 's', 'finish');
      kill(pid, 'SIGWINCH');
      await world.event('s finish got WINCH');
      await steps.openGate(world, 's/finish-gate');
      await noteSequel(world, runsv, byte);
      noteSequenceUntilFinish(world);
    },
  };
}

const PAUSED: Difference['id'] = 'runsv-paused';

const pauseInDown: Case = {
  name: 'runsv-bytes/down-p',
  title: 'p to a service that is down',
  uses: ['runsv'],
  differs: [{ id: PAUSED, lines: { flag: 'false' } }],
  async run(world) {
    steps.service(world, 's', { run: TELLS, down: true });
    await steps.supervise(world, 's');
    await steps.send(world, 's', 'p');
    world.note('flag', (await attempt(() => statusOf(world, 's')?.paused === 1, 700)) === true);
    await steps.send(world, 's', 'u');
    const { pid } = await steps.up(world, 's');
    await steps.noteState(world, 'started', 's', 'run');
    world.note('stopped', stateOf(pid) === 'T');
  },
};

const pauseInFinish: Case = {
  name: 'runsv-bytes/finish-p',
  title: 'p to a service in finish',
  uses: ['runsv'],
  differs: [{ id: PAUSED, lines: { flag: 'false' } }],
  async run(world) {
    steps.service(world, 's', { run: ENDS, finish: TELLS, gates: ['finish-gate'] });
    await steps.supervise(world, 's');
    const { pid } = await world.event('s finish');
    await steps.send(world, 's', 'p');
    world.note('flag', (await attempt(() => statusOf(world, 's')?.paused === 1, 700)) === true);
    world.note('stopped', stateOf(pid) === 'T');
    await steps.openGate(world, 's/finish-gate');
    await world.event('s run', 2);
  },
};

function noteSequenceUntilFinish(world: World): void {
  const texts = world.events().map(({ text }) => text);
  const second = texts.indexOf('s run', 1);
  world.note('sequence', texts.slice(0, second < 0 ? undefined : second).join('; '));
}

const downThenUpInFinish: Case = {
  name: 'runsv-bytes/finish-d-u',
  title: 'd and then u while finish is at work: the service comes up after it',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: ENDS, finish: steps.habit('waits-at-gate'), gates: ['finish-gate'] });
    await steps.supervise(world, 's');
    await world.event('s finish');
    await steps.send(world, 's', 'd');
    await steps.status(world, 's', 'wanted down', (it) => it.want === 'd');
    await steps.noteState(world, 'after d', 's', 'finish');
    await steps.send(world, 's', 'u');
    await steps.status(world, 's', 'wanted up', (it) => it.want === 'u');
    await steps.noteState(world, 'after u', 's', 'finish');
    await steps.openGate(world, 's/finish-gate');
    await world.event('s run', 2);
  },
};

const killInFinish: Case = {
  name: 'runsv-bytes/finish-k',
  title: 'k while finish hangs',
  uses: ['runsv'],
  differs: [
    { id: 'runsv-kill-finish', lines: { finish: 'ended', 'finish again': 'no', sequence: 's run; s finish 0 0' } },
  ],
  async run(world) {
    steps.service(world, 's', { run: ENDS, finish: TELLS, gates: ['finish-gate'] });
    await steps.supervise(world, 's');
    const { pid } = await world.event('s finish');
    await steps.send(world, 's', 'd');
    await steps.status(world, 's', 'wanted down', (it) => it.want === 'd');
    await steps.send(world, 's', 'k');
    world.note('finish', await steps.fate(pid, 1500));
    if (steps.lives(pid)) await steps.openGate(world, 's/finish-gate');
    await steps.gone(pid, 'the first finish');
    world.note('finish again', await until('a second finish, or down', () => sequelOfFinish(world)));
    noteSequence(world);
  },
};

function sequelOfFinish(world: World): string | undefined {
  if (world.events('s finish 0').length > 1) return 'yes';
  return statusOf(world, 's')?.state === 'down' ? 'no' : undefined;
}

const killThenUp: Case = {
  name: 'runsv-bytes/run-ku',
  title: 'k and u in one write',
  uses: ['runsv'],
  differs: [{ id: 'runsv-kill-state', lines: { sequence: 's run; s finish -1 9; s run' } }],
  async run(world) {
    steps.service(world, 's', { run: TELLS, finish: ENDS });
    await steps.supervise(world, 's');
    const { pid } = await steps.up(world, 's');
    await steps.send(world, 's', 'ku');
    await steps.gone(pid, 'the first run');
    await steps.up(world, 's', 2);
    await steps.status(world, 's', 'the second run', (it) => it.pid !== 0 && it.pid !== pid);
    await steps.noteState(world, 'after', 's', 'run');
    noteSequence(world);
  },
};

/** Bytes in one write to a service that runs; what it comes to in the end. */
function together(name: string, title: string, bytes: string, wait: (world: World) => Promise<unknown>): Case {
  return {
    name: `runsv-bytes/together-${name}`,
    title,
    uses: ['runsv'],
    async run(world) {
      steps.service(world, 's', { run: steps.habit('stays'), finish: ENDS });
      const runsv = await steps.supervise(world, 's');
      await steps.up(world, 's');
      await steps.send(world, 's', bytes);
      await wait(world);
      await steps.alone(world, 's', runsv);
      world.note('runsv', runsv.end() ?? 'stays');
      world.note('status', words(statusOf(world, 's')));
      noteSequence(world);
    },
  };
}

const TOGETHER: readonly Case[] = [
  together('tcu', 'tcu is a restart', 'tcu', (w) => steps.up(w, 's', 2)),
  together('du', 'du comes up again', 'du', (w) => steps.up(w, 's', 2)),
  together('dud', 'dud stays down', 'dud', (w) => steps.inState(w, 's', 'down')),
  together('dx', 'dx ends runsv', 'dx', (w) => steps.inState(w, 's', 'down')),
  together('junk', 'junk before, between and after the letters changes nothing', '??\0\n#d%%\xff\xfe', (w) =>
    steps.inState(w, 's', 'down'),
  ),
  together('long', 'four thousand unknown bytes before a letter are passed over', `${'Z'.repeat(4000)}d`, (w) =>
    steps.inState(w, 's', 'down'),
  ),
];

const once: Case = {
  name: 'runsv-bytes/once-life',
  title: 'o starts a service that is down, and its end is the end',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: steps.habit('stays'), finish: ENDS, down: true });
    await steps.supervise(world, 's');
    await steps.send(world, 's', 'o');
    const { pid } = await steps.up(world, 's');
    await steps.noteState(world, 'running', 's', 'run');
    kill(pid, 'SIGTERM');
    await world.event('s finish');
    await steps.noteState(world, 'ended', 's', 'down');
    noteSequence(world);
  },
};

export const cases: readonly Case[] = [
  ...LETTERS.filter((it) => it !== 'k' && it !== 'p').map(inRun),
  ...JUNK.map(inRun),
  killInRun,
  pauseInDown,
  pauseInFinish,
  pauseInRun,
  stopPaused,
  ...LETTERS.filter((it) => it !== 'p').map(inDown),
  ...JUNK.map(inDown),
  ...LETTERS.filter((it) => it !== 'p' && it !== 'k').map(inFinish),
  inFinish('zz z'),
  downThenUpInFinish,
  killInFinish,
  killThenUp,
  ...TOGETHER,
  once,
];
