// What process 1 does when it is asked to stop: CONT and its files, Ctrl-Alt-Del, a failing power, runit-init.
// Read next: ../jail.ts, runit.ts.
import { existsSync, statSync } from 'node:fs';
import { boot, hears, type Jail, layOut, noteLife } from '../jail.ts';
import type { Case } from '../model.ts';
import * as steps from '../steps.ts';
import { attempt } from '../../lib/wait.ts';
import type { World } from '../world.ts';

const NEEDS = ['namespaces'] as const;

/** A stage 2 that stays until it is told to end, and says so. */
const STAYS = `trap 'echo told; exit 0' TERM; echo ready; while :; do sleep .05; done`;
const ENDS = { 1: ':', 2: STAYS, 3: 'echo three' };

/** Boots and waits for stage 2. */
async function up(world: World, place = '.', mounts: readonly string[] = []): Promise<Jail> {
  const jail = boot(world, { place, mounts });
  await hears(jail, 'ready');
  return jail;
}

function mode(world: World, path: string): string {
  return existsSync(world.path(path)) ? (statSync(world.path(path)).mode & 0o777).toString(8) : 'none';
}

const conts: Case = {
  name: 'runit/cont',
  title: 'CONT stops the system where stopit may be executed by its owner, and reboot decides how it ends',
  uses: ['runit'],
  needs: NEEDS,
  async run(world) {
    for (const [name, files] of Object.entries({
      'power off': { stopit: 0o100 },
      'reboot 0': { stopit: 0o700, reboot: 0 },
      reboot: { stopit: 0o100, reboot: 0o100 },
      'reboot 1': { stopit: 0o100, reboot: 0o011 },
    })) {
      layOut(world, ENDS, name);
      for (const [file, bits] of Object.entries(files)) world.write(`${name}/run/runit.${file}`, '', bits);
      const jail = await up(world, name);
      await jail.send('SIGCONT');
      await noteLife(world, name, jail);
      world.note(`${name}: stopit after`, mode(world, `${name}/run/runit.stopit`));
      world.note(`${name}: reboot after`, mode(world, `${name}/run/runit.reboot`));
    }
  },
};

const contNothing: Case = {
  name: 'runit/cont-without-files',
  title: 'CONT means nothing without stopit, or with one that may not be executed; INT nothing without ctrlaltdel',
  uses: ['runit'],
  needs: NEEDS,
  async run(world) {
    layOut(world, ENDS);
    const jail = await up(world);
    await jail.send('SIGCONT');
    await jail.send('SIGINT');
    world.write('run/runit.stopit', '', 0o600);
    world.write('etc/ctrlaltdel', '#!/bin/sh\necho never\n', 0o600);
    await jail.send('SIGCONT');
    await jail.send('SIGINT');
    for (const name of ['SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGQUIT', 'SIGPIPE'] as const) await jail.send(name);
    world.note('after half a second', (await attempt(() => jail.running.end(), 500)) ?? 'runs');
    world.write('run/runit.stopit', '', 0o100);
    await jail.send('SIGCONT');
    await noteLife(world, 'life', jail);
  },
};

const alarm: Case = {
  name: 'runit/alrm',
  title: 'ALRM means nothing',
  uses: ['runit'],
  needs: NEEDS,
  differs: [{ id: 'runit-alrm', lines: { 'after three seconds': 'runs' } }],
  async run(world) {
    layOut(world, ENDS);
    const jail = await up(world);
    await jail.send('SIGALRM');
    const end = await attempt(() => jail.running.end(), 3000);
    world.note('after three seconds', end === undefined ? 'runs' : 'ended');
  },
};

const etcFiles: Case = {
  name: 'runit/files-in-etc',
  title: 'stopit and reboot may stand in /etc/runit, as everywhere but in Debian 12',
  uses: ['runit'],
  needs: NEEDS,
  differs: [
    {
      id: 'runit-stop-files',
      lines: { 'after three seconds': 'ended', 'life: end': 'reboot', 'stopit after': '0' },
      since231: true,
    },
  ],
  async run(world) {
    layOut(world, ENDS);
    for (const name of ['stopit', 'reboot']) world.write(`etc/${name}`, '', 0o100);
    const jail = await up(world);
    await jail.send('SIGCONT');
    const end = await attempt(() => jail.running.end(), 3000);
    world.note('after three seconds', end === undefined ? 'runs' : 'ended');
    world.write('run/runit.stopit', '', 0o100);
    await jail.send('SIGCONT');
    world.note('life: end', await jail.ended());
    world.note('stopit after', mode(world, 'etc/stopit'));
  },
};

