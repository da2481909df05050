// runsv from its command line to the first start of ./run. Read next: runsv-control.ts.
import { closeSync, openSync, rmSync, statSync, symlinkSync } from 'node:fs';
import type { Case, Difference } from '../model.ts';
import { kindOf, noteListing, statIf } from '../observe.ts';
import { isAlive, kill, procField } from '../../lib/proc.ts';
import { NOBODY } from '../processes.ts';
import { attempt, until } from '../../lib/wait.ts';
import * as steps from '../steps.ts';
import type { World } from '../world.ts';

const STAYS = steps.habit('stays');

/** Notes how runsv fails on a directory that `prepare` made; it must not stay. */
function refusal(name: string, title: string, prepare: (world: World) => void, uid?: number): Case {
  return {
    name: `runsv-start/${name}`,
    title,
    uses: ['runsv'],
    ...(uid === undefined ? {} : { needs: ['root'] as const }),
    async run(world) {
      steps.service(world, 's', { run: STAYS });
      prepare(world);
      steps.noteRun(world, 'runsv', await world.run('runsv', ['s'], uid === undefined ? {} : { uid }));
      world.note('events', world.events().length);
    },
  };
}

const REFUSALS: readonly Case[] = [
  refusal('missing-directory', 'a directory that does not exist is fatal', (w) =>
    rmSync(w.path('s'), { recursive: true }),
  ),
  refusal('file-for-directory', 'a file in place of the directory is fatal', (w) => {
    rmSync(w.path('s'), { recursive: true });
    w.write('s', '');
  }),
  refusal('closed-directory', 'a directory one may not enter is fatal', (w) => w.mkdir('s', 0o700), NOBODY),
  {
    ...refusal('unwritable-directory', 'a directory one may not write to is fatal', () => undefined, NOBODY),
    differs: [
      {
        id: 'runsv-unmade',
        lines: {
          'runsv: stderr':
            'runsv s: fatal: unable to make supervise: access denied: make it a link to a directory in /run\n',
        },
      },
    ],
  },
  refusal('supervise-is-file', 'a file named supervise is fatal', (w) => w.write('s/supervise', '')),
  refusal('lock-is-directory', 'a directory named lock is fatal', (w) => w.mkdir('s/supervise/lock')),
  refusal('control-is-file', 'a file named control is fatal', (w) => w.write('s/supervise/control', '')),
  refusal('status-is-directory', 'a directory named status does not keep runsv from its fifos', (w) => {
    w.mkdir('s/supervise');
    w.write('s/supervise/control', '');
    w.mkdir('s/supervise/status/x');
  }),
  refusal('long-link', 'a supervise link with a target of more than 255 bytes is fatal', (w) => {
    symlinkSync(`${'d'.repeat(200)}/${'e'.repeat(60)}`, w.path('s/supervise'));
  }),
  refusal('log-supervise-is-file', 'a file named log/supervise is fatal', (w) => {
    steps.service(w, 's/log', { run: STAYS });
    w.write('s/log/supervise', '');
  }),
];

const usage: Case = {
  name: 'runsv-start/usage',
  title: 'anything but one argument is usage, and there are no options',
  uses: ['runsv'],
  async run(world) {
    for (const args of [[], ['a', 'b'], ['-V'], ['--'], ['']] as const) {
      const key = `runsv ${args.map((it) => JSON.stringify(it)).join(' ')}`;
      steps.noteRun(world, key, await world.run('runsv', args));
    }
    steps.noteRun(world, 'with a path', await world.run('runsv', [], { argv0: '/some/where/runsv' }));
  },
};

const linkWithoutParent: Case = {
  name: 'runsv-start/link-without-parent',
  title: 'a dangling supervise link into a directory that is missing, too',
  uses: ['runsv'],
  differs: [
    { id: 'runsv-link-parents', lines: { 'made for it': 'dir 700, dir 700', starts: '1', 'says something': 'false' } },
  ],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    symlinkSync('missing/deep', world.path('s/supervise'));
    const runsv = world.start('runsv', ['s']);
    await attempt(() => world.events().length > 0 || runsv.stderr() !== '', 8000);
    const made = ['s/missing', 's/missing/deep'].map((dir) => statIf(world.path(dir)));
    world.note(
      'made for it',
      made.map((it) => (it === undefined ? 'nothing' : `dir ${(it.mode & 0o777).toString(8)}`)).join(', '),
    );
    world.note('starts', world.events().length);
    world.note('says something', runsv.stderr() !== '');
  },
};

