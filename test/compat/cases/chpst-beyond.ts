// What chpst has beyond C's: the long options, and look-ups in a root that holds nothing but the executable. There is no
// reference to compare with, so what ours does is held to what is written here.
// Read next: ../probe.ts (held).
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import type { Case } from '../model.ts';
import { held } from '../probe.ts';
import { kill, proc, procField } from '../../lib/proc.ts';
import type { Running } from '../processes.ts';
import * as steps from '../steps.ts';
import { until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const isOurs = (world: World): boolean => world.suite.origins.chpst === 'ours';

/** Runs our chpst and holds what it prints, on either output, and its end if that is not 0, to `wanted`. */
async function expectRun(world: World, key: string, words: readonly string[], wanted: string): Promise<void> {
  if (!isOurs(world)) return held(world, 'chpst', key, wanted, '');
  const { end, out, err } = await world.run('chpst', words);
  const said = out + err.replace(/^usage: .*\n\n?/m, '');
  held(world, 'chpst', key, wanted, said + (end === 'exit 0' ? '' : end));
}

interface Expected {
  readonly options: string;
  readonly script: string;
  readonly wanted: string;
}

const shell = (script: string): readonly string[] => ['/bin/sh', '-c', script];

function beyond(name: string, title: string, all: readonly Expected[], prepare?: (world: World) => void): Case {
  return {
    name: `beyond/${name}`,
    title,
    uses: ['chpst'],
    needs: ['root'],
    async run(world) {
      prepare?.(world);
      for (const { options, script, wanted } of all) {
        await expectRun(world, `${options} | ${script}`, [...options.split(' '), ...shell(script)], wanted);
      }
    },
  };
}

const UMASK = 'umask';
const NICE = 'nice';
const HARD = 'echo $(ulimit -n) $(ulimit -Hn)';
const LEVEL = 'ionice -p $$';
const CPUS = 'grep Cpus_allowed_list /proc/self/status | cut -f2';
const SCORE = 'cat /proc/self/oom_score_adj';

const properties: Case = beyond(
  'properties',
  'umask, nice level, I/O priority, processors, limits, OOM score, directory and cgroup are set, privileged or not',
  [
    { options: '--umask 027', script: UMASK, wanted: '0027\n' },
    { options: '--umask=0', script: UMASK, wanted: '0000\n' },
    { options: '--nice 7', script: NICE, wanted: '7\n' },
    { options: '--nice -3 -n +1', script: NICE, wanted: '-2\n' },
    { options: '--nice -3 -u games', script: NICE, wanted: '-3\n' },
    { options: '--ionice idle', script: LEVEL, wanted: 'idle\n' },
    { options: '--ionice best-effort:6 -u games', script: LEVEL, wanted: 'best-effort: prio 6\n' },
    { options: '--cpu-list 0', script: CPUS, wanted: '0\n' },
    { options: '--rlimit nofile=100', script: 'ulimit -n', wanted: '100\n' },
    { options: '--rlimit nofile=100:200', script: HARD, wanted: '100 200\n' },
    { options: '-o 50 --rlimit nofile=60:70 --rlimit cpu=9000:unlimited', script: HARD, wanted: '60 70\n' },
    { options: '--oom-score-adj 500', script: SCORE, wanted: '500\n' },
    { options: '--oom-score-adj 0 -u games', script: SCORE, wanted: '0\n' },
    { options: '--chdir sub', script: 'pwd', wanted: 'WORLD/sub\n' },
    { options: '--chdir /tmp -/ /', script: 'pwd', wanted: '/tmp\n' },
  ],
  (world) => void world.mkdir('sub'),
);

const cgroup: Case = {
  name: 'beyond/cgroup',
  title: 'a cgroup is entered by writing to its list of processes; one that is not there is told',
  uses: ['chpst'],
  async run(world) {
    world.write('group/cgroup.procs', '');
    const group = world.path('group');
    await expectRun(world, 'there', ['--cgroup', group, '/bin/cat', `${group}/cgroup.procs`], '0');
    const missing = `chpst: fatal: unable to join cgroup: ${group}2/cgroup.procs: file does not exist\nexit 111`;
    await expectRun(world, 'missing', ['--cgroup', `${group}2`, '/bin/true'], missing.replaceAll(world.dir, 'WORLD'));
    const below =
      'chpst: fatal: unable to join cgroup: /sys/fs/cgroup/no/such/cgroup.procs: file does not exist\nexit 111';
    await expectRun(world, 'relative', ['--cgroup', 'no/such', '/bin/true'], below);
  },
};

const NONE = '0000000000000000';
const BIND = '0000000000000400';
const SETS = 'grep -h "^Cap" /proc/self/status | cut -f2 | tr "\\n" " "';
const PRIVS = 'grep NoNewPrivs /proc/self/status | cut -f2';
const KILL_BIT = '[ $((0x$(grep CapBnd /proc/self/status | cut -f2) >> 5 & 1)) = 0 ] && echo gone';

const privileges: Case = beyond(
  'privileges',
  'capabilities are kept over a change of user, all others are out of reach, and no privileges are gained',
  [
    { options: '--no-new-privs', script: PRIVS, wanted: '1\n' },
    { options: '--no-new-privs -u games', script: PRIVS, wanted: '1\n' },
    { options: '-u games --cap-keep net_bind_service', script: SETS, wanted: `${`${BIND} `.repeat(5)}` },
    { options: '--cap-keep CAP_NET_BIND_SERVICE', script: SETS, wanted: `${`${BIND} `.repeat(5)}` },
    {
      options: '-u games --cap-keep net_bind_service,kill --cap-drop kill',
      script: SETS,
      wanted: `${`${BIND} `.repeat(5)}`,
    },
    { options: '-u games --cap-keep none', script: SETS, wanted: `${`${NONE} `.repeat(5)}` },
    { options: '--cap-drop all', script: SETS, wanted: `${`${NONE} `.repeat(5)}` },
    { options: '--cap-drop kill', script: KILL_BIT, wanted: 'gone\n' },
    { options: '-u games --cap-drop kill', script: KILL_BIT, wanted: 'gone\n' },
    {
      options: '-u games --no-new-privs --cap-keep net_bind_service',
      script: `${PRIVS}; ${SETS}`,
      wanted: `1\n${`${BIND} `.repeat(5)}`,
    },
  ],
);

const LISTEN =
  "my $made = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.89', LocalPort => 89);" +
  "print $made ? 'bound' : $!{EACCES} ? 'EACCES' : $!, qq(\\n)";

const binds: Case = {
  name: 'beyond/binds',
  title: 'a program that is not root opens a port below 1024, having kept the capability for it',
  uses: ['chpst'],
  needs: ['root'],
  async run(world) {
    const listen = ['/usr/bin/perl', '-MIO::Socket::INET', '-e', LISTEN];
    await expectRun(world, 'with it', ['-u', 'games', '--cap-keep', 'net_bind_service', ...listen], 'bound\n');
    const closed = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'latin1')) > 89;
    await expectRun(world, 'without', ['-u', 'games', ...listen], closed ? 'EACCES\n' : 'bound\n');
  },
};

