// Packages of RPM and of Alpine in a small root of BusyBox: installed, a service run, upgraded while it runs, and removed.
//
// RPM's are handled by rpm itself, from outside the root. Alpine's tools are on Alpine alone: for those a stand-in does what apk does,
// unpacking and removing the files that the archive lists, and what apk checks is checked here. Read next: run.ts.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { mustRun, run } from '../lib/run.ts';
import { fail, packageVersion, same } from './archive.ts';

const ROOT = join(import.meta.dirname, '../..');
export const NEWER = '99.0';

/** Unpacks the release's tarball and makes packages of a newer version of it. */
export const newer = async (script: string, release: string, dir: string): Promise<string> => {
  const [unpacked, out] = [join(dir, 'unpacked'), join(dir, 'newer')];
  for (const each of [unpacked, out]) mkdirSync(each);
  const tarball = join(release, `runitbox-${packageVersion}-linux-x86_64.tar.gz`);
  await mustRun(['tar', '-C', unpacked, '--strip-components=1', '-xzf', tarball]);
  const env = { SOURCE_DATE_EPOCH: '1700000000', NODE: process.execPath };
  await mustRun([join(ROOT, 'build/release', script), unpacked, 'x86_64', NEWER, out], { env });
  return out;
};

/** $1: the root, $2: packages, $3: newer ones. `list`, `add`, `upgrade` and `remove` are the package manager's. */
const LIFE = `set -eu
root=$1 packages=$2 newer=$3
mkdir -p "$root/bin" "$root/tmp" "$root/dev" "$root/etc/service/web"
cp "$(command -v busybox)" "$root/bin/busybox"
chroot "$root" /bin/busybox --install -s /bin
mkdir -p "$root/proc"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
in_root() { chroot "$root" /bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin SVDIR=/etc/service "$@"; }
all() { (cd "$root" && find . -xdev \\( -path ./etc/service -o -path ./dev -o -path ./proc -o -path ./root/.rpmdb -o -path ./tmp \\) -prune -o ! -type d -print | sort); }
printf '#!/bin/sh\\nexec sleep 100000\\n' > "$root/etc/service/web/run"
chmod +x "$root/etc/service/web/run"
all > before
add "$packages"
[ "$(in_root runitbox --version)" = 'runitbox ${packageVersion}' ]
in_root svprobe --help > /dev/null
# no function, as the process in the background would be a shell
chroot "$root" /bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin runsvdir -P /etc/service & scan=$!
in_root sv wait -w 60 up web
pid=$(cat "$root/etc/service/web/supervise/pid")
upgrade "$newer"
[ "$(cat "$root/etc/service/web/supervise/pid")" = "$pid" ] && kill -0 "$pid"
in_root sv -w 60 restart web
[ "$(cat "$root/etc/service/web/supervise/pid")" != "$pid" ]
kill -HUP $scan
wait $scan || [ $? = 111 ]
for link in usr/bin/sv usr/sbin/runit-init usr/bin/envdir; do [ -e "$root/$link" ] || { echo "expected $link"; exit 1; }; done
remove "$newer"
all > after
diff before after
echo 'nothing is left'
`;

const RPM = `
rpm() { command rpm --root "$root" --noplugins "$@" 2>/dev/null; }
add() { rpm --initdb && rpm -i "$1"/*.rpm && rpm -V runitbox runitbox-runit runitbox-daemontools; }
upgrade() { rpm -U "$1"/*.rpm && [ "$(rpm -q --qf '%{VERSION}' runitbox-runit)" = ${NEWER} ]; }
remove() { rpm -e runitbox runitbox-runit runitbox-daemontools; }
`;

const APK = `
each() { for package in "$1"/*.apk; do case $package in *x86_64* | *noarch*) echo "$package" ;; esac; done; }
add() { each "$1" | while read -r package; do cp "$package" "$root/tmp/package" && in_root tar -C / -xzf /tmp/package; done; rm "$root/.PKGINFO"; }
upgrade() { add "$1"; }
remove() { each "$1" | while read -r package; do tar --warning=no-unknown-keyword -tzf "$package" | grep -v '/$' | sed "s#^#$root/#" | xargs rm -f; done; }
`;

const NAMESPACES = '--mount --propagation private --pid --fork --kill-child --mount-proc --ipc --net'.split(' ');

