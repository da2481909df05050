// sv and services that do not stay up, that have no runsv yet, or whose supervise is not what it should be.
// Read next: sv-waiting.ts.
import { spawn } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import { type FakeState, FakeService, made } from '../fake.ts';
import type { Case } from '../model.ts';
import * as steps from '../steps.ts';
import { sleep, until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

/** What a process may last and still count as one that ends at once; a loaded machine makes some last longer. */
const LASTS_MS = 150;
const TRIES = 5;

/** A new process every 0.04 s: every look sees one, and none lasts. Returns how long the longest lasted, in ms. */
async function restless(fake: FakeService, over: () => boolean): Promise<number> {
  let longest = 0;
  let shown = performance.now();
  for (let pid = 5000; !over(); pid++) {
    fake.show(made('run', { pid, ageSeconds: 0 }));
    longest = Math.max(longest, performance.now() - shown);
    shown = performance.now();
    await sleep(40);
  }
  return Math.max(longest, performance.now() - shown);
}

function loop(word: string, before: FakeState): Case {
  return {
    name: `sv-lasting/${word}`,
    title: `sv ${word} of a service whose processes end again and again`,
    timed: true,
    uses: ['sv'],
    differs: [
      {
        id: 'sv-start-lasting',
        lines: { sv: 'exit 1', 'sv: stdout': 'timeout: run: ./s: (pid N) Ns\n' },
      },
    ],
    async run(world) {
      for (let tried = 1; ; tried++) {
        rmSync(world.path('s'), { recursive: true, force: true });
        const fake = new FakeService(world, 's', before);
        const sv = world.start('sv', ['-w', '2', word, './s']);
        if (word === 'check') await sleep(50);
        else await fake.gets(word === 'restart' ? 'tcu' : 'u');
        const longest = await restless(fake, () => sv.end() !== undefined);
        const ran = { end: await sv.ended(), out: sv.stdout(), err: sv.stderr(), ms: 0 };
        if (longest < LASTS_MS || tried === TRIES) return steps.noteRun(world, 'sv', ran);
        fake.leave();
      }
    },
  };
}

const missingProgram: Case = {
  name: 'sv-lasting/missing-program',
  title: 'sv restart of a service whose program does not exist, and of one whose program exists',
  uses: ['sv', 'runsv'],
  async run(world) {
    steps.service(world, 'web', { run: 'exec 2>/dev/null\nexec httpd-that-is-not-there -f -p 8080' });
    steps.service(world, 'good', { run: steps.habit('stays') });
    for (const dir of ['web', 'good']) await steps.supervise(world, dir);
    await steps.up(world, 'good');
    // C misses a life that falls between its looks, so that only one of many tries need fail
    const tries: string[] = [];
    for (let at = 0; at < 4; at++) tries.push((await world.run('sv', ['-w', '1', 'restart', './web'])).end);
    world.note('fails', tries.includes('exit 1'));
    await sleep(1300);
    steps.noteRun(world, 'good', await world.run('sv', ['-w', '20', 'restart', './good']));
  },
};

/** Holds the lock that our runsvdir has on its directory. */
function asRunsvdir(world: World): Promise<true> {
  const holder = spawn('flock', [world.dir, 'sh', '-c', 'echo held; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...world.env },
  });
  world.onClose(() => holder.kill());
  let said = '';
  holder.stdout.on('data', (text) => {
    said += text;
  });
  return until('the lock', () => said.includes('held'));
}

const linked: Case = {
  name: 'sv-lasting/linked',
  title: 'sv start of a service that was linked a moment ago, below a runsvdir',
  uses: ['sv', 'runsv'],
  differs: [
    {
      id: 'sv-waits-for-runsv',
      lines: { early: 'exit 0', 'early: stdout': 'ok: run: s: (pid N) Ns\n' },
    },
  ],
  async run(world) {
    steps.service(world, 's', { run: steps.habit('stays') });
    await asRunsvdir(world);
    const env = { SVDIR: world.dir };
    const early = world.start('sv', ['start', 's'], { env });
    await sleep(300);
    await steps.supervise(world, 's');
    steps.noteRun(world, 'early', { end: await early.ended(), out: early.stdout(), err: early.stderr(), ms: 0 });
    steps.noteRun(world, 'missing', await world.run('sv', ['start', 'missing'], { env }));
  },
};

const unsupervised: Case = {
  name: 'sv-lasting/unsupervised',
  title: 'sv start of a service without runsv and without runsvdir fails at once',
  uses: ['sv'],
  timed: true,
  async run(world) {
    steps.service(world, 's', { run: steps.habit('stays') });
    new FakeService(world, 'ended', made('run')).leave();
    for (const dir of ['s', 'ended']) {
      const ran = await world.run('sv', ['-w', '20', 'check', dir], { env: { SVDIR: world.dir } });
      steps.noteRun(world, dir, ran);
      world.note(`${dir} takes`, steps.reached(ran.ms / 1000, [0, 5]));
    }
  },
};

const LINKED = 'symbolic link loop';

const kinds: Case = {
  name: 'sv-lasting/kinds',
  title: 'a link in place of a file of supervise, and a file in place of control',
  uses: ['sv'],
  differs: [
    {
      id: 'sv-supervise-kinds',
      lines: {
        'control is a link': 'exit 1',
        'control is a link: stdout': `warning: ./control: unable to open supervise/control: ${LINKED}\n`,
        'victim of control gets': '',
        'status is a link': 'exit 1',
        'status is a link: stdout': `warning: ./status: unable to open supervise/status: ${LINKED}\n`,
        'ok is a link': 'exit 1',
        'ok is a link: stdout': `warning: ./ok: unable to open supervise/ok: ${LINKED}\n`,
        file: 'exit 1',
        'file: stdout': 'warning: ./file: unable to open supervise/control: not a fifo\n',
        'file has': 'precious',
      },
    },
  ],
  async run(world) {
    for (const name of ['control', 'status', 'ok'] as const) {
      const victim = new FakeService(world, `victim-${name}`, made('run', { want: '?' }));
      new FakeService(world, name, made('run', { want: '?' })).remove(name);
      symlinkSync(`../../victim-${name}/supervise/${name}`, world.path(name, 'supervise', name));
      const word = name === 'control' ? 'down' : 'status';
      steps.noteRun(world, `${name} is a link`, await world.run('sv', [word, `./${name}`]));
      if (name === 'control') world.note('victim of control gets', victim.received());
    }
    new FakeService(world, 'file', made('run', { want: '?' })).remove('control');
    world.write('file/supervise/control', 'precious');
    steps.noteRun(world, 'file', await world.run('sv', ['down', './file']));
    world.note('file has', world.read('file/supervise/control'));
  },
};

const controlBytes: Case = {
  name: 'sv-lasting/control-bytes',
  title: 'control bytes in names',
  uses: ['sv'],
  differs: [{ id: 'sv-control-bytes', lines: { 'sv: stdout': 'run: ./a?[2J?b: (pid N) Ns\n' } }],
  async run(world) {
    const name = 'a\x1b[2J\nb';
    new FakeService(world, name, made('run'));
    steps.noteRun(world, 'sv', await world.run('sv', ['status', `./${name}`]));
  },
};

export const cases: readonly Case[] = [
  loop('start', made('down', { want: 'd' })),
  loop('check', made('run', { ageSeconds: 0 })),
  loop('restart', made('run')),
  missingProgram,
  linked,
  unsupervised,
  kinds,
  controlBytes,
];
