// The programs beside chpst: envdir, envuidgid, pgrphack, setlock, setuidgid, softlimit.
// Read next: ../probe.ts, chpst-state.ts.
import { mkdirSync } from 'node:fs';
import type { Case, Difference, Program } from '../model.ts';
import { type Part, probe, tell } from '../probe.ts';
import * as steps from '../steps.ts';
import { until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const NAMES = ['envdir', 'envuidgid', 'pgrphack', 'setlock', 'setuidgid', 'softlimit', 'dsetuidgid'] as const;

const usage: Case = {
  name: 'family/usage',
  title: 'each says how it is used, with exit status 100',
  uses: [...NAMES],
  async run(world) {
    for (const name of NAMES) {
      for (const words of [[], ['-z']]) {
        if (words.length > 0 && name !== 'setlock' && name !== 'softlimit') continue;
        steps.noteRun(world, [name, ...words].join(' '), await world.run(name, words));
      }
    }
    for (const line of [
      'envdir env',
      'setuidgid games',
      'setlock file',
      'setlock -n',
      'softlimit -m',
      'softlimit -m 1',
    ]) {
      const [program, ...words] = line.split(' ');
      steps.noteRun(world, line, await world.run(program as Program, words));
    }
  },
};

async function each(world: World, parts: readonly Part[], lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const [program, ...words] = line.split(' ');
    await tell(world, line, program as Program, [...words, ...probe(...parts)]);
  }
}

/** What each says in its own name. */
const inOwnName = (said: Readonly<Record<string, string>>): Difference => ({
  id: 'chpst-own-name',
  lines: Object.fromEntries(
    Object.entries(said).map(([line, text]) => [`${line}: stderr`, `${line.split(' ')[0]}: fatal: ${text}\n`]),
  ),
});

