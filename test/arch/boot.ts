// A machine of another processor boots our executable as init; the contract suite and svlogd run there.
//
// svlogd gives memory back in units of pages: one that takes 4 KiB for granted discards what is in use where a kernel has pages of 16
// (arm64's) or 64 KiB (ppc64le's), as the kernel rounds up. Read next: machines.ts, ../qemu/machine.ts, ../qemu/root.ts.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hands } from '../lib/runner.ts';
import { Machine } from '../qemu/machine.ts';
import { makeRoot } from '../qemu/root.ts';
import { NOT_IN_SMALL_ROOT, unexpectedFailures } from './emulation.ts';
import type { Bootable } from './machines.ts';

export interface Parts {
  readonly machine: Bootable;
  readonly kernel: string;
  readonly busybox: string;
  readonly executable: string;
  readonly contract: string;
  /** Of this machine's processor. */
  readonly runsHere: string;
}

/** Bursts of long lines that svlogd writes, rests, in which it gives memory back, and small lines; then what it wrote is compared. */
const BURSTS = `#!/bin/sh
lines() { awk -v burst=$1 'BEGIN { for (i = 0; i < 400; i++) printf "%d %d %2000s\\n", burst, i, "end" }'; }
small() { for each in 1 2 3 4 5; do echo "small $1 $each"; done; }
mkdir -p /tmp/log /tmp/expected && echo s100000000 > /tmp/log/config
for burst in 1 2 3 4; do lines $burst; small $burst; done > /tmp/expected/all
for burst in 1 2 3 4; do lines $burst; sleep 2; small $burst; done | svlogd /tmp/log
echo "svlogd ended with $?"
cmp /tmp/expected/all /tmp/log/current && echo 'same lines'
`;

const wants = (what: string, text: string, part: string): void => {
  if (!text.includes(part)) throw new Error(`${what}: expected "${part}" in:\n${text.slice(-3000)}`);
};

export const boots = async (parts: Parts, dir: string, { defer, note }: Hands): Promise<readonly string[]> => {
  const initramfs = join(dir, 'initramfs');
  const bursts = join(dir, 'bursts');
  writeFileSync(bursts, BURSTS);
  chmodSync(bursts, 0o755);
  makeRoot(initramfs, parts.executable, {
    busybox: parts.busybox,
    console: parts.machine.console,
    runsHere: parts.runsHere,
    files: { contract: parts.contract, bursts },
  });
  const machine = new Machine(parts.kernel, initramfs, parts.machine);
  defer(() => machine.close());
  await machine.hears('READY\n');
  note(`a supervised shell after ${(machine.ms / 1000).toFixed(1)} s`);
  wants('pages', await machine.run('grep -m 1 KernelPageSize /proc/self/smaps'), ` ${parts.machine.pageKiB} kB\n`);
  wants('services', await machine.run('sv status /etc/service/*'), 'run: /etc/service/neighbour: (pid ');
  const bursty = await machine.run('/bursts');
  wants('svlogd', bursty, 'svlogd ended with 0\nsame lines\n');
  const contract = await machine.run('cd /tmp; /contract < /dev/null > /tmp/said 2>&1; cut -c 1-300 /tmp/said');
  machine.type('runit-init 0');
  const end = await machine.end();
  wants('the end', end, parts.machine.endsInSilence === true ? 'in silence' : 'reboot: Power down');
  wants('the last stage', machine.said, '- runit: leave stage: /etc/runit/3\n');
  return unexpectedFailures(contract, NOT_IN_SMALL_ROOT);
};