const NOT_ROOT = 'chpst -u games';

/** One chpst starts another that has lost its privileges. */
const refusals: Case = {
  name: 'beyond/refusals',
  title: 'what the kernel refuses is told, with exit status 111',
  uses: ['chpst'],
  needs: ['root'],
  async run(world) {
    copyFileSync(`${world.bin}/chpst`, world.path('chpst'));
    const lines: readonly (readonly [string, string])[] = [
      ['--nice -5', 'set nice level: permission denied'],
      ['--ionice realtime:0', 'set I/O priority: permission denied'],
      ['--cap-drop kill', 'drop capability kill: permission denied'],
      ['--cap-keep kill', 'drop capability chown: permission denied'],
      ['--unshare net', 'unshare: permission denied'],
      ['--rlimit nofile=5:unlimited', 'setrlimit() nofile: permission denied'],
      ['--rlimit nofile=unlimited', 'setrlimit() nofile: invalid argument'],
      ['--oom-score-adj -500', 'set OOM score: /proc/self/oom_score_adj: access denied'],
      ['--cpu-list 8000', 'set processors: invalid argument'],
      ['--env-file none', 'read none: file does not exist'],
      ['--chdir none', 'change directory: none: file does not exist'],
    ];
    for (const [line, wanted] of lines) {
      const inner = [world.path('chpst'), ...line.split(' '), '/bin/true'];
      const words = ['-u', 'games', '-b', 'chpst', ...inner];
      await expectRun(world, `${NOT_ROOT} ${line}`, words, `chpst: fatal: unable to ${wanted}\nexit 111`);
    }
  },
};

