// How sv finds services, and what it says of those it cannot reach. Read next: sv-lsb.ts.
import { chmodSync, rmSync, symlinkSync } from 'node:fs';
import type { Case, Difference } from '../model.ts';
import { encode, FakeService, made } from '../fake.ts';
import { NOBODY } from '../processes.ts';
import * as steps from '../steps.ts';
import type { StartOptions, World } from '../world.ts';

/** The ways to name the service `s` in `here`, or another in SVDIR. */
const NAMES = [
  's',
  './s',
  's/',
  './s/',
  '../here/s',
  'other',
  'other/',
  './other',
  's/log',
  './s/log',
  'other/log',
  '',
  '.',
  './',
  '..',
  '.s',
  'missing',
  './missing',
  'file',
] as const;

function world2(world: World): void {
  for (const dir of ['here/s', 'svdir/other']) {
    new FakeService(world, dir, made('run'));
    new FakeService(world, `${dir}/log`, made('run', { pid: 17 }));
  }
  world.write('svdir/file', '');
}

function naming(command: readonly string[], title: string, differs: readonly Difference[] = []): Case {
  return {
    name: `sv-services/names-${command.at(-1)}`,
    title,
    uses: ['sv'],
    differs,
    async run(world) {
      world2(world);
      const env = { SVDIR: world.path('svdir') };
      for (const name of [...NAMES, world.path('here/s')]) {
        const ran = await world.run('sv', [...command, name], { cwd: 'here', env });
        steps.noteRun(world, `${command.at(-1)} ${name.replace(world.dir, 'WORLD')}`, ran);
      }
      steps.noteRun(world, 'in the service', await world.run('sv', [...command, '.'], { cwd: 'here/s' }));
    },
  };
}

const NAMING: readonly Case[] = [
  naming(['status'], 'names are looked up in SVDIR, or here when they begin with a dot or slash or end in one'),
  naming(['-v', '-w', '1', 'up'], 'the same when sv waits', [
    {
      id: 'sv-always-sends',
      since231: true,
      lines: Object.fromEntries(
        ['.', './', '..'].map((it) => [
          `up ${it}: stdout`,
          `warning: ${it}: unable to open supervise/control: file does not exist\n`,
        ]),
      ),
    },
    { id: 'sv-trailing-slash', lines: { 'up s/': 'exit 0', 'up s/: stdout': 'ok: run: s/: (pid N) Ns\n' } },
  ]),
];

const svdir: Case = {
  name: 'sv-services/svdir',
  title: 'SVDIR may be relative, missing, empty, or no directory',
  uses: ['sv'],
  async run(world) {
    world2(world);
    for (const value of ['svdir', './svdir/', 'missing', '', 'svdir/file']) {
      const ran = await world.run('sv', ['status', 'other'], { env: { SVDIR: value } });
      steps.noteRun(world, `SVDIR=${value}`, ran);
    }
    const unset = await world.run('sv', ['status', 'no-such-service']);
    steps.noteRun(world, 'no SVDIR', unset);
  },
};

const ALWAYS: Difference['id'] = 'sv-always-sends';

/** From 2.3.1 on the message names control, as ok is not looked at before sending. */
function controlNamed(words: readonly string[], what: string): Difference {
  const line = `warning: ./s: unable to open supervise/control: ${what}\n`;
  return { id: ALWAYS, since231: true, lines: Object.fromEntries(words.map((it) => [`${it}: stdout`, line])) };
}

const SENDING = ['up', 'hup', 'exit', '-w 1 start', '-w 1 shutdown'] as const;

/** From 2.3.1 on the status is not looked at before sending. */
const SENT_ALL_THE_SAME: Difference = {
  id: ALWAYS,
  since231: true,
  lines: Object.fromEntries(
    ['up', 'hup', 'exit'].flatMap((it) => [
      [it, 'exit 0'],
      [`${it}: stdout`, null],
    ]),
  ),
};

/** A service spoilt in some way, under every kind of command. */
function spoilt(
  name: string,
  title: string,
  spoil: (fake: FakeService, world: World) => void,
  differs: readonly Difference[] = [],
  options: StartOptions = {},
): Case {
  return {
    name: `sv-services/${name}`,
    title,
    uses: ['sv'],
    differs,
    ...(options.uid === undefined ? {} : { needs: ['root'] as const }),
    async run(world) {
      const fake = new FakeService(world, 's', made('run'));
      spoil(fake, world);
      for (const words of [
        ['status'],
        ['up'],
        ['hup'],
        ['exit'],
        ['-w', '1', 'start'],
        ['-w', '1', 'shutdown'],
        ['-w', '1', 'check'],
      ]) {
        const ran = await world.run('sv', [...words, './s'], options);
        steps.noteRun(world, words.join(' '), ran);
      }
    },
  };
}

