// What the bare machines are copies of: Debian's smallest root with what README.md takes for granted, git and make, and
// certificates; made once (.cache/fresh), unpacked into memory for each run.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Codename, mmdebstrap, nameOf, type Wanted } from '../lib/debian.ts';
import { layFiles, type Settings } from './settings.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const CACHE = join(ROOT, '.cache/fresh');

const WITHOUT = ['doc', 'man', 'locale', 'info'].map((dir) => `--dpkgopt=path-exclude=/usr/share/${dir}/*`);
/** sudo is taken away where a scenario has none. */
const PACKAGES = ['git', 'make', 'ca-certificates', 'sudo'];

const makeTar = (codename: Codename): string => {
  const wanted: Wanted = { codename, packages: PACKAGES, options: WITHOUT };
  const tar = join(CACHE, `${nameOf(wanted)}.tar`);
  if (existsSync(tar)) return tar;
  mkdirSync(CACHE, { recursive: true });
  for (const name of readdirSync(CACHE)) if (name.startsWith(`${codename}-`)) rmSync(join(CACHE, name));
  const made = join(CACHE, `${codename}-new.tar`);
  const [program = '', ...args] = mmdebstrap(wanted, made);
  execFileSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  renameSync(made, tar);
  return tar;
};

/** Unpacks it into `dir`, with a user, `tester`, whom sudo lets do all. */
export const unpack = (codename: Codename, settings: Settings, dir: string): void => {
  mkdirSync(dir);
  execFileSync('tar', ['-xf', makeTar(codename), '-C', dir]);
  layFiles(settings, dir);
  const finish = `update-ca-certificates >/dev/null 2>&1
    useradd --create-home --shell /bin/sh tester; chmod 700 /home/tester
    echo 'tester ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/tester
    echo 'APT::Keep-Downloaded-Packages "true";' > /etc/apt/apt.conf.d/99keep
    echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/unsafe-io
    chmod 700 /root`;
  execFileSync('chroot', [dir, 'sh', '-c', finish]);
};
