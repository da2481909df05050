// chpst's own words: usage, what it cannot do, how it looks for the program, and what an ordinary user may.
// Read next: chpst-state.ts.
import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import type { Case, Difference } from '../model.ts';
import { NOBODY } from '../processes.ts';
import { tell } from '../probe.ts';
import * as steps from '../steps.ts';
import type { World } from '../world.ts';

const SYNOPSIS =
  '[-vVP012] [-u user[:group]] [-U user[:group]] [-b argv0] [-e dir] [-/ root] [-C pwd] [-n nice] [-l|-L lock] ' +
  '[-m n] [-d n] [-o n] [-p n] [-f n] [-c n] [-t n] prog';

const usage: Case = {
  name: 'chpst/usage',
  title: 'wrong calls: a line that says what is wrong, and the usage, exit status 100',
  uses: ['chpst', 'dchpst'],
  differs: [
    { id: 'chpst-directory', since231: true, lines: { 'no argument: stderr': `usage: chpst ${SYNOPSIS}\n\n` } },
    {
      id: 'chpst-long-options',
      lines: {
        '--no-such /bin/echo x': 'exit 100',
        '--no-such /bin/echo x: stdout': null,
        '--no-such /bin/echo x: stderr': 'chpst: illegal option -- no-such\n(usage)\n',
      },
    },
  ],
  async run(world) {
    steps.noteRun(world, 'no argument', await world.run('chpst', []));
    for (const line of [
      '-z',
      '-Pz',
      '-u',
      '-Pu',
      '-P',
      '-V',
      '-V true',
      '--',
      '-v --',
      '-n',
      '--no-such /bin/echo x',
    ]) {
      await tell(world, line, 'chpst', line.split(' '));
    }
    await tell(world, 'with d', 'dchpst', ['-z']);
    await tell(world, 'with d, a program', 'dchpst', ['/bin/echo', 'x']);
    await tell(world, 'a path', 'chpst', ['-P', '-']);
  },
};

interface Search {
  readonly key: string;
  readonly words: readonly string[];
  readonly path?: string;
}

function layOutPrograms(world: World): void {
  steps.script(world, 'one/told', 'echo "one: $0"');
  steps.script(world, 'two/told', 'echo two');
  steps.script(world, 'two/only', 'echo "only: $# $*"');
  world.write('shut/only', 'x');
  world.write('file', '');
  world.mkdir('two/folder');
  world.write('two/noformat', 'echo x\n', 0o755);
  world.write('two/nointerpreter', '#!/nowhere/sh\n', 0o755);
  world.write('two/crlf', '#!/bin/sh\r\n', 0o755);
  steps.script(world, 'here', 'echo here');
}

const SEARCHES: readonly Search[] = [
  { key: 'first in PATH', words: ['told'], path: 'one:two' },
  { key: 'second in PATH', words: ['only', 'a', 'b c'], path: 'one:two' },
  { key: 'not executable in the first', words: ['only'], path: 'shut:two' },
  { key: 'not executable anywhere', words: ['only'], path: 'shut:one' },
  { key: 'a directory of that name', words: ['folder'], path: 'two:one' },
  { key: 'a file in PATH ends the search', words: ['told'], path: 'file:one' },
  { key: 'a missing directory does not', words: ['told'], path: 'none:one' },
  { key: 'an empty place is here', words: ['here'], path: ':one' },
  { key: 'an empty place at the end', words: ['here'], path: 'one:' },
  { key: 'an empty PATH', words: ['here'], path: '' },
  { key: 'no format', words: ['noformat'], path: 'two:one' },
  { key: 'no interpreter', words: ['nointerpreter'], path: 'two' },
  { key: 'lines of another system', words: ['crlf'], path: 'two' },
  { key: 'with a slash', words: ['one/told'], path: '' },
  { key: 'with a slash, missing', words: ['one/none'], path: 'two' },
  { key: 'with a slash, a directory', words: ['./two'], path: 'two' },
  { key: 'missing', words: ['none'], path: 'one:two' },
  { key: 'no name', words: [''], path: 'one' },
  { key: 'called by another name', words: ['-b', 'other', 'told'], path: 'one' },
];

const search: Case = {
  name: 'chpst/search',
  title: 'the program is looked for in PATH, and what keeps it from running is told',
  uses: ['chpst'],
  differs: [
    {
      id: 'chpst-interpreter',
      lines: {
        'no interpreter: stderr':
          'chpst: fatal: unable to run: nointerpreter: interpreter /nowhere/sh: file does not exist\n',
        'lines of another system: stderr':
          'chpst: fatal: unable to run: crlf: interpreter /bin/sh\\r: file does not exist, the line ends in CR LF\n',
      },
    },
  ],
  async run(world) {
    layOutPrograms(world);
    for (const { key, words, path } of SEARCHES) {
      steps.noteRun(world, key, await world.run('chpst', words, { env: { PATH: path ?? '' } }));
    }
    const withoutPath = ['-u', 'PATH', `${world.bin}/chpst`, 'echo', 'found'];
    steps.noteRun(world, 'without PATH', await world.runFile('/usr/bin/env', withoutPath));
  },
};

const REASON = 'chpst: fatal: unable to run: none: file does not exist\n';

const mended: readonly Difference[] = [
  {
    id: 'chpst-new-path',
    lines: { 'PATH from -e': 'exit 0', 'PATH from -e: stdout': 'two\n', 'PATH from -e: stderr': null },
  },
  { id: 'chpst-stderr', lines: { '-2 none: stderr': REASON, '-12 none: stderr': REASON } },
  { id: 'chpst-names-program', lines: { '-b other none: stderr': REASON } },
];

