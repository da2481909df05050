// sv's commands, played against supervise directories made by hand: the bytes each writes in each state of the service,
// and what it makes of the status. Read next: sv-waiting.ts, ../fake.ts.
import type { Case, Difference } from '../model.ts';
import { FakeService, type FakeState, made } from '../fake.ts';
import * as steps from '../steps.ts';
import type { World } from '../world.ts';

/** Each state that decides something, under a name. None of them is younger than sv. */
const SCENES: Readonly<Record<string, FakeState>> = {
  'run-up': made('run'),
  'run-down': made('run', { want: 'd' }),
  'run-down-term': made('run', { want: 'd', term: 1 }),
  'run-up-term': made('run', { term: 1 }),
  'run-paused': made('run', { paused: 1 }),
  'down-up': made('down'),
  'down-down': made('down', { want: 'd' }),
  'finish-up': made('finish'),
  'finish-down': made('finish', { want: 'd' }),
};

/** Up to 2.3.0 sv leaves a command out that the status says is given already; later ones always write. */
function alwaysSends(bytes: string, sent: Readonly<Record<string, string>>): readonly Difference[] {
  const lines = Object.fromEntries(
    Object.entries(sent)
      .filter(([, by]) => by !== bytes)
      .map(([scene]) => [`${scene} gets`, bytes]),
  );
  return Object.keys(lines).length === 0 ? [] : [{ id: 'sv-always-sends', since231: true, lines }];
}

/** What C up to 2.3.0 sends in each scene, by its rule about the status' wanted byte. */
function sentBefore(bytes: string): Readonly<Record<string, string>> {
  const first = bytes[0];
  const omitted = ({ want, term }: FakeState) => (first === 'd' ? want === 'd' && term === 1 : want === first);
  return Object.fromEntries(Object.entries(SCENES).map(([name, scene]) => [name, omitted(scene) ? '' : bytes]));
}

function fakes(world: World): readonly FakeService[] {
  return Object.entries(SCENES).map(([name, scene]) => new FakeService(world, name, scene));
}

function noteReceived(world: World, services: readonly FakeService[]): void {
  for (const it of services) world.note(`${it.dir} gets`, it.received());
}

/** What a scene's line says behind `ok: `, `timeout: ` or `kill: `. */
const LINES: Readonly<Record<string, string>> = {
  'run-up': 'run: run-up: (pid N) Ns',
  'run-down': 'run: run-down: (pid N) Ns, want down',
  'run-down-term': 'run: run-down-term: (pid N) Ns, want down, got TERM',
  'run-up-term': 'run: run-up-term: (pid N) Ns, got TERM',
  'run-paused': 'run: run-paused: (pid N) Ns, paused',
  'down-up': 'down: down-up: Ns, normally up, want up',
  'down-down': 'down: down-down: Ns, normally up',
  'finish-up': 'finish: finish-up: (pid N) Ns',
  'finish-down': 'finish: finish-down: (pid N) Ns, want down',
};

/** What sv prints when these scenes are as wanted and the others never become so, in the order of the scenes. */
function told(done: readonly string[], otherwise: 'timeout' | 'kill'): string {
  const line = (name: string) => `${done.includes(name) ? 'ok' : otherwise}: ${LINES[name]}\n`;
  return Object.keys(LINES).map(line).join('');
}

function byScene(a: string, b: string): number {
  const place = (line: string) => {
    const index = Object.keys(LINES).findIndex((name) => line.includes(` ${name}: `));
    return index < 0 ? Number.POSITIVE_INFINITY : index;
  };
  return place(a) === place(b) ? 0 : place(a) - place(b);
}

/** Up and down are done only when the status says that they are wanted, too. */
function wanted(word: 'up' | 'down', otherwise: 'timeout' | 'kill' = 'timeout'): readonly Difference[] {
  const done = word === 'up' ? ['run-up', 'run-up-term', 'run-paused'] : ['down-down'];
  const lines = { sv: `exit ${9 - done.length}`, 'sv: stdout': told(done, otherwise) };
  return [{ id: 'sv-wanted', lines: otherwise === 'kill' ? { ...lines, 'down-up gets': 'dk' } : lines }];
}

/** A command word given to a service in each scene at once. */
function word(args: readonly string[], bytes: string, differs: readonly Difference[] = []): Case {
  return {
    name: `sv-commands/${args.join('')}`,
    title: `sv ${args.join(' ')} writes ${bytes === '' ? 'nothing' : bytes}`,
    uses: ['sv'],
    differs: [...alwaysSends(bytes, sentBefore(bytes)), ...differs],
    async run(world) {
      const services = fakes(world);
      const env = { SVDIR: world.dir, SVWAIT: '0' };
      const ran = await world.run('sv', [...args, ...Object.keys(SCENES)], { env });
      // In the order of the command line; sv tells of those first that are done at its first look.
      steps.noteRun(world, 'sv', { ...ran, out: ran.out.split('\n').sort(byScene).join('\n') });
      noteReceived(world, services);
    },
  };
}

