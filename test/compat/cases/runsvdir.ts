// runsvdir's own work, with a stand-in for runsv that records when it is started and told to end.
// Read next: runsvdir-real.ts, ../../fixtures/programs/stands-for-runsv.
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Case, Difference } from '../model.ts';
import { kindOf } from '../observe.ts';
import { isAlive, kill, proc, procField } from '../../lib/proc.ts';
import { NOBODY, type Running } from '../processes.ts';
import * as steps from '../steps.ts';
import { type RecordedEvent, uptime } from '../record.ts';
import { attempt, sleep, TimeoutError, until } from '../../lib/wait.ts';
import type { StartOptions, World } from '../world.ts';

const PROGRAMS = join(import.meta.dirname, '../../fixtures/programs');

/** Puts a program in the place of runsv, for this world only. */
function standIn(world: World, text?: string): StartOptions {
  const bin = world.mkdir('.bin');
  if (text === undefined) cpSync(join(PROGRAMS, 'stands-for-runsv'), join(bin, 'runsv'));
  else steps.script(world, '.bin/runsv', text);
  return { env: { PATH: `${bin}:${world.env['PATH']}` } };
}

/** Starts runsvdir on `scan` and waits until each of `names` is started. */
async function watch(world: World, names: readonly string[], args: readonly string[] = ['scan']): Promise<Running> {
  const running = world.start('runsvdir', args, standIn(world));
  for (const name of names) await world.event(`${name} runsv`);
  return running;
}

function started(world: World): string {
  const names = world.events().flatMap(({ text }) => (/ runsv$/.test(text) ? [text.replace(/ runsv$/, '')] : []));
  return names.sort().join(' ');
}

const usage: Case = {
  name: 'runsvdir/usage',
  title: 'without a directory it is usage',
  uses: ['runsvdir'],
  differs: [
    {
      id: 'runsvdir-options',
      lines: { 'runsvdir -Px: stderr': 'runsvdir: illegal option -- x\nusage: runsvdir [-P] dir\n\n' },
    },
  ],
  async run(world) {
    for (const args of [[], ['-P'], ['--'], ['-Px']]) {
      steps.noteRun(world, `runsvdir ${args.join(' ')}`, await world.run('runsvdir', args));
    }
    steps.noteRun(world, 'with a path', await world.run('runsvdir', [], { argv0: '/some/where/runsvdir' }));
  },
};

/** Options, each with the directory that is to be supervised. */
const QUIRKS = [
  [['scan'], 'scan'],
  [['-P', 'scan'], 'scan'],
  [['--', 'scan'], 'scan'],
  [['-'], '-'],
  [['./scan/'], 'scan'],
] as const;

const quirks: Case = {
  name: 'runsvdir/options',
  title: 'options end at the directory',
  uses: ['runsvdir'],
  async run(world) {
    for (const [index, [args, dir]] of QUIRKS.entries()) {
      const cwd = world.mkdir(`q${index}/${dir}/svc${index}`) && `q${index}`;
      const running = world.start('runsvdir', args, { cwd, ...standIn(world) });
      const { pid } = await world.event(`svc${index} runsv`);
      const key = `runsvdir ${args.join(' ')}`;
      world.note(key, procField(pid, 'NSsid') === String(pid) ? 'own session' : 'shared session');
      world.note(`${key}: group`, procField(pid, 'NSpgid') === String(pid) ? 'own' : 'shared');
      world.note(`${key}: parent`, Number(procField(pid, 'PPid')) === running.pid);
      if (running.stderr()) world.note(`${key}: stderr`, running.stderr());
    }
  },
};

const selection: Case = {
  name: 'runsvdir/selection',
  title: 'directories and links to them are started, names with a dot and files are not',
  uses: ['runsvdir'],
  async run(world) {
    for (const name of ['plain', '.hidden', 'with space', 'a.b', 'x'.repeat(100)]) world.mkdir(`scan/${name}`);
    world.write('scan/file', '');
    steps.fifo(world, 'scan/fifo');
    world.mkdir('elsewhere');
    world.link('../elsewhere', 'scan/linked');
    world.link('../nowhere', 'scan/dangling');
    world.link('loop', 'scan/loop');
    const running = await watch(world, ['plain', 'with space', 'a.b', 'x'.repeat(100), 'linked']);
    world.note('started', started(world));
    await until('the warnings', () => running.stderr().split('\n').length > 2);
    world.note('stderr', running.stderr().split('\n').slice(0, 2).sort().join('\n'));
  },
};