const secondInstance: Case = {
  name: 'runsv-start/second-instance',
  title: 'a second runsv in one directory gives up and harms nothing',
  uses: ['runsv'],
  differs: [
    {
      id: 'runsv-lock-holder',
      lines: Object.fromEntries(
        ['s', './s', 's/', 'WORLD/s'].map((dir) => [
          `runsv ${dir}: stderr`,
          `runsv ${dir}: fatal: unable to lock supervise/lock: already supervised by process N\n`,
        ]),
      ),
    },
  ],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    await steps.supervise(world, 's');
    const { pid } = await steps.up(world, 's');
    for (const dir of ['s', './s', 's/', world.path('s')]) {
      const ran = await world.run('runsv', [dir]);
      const err = ran.err.replace(/process \d+/, 'process N');
      steps.noteRun(world, `runsv ${dir}`.replace(world.dir, 'WORLD'), { ...ran, err });
    }
    await steps.noteState(world, 'after', 's', 'run');
    world.note('still the same', isAlive(pid) && world.events().length === 1);
  },
};

function files(umask: string, withLog: boolean): Case {
  return {
    name: `runsv-start/files-umask-${umask}${withLog ? '-log' : ''}`,
    title: `with umask ${umask} the files in supervise have these types and modes`,
    uses: ['runsv'],
    differs: fileDifferences(withLog, (0o644 & ~Number.parseInt(umask, 8)).toString(8)),
    async run(world) {
      steps.service(world, 's', { run: STAYS, ...(withLog ? { log: { run: STAYS } } : {}) });
      world.startFile('/bin/sh', ['-c', `umask ${umask}; exec runsv s`]);
      for (const dir of withLog ? ['s', 's/log'] : ['s']) {
        await steps.listening(world, dir);
        await steps.inState(world, dir, 'run');
        await until('pid', () => statIf(world.path(dir, 'supervise/pid')));
        await until('no half-written file', () => steps.steady(world, dir));
        noteListing(world, `${dir}/supervise`);
        world.note(`${dir} status size`, statSync(world.path(dir, 'supervise/status')).size);
        world.note(`${dir} lock`, world.read(`${dir}/supervise/lock`) === '' ? 'empty' : 'a record');
      }
    },
  };
}

const unexpectedExit: Case = {
  name: 'runsv-start/files-unexpected-exit',
  title: 'after an exit that nobody requested these files are in supervise',
  uses: ['runsv'],
  differs: [
    ...fileDifferences(false, '644').slice(0, 1),
    {
      id: 'runsv-history',
      lines: { 's/supervise/history.jsonl': 'file 644', 's/supervise/state.json': 'file 644' },
    },
  ],
  async run(world) {
    steps.service(world, 's', { run: `test -e died || { >died; exit 1; }\n${STAYS}` });
    await steps.supervise(world, 's');
    await steps.inState(world, 's', 'run');
    await world.event('s run', 1);
    await until('no half-written file', () => steps.steady(world, 's'));
    noteListing(world, 's/supervise');
  },
};

function fileDifferences(withLog: boolean, mode: string): readonly Difference[] {
  const spares = (dir: string, names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [`${dir}/supervise/${name}.new`, `file ${mode}`]));
  const log = withLog ? spares('s/log', ['pid', 'stat', 'status']) : {};
  const records = Object.fromEntries((withLog ? ['s', 's/log'] : ['s']).map((dir) => [`${dir} lock`, 'a record']));
  return [
    { id: 'runsv-spare-files', lines: { ...spares('s', ['pid', 'stat', 'status']), ...log } },
    { id: 'runsv-lock-record', lines: records },
  ];
}

