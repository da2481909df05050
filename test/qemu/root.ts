// The system that is booted: an initramfs of BusyBox, our executable, the stages of docs/runit and two services.
//
// Promises: nothing of the machine that runs the test gets in but BusyBox, or that of another processor. Read next: machine.ts (booting
// it).
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { X86_64 } from './machine.ts';

const ROOT = join(import.meta.dirname, '../..');

function script(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

/** A shell on the serial line, as a service. */
const shellOn = (console: string): string =>
  `exec setsid -c sh -c 'echo READY; exec sh' </dev/${console} >/dev/${console} 2>&1`;
/** Shows on the console whether it was stopped as it should be. */
const NEIGHBOUR = `trap 'echo neighbour got TERM >/dev/console; exit 0' TERM; while :; do sleep 1; done`;

/** Everything that differs from one boot to the other. */
export interface Changes {
  /** Files below / to be taken away. */
  readonly without?: readonly string[];
  /** Path below / -> the file that lies there. */
  readonly files?: Readonly<Record<string, string>>;
  /** For another processor: its BusyBox, its serial line, and an executable of ours that runs here and names all programs. */
  readonly busybox?: string;
  readonly console?: string;
  readonly runsHere?: string;
}

function busyboxFile(): string {
  const found = ['/bin/busybox', '/usr/bin/busybox'].find((path) => spawnSync(path, ['true']).status === 0);
  if (found === undefined) throw new Error('there is no busybox');
  return found;
}

function lay(dir: string, { busybox, console = X86_64.console }: Changes): void {
  for (const name of [
    'bin',
    'sbin',
    'usr/bin',
    'usr/sbin',
    'proc',
    'sys',
    'dev',
    'run',
    'tmp',
    'etc/runit',
    'etc/service',
  ]) {
    mkdirSync(join(dir, name), { recursive: true });
  }
  cpSync(busybox ?? busyboxFile(), join(dir, 'bin/busybox'));
  const applets = execFileSync(busyboxFile(), ['--list'], { encoding: 'utf8' }).trim().split('\n');
  // without a sulogin the emergency shell is sh
  for (const name of applets)
    if (name !== 'busybox' && name !== 'sulogin') symlinkSync('busybox', join(dir, 'bin', name));
  for (const name of ['1', '2', '3', 'ctrlaltdel'])
    cpSync(join(ROOT, 'docs/runit', name), join(dir, 'etc/runit', name));
  writeFileSync(join(dir, 'etc/hostname'), 'qemu\n');
  script(join(dir, 'etc/service/console/run'), shellOn(console));
  // a shell at a terminal ignores TERM
  script(join(dir, 'etc/service/console/control/t'), 'kill -HUP $1');
  script(join(dir, 'etc/service/neighbour/run'), NEIGHBOUR);
  script(join(dir, 'etc/service/neighbour/finish'), 'echo neighbour finish $1 >/dev/console');
}

function installOurs(dir: string, executable: string, runsHere: string): void {
  cpSync(executable, join(dir, 'usr/bin/runitbox'));
  const places = execFileSync(runsHere, ['--list-full'], { encoding: 'utf8' }).trim().split('\n');
  for (const place of places) symlinkSync('/usr/bin/runitbox', join(dir, place));
  rmSync(join(dir, 'bin/init'), { force: true });
  rmSync(join(dir, 'sbin/init'), { force: true });
  symlinkSync('runit-init', join(dir, 'sbin/init'));
}

/** Makes the file `initramfs` from a directory beside it. */
export function makeRoot(initramfs: string, executable: string, changes: Changes = {}): void {
  const dir = `${initramfs}.d`;
  rmSync(dir, { recursive: true, force: true });
  lay(dir, changes);
  installOurs(dir, executable, changes.runsHere ?? executable);
  for (const [path, from] of Object.entries(changes.files ?? {})) cpSync(from, join(dir, path));
  for (const path of changes.without ?? []) rmSync(join(dir, path));
  const pack = 'find . | busybox cpio -o -H newc 2>/dev/null | gzip -1';
  writeFileSync(initramfs, execFileSync('sh', ['-c', pack], { cwd: dir, maxBuffer: 1 << 28 }));
  rmSync(dir, { recursive: true, force: true });
}

/** The kernel's release, for the report. */
export function releaseOf(kernel: string): string {
  return /(\d+\.\d+\.\d+\S*) \(/.exec(readFileSync(kernel, 'latin1'))?.[1] ?? 'unknown';
}