const SPOILT: readonly Case[] = [
  spoilt('no-runsv', 'without runsv, exit and shutdown are done and the rest fails', (it) => it.leave()),
  spoilt(
    'no-supervise',
    'a directory without supervise',
    (it, world) => rmSync(world.path(it.dir, 'supervise'), { recursive: true }),
    [controlNamed(SENDING, 'file does not exist')],
  ),
  spoilt('no-ok', 'a missing supervise/ok', (it) => it.remove('ok'), [
    SENT_ALL_THE_SAME,
    {
      id: 'sv-without-ok',
      lines: {
        '-w 1 start': 'exit 0',
        '-w 1 start: stdout': 'ok: run: ./s: (pid N) Ns\n',
        '-w 1 shutdown: stdout': 'timeout: run: ./s: (pid N) Ns\n',
      },
    },
  ]),
  spoilt('no-control', 'a missing supervise/control', (it) => it.remove('control'), [
    {
      id: ALWAYS,
      since231: true,
      lines: {
        up: 'exit 1',
        'up: stdout': 'warning: ./s: unable to open supervise/control: file does not exist\n',
        '-w 1 start': 'exit 1',
        '-w 1 start: stdout': 'warning: ./s: unable to open supervise/control: file does not exist\n',
      },
    },
  ]),
  spoilt('no-status', 'a missing supervise/status', (it) => it.remove('status'), [SENT_ALL_THE_SAME]),
  spoilt('empty-status', 'an empty supervise/status', (it) => it.showBytes(Buffer.alloc(0)), [SENT_ALL_THE_SAME]),
  spoilt('short-status', 'a supervise/status of 18 bytes', (it) => it.showBytes(Buffer.alloc(18)), [SENT_ALL_THE_SAME]),
  spoilt('long-status', 'a byte behind the 20 of supervise/status', (it) =>
    it.showBytes(Buffer.concat([encode(made('run')), Buffer.alloc(1)])),
  ),
  spoilt('ok-is-file', 'a regular file for supervise/ok', (it, world) => {
    it.remove('ok');
    world.write('s/supervise/ok', '');
  }),
  spoilt('closed', 'a supervise one may not enter', () => undefined, [controlNamed(SENDING, 'access denied')], {
    uid: NOBODY,
  }),
  spoilt(
    'fifos-closed',
    'fifos one may not open',
    (it, world) => chmodSync(world.path(it.dir, 'supervise'), 0o755),
    [controlNamed(SENDING, 'access denied')],
    { uid: NOBODY },
  ),
  spoilt(
    'directory-closed',
    'a service directory one may not enter',
    (it, world) => chmodSync(world.path(it.dir), 0o700),
    [],
    {
      uid: NOBODY,
    },
  ),
];

const fullFifo: Case = {
  name: 'sv-services/full-control',
  title: 'a control fifo that is full',
  uses: ['sv'],
  async run(world) {
    const fake = new FakeService(world, 's', made('run'));
    const fd = steps.openForWriting(world.path('s/supervise/control'));
    if (fd !== undefined) steps.writeAndClose(fd, 'z'.repeat(65536));
    steps.noteRun(world, 'hup', await world.run('sv', ['hup', './s']));
    world.note('bytes', fake.received().length);
  },
};

const counting: Case = {
  name: 'sv-services/counting',
  title: 'the exit status counts the failures, up to 99',
  uses: ['sv'],
  async run(world) {
    new FakeService(world, 's', made('run'));
    for (const count of [1, 2, 98, 99, 100, 300]) {
      const missing = Array.from({ length: count }, (_, index) => `./m${index}`);
      const { end } = await world.run('sv', ['status', './s', ...missing]);
      world.note(`${count} missing`, end);
      world.note(`${count} missing, up`, (await world.run('sv', ['up', './s', ...missing])).end);
    }
  },
};

const noDirectory: Case = {
  name: 'sv-services/no-current-directory',
  title: 'a current directory that cannot be opened',
  uses: ['sv'],
  needs: ['root'],
  differs: [
    {
      id: 'sv-current-directory',
      lines: {
        sv: 'exit 0',
        'sv: stderr': null,
        'sv: stdout': 'run: ../s: (pid N) Ns\n',
        lsb: 'exit 0',
        'lsb: stderr': null,
        'lsb: stdout': 'run: job: (pid N) Ns\n',
      },
    },
  ],
  async run(world) {
    for (const dir of ['s', 'job']) {
      new FakeService(world, dir, made('run'));
      chmodSync(world.path(dir, 'supervise'), 0o755);
      for (const name of ['ok', 'control']) chmodSync(world.path(dir, 'supervise', name), 0o666);
    }
    world.mkdir('closed', 0o711);
    const options = { cwd: 'closed', uid: NOBODY, env: { SVDIR: world.dir } };
    const ran = await world.run('sv', ['status', '../s'], options);
    steps.noteRun(world, 'sv', ran);
    const lsb = await world.lsb('job', ['status'], options);
    steps.noteRun(world, 'lsb', lsb);
  },
};

const linkedService: Case = {
  name: 'sv-services/links',
  title: 'services and supervise may be links',
  uses: ['sv'],
  async run(world) {
    const fake = new FakeService(world, 'real', made('run'));
    symlinkSync('real', world.path('link'));
    symlinkSync('nowhere', world.path('dangling'));
    world.mkdir('outer');
    symlinkSync('../real/supervise', world.path('outer/supervise'));
    for (const name of ['link', 'dangling', 'outer']) {
      steps.noteRun(world, `status ${name}`, await world.run('sv', ['status', `./${name}`]));
      steps.noteRun(world, `hup ${name}`, await world.run('sv', ['hup', `./${name}`]));
    }
    world.note('gets', fake.received());
  },
};

const oddNames: Case = {
  name: 'sv-services/odd-names',
  title: 'names with spaces, high bytes and a leading dash are passed through',
  uses: ['sv'],
  async run(world) {
    for (const name of ['with space', '-dash', 'a%s', 'x'.repeat(200)]) {
      new FakeService(world, name, made('run'));
      steps.noteRun(world, name.slice(0, 20), await world.run('sv', ['status', name], { env: { SVDIR: world.dir } }));
    }
  },
};

export const cases: readonly Case[] = [
  ...NAMING,
  svdir,
  ...SPOILT,
  fullFifo,
  counting,
  noDirectory,
  linkedService,
  oddNames,
];
