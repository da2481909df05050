// runit as process 1: its stages, what they get, how they end. Played in namespaces of their own.
// Read next: ../jail.ts, runit-requests.ts (signals and stop files).
import { boot, hears, type Jail, layOut, noteLife, type Stages } from '../jail.ts';
import type { Case } from '../model.ts';
import { procField, stateOf } from '../../lib/proc.ts';
import * as steps from '../steps.ts';
import { attempt, sleep, until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const NEEDS = ['namespaces'] as const;

/** What a program started by process 1 is given. */
const TELLS = `echo "args $0, $#"
echo "session $(($(cut -d' ' -f6 /proc/$$/stat) == $$)) parent $PPID"
for fd in 0 1 2; do echo "$fd: $(readlink /proc/$$/fd/$fd)"; done
grep '^SigBlk' /proc/self/status
echo "PATH $PATH"`;

const notProcess1: Case = {
  name: 'runit/not-process-1',
  title: 'runit refuses to be anything but process 1',
  uses: ['runit'],
  async run(world) {
    steps.noteRun(world, 'runit', await world.run('runit', []));
    steps.noteRun(world, 'runit x', await world.run('runit', ['x']));
  },
};

const given: Case = {
  name: 'runit/what-stages-get',
  title: 'stages get the console, no argument, the environment, and their own session from stage 2 on',
  uses: ['runit'],
  needs: NEEDS,
  async run(world) {
    const stages = ['1', '2', '3'].map((name) => [name, `(${TELLS}) >/run/told.${name}`]);
    layOut(world, Object.fromEntries(stages) as Stages);
    await noteLife(world, 'life', boot(world));
    for (const name of ['1', '2', '3']) world.note(`${name} gets`, world.read(`run/told.${name}`));
  },
};

const waits: Case = {
  name: 'runit/console-waits',
  title: 'the console that stages get waits for whoever reads it, so that nothing they say is lost',
  uses: ['runit'],
  needs: NEEDS,
  differs: [
    { id: 'runit-console-waits', lines: { '1': '0002 0001 0001\n', '2': '0001 0001 0001\n', '3': '0001 0001 0001\n' } },
  ],
  async run(world) {
    const flags = 'for fd in 0 1 2; do sed -n "s/flags:.*\\(....\\)$/\\1/p" /proc/$$/fdinfo/$fd; done';
    const stages = ['1', '2', '3'].map((name) => [name, `echo $(${flags}) >/run/flags.${name}`]);
    layOut(world, Object.fromEntries(stages) as Stages);
    await boot(world).ended();
    for (const name of ['1', '2', '3']) world.note(name, world.read(`run/flags.${name}`));
  },
};

const CONT_BIT = 17n;

const contIgnored: Case = {
  name: 'runit/cont-not-ignored',
  title: 'no signal is ignored in what stages start',
  uses: ['runit'],
  needs: NEEDS,
  differs: [{ id: 'runit-cont-ignored', lines: { 'CONT ignored': 'false' }, since231: true }],
  async run(world) {
    layOut(world, { 1: `grep SigIgn /proc/self/status >/run/told`, 2: '', 3: '' });
    await boot(world).ended();
    const mask = BigInt(`0x${world.read('run/told').trim().split('\t')[1]}`);
    world.note('CONT ignored', ((mask >> CONT_BIT) & 1n) === 1n);
  },
};

/** Lives in which one stage ends in each way. */
const ENDINGS = ['exit 0', 'exit 1', 'exit 100', 'exit 111', 'kill -9 $$'] as const;

async function live(world: World, place: string, stages: Stages): Promise<void> {
  layOut(world, stages, place);
  await noteLife(world, place, boot(world, { place }));
}

const crashed = (before: string, n: number, after: string): string => `- runit: $Id: HEX $: booting.
${before}- runit: enter stage: /etc/runit/${n}
- runit: warning: child crashed: /etc/runit/${n}
${after}- runit: sending KILL signal to all processes...
- runit: power off...
`;

const STAGE_1 = '- runit: enter stage: /etc/runit/1\n- runit: leave stage: /etc/runit/1\n';
const STAGE_2 = '- runit: enter stage: /etc/runit/2\n- runit: leave stage: /etc/runit/2\n';
const STAGE_3 = '- runit: enter stage: /etc/runit/3\n- runit: leave stage: /etc/runit/3\n';
const AGAIN = `- runit: warning: killing all processes in stage 2...\n- runit: warning: restarting.\n`;

const CRASHES = { id: 'runit-crash', since231: true } as const;

const stage1: Case = {
  name: 'runit/end-of-stage-1',
  title: 'stage 2 follows stage 1 unless that exits 100 or crashes',
  uses: ['runit'],
  needs: NEEDS,
  differs: [
    {
      ...CRASHES,
      lines: {
        '1-4: console': crashed(
          '',
          1,
          `- runit: leave stage: /etc/runit/1\n- runit: warning: skipping stage 2...\n${STAGE_3}`,
        ),
      },
    },
  ],
  async run(world) {
    await Promise.all(ENDINGS.map((ending, at) => live(world, `1-${at}`, { 1: ending, 2: ':', 3: ':' })));
  },
};

const stage2: Case = {
  name: 'runit/end-of-stage-2',
  title: 'stage 3 follows stage 2 unless that exits 111 or crashes, which brings it again after five seconds',
  uses: ['runit'],
  needs: NEEDS,
  differs: [
    { ...CRASHES, lines: { '2-4: console': crashed(STAGE_1, 2, `${AGAIN}${STAGE_2}${STAGE_3}`), '2-4: starts': '2' } },
  ],
  async run(world) {
    const lives = ENDINGS.map(async (ending, at) => {
      const script = `echo x >>/run/starts; test -e /run/again && exit 0; touch /run/again; ${ending}`;
      await live(world, `2-${at}`, { 1: ':', 2: script, 3: ':' });
      world.note(`2-${at}: starts`, world.read(`2-${at}/run/starts`).length / 2);
    });
    await Promise.all(lives);
  },
};

const stage3: Case = {
  name: 'runit/end-of-stage-3',
  title: 'however stage 3 ends, the machine is switched off',
  uses: ['runit'],
  needs: NEEDS,
  differs: [
    {
      ...CRASHES,
      lines: { '3-4: console': crashed(`${STAGE_1}${STAGE_2}`, 3, `- runit: leave stage: /etc/runit/3\n`) },
    },
  ],
  async run(world) {
    await Promise.all(ENDINGS.map((ending, at) => live(world, `3-${at}`, { 1: ':', 2: ':', 3: ending })));
  },
};

const groupKilled: Case = {
  name: 'runit/stage-2-group',
  title: 'what stage 2 leaves in its process group is killed before it is started again',
  uses: ['runit'],
  needs: NEEDS,
  async run(world) {
    const two = `test -e /run/again && { kill -0 $(cat /run/left) 2>/dev/null && echo lives >/run/told || echo gone >/run/told; exit 0; }
touch /run/again; sleep 1000 & echo $! >/run/left; exit 111`;
    layOut(world, { 1: ':', 2: two, 3: ':' });
    await noteLife(world, 'life', boot(world));
    world.note('what was left', world.read('run/told'));
  },
};

const reaps: Case = {
  name: 'runit/reaps',
  title: 'orphans are reaped, whatever stage runs',
  uses: ['runit'],
  needs: NEEDS,
  async run(world) {
    // all children of process 1 but the stage: those that have not ended yet may still become zombies
    const orphans = `children() { for f in /proc/[0-9]*/stat; do read -r pid name state parent rest <$f && [ "$parent" = 1 ] &&
  [ $pid != $$ ] && echo "$name $state"; done 2>/dev/null; }
n=0; while [ $n -lt 50 ]; do (sh -c 'exit 3' & ) ; n=$((n+1)); done
n=0; while [ -n "$(children)" ] && [ $n -lt 600 ]; do sleep .05; n=$((n+1)); done
echo "left: $(children)" >>/run/zombies`;
    layOut(world, { 1: orphans, 2: orphans, 3: orphans });
    await boot(world).ended();
    world.note('zombies', world.read('run/zombies'));
  },
};

const idle: Case = {
  name: 'runit/idle',
  title: 'while nothing happens process 1 does not wake up',
  uses: ['runit'],
  needs: NEEDS,
  differs: [{ id: 'runit-idle', lines: { 'wake-ups in sixteen seconds': 'none' } }],
  async run(world) {
    layOut(world, { 1: ':', 2: `trap 'exit 0' TERM; echo ready; sleep 1000 & wait`, 3: ':' });
    const jail = boot(world);
    await hears(jail, 'ready');
    const pid = await jail.pid();
    const wakes = () => Number(procField(pid, 'voluntary_ctxt_switches'));
    await until('process 1 asleep', () => stateOf(pid) === 'S');
    const before = wakes();
    await sleep(16_000);
    world.note('wake-ups in sixteen seconds', wakes() === before ? 'none' : 'some');
  },
};

/** The console as a fifo, which is no terminal: nobody is there to help. */
function bootWithoutTerminal(world: World): { jail: Jail; console: () => string } {
  const fifo = steps.fifo(world, 'console', 0o622);
  const reader = world.startFile('/bin/cat', [fifo]);
  const jail = boot(world, { mounts: [`${fifo}=/dev/console`] });
  return { jail, console: () => reader.stdout() };
}

const MISSING = (n: number): string => `- runit: enter stage: /etc/runit/${n}
- runit: fatal: unable to start child: /etc/runit/${n}: file does not exist
- runit: warning: child failed: /etc/runit/${n}
- runit: leave stage: /etc/runit/${n}
`;

const missing: Case = {
  name: 'runit/missing-stages',
  title: 'a stage that is missing has failed, and the next one follows',
  uses: ['runit'],
  needs: NEEDS,
  differs: [
    {
      id: 'runit-stage-missing',
      lines: {
        console: `- runit: $Id: HEX $: booting.
${MISSING(1)}${MISSING(2)}${MISSING(3)}- runit: sending KILL signal to all processes...
- runit: power off...
`,
      },
    },
  ],
  async run(world) {
    layOut(world, {});
    const { jail, console } = bootWithoutTerminal(world);
    world.note('end', await jail.ended());
    await until('all of the console', () => console().includes('power off...\n') || undefined);
    world.note('console', console());
  },
};

/** Stands for sulogin: says what it has, mends stage 1 once, and ends. */
const MENDS = `echo "shell on $(ps -o tty= -p $$ | tr -d '0-9')"
test -e /run/mended && exit 0
touch /run/mended
printf '#!/bin/sh\\necho mended\\n' >/etc/runit/1; chmod 755 /etc/runit/1`;

const emergency: Case = {
  name: 'runit/emergency-shell',
  title: 'where the console is a terminal, a stage that cannot be executed brings a shell, and is tried again after it',
  uses: ['runit'],
  needs: NEEDS,
  differs: [
    {
      id: 'runit-emergency-shell',
      lines: {
        'life: console': `- runit: $Id: HEX $: booting.
- runit: enter stage: /etc/runit/1
- runit: fatal: unable to start child: /etc/runit/1: file does not exist
- runit: warning: emergency shell on the console, /etc/runit/1 is tried again when it ends.
shell on pts/
mended
- runit: leave stage: /etc/runit/1
- runit: enter stage: /etc/runit/2
- runit: fatal: unable to start child: /etc/runit/2: file does not exist
- runit: warning: emergency shell on the console, /etc/runit/2 is tried again when it ends.
shell on pts/
- runit: fatal: unable to start child: /etc/runit/2: file does not exist
- runit: warning: child failed: /etc/runit/2
- runit: leave stage: /etc/runit/2
${STAGE_3}- runit: sending KILL signal to all processes...
- runit: power off...
`,
      },
    },
  ],
  async run(world) {
    layOut(world, { 3: ':' });
    const sulogin = steps.script(world, 'sulogin', MENDS);
    await noteLife(world, 'life', boot(world, { mounts: [`${sulogin}=/sbin/sulogin`] }));
  },
};

const notPermitted: Case = {
  name: 'runit/not-permitted',
  title: 'where the kernel lets nobody switch anything off, as in a container, process 1 leaves at the end',
  uses: ['runit'],
  needs: NEEDS,
  differs: [
    {
      id: 'runit-not-permitted',
      lines: {
        'at the end': 'exit 0',
        said: 'power off... warning: not permitted to switch anything off, exiting.',
      },
    },
  ],
  async run(world) {
    layOut(world, { 1: ':', 2: ':', 3: ':' });
    const argv = ['setpriv', '--bounding-set=-sys_boot', '--inh-caps=-sys_boot', '/sbin/runit'];
    const jail = boot(world, { file: '/usr/bin/setpriv', argv });
    await hears(jail, 'power off...');
    const last = () => (/system halt|exiting/.test(jail.console()) ? true : undefined);
    await until('the last words', last);
    const ended = await attempt(() => jail.running.end(), 1500);
    world.note('at the end', ended === undefined ? 'stays' : await jail.ended());
    world.note('said', jail.console().split('- runit: ').slice(-2).join('').trim().replaceAll('\n', ' '));
  },
};

export const cases: readonly Case[] = [
  notProcess1,
  given,
  waits,
  contIgnored,
  stage1,
  stage2,
  stage3,
  groupKilled,
  reaps,
  idle,
  missing,
  emergency,
  notPermitted,
];