const stuckStage2: Case = {
  name: 'runit/stage-2-ignores-term',
  title: 'a stage 2 that ignores TERM is killed after five seconds',
  uses: ['runit'],
  needs: NEEDS,
  async run(world) {
    layOut(world, { ...ENDS, 2: `trap '' TERM; echo ready; sleep 1000` });
    const jail = await up(world);
    world.write('run/runit.stopit', '', 0o100);
    const begun = performance.now();
    await jail.send('SIGCONT');
    await noteLife(world, 'life', jail);
    world.note('took', steps.reached((performance.now() - begun) / 1000, [0, 5]));
  },
};

const stopAtOnce: Case = {
  name: 'runit/stop-at-once',
  title: 'stage 3 follows when stage 2 has ended, not at the next full second',
  uses: ['runit'],
  needs: NEEDS,
  timed: true,
  differs: [{ id: 'runit-stop-at-once', lines: { took: 'less than a second' } }],
  async run(world) {
    layOut(world, ENDS);
    const jail = await up(world);
    world.write('run/runit.stopit', '', 0o100);
    const begun = performance.now();
    await jail.send('SIGCONT');
    await jail.ended();
    world.note('took', performance.now() - begun < 950 ? 'less than a second' : 'a second');
  },
};

const codeOnStop: Case = {
  name: 'runit/code-of-a-stop',
  title: 'how stage 2 ends when it was told to does not matter',
  uses: ['runit'],
  needs: NEEDS,
  async run(world) {
    const lives = ['exit 3', 'exit 100', 'exit 111', 'trap - TERM; kill $$'].map(async (ending, at) => {
      const place = String(at);
      layOut(world, { ...ENDS, 2: `trap '${ending}' TERM; echo ready; while :; do sleep .05; done` }, place);
      const jail = await up(world, place);
      world.write(`${place}/run/runit.stopit`, '', 0o100);
      await jail.send('SIGCONT');
      await noteLife(world, place, jail);
    });
    await Promise.all(lives);
  },
};

const ASKS = `touch /run/runit.stopit /run/runit.reboot; chmod 100 /run/runit.stopit /run/runit.reboot`;

const ctrlAltDel: Case = {
  name: 'runit/ctrl-alt-del',
  title: 'INT runs ctrlaltdel, and then looks whether to stop',
  uses: ['runit'],
  needs: NEEDS,
  async run(world) {
    layOut(world, { ...ENDS, ctrlaltdel: `echo asked >>/run/asked; test $(wc -l </run/asked) = 1 && exit 3; ${ASKS}` });
    const jail = await up(world);
    await jail.send('SIGINT');
    await hears(jail, 'leave stage: /etc/runit/ctrlaltdel');
    world.note('after the first', (await attempt(() => jail.running.end(), 300)) ?? 'runs');
    await jail.send('SIGINT');
    await noteLife(world, 'life', jail);
  },
};

const ctrlAltDelGets: Case = {
  name: 'runit/what-ctrl-alt-del-gets',
  title: 'ctrlaltdel starts with no signal blocked',
  uses: ['runit'],
  needs: NEEDS,
  differs: [{ id: 'runit-ctrlaltdel-signals', lines: { blocked: '0000000000000000' } }],
  async run(world) {
    layOut(world, { ...ENDS, ctrlaltdel: '#!/usr/bin/env -S grep -hs ^SigBlk /proc/self/status' });
    const jail = await up(world);
    await jail.send('SIGINT');
    await hears(jail, 'leave stage: /etc/runit/ctrlaltdel');
    world.note('blocked', /^SigBlk:\s*(\w+)/m.exec(jail.console())?.[1] ?? 'nothing told');
    world.write('run/runit.stopit', '', 0o100);
    await jail.send('SIGCONT');
    await noteLife(world, 'end', { ...jail, console: () => '' });
  },
};

const ctrlAltDelHangs: Case = {
  name: 'runit/ctrl-alt-del-hangs',
  title: 'a ctrlaltdel that hangs keeps nobody from stopping the system, and no orphan from being reaped',
  uses: ['runit'],
  needs: NEEDS,
  differs: [{ id: 'runit-ctrlaltdel-hangs', lines: { 'while it hangs': 'stops' } }],
  async run(world) {
    layOut(world, { ...ENDS, ctrlaltdel: 'echo hangs; exec sleep 1000' });
    const jail = await up(world);
    await jail.send('SIGINT');
    await hears(jail, 'hangs');
    world.write('run/runit.stopit', '', 0o100);
    await jail.send('SIGCONT');
    const end = await attempt(() => jail.running.end(), 3000);
    world.note('while it hangs', end === undefined ? 'nothing' : 'stops');
  },
};

const power: Case = {
  name: 'runit/power',
  title: 'PWR stops the system without any file',
  uses: ['runit'],
  needs: NEEDS,
  differs: [{ id: 'runit-pwr-told', lines: { 'life: warnings': '0' } }],
  async run(world) {
    layOut(world, ENDS);
    const jail = await up(world);
    await jail.send('SIGPWR');
    world.note('life: end', await jail.ended());
    const lines = jail.console().split('\n');
    world.note('life: warnings', lines.filter((line) => line.includes('warning')).length);
    world.note('life: rest', lines.filter((line) => !line.includes('warning')).join('\n'));
  },
};