const links: Case = {
  name: 'runsv-start/supervise-links',
  title: 'supervise and log/supervise may be links, dangling ones too, relative to where they stand',
  uses: ['runsv'],
  async run(world) {
    world.mkdir('state');
    world.mkdir('ready');
    steps.service(world, 'dangling', { run: STAYS, log: { run: STAYS } });
    symlinkSync('../state/main', world.path('dangling/supervise'));
    symlinkSync('../../state/main.log', world.path('dangling/log/supervise'));
    steps.service(world, 'whole', { run: STAYS });
    symlinkSync(world.path('ready'), world.path('whole/supervise'));
    for (const dir of ['dangling', 'whole']) await steps.supervise(world, dir);
    await world.event('dangling run');
    await world.event('log run');
    await world.event('whole run');
    for (const dir of ['state/main', 'state/main.log', 'ready']) {
      world.note(dir, kindOf(world.path(dir)));
      world.note(`${dir}/control`, kindOf(world.path(dir, 'control')));
    }
  },
};

const keptFifos: Case = {
  name: 'runsv-start/kept-fifos',
  title: 'fifos that exist are kept with their modes, and the directory with its own',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    world.mkdir('s/supervise', 0o755);
    steps.fifo(world, 's/supervise/control', 0o620);
    steps.fifo(world, 's/supervise/ok', 0o622);
    const before = ['control', 'ok'].map((it) => statSync(world.path('s/supervise', it)).ino);
    await steps.supervise(world, 's');
    await steps.inState(world, 's', 'run');
    for (const [index, name] of ['control', 'ok'].entries()) {
      world.note(`${name} is the same`, statSync(world.path('s/supervise', name)).ino === before[index]);
      world.note(name, kindOf(world.path('s/supervise', name)));
    }
    world.note('supervise', kindOf(world.path('s/supervise')));
  },
};

function downFile(name: string, title: string, place: (world: World) => void): Case {
  return {
    name: `runsv-start/${name}`,
    title,
    uses: ['runsv'],
    async run(world) {
      steps.service(world, 's', { run: STAYS });
      place(world);
      await steps.supervise(world, 's');
      await steps.status(world, 's', 'wanted down or running', (it) => it.want === 'd' || it.state === 'run');
      const now = await steps.status(world, 's', 'any', () => true);
      await steps.noteState(world, 'at first', 's', now.state);
      world.note('started', world.events().length > 0 || now.state === 'run');
    },
  };
}

const DOWN_FILES: readonly Case[] = [
  downFile('down-file', 'a file named down keeps ./run from starting', (w) => w.write('s/down', '')),
  downFile('down-directory', 'a directory named down does so too', (w) => w.mkdir('s/down')),
  downFile('down-dangling', 'a dangling link named down does not count', (w) =>
    symlinkSync('nowhere', w.path('s/down')),
  ),
];

const logIsFile: Case = {
  name: 'runsv-start/log-is-file',
  title: 'a file named log is warned about and passed over',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    world.write('s/log', '');
    const runsv = await steps.supervise(world, 's');
    await steps.up(world, 's');
    await steps.noteState(world, 'service', 's', 'run');
    world.note('stderr', runsv.stderr());
  },
};

const logIsLink: Case = {
  name: 'runsv-start/log-is-link',
  title: 'log may be a link to a directory; a dangling one is no log',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 'a', { run: STAYS });
    steps.service(world, 'other', { run: STAYS });
    symlinkSync('../other', world.path('a/log'));
    steps.service(world, 'b', { run: STAYS });
    symlinkSync('nowhere', world.path('b/log'));
    const [a, b] = [await steps.supervise(world, 'a'), await steps.supervise(world, 'b')];
    for (const label of ['a run', 'other run', 'b run']) await world.event(label);
    world.note('other/supervise', kindOf(world.path('other/supervise')));
    world.note('stderr', a.stderr() + b.stderr());
  },
};