const bad: readonly (readonly [string, string])[] = [
  ['--umask 8', 'expected octal digits up to 777'],
  ['--umask 1000', 'expected octal digits up to 777'],
  ['--nice 20', 'expected a number from -20 to 19'],
  ['--nice x', 'expected a number from -20 to 19'],
  ['--ionice fast', 'no such class: fast'],
  ['--cpu-list 3-1', 'not a list of processors: 3-1'],
  ['--rlimit nofil=3', 'no such limit: nofil'],
  ['--rlimit nofile=9:3', 'the soft limit is above the hard one'],
  ['--oom-score-adj 1001', 'expected a number from -1000 to 1000'],
  ['--unshare nets', 'no such namespace: nets'],
  ['--cap-keep foo', 'no such capability: foo'],
  ['--cap-drop net_bind', 'no such capability: net_bind'],
  ['--pdeathsig NO', 'no such signal: NO'],
];

const HINT = "try 'chpst --help'\n";

const mistakes: Case = {
  name: 'beyond/mistakes',
  title: 'a value that makes no sense is wrong usage, and nothing is done',
  uses: ['chpst'],
  needs: ['root'],
  async run(world) {
    const done = ['-l', 'made', '/bin/echo', 'done'];
    for (const [line, why] of bad) {
      const [option, value] = line.split(' ');
      await expectRun(world, line, [...line.split(' '), ...done], `chpst: ${option}=${value}: ${why}\n${HINT}exit 100`);
    }
    const flagged = 'chpst: illegal option -- no-new-privs=1\nexit 100';
    await expectRun(world, 'a flag with a value', ['--no-new-privs=1', ...done], flagged);
    await expectRun(world, 'no value', ['--umask'], 'chpst: option requires an argument -- umask\nexit 100');
    const needs = `chpst: --initgroups: needs -u with a user and no group\n${HINT}exit 100`;
    await expectRun(world, 'groups twice', ['--initgroups', '-u', 'games:bin', ...done], needs);
    await expectRun(world, 'groups of nobody', ['--initgroups', ...done], needs);
    await expectRun(world, 'nobody', ['-u', 'nosuch', ...done], 'chpst: fatal: unknown user/group: nosuch\nexit 111');
    held(world, 'chpst', 'made a lock', 'false', String(steps.exists(world, 'made')));
  },
};

const files: Case = {
  name: 'beyond/env-file',
  title: "variables come from files in Docker's format, before those of a directory",
  uses: ['chpst'],
  async run(world) {
    world.write('one', '# a comment\n\nA=1\nB="two words" # kept\nLC_ALL\nNOT_THERE\nC=c=d\r\n');
    world.write('two', 'A=2\nA\nD=\xff');
    world.write('bad', 'A=1\nB C=2\n');
    world.write('env/D', 'from the directory');
    world.write('env/C', '');
    const show = shell('env | grep -a "^[ABCDN][_=]\\|^LC" | sort');
    const first = 'A=1\nB="two words" # kept\nC=c=d\nLC_ALL=C\n';
    await expectRun(world, 'one', ['--env-file', 'one', ...show], first);
    const both = first.replace('A=1', 'A=2').replace('LC_ALL', 'D=\xff\nLC_ALL');
    await expectRun(world, 'both', ['--env-file=one', '--env-file', 'two', ...show], both);
    const all = 'A=2\nB="two words" # kept\nD=from the directory\nLC_ALL=C\n';
    await expectRun(world, 'all', ['-e', 'env', '--env-file=one', '--env-file=two', ...show], all);
    const line = 'chpst: fatal: unable to read bad: line 2: a blank in the name B C\nexit 111';
    await expectRun(world, 'bad', ['--env-file', 'bad', ...show], line);
  },
};

