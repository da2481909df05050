// Boots a real kernel with our executable as /sbin/init, in qemu: `run.ts KERNEL`. Ends in `N passed, N failed`.
//
// What namespaces cannot show (test/compat plays the rest there): a kernel that starts us, a console that is one, and
// machines that really switch off. Read next: root.ts (what is booted), machine.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Machine } from './machine.ts';
import { makeRoot, releaseOf } from './root.ts';

const [kernel = '', ours = 'dist/runitbox'] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'runitbox-qemu-'));
const whole = join(work, 'whole');
const withoutStage1 = join(work, 'without-1');

function wants(what: string, text: string, part: string): void {
  if (!text.includes(part)) throw new Error(`${what}: expected "${part}" in:\n${text}`);
}

function same(what: string, got: string, wanted: string): void {
  if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`);
}

interface Test {
  readonly title: string;
  readonly root: string;
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

const TESTS: readonly Test[] = [
  {
    title: 'a kernel starts us as init, and a supervised shell answers; runit-init 0 switches the machine off',
    root: whole,
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
    root: whole,
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
    root: whole,
    async run(machine) {
      await shell(machine);
      await stops(machine, 'kill -INT 1', 'reboot: Restarting system');
      wants('the request', machine.said, '- runit: enter stage: /etc/runit/ctrlaltdel\n');
    },
  },
  {
    title: 'PWR to process 1 switches the machine off',
    root: whole,
    async run(machine) {
      await shell(machine);
      await stops(machine, 'kill -PWR 1', 'reboot: Power down');
    },
  },
  {
    title: 'without a stage 1 a shell with a terminal of its own comes up, and the boot goes on when it ends',
    root: withoutStage1,
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

async function play(test: Test): Promise<boolean> {
  const machine = new Machine(kernel, test.root);
  try {
    await test.run(machine);
    console.log(`ok      ${test.title}`);
    return true;
  } catch (cause) {
    console.log(`FAILED  ${test.title}\n    ${String(cause).replaceAll('\n', '\n    ')}`);
    return false;
  } finally {
    machine.close();
  }
}

let passed = 0;
try {
  console.log(`Linux ${releaseOf(kernel)}`);
  makeRoot(whole, resolve(ours));
  makeRoot(withoutStage1, resolve(ours), { without: ['etc/runit/1'] });
  for (const test of TESTS) if (await play(test)) passed++;
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${TESTS.length - passed} failed`);
process.exit(passed === TESTS.length ? 0 : 1);