/** From 2.3.0 on check waits for the wanted state. */
const CHECK: Difference = {
  id: 'sv-check',
  since231: true,
  lines: {
    sv: 'exit 5',
    'sv: stdout': told(['run-up', 'run-up-term', 'run-paused', 'down-down'], 'timeout'),
  },
};

const WORDS: readonly Case[] = [
  word(['status'], ''),
  word(['s'], ''),
  word(['up'], 'u'),
  word(['u'], 'u'),
  word(['down'], 'd'),
  word(['d'], 'd'),
  word(['once'], 'o'),
  word(['pause'], 'p'),
  word(['cont'], 'c'),
  word(['hup'], 'h'),
  word(['alarm'], 'a'),
  word(['interrupt'], 'i'),
  word(['quit'], 'q'),
  word(['1'], '1'),
  word(['2'], '2'),
  word(['term'], 't'),
  word(['kill'], 'k'),
  word(['exit'], 'x'),
  word(['x'], 'x'),
  word(['-v', 'up'], 'u', wanted('up')),
  word(['-v', 'down'], 'd', wanted('down')),
  word(['-v', 'once'], 'o'),
  word(['-v', 'pause'], 'p'),
  word(['-v', 'cont'], 'c'),
  word(['-v', 'hup'], 'h'),
  word(['-v', 'alarm'], 'a'),
  word(['-v', 'interrupt'], 'i'),
  word(['-v', 'quit'], 'q'),
  word(['-v', '1'], '1'),
  word(['-v', '2'], '2'),
  word(['-v', 'term'], 't'),
  word(['-v', 'kill'], 'k'),
  word(['-v', 'exit'], 'x'),
  word(['-w', '0', 'up'], 'u', wanted('up')),
  word(['start'], 'u', wanted('up')),
  word(['stop'], 'd', wanted('down')),
  word(['restart'], 'tcu'),
  word(['try-restart'], 'tc'),
  word(['reload'], 'h'),
  word(['force-reload'], 'tck'),
  word(['force-restart'], 'tcuk'),
  word(['force-stop'], 'dk', wanted('down', 'kill')),
  word(['force-shutdown'], 'xk'),
  word(['shutdown'], 'x'),
  word(['check'], '', [CHECK]),
  word(['D'], 'dk', wanted('down', 'kill')),
  word(['T'], 'tck'),
  word(['X'], 'xk'),
  word(['E'], 'xk'),
  word(['e'], 'x'),
  word(['stat'], ''),
];

const USAGES = [
  [],
  ['status'],
  ['-V'],
  ['-V', 'status', './s'],
  ['-z', 'status', './s'],
  ['-w'],
  ['-w', '1'],
  ['-v'],
  ['-w', '1', 'status'],
] as const;

const usage: Case = {
  name: 'sv-commands/usage',
  title: 'usage, version and bad options',
  uses: ['sv'],
  async run(world) {
    new FakeService(world, 's', made('run'));
    for (const args of USAGES) steps.noteRun(world, `sv ${args.join(' ')}`, await world.run('sv', args));
    steps.noteRun(world, 'with a path', await world.run('sv', [], { argv0: '/some/where/sv' }));
    steps.noteRun(world, 'bad option, with a path', await world.run('sv', ['-z'], { argv0: '/some/where/sv' }));
  },
};

const OPTIONS = [
  ['-v', '-w', '1', 'up'],
  ['-vw1', 'up'],
  ['-vw', '1', 'up'],
  ['-w1', 'up'],
  ['-v', '-v', 'up'],
  ['--', 'up'],
  ['-v', '--', 'up'],
  ['up', '-v'],
  ['-wx', 'up'],
  ['-w', '', 'up'],
  ['-w', '-1', 'up'],
  ['-w', '1', '-w', '2', 'up'],
] as const;

const options: Case = {
  name: 'sv-commands/options',
  title: 'options may be clustered, have their value attached, and end at the command',
  uses: ['sv'],
  async run(world) {
    const fake = new FakeService(world, 's', made('run', { want: 'x' }));
    for (const args of OPTIONS) {
      const ran = await world.run('sv', [...args, world.path('s')], { env: { SVDIR: world.dir } });
      steps.noteRun(world, `sv ${args.join(' ')}`, ran);
    }
    world.note('s gets', fake.received());
  },
};