/** Where variables may come from that are in no file, and what must not be waited for. */
const streams: Case = {
  name: 'beyond/env-file-streams',
  title: 'variables come from a pipe, a fifo and standard input, whenever they are written; what never ends is refused',
  uses: ['chpst'],
  async run(world) {
    const script = async (key: string, text: string, wanted: string): Promise<void> => {
      if (!isOurs(world)) return held(world, 'chpst', key, wanted, '');
      const { end, out, err } = await world.runFile('/bin/bash', [
        '-c',
        text.replaceAll('chpst', `${world.bin}/chpst`),
      ]);
      held(world, 'chpst', key, wanted, out + err + (end === 'exit 0' ? '' : end));
    };
    for (const fifo of ['gate', 'fifo']) steps.fifo(world, fifo);
    const show = "sh -c 'echo $A'";
    await script('pipe', `(read x < gate; echo A=1) | chpst --env-file /dev/stdin ${show} & echo > gate; wait`, '1\n');
    await script('substitution', `chpst --env-file <(cat gate; echo A=2) ${show} & echo > gate; wait`, '2\n');
    await script('fifo', `chpst --env-file fifo ${show} & cat gate > fifo & echo A=3 > gate; wait`, '3\n');
    await script('rest', `printf 'A=4' | chpst --env-file /dev/stdin sh -c 'echo $A; cat'`, '4\n');
    const big = 'chpst: fatal: unable to read /dev/zero: file too big\nexit 111';
    await script('endless', 'chpst --env-file /dev/zero true', big);
    symlinkSync('/dev/zero', `${world.mkdir('env')}/A`);
    await script('endless value', 'chpst -e env true', big.replace('/dev/zero', 'env/A'));
  },
};

const namespaces: Case = {
  name: 'beyond/unshare',
  title: 'namespaces are left for new ones, and in a new user namespace we keep our number',
  uses: ['chpst'],
  needs: ['root'],
  async run(world) {
    const differ = (names: string): string => `for n in ${names}; do
      [ $(readlink /proc/self/ns/$n) = $(readlink /proc/$PARENT/ns/$n) ] && echo $n: same || echo $n: new; done`;
    world.env['PARENT'] = String(process.pid);
    const some = 'uts: new\nipc: new\nnet: same\n';
    await expectRun(world, 'two', ['--unshare', 'uts,ipc', ...shell(differ('uts ipc net'))], some);
    await expectRun(world, 'net', ['--unshare', 'net', '-P', ...shell(differ('net uts'))], 'net: new\nuts: same\n');
    const user = ['--unshare', 'user', ...shell('id -u; cat /proc/self/setgroups')];
    await expectRun(world, 'user', ['-u', 'games', `${world.bin}/chpst`, ...user], '5\ndeny\n');
  },
};

const death: Case = {
  name: 'beyond/pdeathsig',
  title: 'the program is sent the signal when its parent ends',
  uses: ['chpst'],
  needs: ['root'],
  async run(world) {
    if (!isOurs(world)) return held(world, 'chpst', 'told', 'true', '');
    const trap =
      'trap "echo child told >> $RECORD; exit" USR1; echo child up pid=$$ >> $RECORD; while :; do sleep 1; done';
    const inner = `chpst --pdeathsig USR1 -u root /bin/sh -c '${trap}' & wait`;
    const parent = world.startFile('/bin/sh', ['-c', inner]);
    await world.event('child up');
    kill(parent.pid, 'SIGKILL');
    await world.event('child told');
    held(world, 'chpst', 'told', 'true', 'true');
  },
};

/** A root with our executable and nothing else, as an image made FROM scratch. */
function scratch(world: World, etc: Readonly<Record<string, string>> = {}): string {
  const root = world.mkdir('scratch');
  mkdirSync(`${root}/bin`, { recursive: true });
  copyFileSync(`${world.bin}/chpst`, `${root}/bin/runitbox`);
  for (const name of ['chpst', 'setuidgid', 'envuidgid']) symlinkSync('runitbox', `${root}/bin/${name}`);
  for (const [name, text] of Object.entries(etc)) world.write(`scratch/etc/${name}`, text);
  return root;
}

