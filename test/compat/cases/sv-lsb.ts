// sv under the name of a service, as an init script. Read next: sv-real.ts.
import { chmodSync } from 'node:fs';
import type { Case, Difference } from '../model.ts';
import { FakeService, type FakeState, made } from '../fake.ts';
import * as steps from '../steps.ts';

const COMMANDS = [
  ['status'],
  ['start'],
  ['stop'],
  ['restart'],
  ['try-restart'],
  ['reload'],
  ['force-reload'],
  ['force-stop'],
  ['force-shutdown'],
  ['shutdown'],
  ['check'],
  ['up'],
  ['hup'],
] as const;

const SCENES: Readonly<Record<string, FakeState>> = {
  run: made('run'),
  down: made('down', { want: 'd' }),
  'down-up': made('down'),
  finish: made('finish'),
};

function scene(name: string): Case {
  return {
    name: `sv-lsb/${name}`,
    title: `every command as an init script for a service in state ${name}`,
    uses: ['sv'],
    differs: lsbDifferences(name),
    async run(world) {
      for (const [command] of COMMANDS) {
        const fake = new FakeService(world, `${command}/job`, SCENES[name] ?? made('run'));
        const ran = await world.lsb('job', ['-w', '0', command], { env: { SVDIR: world.path(command) } });
        steps.noteRun(world, command, ran);
        world.note(`${command} gets`, fake.received());
      }
    },
  };
}

const STOP_WANTED: Difference = {
  id: 'sv-wanted',
  lines: {
    stop: 'exit 1',
    'stop: stdout': 'timeout: down: job: Ns, normally up, want up\n',
    'force-stop': 'exit 1',
    'force-stop: stdout': 'kill: down: job: Ns, normally up, want up\n',
    'force-stop gets': 'dk',
  },
};

function lsbDifferences(name: string): readonly Difference[] {
  if (name === 'run') return [{ id: 'sv-always-sends', since231: true, lines: { 'start gets': 'u', 'up gets': 'u' } }];
  const sends: Difference = { id: 'sv-always-sends', since231: true, lines: { 'start gets': 'u', 'up gets': 'u' } };
  const check: Difference = {
    id: 'sv-check',
    since231: true,
    lines: {
      check: 'exit 1',
      'check: stdout':
        name === 'finish' ? 'timeout: finish: job: (pid N) Ns\n' : 'timeout: down: job: Ns, normally up, want up\n',
    },
  };
  if (name === 'down') return [];
  return name === 'finish' ? [sends, check] : [sends, check, STOP_WANTED];
}

const usage: Case = {
  name: 'sv-lsb/usage',
  title: 'usage, version and bad options of an init script',
  uses: ['sv'],
  differs: [
    {
      id: 'sv-words-of-others',
      lines: Object.fromEntries(
        Object.entries({
          nonsense: "'sv --help' lists the commands",
          stat: "did you mean 'status'?",
          sto: "did you mean 'stop'?",
          s: "'sv --help' lists the commands",
          r: "'sv --help' lists the commands",
        }).map(([it, hint]) => [`job "${it}": stderr`, `job: ${it}: no such command; ${hint}\n`]),
      ),
    },
  ],
  async run(world) {
    new FakeService(world, 'job', made('run'));
    const env = { SVDIR: world.dir, SVWAIT: '0' };
    const lines = [
      [],
      ['-V'],
      ['-z', 'start'],
      ['-w'],
      ['-w', '1'],
      ['nonsense'],
      ['stat'],
      ['sto'],
      ['s'],
      ['r'],
      ['start', 'x'],
      ['-v', 'start'],
      [''],
    ];
    for (const args of lines) {
      steps.noteRun(
        world,
        `job ${args.map((it) => JSON.stringify(it)).join(' ')}`,
        await world.lsb('job', args, { env }),
      );
    }
  },
};

/** The exit status of the command status, which init tools know by number. */
const statuses: Case = {
  name: 'sv-lsb/status',
  title: 'status exits 0, 1, 3 or 4 as init tools expect it',
  uses: ['sv'],
  async run(world) {
    const scenes: Readonly<Record<string, () => unknown>> = {
      runs: () => new FakeService(world, 'runs/job', made('run')),
      'wanted-down': () => new FakeService(world, 'wanted-down/job', made('run', { want: 'd' })),
      paused: () => new FakeService(world, 'paused/job', made('run', { paused: 1 })),
      down: () => new FakeService(world, 'down/job', made('down', { want: 'd' })),
      finish: () => new FakeService(world, 'finish/job', made('finish')),
      'no-runsv': () => new FakeService(world, 'no-runsv/job', made('run')).leave(),
      'no-directory': () => world.mkdir('no-directory'),
      'no-supervise': () => world.mkdir('no-supervise/job'),
      'bad-status': () => new FakeService(world, 'bad-status/job', made('run')).showBytes(Buffer.alloc(3)),
      'no-status': () => new FakeService(world, 'no-status/job', made('run')).remove('status'),
      'no-ok': () => new FakeService(world, 'no-ok/job', made('run')).remove('ok'),
    };
    for (const [name, make] of Object.entries(scenes)) {
      make();
      steps.noteRun(world, name, await world.lsb('job', ['status'], { env: { SVDIR: world.path(name) } }));
    }
  },
};

const logStatuses: Case = {
  name: 'sv-lsb/status-with-log',
  title: "status with a log service: the service's own state decides",
  uses: ['sv'],
  differs: [
    { id: 'sv-lsb-log-status', since231: true, lines: { 'down, log run': 'exit 3', 'run, log down': 'exit 0' } },
  ],
  async run(world) {
    for (const [own, log] of [
      ['run', 'run'],
      ['down', 'run'],
      ['run', 'down'],
      ['down', 'down'],
    ] as const) {
      new FakeService(world, `${own}-${log}/job`, made(own));
      new FakeService(world, `${own}-${log}/job/log`, made(log));
      const ran = await world.lsb('job', ['status'], { env: { SVDIR: world.path(`${own}-${log}`) } });
      steps.noteRun(world, `${own}, log ${log}`, ran);
    }
  },
};

const names: Case = {
  name: 'sv-lsb/names',
  title: 'the last component of the name it was called by is the service',
  uses: ['sv'],
  async run(world) {
    for (const name of ['job', 'sv.sh', 'S20job', 'svx']) {
      new FakeService(world, name, made('run'));
      steps.noteRun(world, name, await world.lsb(name, ['status'], { env: { SVDIR: world.dir } }));
    }
  },
};

const lsbDenied: Case = {
  name: 'sv-lsb/denied',
  title: 'status of a service one may not look into',
  uses: ['sv'],
  needs: ['root'],
  differs: [
    {
      id: 'sv-always-sends',
      since231: true,
      lines: { 'start: stdout': 'warning: job: unable to open supervise/control: access denied\n' },
    },
  ],
  async run(world) {
    new FakeService(world, 'job', made('run'));
    const env = { SVDIR: world.dir };
    steps.noteRun(world, 'closed', await world.lsb('job', ['status'], { env, uid: 65534 }));
    steps.noteRun(world, 'start', await world.lsb('job', ['start'], { env, uid: 65534 }));
    chmodSync(world.path('job/supervise'), 0o755);
    steps.noteRun(world, 'open', await world.lsb('job', ['status'], { env, uid: 65534 }));
  },
};

export const cases: readonly Case[] = [
  ...Object.keys(SCENES).map(scene),
  usage,
  statuses,
  logStatuses,
  names,
  lsbDenied,
];
