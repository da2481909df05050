// Debian's packages on a bare Debian: installed beside others and in their place, upgraded while a service runs, and purged; and the
// commands of the pages that tell of releases. Without a network, as nothing is needed from one.
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageVersion } from './archive.ts';
import { NEWER } from './packages.ts';
import { mustRun } from '../lib/run.ts';
import { blocksIn } from '../docs/pages.ts';
import { CHECKOUT, play } from '../docs/place.ts';
import { type Codename, packedRoot } from '../lib/debian.ts';

const ROOT = join(import.meta.dirname, '../..');

/** What a script says comes last; a command that fails ends it. */
const BEGIN = `set -euo pipefail
set +h
trap 'echo "FAILED at line $LINENO: $BASH_COMMAND"' ERR
cd ${CHECKOUT}
echo 'APT::Get::Assume-Yes "true";' > /etc/apt/apt.conf.d/99yes
export DEBIAN_FRONTEND=noninteractive
mkdir -p /usr/local/share/man
all_files() { find / -xdev \\( -path ${CHECKOUT} -o -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/cache \\
  -o -path /var/log -o -path /var/lib/dpkg -o -path /var/lib/apt \\) -prune -o -print | sort; }
until_true() { for each in $(seq 600); do "$@" > /dev/null 2>&1 && return; sleep 0.1; done; echo "waited a minute for: $*"; return 1; }
`;

const revised = `_${packageVersion}-0upstream1`;

const LIFE = `
all_files > /tmp/before
dpkg -i runitbox${revised}_amd64.deb
[ "$(runitbox --version)" = 'runitbox ${packageVersion}' ]
! command -v sv && ! command -v envdir
svprobe --help > /dev/null

# in the place of runit and daemontools, which here are two packages of one file
for other in runit daemontools; do
  mkdir -p /tmp/$other/DEBIAN /tmp/$other/usr/bin
  printf 'Package: %s\\nVersion: 2\\nArchitecture: all\\nMaintainer: x <x@example.org>\\nDescription: x\\n' $other > /tmp/$other/DEBIAN/control
done
echo theirs > /tmp/runit/usr/bin/sv; echo theirs > /tmp/daemontools/usr/bin/svc
for other in runit daemontools; do dpkg-deb --build /tmp/$other /tmp > /dev/null; done
dpkg -i /tmp/runit_2_all.deb /tmp/daemontools_2_all.deb
apt-get install ./runitbox-runit${revised}_all.deb ./runitbox-daemontools${revised}_all.deb
for other in runit daemontools; do ! dpkg -s $other 2>&1 | grep -q 'Status: .* installed'; done
[ "$(readlink /usr/bin/sv)" = runitbox ] && [ "$(readlink /usr/bin/svc)" = runitbox ]
! dpkg -i /tmp/runit_2_all.deb > /tmp/said 2>&1
grep -q 'conflict' /tmp/said

# an upgrade leaves services alone
mkdir -p /tmp/service/web
printf '#!/bin/sh\\nexec sleep 100000\\n' > /tmp/service/web/run
chmod +x /tmp/service/web/run
runsvdir -P /tmp/service & scan=$!
sv wait -w 60 up /tmp/service/web
pid=$(cat /tmp/service/web/supervise/pid)
dpkg -i newer/*.deb
dpkg -s runitbox | grep -q 'Version: ${NEWER}-'
[ "$(cat /tmp/service/web/supervise/pid)" = "$pid" ] && kill -0 "$pid"
sv -w 60 restart /tmp/service/web
[ "$(cat /tmp/service/web/supervise/pid)" != "$pid" ]
kill -HUP $scan
wait $scan || [ $? = 111 ]

apt-get purge runitbox runitbox-runit runitbox-daemontools
all_files > /tmp/after
diff /tmp/before /tmp/after
echo 'nothing is left'
`;

export interface Debian {
  /** Bare roots. */
  readonly roots: Readonly<Record<Codename, () => Promise<string>>>;
  /** A release, and below it a newer one of the same executable. */
  readonly checkout: string;
}

/** A root of Debian's, made once and unpacked once: with these packages. */
export const rootOf = (work: string, codename: Codename, packages: readonly string[] = []): (() => Promise<string>) => {
  let unpacked: Promise<string> | undefined;
  const unpack = async (): Promise<string> => {
    const tar = await packedRoot({ codename, packages }, packages.length === 0 ? 'docs' : 'release');
    const root = join(work, basename(tar, '.tar'));
    mkdirSync(root);
    await mustRun(['tar', '-xf', tar, '-C', root]);
    return root;
  };
  return () => (unpacked ??= unpack());
};

export const prepare = async (work: string, release: string): Promise<Debian> => {
  const [checkout, unpacked] = [join(work, 'packages'), join(work, 'newer')];
  const newer = join(checkout, 'newer');
  for (const dir of [checkout, unpacked, newer]) mkdirSync(dir);
  for (const name of readdirSync(release)) copyFileSync(join(release, name), join(checkout, name));
  const tarball = join(release, `runitbox-${packageVersion}-linux-x86_64.tar.gz`);
  await mustRun(['tar', '-C', unpacked, '--strip-components=1', '-xzf', tarball]);
  const words = [join(ROOT, 'build/release/debian.sh'), unpacked, 'x86_64', NEWER, newer];
  await mustRun(words, { env: { SOURCE_DATE_EPOCH: '1700000000' } });
  return { roots: { bookworm: rootOf(work, 'bookworm'), trixie: rootOf(work, 'trixie') }, checkout };
};

export const plays = async (root: string, checkout: string, script: string, timeoutMs?: number): Promise<void> => {
  const { code, text } = await play(root, checkout, BEGIN + script, timeoutMs);
  if (code !== 0) throw new Error(`exit code ${code}\n${text.split('\n').slice(-40).join('\n')}`);
};

export const installsAndPurges =
  (codename: Codename) =>
  async ({ roots, checkout }: Debian): Promise<void> =>
    plays(await roots[codename](), checkout, LIFE);

/** The pages name the version that is released. */
export const pagesHold = async (debian: Debian): Promise<void> => {
  const pages = blocksIn('release');
  if (pages.size === 0) throw new Error('expected pages with blocks of the place release');
  for (const [page, blocks] of pages) {
    const script = blocks.map(({ text }) => text).join('\n');
    const other = /\b\d+\.\d+\.\d+\b/.exec(script.replaceAll(packageVersion, ''))?.[0];
    if (other !== undefined) throw new Error(`${page}: expected version ${packageVersion}, got ${other}`);
    await plays(await debian.roots.bookworm(), debian.checkout, `${script}\n`);
  }
};

/** What lintian says against the packages; in a target of its own, as lintian is a hundred packages. */
export const lintianIsSilent = async ({ checkout }: Debian): Promise<void> => {
  const said = await mustRun(['sh', '-c', 'lintian --allow-root --fail-on error,warning ./*.deb'], { cwd: checkout });
  if (said !== '') throw new Error(said);
};

export const licencesAreUpstreams = async (): Promise<void> => {
  const engine = readFileSync(join(ROOT, 'out/quickjs/source'), 'utf8').trim();
  const theirs: Readonly<Record<string, string>> = {
    quickjs: join(engine, 'LICENSE'),
    minimist: join(ROOT, 'node_modules/minimist/LICENSE'),
  };
  for (const [name, path] of Object.entries(theirs)) {
    const ours = readFileSync(join(ROOT, `build/release/LICENSES/${name}.txt`), 'utf8');
    if (ours !== readFileSync(path, 'utf8'))
      throw new Error(`build/release/LICENSES/${name}.txt: expected the text of ${path}`);
  }
};
