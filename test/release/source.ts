// Builds from the source archive as distributions do: on bare Debian with its own Node.js, without a network and without npm.
//
// Promises: on Debian 12, whose compiler made the release, the same executable and packages come out, byte for byte.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Codename } from '../lib/debian.ts';
import { mustRun } from '../lib/run.ts';
import { packageVersion } from './archive.ts';
import { plays, rootOf } from './debian.ts';

const ROOT = join(import.meta.dirname, '../..');
const NEEDED = ['build-essential', 'musl-tools', 'nodejs'];
/** On a loaded machine, two at once. */
const BUILD_MS = 1_800_000;

/** The source archive and what is made of it, beside the packages that a release has. */
export const packSource = async (dir: string, release: string): Promise<string> => {
  const out = join(dir, 'sources');
  mkdirSync(out);
  for (const name of readdirSync(release))
    if (name.endsWith('.deb')) copyFileSync(join(release, name), join(out, name));
  const env = { SOURCE_DATE_EPOCH: '1700000000', NODE: process.execPath };
  for (const script of ['source.sh', 'debian-source.sh'])
    await mustRun([join(ROOT, 'build/release', script), packageVersion, out], { cwd: ROOT, env, timeoutMs: BUILD_MS });
  return out;
};

const BUILD = `
# no network device but one that is down, so nothing can be fetched
[ "$(ls /sys/class/net)" = lo ]
command -v npm && false
mkdir released
mv ./*.deb released/
dpkg-source --no-check -x runitbox_${packageVersion}-0upstream1.dsc source
cd source
! dpkg-buildpackage -us -uc -b > /tmp/said 2>&1 && tail -n 30 /tmp/said && false
cd ..
[ "$(source/dist/runitbox --version)" = 'runitbox ${packageVersion}' ]
`;

const SAME = `
for deb in *.deb; do cmp "$deb" "released/$deb"; done
[ "$(ls ./*.deb)" = "$(cd released && ls ./*.deb)" ]
`;

const INSTALLS = `
dpkg -i ./*.deb
sv --version
`;

export const buildsOffline =
  (codename: Codename, work: string) =>
  async (_: string, sources: string): Promise<void> => {
    const script = BUILD + (codename === 'bookworm' ? SAME : '') + INSTALLS;
    await plays(await rootOf(work, codename, NEEDED)(), sources, script, BUILD_MS);
  };

/** Alpine's recipe: its functions, played by a stand-in for abuild on what is built here, give the three packages their files. */
export const recipeHolds = async (dir: string, sources: string): Promise<void> => {
  const script = `set -eu
    startdir=$1 pkgdir=$2/runitbox
    . "$startdir/APKBUILD"
    (cd "$startdir" && echo "$sha512sums" | sha512sum --check --quiet -)
    [ "$pkgver" = ${packageVersion} ]
    make() { PREFIX=/usr DESTDIR=$pkgdir build/install.sh install dist/runitbox; }
    cd ${ROOT}
    package
    for split in runit daemontools; do
      subpkgdir=$2/$split
      amove() { mkdir -p "$subpkgdir/\${1%/*}" && mv "$pkgdir/$1" "$subpkgdir/$1"; }
      $split
      case $depends in "runitbox=$pkgver-r0") ;; *) echo "depends: $depends"; exit 1 ;; esac
    done
    for link in runit/usr/bin/sv runit/usr/sbin/runit-init daemontools/usr/bin/svc; do [ -L "$2/$link" ] || { echo "expected $link"; exit 1; }; done
    cd "$pkgdir" && echo names: $(cd usr/bin && ls) $(cd usr/sbin && ls)`;
  const said = await mustRun(['sh', '-c', script, 'sh', sources, dir]);
  if (said !== 'names: pause runitbox svprobe\n')
    throw new Error(`expected the names that nobody else has, got ${said}`);
};

export const sourceIsReproducible = async (dir: string, sources: string): Promise<void> => {
  const other = join(dir, 'other');
  mkdirSync(other);
  const env = { SOURCE_DATE_EPOCH: '1700000000', NODE: process.execPath, TZ: 'Asia/Tokyo' };
  const script = join(ROOT, 'build/release/source.sh');
  await mustRun(['sh', '-c', `umask 077; exec "$@"`, 'sh', script, packageVersion, other], { cwd: '/', env });
  for (const name of readdirSync(other)) await mustRun(['cmp', join(other, name), join(sources, name)]);
};