const lives = async (manager: string, dir: string, release: string, newerDir: string): Promise<void> => {
  const words = ['unshare', ...NAMESPACES, 'sh', '-c', manager + LIFE, 'sh', join(dir, 'root'), release, newerDir];
  const { code, text } = await run(words, { cwd: dir, timeoutMs: 300_000 });
  if (code !== 0 || !text.includes('nothing is left')) throw new Error(`exit code ${code}\n${text}`);
};

/** Those of this processor, in a directory of their own. */
const chosen = (release: string, dir: string, pattern: RegExp): string => {
  const out = join(dir, 'packages');
  mkdirSync(out);
  const names = readdirSync(release).filter((name) => pattern.test(name));
  same('packages', names.length, 3);
  for (const name of names) cpSync(join(release, name), join(out, name));
  return out;
};

export const rpmLives = async (dir: string, release: string): Promise<void> =>
  lives(RPM, dir, chosen(release, dir, /\.rpm$/), await newer('rpm.sh', release, dir));

export const apkLives = async (dir: string, release: string): Promise<void> =>
  lives(APK, dir, chosen(release, dir, /\.apk$/), await newer('apk.sh', release, dir));

/** The two archives of a package: how long the first is, tells only whoever unpacks it. */
const split = (path: string): readonly [control: string, data: Buffer] => {
  const whole = readFileSync(path);
  // a gzip member without a name or other fields: 10 bytes, data, 8 bytes
  const { engine, buffer } = inflateRawSync(whole.subarray(10), { info: true }) as unknown as {
    readonly buffer: Buffer;
    readonly engine: { readonly bytesWritten: number };
  };
  return [buffer.toString('latin1'), whole.subarray(10 + engine.bytesWritten + 8)];
};

/** Every file of the archive -> the SHA-1 that its header says, by an implementation of tar that is not ours. */
const UNPACKED = `import hashlib, os, sys, tarfile
with tarfile.open(fileobj=sys.stdin.buffer, mode='r|gz') as archive:
    for member in archive:
        if member.isdir(): continue
        data = member.linkname.encode() if member.issym() else archive.extractfile(member).read()
        ok = member.pax_headers['APK-TOOLS.checksum.SHA1'] == hashlib.sha1(data).hexdigest()
        print('right' if ok and (member.uid, member.gid) == (0, 0) else 'wrong', member.name)
`;

/** What apk holds a package to: the sum of the second archive, the size, the sum of each file. */
export const apkIsSound = async (_: string, release: string): Promise<void> => {
  for (const name of readdirSync(release).filter((each) => each.endsWith('.apk'))) {
    const [control, data] = split(join(release, name));
    same(`${name}: the first archive has no end`, control.length % 512, 0);
    same(`${name}: its one file`, control.slice(0, 8), '.PKGINFO');
    const info = new Map(
      [...control.slice(512).matchAll(/^(\w+) = (.*)$/gm)].map(({ 1: key = '', 2: value = '' }) => [key, value]),
    );
    same(`${name}: sum of the files`, info.get('datahash'), createHash('sha256').update(data).digest('hex'));
    same(`${name}: name`, name, `${info.get('pkgname')}-${info.get('pkgver')}.${info.get('arch')}.apk`);
    const said = execFileSync('/usr/bin/python3', ['-c', UNPACKED], { input: data, encoding: 'utf8' });
    const wrong = said.split('\n').filter((line) => line.startsWith('wrong'));
    if (wrong.length > 0 || !said.includes('right usr/')) fail(`${name}: ${wrong.join(', ')}`);
    if (gunzipSync(data).length % 512 !== 0) fail(`${name}: expected whole blocks`);
  }
};

export const rpmlintIsSilent = async (_: string, release: string): Promise<void> => {
  const said = await mustRun(['sh', '-c', `rpmlint -c ${ROOT}/build/release/rpmlint.toml *.rpm`], { cwd: release });
  if (!/ 0 errors, 0 warnings,/.test(said)) throw new Error(said);
};

export const spdxToolsAreSilent = async (_: string, release: string): Promise<void> => {
  const lists = readdirSync(release).filter((name) => name.endsWith('.spdx.json'));
  const words = [join(ROOT, 'test/release/spdx-tools.sh'), join(ROOT, '.cache/release/spdx-tools')];
  await mustRun([...words, ...lists.map((name) => join(release, name))], { timeoutMs: 300_000 });
};
