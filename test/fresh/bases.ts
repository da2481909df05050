// What the bare machines are copies of: Debian's smallest root with what README.md takes for granted, git and make, and
// certificates; made once (.cache/fresh), unpacked into memory for each run.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Codename, packedRoot } from '../lib/debian.ts';
import { mustRun } from '../lib/run.ts';
import { layFiles, type Settings } from './settings.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const CACHE = join(ROOT, '.cache/fresh');

const WITHOUT = ['doc', 'man', 'locale', 'info'].map((dir) => `--dpkgopt=path-exclude=/usr/share/${dir}/*`);
/** sudo is taken away where a scenario has none. */
const PACKAGES = ['git', 'make', 'ca-certificates', 'sudo'];

/** Unpacks it into `dir`, with a user, `tester`, whom sudo lets do all. */
export const unpack = async (codename: Codename, settings: Settings, dir: string): Promise<void> => {
  mkdirSync(dir);
  const tar = await packedRoot({ codename, packages: PACKAGES, options: WITHOUT }, 'fresh');
  await mustRun(['tar', '-xf', tar, '-C', dir]);
  layFiles(settings, dir);
  const finish = `update-ca-certificates >/dev/null 2>&1
    useradd --create-home --shell /bin/sh tester; chmod 700 /home/tester
    echo 'tester ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/tester
    echo 'APT::Keep-Downloaded-Packages "true";' > /etc/apt/apt.conf.d/99keep
    echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/unsafe-io
    chmod 700 /root`;
  await mustRun(['chroot', dir, 'sh', '-c', finish]);
};