const logDown: Case = {
  name: 'runsv-start/log-down',
  title: 'log/down keeps the log service down until it is told to come up',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: { run: STAYS, down: true } });
    await steps.supervise(world, 's');
    await steps.noteState(world, 'service', 's', 'run');
    await steps.inState(world, 's/log', 'down');
    steps.noteFiles(world, 'log at first', 's/log');
    await steps.send(world, 's/log', 'u');
    await steps.up(world, 's/log');
    await steps.noteState(world, 'log', 's/log', 'run');
  },
};

const inherits: Case = {
  name: 'runsv-start/what-run-inherits',
  title: 'run gets these arguments, descriptors, signals and umask',
  uses: ['runsv'],
  async run(world) {
    const TELLS = steps.habit('tells-itself');
    steps.service(world, 'plain', { run: TELLS });
    steps.service(world, 'logged', { run: TELLS, log: { run: TELLS } });
    const fd = openSync('/dev/zero', 'r');
    for (const dir of ['plain', 'logged']) {
      world.startFile('/bin/sh', ['-c', `trap '' HUP USR1 PIPE; umask 027; exec runsv ${dir}`], { extra: [fd] });
    }
    closeSync(fd);
    for (const label of ['plain', 'logged', 'log']) {
      await world.event(`${label} run told`);
      steps.noteEvents(world, label, label);
    }
  },
};

const session: Case = {
  name: 'runsv-start/session',
  title: 'run stays in the session and process group of runsv, and has it as parent',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: { run: STAYS } });
    const runsv = await steps.supervise(world, 's');
    for (const label of ['s run', 'log run']) {
      const { pid } = await world.event(label);
      for (const field of ['NSsid', 'NSpgid'] as const) {
        world.note(`${label} ${field}`, procField(pid, field) === procField(runsv.pid, field));
      }
      world.note(`${label} parent`, Number(procField(pid, 'PPid')) === runsv.pid);
    }
  },
};

const plainDescriptors: Case = {
  name: 'runsv-start/without-descriptors',
  title: 'runsv works with all standard descriptors closed',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: { run: steps.habit('copies-input') } });
    steps.script(world, 's/run', 'echo "hello $$"\nexec sleep 100000');
    world.startFile('/bin/sh', ['-c', 'exec runsv s <&- >&- 2>&-']);
    await steps.listening(world, 's');
    await steps.noteState(world, 'service', 's', 'run');
    const line = await until(
      'a logged line',
      () => statIf(world.path('s/log/input')) && (world.read('s/log/input') || undefined),
    );
    world.note('logged', line.replace(/\d+/, 'N'));
  },
};

/** ./run that cannot be executed, with a finish script that tells its arguments. */
function execFailure(
  name: string,
  title: string,
  spoil: (world: World) => void,
  differs: NonNullable<Case['differs']> = [],
): Case {
  return {
    name: `runsv-start/exec-${name}`,
    title,
    uses: ['runsv'],
    differs,
    async run(world) {
      steps.service(world, 's', { finish: steps.habit('ends') });
      spoil(world);
      const runsv = await steps.supervise(world, 's');
      await world.event('s finish', 2);
      const lines = runsv.stderr().split('\n');
      world.note('stderr', lines[0] ?? '');
      world.note('the same again', lines[1] === lines[0]);
      world.note('finish', world.events('s finish')[0]?.text ?? '');
      const [first, second] = world.events('s finish');
      world.note('between two tries', steps.reached((second?.at ?? 0) - (first?.at ?? 0), [1]));
    },
  };
}

const EXEC_FAILURES: readonly Case[] = [
  execFailure('missing', 'a missing ./run is told, finished and tried again', () => undefined),
  execFailure('no-x-bit', 'a ./run without the x bit is told, finished and tried again', (w) =>
    steps.script(w, 's/run', 'exit', 0o644),
  ),
  execFailure(
    'no-interpreter',
    'a ./run without its interpreter is told',
    (w) => steps.script(w, 's/run', '#!/nowhere/sh\n'),
    [
      {
        id: 'runsv-interpreter',
        lines: { stderr: 'runsv s: fatal: unable to start ./run: interpreter /nowhere/sh: file does not exist' },
      },
    ],
  ),
  execFailure('no-format', 'a ./run without #! is not given to a shell', (w) => w.write('s/run', 'exit 0\n', 0o755)),
  execFailure('directory', 'a directory named run is told', (w) => w.mkdir('s/run')),
  execFailure('empty', 'an empty ./run is told', (w) => w.write('s/run', '', 0o755)),
];

