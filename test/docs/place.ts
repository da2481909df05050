// A machine to execute a page on: a root of its own, laid over one that is only read, and gone with the last process.
//
// Promises: nothing outside is written, no process is left; a page that does not end is ended. Wants root.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packedRoot } from '../lib/debian.ts';
import { type Result, run } from '../lib/run.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE_MS = 300_000;

/** Where a page finds the checkout that it speaks of. */
export const CHECKOUT = '/src';

/** What a bare Debian has besides, for a page that speaks of it. */
export const DEBIANS = {
  debian: [],
  web: ['nginx-light', 'python3', 'runit', 's6', 'supervisor', 'tini'],
} as const;

export type Debian = keyof typeof DEBIANS;

/** A root of Debian's minimal packages, made once from the machine's own package sources. */
export const debianTar = (name: Debian): Promise<string> =>
  packedRoot({ codename: 'bookworm', packages: DEBIANS[name] }, 'docs');

/** Copies what git knows of the checkout, and what was built, to `to`. */
export const copyCheckout = (to: string): void => {
  mkdirSync(to, { recursive: true });
  const pack = 'git ls-files -z | tar --null --ignore-failed-read -T - -c 2>/dev/null | tar -x -C "$0"';
  execFileSync('sh', ['-ec', pack, to], { cwd: ROOT });
  cpSync(join(ROOT, 'dist'), join(to, 'dist'), { recursive: true });
};

/** $1: the root below, $2: the checkout, $3: what is executed. */
const ENTER = `
below=$1 checkout=$2 script=$3
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o lowerdir="$below",upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
cd /mnt/root
mkdir -p proc sys dev run tmp .${CHECKOUT}
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
cp -a "$checkout/." .${CHECKOUT}
printf '%s' "$script" > tmp/page
hostname page
exec chroot . /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \\
  bash /tmp/page
`;

const NAMESPACES = '--mount --propagation private --pid --fork --kill-child --uts --ipc --net'.split(' ');

/** Executes `script` by bash on top of the root `below`, in namespaces of its own. */
export const play = (below: string, checkout: string, script: string, timeoutMs: number = PAGE_MS): Promise<Result> =>
  // services that keep the pipe open end with their namespace
  run(['unshare', ...NAMESPACES, 'sh', '-ec', ENTER, 'enter', below, checkout, script], { timeoutMs });