const reasons: Case = {
  name: 'chpst/reasons',
  title: 'the program is looked for in the PATH it is given, and named when it cannot be run, with -2 and -b too',
  uses: ['chpst'],
  differs: mended,
  async run(world) {
    layOutPrograms(world);
    world.write('env/PATH', world.path('two'));
    const away = { env: { PATH: '/nowhere' } };
    steps.noteRun(world, 'PATH from -e', await world.run('chpst', ['-e', 'env', 'told'], away));
    for (const line of ['-2 none', '-12 none', '-b other none']) {
      steps.noteRun(world, line, await world.run('chpst', line.split(' ')));
    }
  },
};

/** What an ordinary user is refused, and what not. */
const REFUSED = [
  ...[
    '-u nobody',
    '-u :65534:65534',
    '-u games',
    '-u :65534:65534:5',
    '-U root',
    '-n -1',
    '-n 1',
    '-/ /',
    '-l lock',
    '-L lock',
    '-P',
    '-e env',
  ],
  ...['-e shut', '-e unreadable', '-o 99999999', '-c 0', '-C shut', '-e env/A'],
];

const ordinary: Case = {
  name: 'chpst/ordinary-user',
  title: 'an ordinary user is told what is refused',
  uses: ['chpst'],
  needs: ['root'],
  differs: [
    {
      id: 'chpst-directory',
      since231: true,
      lines: {
        '-C shut': 'exit 111',
        '-C shut: stderr': 'chpst: fatal: unable to change directory: shut: access denied\n',
      },
    },
    {
      id: 'chpst-to-oneself',
      lines: Object.fromEntries(
        ['-u nobody', '-u :65534:65534'].flatMap((line) => [
          [line, 'exit 0'],
          [`${line}: stdout`, 'done\n'],
          [`${line}: stderr`, null],
        ]),
      ),
    },
  ],
  async run(world) {
    world.write('env/A', 'x');
    world.write('unreadable/SECRET', 'x', 0o600);
    world.mkdir('shut', 0o700);
    // the directory of programs is ours; a copy in the world can be reached by everyone
    copyFileSync(`${world.bin}/chpst`, world.path('chpst'));
    chmodSync(world.path('chpst'), 0o755);
    for (const line of REFUSED) {
      const options = { uid: NOBODY, argv0: 'chpst' };
      const ran = await world.runFile(world.path('chpst'), [...line.split(' '), '/bin/echo', 'done'], options);
      steps.noteRun(world, line, { ...ran, err: ran.err.replace(/^usage: .*\n\n?/m, '(usage)\n') });
    }
  },
};

/** Without a PATH to search or a look-up, what is done is done in this order: each line fails at its first mistake. */
const ORDER = [
  '-e none -u nosuch none',
  '-/ none -u nosuch none',
  '-u nosuch -l none/lock none',
  '-U nosuch -u :5 none',
  '-n 1 -u nosuch none',
  '-l none/lock none',
  '-e none -/ none2 none',
];

const order: Case = {
  name: 'chpst/order',
  title: 'of several things that cannot be done the first in the order of steps is told, whatever the order of options',
  uses: ['chpst'],
  needs: ['root'],
  differs: [
    {
      id: 'chpst-input-first',
      lines: { '-U nosuch -u :5 none: stderr': 'chpst: fatal: invalid uid/gids: 5\n' },
    },
  ],
  async run(world) {
    for (const line of ORDER) await tell(world, line, 'chpst', line.split(' '));
  },
};

const same: Case = {
  name: 'chpst/same-process',
  title: 'the program has the process number of chpst',
  uses: ['chpst'],
  async run(world) {
    const script = 'echo $$ > number; read x < gate';
    steps.fifo(world, 'gate');
    const running = world.start('chpst', ['-n', '1', '-l', 'lock', '-e', world.mkdir('env'), '/bin/sh', '-c', script]);
    await steps.openGate(world, 'gate');
    world.note('same', Number(world.read('number')) === running.pid);
    world.note('end', await running.ended());
  },
};

const LINES = {
  passwd: ['four:x:5151:5252', 'five:x:5353:5454:', 'six:x:5656:5757::', ' \t blank:x: 5858:\t+5959', 'three:x:6060'],
  group: ['short:x:4242', ' lead:x: 4343', 'two:x'],
};

const accountLines: Case = {
  name: 'chpst/account-lines',
  title: 'lines of /etc/passwd and /etc/group may be short, and have blanks in front; numbers they must have',
  uses: ['chpst'],
  needs: ['root', 'namespaces'],
  async run(world) {
    const mounts = Object.entries(LINES).map(([name, lines]) => {
      world.write(name, `${readFileSync(`/etc/${name}`, 'latin1')}\n${lines.join('\n')}\n#off:x:1:1\n+nis:x:1:1\n`);
      return `mount --bind ${world.path(name)} /etc/${name}`;
    });
    const run = `exec ${world.bin}/chpst -u "$0" sh -c 'id -u; id -G'`;
    const users = ['four', 'five', 'six', 'blank', 'three', '#off', '+nis', 'nis', 'off', 'games:three'];
    for (const spec of [...users, 'games:short', 'games:lead', 'games:two', 'four:short:lead']) {
      const ran = await world.runFile('/usr/bin/unshare', ['-m', '/bin/sh', '-ec', [...mounts, run].join('\n'), spec]);
      steps.noteRun(world, spec, ran);
    }
  },
};

export const cases: readonly Case[] = [accountLines, usage, search, reasons, ordinary, order, same];