const dashes: Case = {
  name: 'runsvdir/dashes',
  title: 'a service whose name begins with a dash',
  uses: ['runsvdir'],
  differs: [{ id: 'runsvdir-dash', lines: { started: './-dash' } }],
  async run(world) {
    world.mkdir('scan/-dash');
    await watch(world, []);
    await until('it', () => started(world) || undefined);
    world.note('started', started(world));
  },
};

const inherits: Case = {
  name: 'runsvdir/what-runsv-inherits',
  title: 'runsv gets its name, the directory, the descriptors and no signal blocked',
  uses: ['runsvdir'],
  async run(world) {
    world.mkdir('scan/one');
    const options = standIn(world, steps.habit('tells-itself'));
    world.startFile('/bin/sh', ['-c', `trap '' USR1 PIPE; umask 027; exec runsvdir scan`], options);
    await until('the telling', () => world.events('scan').some(({ text }) => text.endsWith('told')));
    const told = world.events('scan').map(({ text }) => text.replaceAll(/\S*\/\.bin\//g, ''));
    world.note('told', told.join('; '));
  },
};

const twoNames: Case = {
  name: 'runsvdir/two-names',
  title: 'two names of one directory are one service',
  uses: ['runsvdir'],
  async run(world) {
    world.mkdir('scan/one');
    world.link('one', 'scan/two');
    world.mkdir('scan/three');
    await watch(world, ['three']);
    await until('one of them', () => world.events('one runsv')[0] ?? world.events('two runsv')[0]);
    await sleep(300);
    world.note('started', world.events('one runsv').length + world.events('two runsv').length);
  },
};

/** After a scan that started something C looks again a second later, and then every 5 s. */
const QUIET_S = { from: 1.7, to: 2.6 } as const;
const ROUNDS = [1, 2, 3, 4, 5] as const;

/**
 * Seconds from an act to the event that answers it, the act being done while C waits for its 5 s to end. A round in
 * which the machine was too busy to act in time is followed by another.
 */
async function answer(
  first: RecordedEvent,
  act: (round: number) => void,
  answered: (round: number) => Promise<RecordedEvent>,
): Promise<number> {
  let last = first;
  for (const round of ROUNDS) {
    await until('the quiet time', () => uptime() >= last.at + QUIET_S.from);
    act(round);
    const acted = uptime();
    const event = await answered(round);
    if (acted - last.at <= QUIET_S.to) return event.at - acted;
    last = event;
  }
  throw new TimeoutError('the machine was never quick enough to act within 0.9 s');
}

/** Something new appears while C waits for its 5 s to end. */
function appears(name: string, title: string, place: (world: World, dir: string) => void): Case {
  return {
    name: `runsvdir/new-${name}`,
    title,
    uses: ['runsvdir'],
    differs: [{ id: 'runsvdir-new-at-once', lines: { after: '0 s or more' } }],
    async run(world) {
      world.mkdir('scan/first');
      for (const round of ROUNDS) world.mkdir(`prepared/new${round}`);
      await watch(world, ['first']);
      const seconds = await answer(
        await world.event('first runsv'),
        (round) => place(world, `new${round}`),
        (round) => world.event(`new${round} runsv`),
      );
      world.note('after', steps.reached(seconds, [0, 3]));
    },
  };
}

const NEW: readonly Case[] = [
  appears('made', 'a new directory with a run is started', (w, dir) => {
    w.mkdir(`scan/${dir}`);
    w.write(`scan/${dir}/run`, '#!/bin/sh\n', 0o755);
  }),
  appears('linked', 'a new link is started', (w, dir) => w.link(`../prepared/${dir}`, `scan/${dir}`)),
  appears('renamed', 'a directory renamed into place is started', (w, dir) =>
    w.rename(`prepared/${dir}`, `scan/${dir}`),
  ),
];

const pickUp: Case = {
  name: 'runsvdir/new-latency',
  title: 'how soon a new link is started, best of three',
  timed: true,
  uses: ['runsvdir'],
  differs: [{ id: 'runsvdir-new-at-once', lines: { after: '0 s or more' } }],
  async run(world) {
    world.mkdir('scan/first');
    await watch(world, ['first']);
    const delays: number[] = [];
    for (const name of ['a', 'b', 'c']) {
      world.mkdir(`prepared/${name}`);
      await sleep(1100);
      const begun = performance.now();
      world.link(`../prepared/${name}`, `scan/${name}`);
      await world.event(`${name} runsv`);
      delays.push((performance.now() - begun) / 1000);
    }
    world.note('after', steps.reached(Math.min(...delays), [0, 0.3]));
  },
};

const removed: Case = {
  name: 'runsvdir/removed',
  title: 'a service that is removed is told to end, and not started again',
  uses: ['runsvdir'],
  differs: [{ id: 'runsvdir-removed-at-once', lines: { after: '0 s or more' } }],
  async run(world) {
    for (const round of ROUNDS) world.mkdir(`scan/s${round}`);
    world.mkdir('gone');
    await watch(
      world,
      ROUNDS.map((round) => `s${round}`),
    );
    const told: number[] = [];
    const seconds = await answer(
      await world.event('s1 runsv'),
      (round) => {
        world.rename(`scan/s${round}`, `gone/s${round}`);
        told.push(round);
      },
      (round) => world.event(`s${round} got TERM`),
    );
    world.note('after', steps.reached(seconds, [0, 3]));
    await sleep(1500);
    world.note(
      'each removed one told once',
      world.events().filter(({ text }) => / got /.test(text)).length === told.length,
    );
    world.note('started', started(world));
  },
};

const removedTogether: Case = {
  name: 'runsvdir/removed-together',
  title: 'four services removed at the same time',
  uses: ['runsvdir'],
  differs: [{ id: 'runsvdir-removed-together', lines: { 'all told in one scan': 'true' } }],
  async run(world) {
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) world.mkdir(`scan/${name}`);
    await watch(world, names);
    for (const name of names) rmSync(world.path('scan', name), { recursive: true });
    const all = await until('four ends', () => {
      const told = world.events().filter(({ text }) => text.endsWith('got TERM'));
      return told.length === 4 ? told : undefined;
    });
    const times = all.map(({ at }) => at);
    world.note('all told in one scan', Math.max(...times) - Math.min(...times) < 0.8);
  },
};

const renamed: Case = {
  name: 'runsvdir/renamed',
  title: 'a service that is renamed goes on as it is',
  uses: ['runsvdir'],
  async run(world) {
    world.mkdir('scan/old');
    world.mkdir('prepared/sentinel');
    await watch(world, ['old']);
    const { pid } = await world.event('old runsv');
    world.rename('scan/old', 'scan/renamed');
    world.rename('prepared/sentinel', 'scan/sentinel');
    await world.event('sentinel runsv');
    await sleep(300);
    world.note('started', started(world));
    world.note('the old one', isAlive(pid) ? 'lives on' : 'ended');
  },
};

const switched: Case = {
  name: 'runsvdir/switched',
  title: 'a directory given as a link may be switched to another',
  uses: ['runsvdir'],
  async run(world) {
    for (const name of ['a/one', 'a/both', 'b/two', 'b/both']) world.mkdir(name);
    world.link('a', 'scan');
    await watch(world, ['one', 'both']);
    world.link('b', 'scan.new');
    world.rename('scan.new', 'scan');
    await world.event('two runsv');
    await world.event('both runsv', 2);
    await world.event('one got TERM');
    await world.event('both got TERM');
    world.note('started', started(world));
  },
};

const missing: Case = {
  name: 'runsvdir/missing',
  title: 'a directory that is missing is warned about until it is there',
  uses: ['runsvdir'],
  async run(world) {
    const running = world.start('runsvdir', ['scan'], standIn(world));
    await until('a warning', () => running.stderr().includes('\n'));
    world.note('stderr', running.stderr().split('\n')[0] ?? '');
    world.mkdir('prepared/one');
    world.rename('prepared', 'scan');
    await world.event('one runsv');
    world.note('runsvdir', running.end() ?? 'runs');
  },
};

const taken: Case = {
  name: 'runsvdir/taken-away',
  title: 'when the directory is taken away the services stay, and a warning is given',
  uses: ['runsvdir'],
  async run(world) {
    world.mkdir('scan/one');
    const running = await watch(world, ['one']);
    const { pid } = await world.event('one runsv');
    world.rename('scan', 'away');
    await until('a warning', () => running.stderr().includes('\n'));
    world.note('stderr', running.stderr().split('\n')[0] ?? '');
    world.note('the service', isAlive(pid) ? 'lives on' : 'ended');
    world.note('events', world.events().length);
  },
};

const notDirectory: Case = {
  name: 'runsvdir/file',
  title: 'a file in place of the directory is warned about',
  uses: ['runsvdir'],
  async run(world) {
    world.write('scan', '');
    const running = world.start('runsvdir', ['scan'], standIn(world));
    await until('a warning', () => running.stderr().includes('\n'));
    world.note('stderr', running.stderr().split('\n')[0] ?? '');
    world.note('runsvdir', await steps.fate(running.pid, 300));
  },
};

const currentDirectory: Case = {
  name: 'runsvdir/current-directory',
  title: 'a current directory that cannot be opened is fatal',
  uses: ['runsvdir'],
  needs: ['root'],
  async run(world) {
    world.mkdir('closed', 0o711);
    world.mkdir('scan/one');
    steps.noteRun(world, 'runsvdir', await world.run('runsvdir', ['../scan'], { cwd: 'closed', uid: NOBODY }));
  },
};

const noPermission: Case = {
  name: 'runsvdir/closed',
  title: 'a directory one may not enter is warned about',
  uses: ['runsvdir'],
  needs: ['root'],
  async run(world) {
    world.mkdir('scan/one');
    world.mkdir('scan', 0o700);
    const running = world.start('runsvdir', ['scan'], { ...standIn(world), uid: NOBODY });
    await until('a warning', () => running.stderr().includes('\n'));
    world.note('stderr', running.stderr().split('\n')[0] ?? '');
    world.note('runsvdir', await steps.fate(running.pid, 300));
  },
};

/** A signal to runsvdir: how it ends, and what its runsv get. */
function signalled(name: NodeJS.Signals, title: string, differs: readonly Difference[] = []): Case {
  return {
    name: `runsvdir/${name.toLowerCase()}`,
    title,
    uses: ['runsvdir'],
    differs,
    async run(world) {
      for (const dir of ['one', 'two']) world.mkdir(`scan/${dir}`);
      const running = await watch(world, ['one', 'two']);
      const pids = ['one', 'two'].map((it) => world.pidOf(`${it} runsv`));
      kill(running.pid, name);
      world.note('runsvdir', (await attempt(() => running.end(), 2500)) ?? 'goes on');
      world.note('stderr', running.stderr());
      const told = await attempt(() => world.events().filter(({ text }) => text.endsWith('got TERM'))[1], 1000);
      world.note('runsv told', told !== undefined);
      for (const [index, pid] of pids.entries()) world.note(`runsv ${index}`, await steps.fate(pid, told ? 5000 : 0));
    },
  };
}

const SIGNALS: readonly Case[] = [
  signalled('SIGTERM', 'TERM ends runsvdir with 0 and leaves runsv alone'),
  signalled('SIGHUP', 'HUP ends runsvdir with 111, and each runsv is sent TERM'),
  signalled('SIGINT', 'INT is as usual'),
  signalled('SIGUSR1', 'USR1 is as usual'),
  signalled('SIGPIPE', 'PIPE to runsvdir', [{ id: 'runsvdir-pipe', lines: { runsvdir: 'goes on' } }]),
];

const rescan: Case = {
  name: 'runsvdir/alrm',
  title: 'ALRM makes it look again, and leaves the time in a file',
  uses: ['runsvdir'],
  async run(world) {
    world.mkdir('scan/first');
    const running = await watch(world, ['first']);
    await sleep(1500);
    world.mkdir('scan/new');
    kill(running.pid, 'SIGALRM');
    await world.event('new runsv');
    await until('the file', () => readdirSync(world.path('scan')).includes('.forced-rescan'));
    const text = await until('the label', () => world.read('scan/.forced-rescan') || undefined);
    world.note('file', /^@[0-9a-f]{24}$/.test(text) ? 'a label' : JSON.stringify(text));
    const seconds = Number(BigInt(`0x${text.slice(1, 17)}`) - 4611686018427387914n);
    world.note('time', Math.abs(seconds - Date.now() / 1000) < 5);
    world.note('mode', kindOf(world.path('scan/.forced-rescan')));
    world.note('runsvdir', running.end() ?? 'runs');
  },
};

const rescanEarly: Case = {
  name: 'runsvdir/alrm-early',
  title: 'ALRM right after a look does no harm',
  uses: ['runsvdir'],
  async run(world) {
    world.mkdir('scan/first');
    const running = await watch(world, ['first']);
    for (let count = 0; count < 5; count++) kill(running.pid, 'SIGALRM');
    world.note('runsvdir', await steps.fate(running.pid, 500));
    world.note('started', started(world));
  },
};

const dies: Case = {
  name: 'runsvdir/runsv-dies',
  title: 'a runsv that dies is started again',
  uses: ['runsvdir'],
  differs: [{ id: 'runsvdir-restart-at-once', lines: { 'started again after': '0 s or more' } }],
  async run(world) {
    world.mkdir('scan/one');
    world.mkdir('scan/two');
    await watch(world, ['one', 'two']);
    const seconds = await answer(
      await world.event('one runsv'),
      () => kill(world.events('one runsv').at(-1)?.pid ?? 0, 'SIGKILL'),
      (round) => world.event('one runsv', round + 1),
    );
    world.note('started again after', steps.reached(seconds, [0, 2]));
    world.note('the other', world.events('two runsv').length);
  },
};

const diesAlways: Case = {
  name: 'runsvdir/runsv-dies-always',
  title: 'a runsv that ends at once is not started more than once a second',
  uses: ['runsvdir'],
  differs: [{ id: 'runsvdir-restart-at-once', lines: { 'next start after': '0.8 s or more' } }],
  async run(world) {
    world.mkdir('scan/one');
    const record = 'read at rest </proc/uptime; echo "$1 runsv pid=$$ at=$at" >>"$RECORD"; exit 111';
    world.start('runsvdir', ['scan'], standIn(world, record));
    await world.event('one runsv', 4);
    const times = world.events('one runsv').map(({ at }) => at);
    // when each says its time depends on how loaded the machine is, too
    const mean = ((times[3] ?? 0) - (times[1] ?? 0)) / 2;
    world.note('next start after', steps.reached(mean, [0, 0.8, 4.5]));
  },
};

const noRunsv: Case = {
  name: 'runsvdir/no-runsv',
  title: 'a runsv that is not in PATH',
  uses: ['runsvdir'],
  differs: [{ id: 'runsvdir-own-runsv', lines: { stderr: '', runsv: 'runs' } }],
  async run(world) {
    steps.service(world, 'scan/one', { run: '#!/bin/cat\n' });
    world.mkdir('empty');
    const running = world.start('runsvdir', ['scan'], { env: { PATH: world.path('empty') } });
    const seen = () => running.stderr().includes('\n') || steps.listens(world, 'scan/one') || undefined;
    await until('a message or a runsv', seen);
    world.note('stderr', running.stderr().split('\n')[0] ?? '');
    world.note('runsv', steps.listens(world, 'scan/one') ? 'runs' : 'does not run');
  },
};

const thousand: Case = {
  name: 'runsvdir/thousand',
  title: 'a thousand and one services',
  uses: ['runsvdir'],
  differs: [{ id: 'runsvdir-no-limit', lines: { running: '1001', stderr: '' } }],
  async run(world) {
    // The names are numbers of seconds, as sleep stands for runsv.
    for (let number = 0; number < 1001; number++) world.mkdir(`scan/${100000 + number}`);
    const bin = world.mkdir('.bin');
    world.link('/bin/sleep', '.bin/runsv');
    const running = world.start('runsvdir', ['scan'], { env: { PATH: `${bin}:${world.env['PATH']}` } });
    const children = () => proc(running.pid, `task/${running.pid}/children`).trim().split(' ').length;
    await until('1000 children', () => children() >= 1000);
    await sleep(300);
    world.note('running', children());
    world.note('stderr', (running.stderr().split('\n')[0] ?? '').replace(/runsv \d+/, 'runsv N'));
    // All at once, as a thousand one by one would slow down the cases beside this one.
    process.kill(-running.pid, 'SIGKILL');
    await running.ended();
  },
};

/** What runsv says under a LOG argument, as it shows in the command line. */
function title(name: string, what: string, log: string, words: string, differs: readonly Difference[] = []): Case {
  return {
    name: `runsvdir/log-${name}`,
    title: what,
    uses: ['runsvdir'],
    differs,
    async run(world) {
      world.write('scan/one/words', words);
      const running = await watch(world, ['one'], ['scan', log, 'ignored', 'words']);
      await sleep(300);
      const shown = proc(running.pid, 'cmdline').split('\0');
      world.note('arguments', shown.length - 1);
      world.note('log', JSON.stringify(shown[2] ?? ''));
      world.note('others', shown.slice(3).join(' '));
      world.note('stderr', running.stderr());
    },
  };
}

const DOTS = '.'.repeat(40);
const CONTROL: Difference['id'] = 'runsvdir-log-control-bytes';

function shown(text: string): Difference {
  return { id: CONTROL, lines: { log: JSON.stringify(text) } };
}

const TITLES: readonly Case[] = [
  title('text', 'what runsv says shows in the LOG argument', `log: ${DOTS}`, 'hello world'),
  title('long', 'text longer than the LOG argument scrolls', `log: ${DOTS}`, `${'0123456789'.repeat(9)}end`),
  title('control', 'control bytes in the LOG argument', `log: ${DOTS}`, 'a\x1b[1mb\nc\td\x07\x7f\n', [
    shown(`log: ${'.'.repeat(27)}a [1mb c d   `),
  ]),
  title('nul', 'NUL bytes are left out', `log: ${DOTS}`, 'a\0b\0\0c'),
  title('high', 'bytes above 127 are shown as they are', `log: ${DOTS}`, 'caf\xc3\xa9'),
  title('seven', 'a LOG argument of seven bytes works', 'log: ..', 'xyz'),
  title('short', 'a LOG argument of six bytes is refused', 'log: .', 'xyz'),
  title('empty', 'an empty LOG argument is refused', '', 'xyz'),
];

const logOwnWarnings: Case = {
  name: 'runsvdir/log-warnings',
  title: "runsvdir's own warnings show in the LOG argument too",
  uses: ['runsvdir'],
  async run(world) {
    world.mkdir('scan/one');
    world.link('nowhere', 'scan/dangling');
    const running = await watch(world, ['one'], ['scan', `log: ${'.'.repeat(200)}`]);
    const text = () => proc(running.pid, 'cmdline').split('\0')[2] ?? '';
    const line = await until('a warning', () => /runsvdir scan: [^.\n]*?exist/.exec(text())?.[0]);
    world.note('log', line);
    world.note('stderr', running.stderr());
  },
};

const toldOnce: Case = {
  name: 'runsvdir/told-once',
  title: 'a link to nowhere is reported at the next look too, though nothing has changed with it',
  uses: ['runsvdir'],
  differs: [{ id: 'runsvdir-told-once', lines: { 'times told': '1' } }],
  async run(world) {
    world.mkdir('scan/one');
    world.mkdir('elsewhere');
    world.link('nowhere', 'scan/dangling');
    const running = await watch(world, ['one']);
    world.link('../elsewhere', 'scan/two');
    await world.event('two runsv');
    world.note(
      'times told',
      running
        .stderr()
        .split('\n')
        .filter((line) => line.includes('dangling')).length,
    );
  },
};

const second: Case = {
  name: 'runsvdir/second',
  title: 'a second runsvdir on the same directory',
  uses: ['runsvdir'],
  differs: [{ id: 'runsvdir-second', lines: { starts: '1' } }],
  async run(world) {
    world.mkdir('scan/one');
    const running = await watch(world, ['one']);
    const other = world.start('runsvdir', ['scan'], standIn(world));
    await until('its answer', () => world.events('one runsv')[1] ?? (other.stderr() || undefined));
    world.note('starts', world.events('one runsv').length);
    world.note('the first says', running.stderr());
  },
};

const logMissing: Case = {
  name: 'runsvdir/log-missing',
  title: 'a missing directory is reported though there is a LOG argument',
  uses: ['runsvdir'],
  differs: [
    {
      id: 'runsvdir-missing-told',
      lines: { stderr: 'runsvdir nowhere: warning: unable to stat nowhere: file does not exist\n' },
    },
  ],
  async run(world) {
    const running = world.start('runsvdir', ['nowhere', `log: ${'.'.repeat(200)}`], standIn(world));
    const text = () => proc(running.pid, 'cmdline').split('\0')[2] ?? '';
    await until('the warning', () => /exist/.exec(text())?.[0]);
    world.note('stderr', running.stderr());
  },
};

export const cases: readonly Case[] = [
  thousand,
  removedTogether,
  ...NEW,
  pickUp,
  removed,
  renamed,
  switched,
  missing,
  taken,
  dies,
  diesAlways,
  noRunsv,
  usage,
  quirks,
  selection,
  dashes,
  inherits,
  twoNames,
  notDirectory,
  currentDirectory,
  noPermission,
  ...SIGNALS,
  rescan,
  rescanEarly,
  ...TITLES,
  logOwnWarnings,
  logMissing,
  toldOnce,
  second,
];