/** What a chpst in the root makes of itself; it then waits for a lock that it has, so that it can be looked at. */
async function standsAs(world: World, options: readonly string[]): Promise<string> {
  // one for each, as it belongs to whoever made it
  const lock = `lock${options.join('')}`.replaceAll('/', '');
  const waits = ['/bin/chpst', '-L', lock, '/bin/chpst', '-l', lock, '/bin/runitbox'];
  const command = ['scratch', '/bin/chpst', ...options, ...waits];
  const running = world.startFile('/usr/sbin/chroot', command);
  const ended = await until('an end, or waiting for the lock', () => {
    if (running.end() !== undefined) return running.end();
    return steps.waitsForLock(running.pid) ? 'waits' : undefined;
  });
  if (ended !== 'waits') return `${running.stderr()}${ended}`;
  const text = `${firstOf(running.pid, 'Uid')} ${firstOf(running.pid, 'Gid')} in ${groupsOf(running.pid)}${variablesOf(running)}`;
  kill(running.pid, 'SIGKILL');
  await running.ended();
  return text;
}

function firstOf(pid: number, field: string): string {
  return procField(pid, field).split(/\s+/)[0] ?? '';
}

function groupsOf(pid: number): string {
  return /^Groups:[ \t]*(.*?) *$/m.exec(proc(pid, 'status'))?.[1] ?? 'gone';
}

function variablesOf(running: Running): string {
  const found = proc(running.pid, 'environ').split('\0');
  return found
    .filter((each) => /^[UG]ID=/.test(each))
    .sort()
    .map((each) => ` ${each}`)
    .join('');
}

async function expectStands(world: World, options: readonly string[], wanted: string): Promise<void> {
  world.mkdir('scratch', 0o777);
  const got = isOurs(world) ? await standsAs(world, options) : '';
  held(world, 'chpst', options.join(' '), wanted, got);
}

const unknown = (who: string): string => `chpst: fatal: unknown user/group: ${who}\nexit 111`;

const bare: Case = {
  name: 'beyond/scratch',
  title: 'a root with nothing but the executable: numbers work, names are unknown',
  uses: ['chpst'],
  needs: ['root'],
  async run(world) {
    if (isOurs(world)) scratch(world);
    await expectStands(world, ['-u', ':7:8:9'], '7 8 in 8 9');
    await expectStands(world, ['-u', '7:8'], '7 8 in 8');
    await expectStands(world, ['-U', ':7:8'], `0 0 in ${groupsOf(process.pid)} GID=8 UID=7`);
    for (const who of ['app', 'root', '7', 'app:8', '7:grp']) await expectStands(world, ['-u', who], unknown(who));
    await expectStands(world, ['--initgroups', '-u', 'app'], unknown('app'));
  },
};

const PASSWD = 'broken\n:::\napp:x:notanumber:1:::\napp:x:1000:1001::/:\nother:x:1002:1003::/:\nlast:x:1004:1005::/:';
const MEMBERS = Array.from({ length: 20_000 }, (_, i) => `member${i}`).join(',');
const MANY = Array.from({ length: 100_000 }, (_, i) => `group${i}:x:${100_000 + i}:somebody`).join('\n');
/** Megabytes, with a line longer than any piece, and what is looked for at the very end, without a newline. */
const GROUP = `bad\ngrp:x:x:app\ngrp:x:2000:app,other\n${MANY}\nbig:x:2001:${MEMBERS},app\nend:x:2002:app`;

const named: Case = {
  name: 'beyond/scratch-accounts',
  title: 'users and groups are found in large files with malformed lines',
  uses: ['chpst'],
  needs: ['root'],
  async run(world) {
    if (isOurs(world)) scratch(world, { passwd: PASSWD, group: GROUP });
    await expectStands(world, ['-u', 'app'], '1000 1001 in 1001');
    await expectStands(world, ['-u', 'last'], '1004 1005 in 1005');
    await expectStands(world, ['-u', 'app:end:grp:group99999'], '1000 2002 in 2000 2002 199999');
    await expectStands(world, ['-u', 'last:big:5'], '1004 2001 in 5 2001');
    await expectStands(world, ['-u', 'app', '--initgroups'], '1000 1001 in 1001 2000 2001 2002');
    await expectStands(world, ['-u', 'other', '--initgroups'], '1002 1003 in 1003 2000');
    await expectStands(world, ['-u', ':1:2', '-U', 'app:end'], '1 2 in 2 GID=2002 UID=1000');
    for (const who of ['broken', 'ap', 'app:nosuch', 'member1']) await expectStands(world, ['-u', who], unknown(who));
  },
};

export const cases: readonly Case[] = [
  streams,
  properties,
  cgroup,
  privileges,
  binds,
  refusals,
  mistakes,
  files,
  namespaces,
  death,
  bare,
  named,
];