const pwrfail: Case = {
  name: 'runit/pwrfail',
  title: 'PWR runs pwrfail first where there is one, which may take the stop back',
  uses: ['runit'],
  needs: NEEDS,
  differs: [{ id: 'runit-pwrfail', lines: { asked: 'twice', 'after the first': 'runs' } }],
  async run(world) {
    layOut(world, {
      ...ENDS,
      pwrfail: `echo asked >>/run/asked; test $(wc -l </run/asked) = 2 || chmod 0 /run/runit.stopit /etc/runit/stopit`,
    });
    const jail = await up(world);
    await jail.send('SIGPWR');
    await attempt(() => jail.console().includes('leave stage: /etc/runit/pwrfail'), 2500);
    const end = await attempt(() => jail.running.end(), 500);
    world.note('after the first', end === undefined ? 'runs' : 'ended');
    await jail.send('SIGPWR');
    world.note('end', await jail.ended());
    const asked = existsSync(world.path('run/asked')) ? world.read('run/asked').split('\n').length - 1 : 0;
    world.note('asked', asked === 2 ? 'twice' : String(asked));
  },
};

const inStage1: Case = {
  name: 'runit/requests-in-stage-1',
  title: 'a reboot that is asked for in stage 1 comes after it, though stage 1 makes the files anew',
  uses: ['runit', 'runit-init'],
  needs: NEEDS,
  differs: [
    {
      id: 'runit-stage-1-requests',
      lines: {
        'life: end': 'reboot',
        'life: console': `- runit: $Id: HEX $: booting.
- runit: enter stage: /etc/runit/1
- runit: warning: stage 1 has not ended yet, stopping after it.
- runit: leave stage: /etc/runit/1
- runit: warning: skipping stage 2...
- runit: enter stage: /etc/runit/3
100
- runit: leave stage: /etc/runit/3
- runit: sending KILL signal to all processes...
- runit: system reboot.
`,
      },
    },
  ],
  async run(world) {
    const files = 'for f in stopit reboot; do >/run/runit.$f; chmod 0 /run/runit.$f; done';
    const one = `${files}; ${world.bin}/runit-init 6; sleep .5; ${files}`;
    layOut(world, { 1: one, 2: 'echo two', 3: 'stat -c %a /run/runit.reboot' });
    await noteLife(world, 'life', boot(world));
  },
};

const ctrlAltDelIn1: Case = {
  name: 'runit/ctrl-alt-del-in-stage-1',
  title: 'Ctrl-Alt-Del in stage 1 is obeyed when stage 2 runs',
  uses: ['runit'],
  needs: NEEDS,
  differs: [{ id: 'runit-stage-1-requests', lines: { 'life: end': 'reboot', asked: 'true' } }],
  async run(world) {
    layOut(world, { ...ENDS, 1: 'kill -INT 1; sleep .2', 2: 'sleep 3', ctrlaltdel: `echo asked; ${ASKS}` });
    const jail = boot(world);
    world.note('life: end', await jail.ended());
    world.note('asked', jail.console().includes('asked'));
  },
};

const inStage3: Case = {
  name: 'runit/requests-in-stage-3',
  title: 'in stage 3 requests come too late, but reboot is looked at when it has ended',
  uses: ['runit', 'runit-init'],
  needs: NEEDS,
  async run(world) {
    layOut(world, { 1: ':', 2: ':', 3: `sleep .1; ${world.bin}/runit-init 6; sleep .3` });
    await noteLife(world, 'life', boot(world));
    world.note('stopit after', mode(world, 'run/runit.stopit'));
  },
};

const inits: Case = {
  name: 'runit-init/orders',
  title: 'runit-init 0 switches off and 6 reboots; only the first character counts, the last order wins',
  uses: ['runit', 'runit-init'],
  needs: NEEDS,
  async run(world) {
    const orders = {
      0: ['0'],
      6: ['6'],
      '6x': ['6x'],
      '0 of two': ['0', '6'],
      '0 after 6': ['6', '0'],
      '6 after 0': ['0', '6'],
    };
    const lives = Object.entries(orders).map(async ([key, given]) => {
      const calls =
        key === '0 of two' ? `runit-init ${given.join(' ')}` : given.map((it) => `runit-init ${it}`).join('; ');
      layOut(
        world,
        {
          1: ':',
          2: `PATH=${world.bin}:$PATH; trap 'exit 0' TERM; (trap '' TERM; ${calls}); sleep 20 & wait; wait`,
          3: 'sleep .2',
        },
        key,
      );
      const jail = boot(world, { place: key });
      world.note(`${key}: end`, await jail.ended());
      world.note(`${key}: reboot after`, mode(world, `${key}/run/runit.reboot`));
    });
    await Promise.all(lives);
  },
};