const unknown = (program: string, accounts: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(accounts.map((account) => [`${program} ${account}`, `unknown account: ${account}`]));

const NOBODY = ['nosuch', 'games:bin', ':1:2', '-P', '--', '5'];
const NO_PROGRAM = 'unable to run: /nowhere/none: file does not exist';

const identities: Case = {
  name: 'family/identities',
  title: 'setuidgid and envuidgid take a plain name, and no option',
  uses: ['setuidgid', 'envuidgid', 'dsetuidgid', 'pgrphack'],
  needs: ['root'],
  differs: [
    inOwnName({
      ...unknown('setuidgid', NOBODY),
      ...unknown('envuidgid', NOBODY),
      'setuidgid without a user': 'unknown account: ',
      'setuidgid without a program': NO_PROGRAM,
      'envuidgid without a user': 'unknown account: ',
      'envuidgid without a program': NO_PROGRAM,
      'pgrphack with an option': 'unable to run: -P: file does not exist',
    }),
  ],
  async run(world) {
    const accounts = ['games', 'root', ...NOBODY];
    await each(
      world,
      ['ids', 'variables'],
      accounts.map((account) => `setuidgid ${account}`),
    );
    await each(
      world,
      ['ids', 'variables'],
      accounts.map((account) => `envuidgid ${account}`),
    );
    await each(world, ['ids', 'session'], ['dsetuidgid games', 'pgrphack']);
    for (const program of ['setuidgid', 'envuidgid'] as const) {
      await tell(world, `${program} without a user`, program, ['', '/bin/true']);
      await tell(world, `${program} without a program`, program, ['games', '/nowhere/none']);
    }
    await tell(world, 'pgrphack with an option', 'pgrphack', ['-P', '/bin/true']);
  },
};

const environment: Case = {
  name: 'family/envdir',
  title: 'envdir does as chpst -e, but does not pass over a directory',
  uses: ['envdir'],
  differs: [
    inOwnName({
      'envdir none': 'unable to switch to directory: none: file does not exist',
      'envdir -v': 'unable to switch to directory: -v: file does not exist',
      'envdir with': 'unable to read with/directory: is a directory',
    }),
  ],
  async run(world) {
    world.write('env/A', 'a \nb');
    world.write('env/LC_ALL', '');
    await each(world, ['variables'], ['envdir env', 'envdir none', 'envdir -v']);
    mkdirSync(world.path('with/directory'), { recursive: true });
    await each(world, ['variables'], ['envdir with']);
  },
};

const refused = (line: string): string => `${line}: expected a number\ntry 'softlimit --help'\n`;

const limits: Case = {
  name: 'family/softlimit',
  title: 'softlimit sets soft limits, = being the hard one',
  uses: ['softlimit'],
  needs: ['root'],
  differs: [
    {
      id: 'softlimit-usage',
      lines: Object.fromEntries(['-m 1x', '-o =1'].map((line) => [line, refused(`softlimit: ${line}`)])),
    },
  ],
  async run(world) {
    const lines = ['-a 100000000', '-c 0', '-d 50000000', '-f 1000', '-l 4096', '-m 200000000', '-o 64', '-p 5000'];
    const more = ['-r 100000', '-s 1000000', '-t 60', '-o = -c =', '-m =', '-m = -s 1000000', '-s 1000000 -m ='];
    await each(
      world,
      ['limits'],
      [...lines, ...more].map((line) => `softlimit ${line}`),
    );
    for (const line of ['-m 1x', '-o =1']) {
      const { err } = await world.run('softlimit', [...line.split(' '), '/bin/true']);
      world.note(line, err.includes('[') ? err.slice(0, err.indexOf('[')) : err);
    }
  },
};

const NOT_HAD = 'setlock: fatal: unable to lock: lock: temporary failure\n';
const GONE = 'file does not exist';

const setlock: Case = {
  name: 'family/setlock',
  title: 'setlock holds a lock; -n fails and -N waits where another has it; -x says nothing of what fails',
  uses: ['setlock'],
  differs: [
    {
      id: 'chpst-own-name',
      lines: Object.fromEntries(
        [
          ['free2 none', `unable to run: none: ${GONE}`],
          ['-xX free none', `unable to run: none: ${GONE}`],
          ['nowhere/lock /bin/true', `unable to open lock: nowhere/lock: ${GONE}`],
        ].map(([line, text]) => [`${line}: stderr`, `setlock: fatal: ${text}\n`]),
      ),
    },
    {
      id: 'setlock-waits',
      lines: {
        ...Object.fromEntries(
          ['-n', '-Nn', '-nX'].flatMap((flags) => [
            [flags, 'exit 111'],
            [`${flags}: stdout`, null],
            [`${flags}: stderr`, NOT_HAD],
          ]),
        ),
        ...Object.fromEntries(
          ['none', '-N', '-nN'].flatMap((flags) => [
            [`${flags} waits`, 'true'],
            [flags, 'exit 0'],
            [`${flags}: stdout`, 'had it\n'],
            [`${flags}: stderr`, null],
          ]),
        ),
        ...Object.fromEntries(['-n', '-Nn', '-nX', '-nx'].map((flags) => [`${flags} waits`, 'false'])),
        '-nx: stdout': null,
        '-Nx waits': 'true',
        '-Nx: stdout': 'had it\n',
      },
    },
  ],
  async run(world) {
    for (const flags of ['none', '-n', '-N', '-nN', '-Nn', '-nx', '-Nx', '-nX']) await contended(world, flags);
    for (const line of [
      'free',
      'free2 none',
      '-x free none',
      '-xX free none',
      '-x nowhere/lock /bin/true',
      'nowhere/lock /bin/true',
    ]) {
      await tell(world, line, 'setlock', line.split(' '));
    }
    await tell(world, 'inherits', 'setlock', ['free3', ...probe('descriptors')]);
  },
};

/** One more setlock while another holds the lock: whether it waits, and how it ends once the lock is free. */
async function contended(world: World, flags: string): Promise<void> {
  const gate = `gate${flags}`;
  steps.fifo(world, gate);
  const holder = world.startFile('/usr/bin/flock', [
    'lock',
    '-c',
    `echo holder ${flags} >> "$RECORD"; read x < ${gate}`,
  ]);
  await world.event(`holder ${flags}`);
  const words = [...(flags === 'none' ? [] : [flags]), 'lock', '/bin/echo', 'had it'];
  const tried = world.start('setlock', words);
  const waits = await until('an end, or waiting for the lock', () => {
    if (tried.end() !== undefined) return 'ended';
    return steps.waitsForLock(tried.pid) ? 'waits' : undefined;
  });
  world.note(`${flags} waits`, waits === 'waits');
  await steps.openGate(world, gate);
  await holder.ended();
  steps.noteRun(world, flags, { end: await tried.ended(), out: tried.stdout(), err: tried.stderr(), ms: 0 });
}

/** daemontools' own programs beside ours: what its manuals promise of them. */
const original: Case = {
  name: 'family/daemontools',
  title: "setlock waits, fails and keeps silent where daemontools' own does",
  uses: ['setlock'],
  needs: ['daemontools'],
  async run(world) {
    if (world.suite.origins.setlock !== 'ours') {
      // the reference here is daemontools, so it plays its own part in the suite that has C's programs
      for (const flags of ['-n', '-nx']) await withDaemontools(world, flags, '/usr/bin/setlock');
      return;
    }
    for (const flags of ['-n', '-nx']) await withDaemontools(world, flags, `${world.bin}/setlock`);
  },
};

async function withDaemontools(world: World, flags: string, file: string): Promise<void> {
  const script = `exec ${file} ${flags} lock /bin/echo had it`;
  const ran = await world.runFile('/usr/bin/flock', ['lock', '-c', script]);
  world.note(flags, `${ran.end} ${ran.out}`);
  world.note(`${flags} says`, ran.err.includes('temporary failure'));
  const free = await world.runFile('/bin/sh', ['-c', `exec ${file} ${flags} free /bin/echo had it`]);
  world.note(`${flags}, free`, `${free.end} ${free.out}`);
}

export const cases: readonly Case[] = [usage, identities, environment, limits, setlock, original];
