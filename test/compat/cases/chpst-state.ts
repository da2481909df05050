// What chpst makes of a process, seen from inside the program that it becomes: each option, and those that meet.
// Read next: ../probe.ts, chpst-family.ts (the programs beside it), chpst-beyond.ts (what C does not have).
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import type { Case, Difference } from '../model.ts';
import { type Part, probe, tell } from '../probe.ts';
import * as steps from '../steps.ts';
import { until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

interface Tried {
  readonly name: string;
  readonly title: string;
  readonly parts?: readonly Part[];
  readonly options: readonly (readonly string[])[];
  readonly prepare?: (world: World) => void;
  readonly differs?: readonly Difference[];
}

/** A case that runs the probe once for each list of options. */
function tried({ name, title, parts = [], options, prepare, differs }: Tried): Case {
  return {
    name: `chpst/${name}`,
    title,
    uses: ['chpst'],
    needs: ['root'],
    ...(differs === undefined ? {} : { differs }),
    async run(world) {
      prepare?.(world);
      for (const list of options) await tell(world, list.join(' ') || '(none)', 'chpst', [...list, ...probe(...parts)]);
    },
  };
}

const refusedLine = (option: string): string => `chpst: ${option}\ntry 'chpst --help'\n`;

const IDS = 'Uid: 5\t5\t5\t5\nGid: 1\t1\t1\t1\nGroups: 1\n';

/** What was a refusal in C, or a wrong number, is the identity asked for. */
const identities: Case = tried({
  name: 'identity',
  title: '-u sets user, group and groups, from names and numbers, or says whom it does not know',
  parts: ['ids'],
  options: [
    ...['root', 'games', 'games:bin', 'games:bin:adm:daemon', 'root:root:root', 'nosuch', 'games:nosuch', 'games:'],
    ...[':5:6', ':5:6:7:8', ':0:0', ':4294967294:4294967294', ':', ':12', '12', '', ':1:x', ':x:1', ':1:2:x'],
    ...['games:1', '5:bin', '5:1', ':4294967296:1', '::1', ':5:1:'],
    `:0${':7'.repeat(60)}`,
    `:0${':7'.repeat(61)}`,
    `games${':bin'.repeat(61)}`,
  ].map((spec) => ['-u', spec]),
  differs: [
    {
      id: 'chpst-numbers-as-groups',
      lines: {
        '-u games:1': 'exit 0',
        '-u games:1: stdout': IDS,
        '-u games:1: stderr': null,
        '-u 5:bin': 'exit 0',
        '-u 5:bin: stdout': IDS.replaceAll('1', '2'),
        '-u 5:bin: stderr': null,
        '-u 5:1': 'exit 0',
        '-u 5:1: stdout': IDS,
        '-u 5:1: stderr': null,
      },
    },
    {
      id: 'chpst-strict-numbers',
      lines: Object.fromEntries(
        [':4294967296:1', '::1', ':5:1:'].flatMap((spec) => [
          [`-u ${spec}`, 'exit 111'],
          [`-u ${spec}: stdout`, null],
          [`-u ${spec}: stderr`, `chpst: fatal: invalid uid/gids: ${spec.slice(1)}\n`],
        ]),
      ),
    },
    {
      id: 'chpst-many-groups',
      lines: {
        [`-u :0${':7'.repeat(61)}`]: 'exit 0',
        [`-u :0${':7'.repeat(61)}: stdout`]: `Uid: 0\t0\t0\t0\nGid: 7\t7\t7\t7\nGroups: ${'7 '.repeat(61).trim()}\n`,
        [`-u :0${':7'.repeat(61)}: stderr`]: null,
        // C takes 60 of these and leaves the last one out without a word
        [`-u games${':bin'.repeat(61)}: stdout`]: `Uid: 5\t5\t5\t5\nGid: 2\t2\t2\t2\nGroups: ${'2 '.repeat(61).trim()}\n`,
      },
    },
  ],
});

const variables: Case = tried({
  name: 'uid-variables',
  title: '-U sets UID and GID and nothing else',
  parts: ['ids', 'variables'],
  options: [
    ...['root', 'games', 'games:bin:adm', ':5:6:7', 'nosuch', ':12', 'games:nosuch'].map((spec) => ['-U', spec]),
    ['-u', 'games:bin', '-U', 'root'],
    ['-U', 'root', '-U', 'games'],
    ['-u', 'root', '-u', 'games'],
    ['-e', 'env', '-U', 'games'],
  ],
  prepare: (world) => {
    world.write('env/UID', 'from a file');
    world.write('env/OTHER', 'x');
  },
});

const NUMBERS = ['-m 1x', '-o -1', '-c +1', '-t 1.5', '-p 0x1'];
const EMPTY = ['-m', '-d', '-o', '-p', '-f', '-c', '-r', '-t'].map((option) => [option, '']);

const badNumber = (words: readonly string[]): Difference['lines'] => {
  const key = words.join(' ');
  return {
    [key]: 'exit 100',
    [`${key}: stdout`]: null,
    [`${key}: stderr`]: refusedLine(`${words[0]} ${words[1]}: expected a number`),
  };
};

const limits: Case = tried({
  name: 'limits',
  title: 'each limit sets the soft one, at most the hard one; of two for the same the later counts',
  parts: ['limits'],
  options: [
    ...['-d 50000000', '-o 64', '-p 5000', '-f 1000000', '-c 0', '-c 18446744073709551615', '-r 1000000', '-t 60'],
    ...['-m 200000000', '-m 100000000 -d 50000000', '-d 50000000 -m 100000000', '-o 64 -o 32', '-o 99999999'],
    ...['-o 64 -p 5000 -f 1000000 -c 0 -t 60', '-n 1 -o 50', '-c 0100', ...NUMBERS, '-o 18446744073709551680'],
    '-n 99999999999',
  ]
    .map((line) => line.split(' '))
    .concat(EMPTY.filter(([option]) => option === '-c' || option === '-p')),
  differs: [
    {
      id: 'chpst-bad-value',
      lines: Object.fromEntries(NUMBERS.map((line) => [`${line}: stderr`, refusedLine(`${line}: expected a number`)])),
    },
    {
      id: 'chpst-strict-numbers',
      lines: {
        ...badNumber(['-o', '18446744073709551680']),
        ...badNumber(['-n', '99999999999']),
        ...badNumber(['-c', '']),
        ...badNumber(['-p', '']),
      },
    },
  ],
});

const nice: Case = tried({
  name: 'nice',
  title: '-n adds to the nice level, with a sign or without',
  parts: ['nice'],
  options: ['5', '+5', '-5', '0', '-0', '100', '007', 'x', '3x', '++3', '-', '--3'].map((level) => ['-n', level]),
  differs: [
    {
      id: 'chpst-bad-value',
      lines: Object.fromEntries(
        ['x', '3x', '++3', '--3'].map((level) => [
          `-n ${level}: stderr`,
          refusedLine(`-n ${level}: expected a number`),
        ]),
      ),
    },
    { id: 'chpst-strict-numbers', lines: badNumber(['-n', '-']) },
  ],
});

const descriptors: Case = tried({
  name: 'descriptors',
  title: '-0 -1 -2 close, the lock stays open for the program, and nothing else does',
  parts: ['descriptors'],
  options: [[], ['-0'], ['-01'], ['-2'], ['-012'], ['-l', 'lock'], ['-L', 'lock', '-0'], ['-e', 'env', '-u', 'root']],
  prepare: (world) => void world.write('env/A', 'a'),
});

const environment: Case = tried({
  name: 'environment',
  title: 'the files of a directory set and remove variables by their first line',
  parts: ['variables'],
  options: [
    ['-e', 'env'],
    ['-v', '-e', 'env'],
    ['-e', 'none'],
    ['-e', 'env', '-e', 'more'],
    ['-e', 'looped'],
    ['-e', 'env/A'],
    ['-e', 'env', '-P', '-n', '1'],
  ],
  prepare: (world) => {
    const files: Readonly<Record<string, string>> = {
      A: 'a value',
      BLANKS: '  kept, cut \t \t',
      LINES: 'one\ntwo\n',
      EMPTY: '\n',
      LC_ALL: '',
      NUL: 'a\0b',
      RETURN: 'x\r\n',
      '.hidden': 'no',
      'we=ird': 'v',
      LONG: 'x'.repeat(300),
      BYTES: '\xff\xfe',
    };
    for (const [name, text] of Object.entries(files)) world.write(`env/${name}`, text);
    mkdirSync(world.path('env/DIRECTORY'));
    world.write('more/MORE', 'x');
    mkdirSync(world.path('looped'));
    symlinkSync('LOOP', world.path('looped/LOOP'));
  },
});

/** So many that not all links are read before the first file, whatever the order of the directory. */
const FEW = 20;

const dangling: Case = {
  name: 'chpst/environment-dangling',
  title: 'a file that is not there has no value',
  uses: ['chpst'],
  differs: [{ id: 'chpst-dangling-variable', lines: { 'links with a value': 'none' } }],
  async run(world) {
    for (let i = 0; i < FEW; i++) {
      world.write(`env/FILE${i}`, 'of a file');
      symlinkSync('/nowhere', world.path(`env/LINK${i}`));
    }
    const { out } = await world.run('chpst', ['-e', 'env', '/usr/bin/env']);
    world.note('files with a value', out.match(/^FILE/gm)?.length ?? 0);
    world.note('links with a value', /^LINK/m.test(out) ? 'some' : 'none');
  },
};

const longValue: Case = {
  name: 'chpst/environment-long',
  title: 'a value may be long',
  uses: ['chpst'],
  async run(world) {
    world.write('env/LONG', `${'x'.repeat(100_000)}\nmore`);
    const { out } = await world.run('chpst', ['-e', 'env', '/bin/sh', '-c', 'echo ${#LONG}']);
    world.note('length', out);
  },
};

const emptied: Case = {
  name: 'chpst/environment-emptied',
  title: 'a program may end up without any variable',
  uses: ['chpst'],
  async run(world) {
    world.write('env/A', '');
    const command = ['-i', 'A=1', `${world.bin}/chpst`, '-e', world.path('env'), '/usr/bin/env'];
    steps.noteRun(world, 'env', await world.runFile('/usr/bin/env', command));
  },
};

const places: Case = tried({
  name: 'directory',
  title: '-C changes the directory',
  parts: ['places'],
  options: [
    ['-C', 'sub'],
    ['-C', '/'],
    ['-C', 'none'],
    ['-/', '/', '-C', '/tmp'],
    ['-C', 'file'],
    ['-/', '/'],
  ],
  prepare: (world) => {
    world.mkdir('sub');
    world.write('file', '');
  },
  differs: [
    {
      id: 'chpst-directory',
      since231: true,
      lines: {
        '-C sub': 'exit 0',
        '-C sub: stdout': 'cwd WORLD/sub root /\n',
        '-C sub: stderr': null,
        '-C /': 'exit 0',
        '-C /: stdout': 'cwd / root /\n',
        '-C /: stderr': null,
        '-/ / -C /tmp': 'exit 0',
        '-/ / -C /tmp: stdout': 'cwd /tmp root /\n',
        '-/ / -C /tmp: stderr': null,
        '-C none': 'exit 111',
        '-C none: stderr': 'chpst: fatal: unable to change directory: none: file does not exist\n',
        '-C file': 'exit 111',
        '-C file: stderr': 'chpst: fatal: unable to change directory: file: not a directory\n',
      },
    },
  ],
});

const names: Case = tried({
  name: 'name',
  title: '-b names the program, clustered letters and values mean what they mean apart',
  parts: ['name', 'session', 'nice', 'ids'],
  options: [['-b', 'a name'], ['-bname'], ['-b', ''], ['-P'], ['-Pn1', '-ugames'], ['-vPugames'], ['-P', '--'], []],
});

/** One of each option, for pairs. */
const SINGLE: readonly (readonly string[])[] = [
  ['-P'],
  ['-v'],
  ['-u', 'games:bin'],
  ['-U', ':7:8'],
  ['-b', 'other'],
  ['-e', 'env'],
  ['-/', '/'],
  ['-n', '2'],
  ['-L', 'LOCK'],
  ['-0'],
  ['-1'],
  ['-2'],
  ['-m', '500000000'],
  ['-o', '100'],
  ['-c', '0'],
];

const pairs: Case = {
  name: 'chpst/pairs',
  title: 'any two options together do what they do alone, in whatever order they stand',
  uses: ['chpst'],
  needs: ['root'],
  async run(world) {
    world.write('env/FROM_FILE', 'x');
    world.write('env/UID', 'a word');
    chmodSync(world.dir, 0o777);
    for (const [at, one] of SINGLE.entries()) {
      for (const other of SINGLE.slice(at + 1)) await told(world, [...other, ...one]);
    }
  },
};

async function told(world: World, options: readonly string[]): Promise<void> {
  world.write('.tmp/out', '', 0o666);
  const words = options.map((word) => (word === 'LOCK' ? world.path('lock') : word));
  const ran = await tell(world, options.join(' '), 'chpst', [...words, ...probe()]);
  if (ran.out === '') world.note(`${options.join(' ')}: to a file`, world.read('.tmp/out'));
  world.unlink('.tmp/out');
  if (options.includes('LOCK')) world.unlink('lock');
}

const lock: Case = {
  name: 'chpst/lock',
  title: 'while another holds the lock -L fails and -l waits; two locks are wrong usage',
  uses: ['chpst'],
  needs: ['root'],
  differs: [
    {
      id: 'chpst-bad-value',
      lines: {
        '-l lock -L lock: stderr': refusedLine('-L lock: expected one lock only'),
        '-l lock -l lock: stderr': refusedLine('-l lock: expected one lock only'),
      },
    },
  ],
  async run(world) {
    world.mkdir('directory');
    steps.fifo(world, 'gate');
    const holder = world.start('chpst', [
      '-L',
      'lock',
      '/bin/sh',
      '-c',
      'echo holder held >> "$RECORD"; read x < gate',
    ]);
    await world.event('holder held');
    await tell(world, '-L', 'chpst', ['-L', 'lock', '/bin/true']);
    const waiting = world.start('chpst', ['-l', 'lock', '/bin/sh', '-c', 'echo waiter held >> "$RECORD"']);
    await until('one that waits for the lock', () => steps.waitsForLock(waiting.pid));
    world.note('before', world.events('waiter').length);
    await steps.openGate(world, 'gate');
    world.note('holder', await holder.ended());
    world.note('waiter', await waiting.ended());
    steps.noteEvents(world);
    for (const path of ['directory', 'none/lock', ''])
      await tell(world, `on "${path}"`, 'chpst', ['-l', path, '/bin/true']);
    for (const list of ['-l lock -L lock', '-l lock -l lock']) {
      await tell(world, list, 'chpst', [...list.split(' '), '/bin/true']);
    }
    await tell(world, 'mode', 'chpst', ['-l', 'fresh', '/usr/bin/stat', '-c', '%a %s', 'fresh']);
  },
};

export const cases: readonly Case[] = [
  pairs,
  identities,
  variables,
  limits,
  nice,
  descriptors,
  environment,
  dangling,
  longValue,
  emptied,
  places,
  names,
  lock,
];