const initUsage: Case = {
  name: 'runit-init/usage',
  title: 'anything but 0 and 6 is usage, which is no failure; -V tells the version before it',
  uses: ['runit-init'],
  async run(world) {
    for (const args of [[], [''], ['7'], ['x', '0'], ['-V'], ['-v'], ['--']]) {
      steps.noteRun(world, `runit-init ${JSON.stringify(args)}`, await world.run('runit-init', args));
    }
    steps.noteRun(world, 'with a path', await world.run('runit-init', [], { argv0: '/some/where/init' }));
  },
};

/** A program as process 1 of a world of its own, its output on the console. */
function alone(world: World, script: string, mounts: readonly string[] = []): Jail {
  layOut(world, {});
  const text = `exec >/dev/console 2>&1; PATH=${world.bin}:$PATH; ${script}`;
  return boot(world, { file: '/bin/sh', argv: ['sh', '-c', text], mounts });
}

const initReadOnly: Case = {
  name: 'runit-init/read-only',
  title: 'where the files cannot be made, runit-init says which and why',
  uses: ['runit-init'],
  needs: NEEDS,
  differs: [
    {
      id: 'runit-init-read-only',
      lines: { console: 'init: fatal: unable to create /etc/runit/stopit: read-only file system\n111\n' },
    },
  ],
  async run(world) {
    const jail = alone(
      world,
      'mount -t tmpfs -o ro none /run; mount -t tmpfs -o ro none /etc/runit; runit-init 0; echo $?',
    );
    await jail.ended();
    world.note('console', jail.console());
  },
};

/** The console without what chmod says of files that only ours makes. */
const plain = (jail: Jail): string => jail.console().replaceAll(/^chmod:.*\n/gm, '');

const initAsked: Case = {
  name: 'runit-init/files',
  title: 'the files are made, with the order in their modes, and process 1 gets CONT',
  uses: ['runit-init'],
  needs: NEEDS,
  differs: [{ id: 'runit-init-both-places', lines: { 'in /etc/runit': '100 none\n0 100\n100 0\n' } }],
  async run(world) {
    const tell = (folder: string) =>
      `tell() { echo $(for f in stopit reboot; do stat -c %a ${folder}$f 2>/dev/null || echo none; done); }`;
    const orders =
      'runit-init 0; tell; chmod 0 /run/runit.stopit /etc/runit/stopit; runit-init 6; chmod 0 /etc/runit/stopit; tell; runit-init 0; tell';
    const jail = alone(world, `trap 'echo cont >>/run/cont' CONT; ${tell('/run/runit.')}; ${orders}`);
    await jail.ended();
    world.note('in /run', plain(jail));
    world.note('cont', world.read('run/cont').length > 0);
    const other = alone(
      world,
      `rm -f /run/runit.* /etc/runit/stopit /etc/runit/reboot; ${tell('/etc/runit/')}; ${orders}`,
    );
    await other.ended();
    world.note('in /etc/runit', plain(other));
  },
};

const initBecomes: Case = {
  name: 'runit-init/process-1',
  title: 'as process 1 runit-init becomes runit, whatever it was called and told',
  uses: ['runit', 'runit-init'],
  needs: NEEDS,
  async run(world) {
    layOut(world, { 1: 'tr "\\0" " " </proc/1/cmdline; echo; cat /proc/1/comm', 2: ':', 3: ':' });
    for (const argv of [['init'], ['/sbin/init', '6']]) {
      const jail = boot(world, { file: `${world.bin}/runit-init`, argv });
      await noteLife(world, argv.join(' '), jail);
    }
  },
};

const initWithout: Case = {
  name: 'runit-init/without-runit',
  title: 'where /sbin/runit cannot be executed, ours is runit itself',
  uses: ['runit', 'runit-init'],
  needs: NEEDS,
  differs: [{ id: 'runit-init-itself', lines: { end: 'power off' } }],
  async run(world) {
    layOut(world, { 1: ':', 2: ':', 3: ':' });
    const jail = boot(world, { file: `${world.bin}/runit-init`, argv: ['init'], mounts: ['/dev/null=/sbin/runit'] });
    world.note('end', await jail.ended());
  },
};

export const cases: readonly Case[] = [
  conts,
  contNothing,
  alarm,
  etcFiles,
  stuckStage2,
  stopAtOnce,
  codeOnStop,
  ctrlAltDel,
  ctrlAltDelGets,
  ctrlAltDelHangs,
  power,
  pwrfail,
  inStage1,
  ctrlAltDelIn1,
  inStage3,
  inits,
  initUsage,
  initReadOnly,
  initAsked,
  initBecomes,
  initWithout,
];
