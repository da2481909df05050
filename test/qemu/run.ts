// Boots a real kernel with our executable as /sbin/init, in qemu. --kernel FILE: another kernel.
//
// What namespaces cannot show (test/compat plays the rest there): a kernel that starts us, a console that is one, and
// machines that really switch off.
// Read next: root.ts (what is booted), machine.ts; ../lib/options.ts (options), ../lib/runner.ts.
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseOptions } from '../lib/options.ts';
import { Suite, type Test } from '../lib/runner.ts';
import { makeTemporary } from '../lib/temporary.ts';
import { Machine } from './machine.ts';
import { makeRoot, releaseOf } from './root.ts';

const values = parseOptions({
  kernel: { type: 'string', default: '.cache/linux/vmlinuz' },
  binary: { type: 'string', default: 'dist/runitbox' },
});
const suite = new Suite(values, { jobs: 1 });

function wants(what: string, text: string, part: string): void {
  if (!text.includes(part)) throw new Error(`${what}: expected "${part}" in:\n${text}`);
}

function same(what: string, got: string, wanted: string): void {
  if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`);
}

interface Case {
  readonly title: string;
  /** Without stage 1. */
  readonly bare?: true;
  run(machine: Machine): Promise<void>;
}

async function shell(machine: Machine): Promise<void> {
  await machine.hears('READY\n');
  console.log(`    a supervised shell after ${(machine.ms / 1000).toFixed(1)} s`);
}

async function stops(machine: Machine, command: string, end: string): Promise<void> {
  const begunMs = machine.ms;
  machine.type(command);
  same('the end', await machine.end(), end);
  console.log(`    stopped in ${((machine.ms - begunMs) / 1000).toFixed(1)} s`);
  for (const part of ['neighbour got TERM\n', 'neighbour finish 0\n', '- runit: leave stage: /etc/runit/3\n']) {
    wants('on the way down', machine.said, part);
  }
}

const CASES: readonly Case[] = [
  {
    title: 'a kernel starts us as init, and a supervised shell answers; runit-init 0 switches the machine off',
    async run(machine) {
      await shell(machine);
      wants('process 1', await machine.run('cat /proc/1/comm; tr "\\0" " " </proc/1/cmdline'), 'runit\nrunit');
      wants('the shell', await machine.run('sv status /etc/service/*'), 'run: /etc/service/console: (pid ');
      wants('its terminal', await machine.run('tty; echo hi >/dev/tty'), '/dev/ttyS0\nhi\n');
      wants('mounts', await machine.run('cat /proc/mounts'), ' /dev/pts devpts ');
      await stops(machine, 'runit-init 0', 'reboot: Power down');
    },
  },
  {
    title: 'a shell that is killed comes back, orphans are reaped; runit-init 6 reboots the machine',
    async run(machine) {
      await shell(machine);
      machine.type('kill -9 $$');
      await machine.hears('READY\n', 2);
      await machine.run('for i in 1 2 3 4 5; do (sleep 0.1 & ); done; sleep 1');
      wants('zombies', await machine.run('echo left: $(ps -o stat,args | grep ^Z)'), 'left:\n');
      await stops(machine, 'runit-init 6', 'reboot: Restarting system');
    },
  },
  {
    title: 'INT to process 1 runs ctrlaltdel, which here reboots',
    async run(machine) {
      await shell(machine);
      await stops(machine, 'kill -INT 1', 'reboot: Restarting system');
      wants('the request', machine.said, '- runit: enter stage: /etc/runit/ctrlaltdel\n');
    },
  },
  {
    title: 'PWR to process 1 switches the machine off',
    async run(machine) {
      await shell(machine);
      await stops(machine, 'kill -PWR 1', 'reboot: Power down');
    },
  },
  {
    title: 'without a stage 1 a shell with a terminal of its own comes up, and the boot goes on when it ends',
    bare: true,
    async run(machine) {
      await machine.hears('emergency shell on the console');
      wants('the terminal', await machine.run('mount -t devtmpfs dev /dev; echo hi >/dev/tty'), 'hi\n');
      await machine.run(`printf '#!/bin/sh\\nmkdir -p /run; echo mended\\n' >/etc/runit/1`);
      machine.type('mount -t proc proc /proc; chmod 755 /etc/runit/1; exit');
      await shell(machine);
      wants('stage 1', machine.said, 'mended\n- runit: leave stage: /etc/runit/1\n');
      await stops(machine, 'runit-init 0', 'reboot: Power down');
    },
  },
];

const testOf = ({ title, run }: Case, initramfs: string): Test => ({
  title,
  attempt({ defer }) {
    const machine = new Machine(values.kernel, initramfs);
    defer(() => machine.close());
    return run(machine);
  },
});

await suite.run(async () => {
  const chosen = suite.choose(CASES);
  console.log(`Linux ${releaseOf(values.kernel)}`);
  const work = makeTemporary('qemu');
  suite.defer(() => rmSync(work, { recursive: true, force: true }));
  const [whole, bare] = [join(work, 'whole'), join(work, 'bare')];
  makeRoot(whole, resolve(values.binary));
  makeRoot(bare, resolve(values.binary), { without: ['etc/runit/1'] });
  await suite.play(chosen.map((given) => testOf(given, given.bare === true ? bare : whole)));
});