const logExecFailure: Case = {
  name: 'runsv-start/exec-log',
  title: 'a log/run that cannot be executed is told and tried again, the service runs meanwhile',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: {} });
    const runsv = await steps.supervise(world, 's');
    await until('two messages', () => runsv.stderr().split('\n').length > 2);
    world.note('stderr', runsv.stderr().split('\n')[0] ?? '');
    await steps.up(world, 's');
    await steps.noteState(world, 'service', 's', 'run');
  },
};

const finishExecFailure: Case = {
  name: 'runsv-start/exec-finish',
  title: 'a finish that cannot be executed is told and counts as having run',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: steps.habit('ends') });
    steps.script(world, 's/finish', 'exit', 0o644);
    const runsv = await steps.supervise(world, 's');
    await world.event('s run', 2);
    world.note('stderr', runsv.stderr().split('\n')[0] ?? '');
  },
};

const lateRepair: Case = {
  name: 'runsv-start/late-repair',
  title: 'a ./run that is mended later is started',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', {});
    const runsv = await steps.supervise(world, 's');
    await until('a message', () => runsv.stderr().includes('\n'));
    steps.script(world, 's/run.new', STAYS);
    world.rename('s/run.new', 's/run');
    await steps.up(world, 's');
    await steps.noteState(world, 'service', 's', 'run');
  },
};

const noDown: Case = {
  name: 'runsv-start/relative-after-move',
  title: 'runsv keeps to its directory when that is renamed',
  uses: ['runsv'],
  async run(world) {
    steps.service(world, 's', { run: STAYS });
    await steps.supervise(world, 's');
    const { pid } = await world.event('s run');
    world.rename('s', 'moved');
    kill(pid, 'SIGTERM');
    await world.event('moved run');
    await steps.noteState(world, 'service', 'moved', 'run');
  },
};

const logLock: Case = {
  name: 'runsv-start/log-lock',
  title: 'a log directory locked by another is waited for',
  uses: ['runsv'],
  differs: [
    {
      id: 'runsv-log-lock',
      lines: { stderr: 'runsv s: warning: waiting for the lock on log/supervise/lock\n' },
    },
  ],
  async run(world) {
    steps.service(world, 's', { run: STAYS, log: { run: STAYS } });
    world.mkdir('s/log/supervise', 0o700);
    world.write('s/log/supervise/lock', '', 0o600);
    steps.fifo(world, 'release');
    const holder = world.startFile('/usr/bin/flock', ['s/log/supervise/lock', 'sh', '-c', 'echo held; : <release']);
    await until('the lock held', () => holder.stdout().includes('held'));
    const runsv = world.start('runsv', ['s']);
    await until('supervise/lock', () => statIf(world.path('s/supervise/lock')));
    world.note('service starts meanwhile', (await attempt(() => world.events('s run')[0], 1500)) !== undefined);
    world.note('log starts meanwhile', world.events('log run').length > 0);
    await steps.openGate(world, 'release');
    await holder.ended();
    await steps.up(world, 's');
    await steps.up(world, 's/log');
    await steps.noteState(world, 'log', 's/log', 'run');
    world.note('stderr', runsv.stderr());
  },
};

export const cases: readonly Case[] = [
  ...REFUSALS,
  usage,
  secondInstance,
  linkWithoutParent,
  files('022', false),
  files('022', true),
  files('077', false),
  files('000', false),
  unexpectedExit,
  links,
  keptFifos,
  ...DOWN_FILES,
  logIsFile,
  logIsLink,
  logDown,
  inherits,
  session,
  plainDescriptors,
  ...EXEC_FAILURES,
  logExecFailure,
  finishExecFailure,
  lateRepair,
  noDown,
  logLock,
];