const longOptions: Case = {
  name: 'sv-commands/long-options',
  title: 'a word that begins with two dashes',
  uses: ['sv'],
  differs: [
    {
      id: 'sv-help',
      lines: {
        '--help': 'exit 0',
        '--help: stdout': 'usage: sv [-v] [-w sec] command service ...',
        '--help: stderr': '',
        '-h': 'exit 0',
        '-h: stdout': 'usage: sv [-v] [-w sec] command service ...',
        '-h: stderr': '',
        '--version': 'exit 0',
        '--version: stdout': 'runitbox 0.1.0',
        '--version: stderr': '',
      },
    },
  ],
  async run(world) {
    const fake = new FakeService(world, 's', made('run'));
    for (const words of [['--help'], ['-h'], ['--version'], ['--long', 'hup', './s']]) {
      const { end, out, err } = await world.run('sv', words);
      world.note(words[0] ?? '', end);
      world.note(`${words[0]}: stdout`, out.split('\n')[0] ?? '');
      world.note(`${words[0]}: stderr`, err.split('\n')[0] ?? '');
    }
    world.note('gets', fake.received());
  },
};

/** Every combination of the flags that the line shows. */
function allLines(): readonly (readonly [string, FakeState, boolean])[] {
  const both = [0, 1] as const;
  const states = ['run', 'down', 'finish'] as const;
  return states.flatMap((state) =>
    ['u', 'd'].flatMap((want) =>
      both.flatMap((paused) =>
        both.flatMap((term) =>
          [false, true].map((down) => {
            const name = `${state}-${want}${paused}${term}${down ? '-downfile' : ''}`;
            return [name, made(state, { want, paused, term }), down] as const;
          }),
        ),
      ),
    ),
  );
}

const statusLines: Case = {
  name: 'sv-commands/status-lines',
  title: 'the status line shows state, pid, age and flags, for every combination',
  uses: ['sv'],
  async run(world) {
    const scenes = allLines();
    for (const [name, state, down] of scenes) new FakeService(world, name, state, { down });
    new FakeService(world, 'big-pid', made('run', { pid: 4194303 }));
    const names = [...scenes.map(([name]) => name), 'big-pid'];
    const ran = await world.run('sv', ['status', ...names], { env: { SVDIR: world.dir } });
    steps.noteRun(world, 'sv', ran);
    world.note('pids', [...new Set(Array.from(ran.out.matchAll(/pid (\d+)/g), (match) => match[1]))].join(' '));
  },
};

const ages: Case = {
  name: 'sv-commands/ages',
  title: 'ages are whole seconds and never below 0',
  uses: ['sv'],
  async run(world) {
    for (const [name, ageSeconds] of [
      ['young', 0],
      ['old', 86400],
      ['future', -1000],
    ] as const) {
      new FakeService(world, name, made('down', { ageSeconds }));
      const { out } = await world.run('sv', ['status', `./${name}`]);
      const age = Number(/ (\d+)s,/.exec(out)?.[1] ?? -1);
      const base = Math.max(0, ageSeconds);
      world.note(name, age >= base && age <= base + 2 ? `about ${base}` : age);
    }
  },
};

/** The service's log as sv status shows it. */
function logLine(
  name: string,
  title: string,
  place: (world: World) => void,
  differs: readonly Difference[] = [],
): Case {
  return {
    name: `sv-commands/log-${name}`,
    title,
    uses: ['sv'],
    differs,
    async run(world) {
      new FakeService(world, 's', made('run'));
      place(world);
      const env = { SVDIR: world.dir };
      steps.noteRun(world, 'sv status s', await world.run('sv', ['status', 's'], { env }));
      steps.noteRun(world, 'sv up s', await world.run('sv', ['-v', '-w', '1', 'up', 's'], { env }));
    },
  };
}

const LOG_LINES: readonly Case[] = [
  logLine('run', 'a log service that runs', (w) => new FakeService(w, 's/log', made('run', { pid: 17 }))),
  logLine('down', 'a log service that is down', (w) => new FakeService(w, 's/log', made('down', { want: 'd' }))),
  logLine('flags', 'a log service with a down file, paused', (w) => {
    new FakeService(w, 's/log', made('run', { paused: 1, want: 'd' }), { down: true });
  }),
  logLine('gone', 'a log service without runsv', (w) => new FakeService(w, 's/log', made('run')).leave()),
  logLine('empty', 'a log directory without supervise', (w) => w.mkdir('s/log'), [
    {
      id: 'sv-log-without-supervise',
      lines: {
        'sv status s: stdout': 'run: s: (pid N) Ns; warning: s/log: unable to open supervise/ok: file does not exist\n',
      },
    },
  ]),
  logLine('file', 'a file named log', (w) => w.write('s/log', '')),
];

export const cases: readonly Case[] = [...WORDS, usage, options, longOptions, statusLines, ages, ...LOG_LINES];
