// `sv lint` on the service directories of Debian's packages: it finds no error in what works. Read next: tree.ts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackedPackages } from '../lib/debian.ts';
import type { Case } from './cases.ts';

/** Those of Debian 12 and 13; an archive without one of them has the others. */
const PACKAGES = [
  ...['runit-services', 'socklog-run', 'git-daemon-run', 'mini-httpd-run', 'getty-run', 'runit-init', 'bcron'],
  ...['openssh-server', 'dnsmasq', 'tor', 'irqbalance'],
];
const PLACES = ['root/etc/sv', 'root/usr/share/runit/sv'];
const LEAST = 40;

const isInArchive = (name: string): boolean =>
  spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' }).stdout.includes('Candidate: ');

/** What the packages' installation adds where log/ is empty: runit-helper in Debian 12, cpsv in Debian 13. */
const addLogScript = (dir: string): void => {
  const run = join(dir, 'log/run');
  if (!existsSync(join(dir, 'log')) || existsSync(run)) return;
  writeFileSync(run, '#!/bin/sh\nexec svlogd -tt main\n');
  chmodSync(run, 0o755);
};

export const LINT_CASES: readonly Case[] = [
  {
    title: "lint finds no error in the service directories of Debian's packages",
    needs: ['apt-get', 'dpkg-deb'],
    async attempt(tree) {
      const unpacked = await unpackedPackages(PACKAGES.filter(isInArchive));
      const places = PLACES.map((place) => join(unpacked, place));
      for (const place of places) cpSync(place, join(tree.dir, 'sv'), { recursive: true, verbatimSymlinks: true });
      const dirs = readdirSync(join(tree.dir, 'sv')).filter((name) => existsSync(join(tree.dir, 'sv', name, 'run')));
      assert.ok(dirs.length >= LEAST, `expected ${LEAST} service directories, got ${dirs.length}`);
      for (const name of dirs) addLogScript(join(tree.dir, 'sv', name));
      const { code, text } = await tree.sv('lint', ...dirs.map((name) => `./sv/${name}`));
      assert.deepEqual([code, text.split('\n').filter((line) => line.includes(': error: '))], [0, []]);
    },
  },
];
