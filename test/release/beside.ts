// Debian's packages beside and in the place of Debian's own runit and services that are packaged for it; and those of other processors.
//
// Read next: debian.ts (the packages without any others), run.ts.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Codename } from '../lib/debian.ts';
import { packageVersion } from './archive.ts';
import { type Debian, plays, rootOf } from './debian.ts';

/** Services that Debian packages for runit: a logger's, terminals', a server's. */
const SERVICES: Readonly<Record<Codename, readonly string[]>> = {
  bookworm: ['runit', 'runit-services', 'socklog-run', 'git-daemon-run', 'daemontools'],
  trixie: ['runit', 'runit-services', 'socklog-run', 'daemontools'],
};

/** Those of them that are run here. */
const RUN: Readonly<Record<Codename, readonly string[]>> = {
  bookworm: ['socklog-inet', 'git-daemon'],
  trixie: ['socklog-inet'],
};

const revised = `_${packageVersion}-0upstream1`;

const script = (codename: Codename): string => `
all_files > /tmp/before
dpkg --get-selections > /tmp/selections
theirs=$(readlink -f "$(command -v runsvdir)")
dpkg -i runitbox${revised}_amd64.deb
[ "$(readlink -f "$(command -v runsvdir)")" = "$theirs" ]

# beside them: C runsvdir supervises packaged services, ours controls them
mkdir -p /tmp/service
for service in ${RUN[codename].join(' ')}; do
  cp -a /etc/sv/$service /tmp/service/
  rm -rf /tmp/service/$service/supervise /tmp/service/$service/log
done
supervised() {
  runsvdir -P /tmp/service & scan=$!
  for service in /tmp/service/*; do
    until_true [ -p $service/supervise/control ]
    $1 wait -w 60 up $service
    pid=$(cat $service/supervise/pid)
    $1 -w 60 restart $service
    [ "$(cat $service/supervise/pid)" != "$pid" ]
  done
  kill -HUP $scan
  wait $scan || [ $? = 111 ]
}
supervised 'runitbox sv'
until_true eval '! runitbox svok /tmp/service/socklog-inet'
dpkg --purge runitbox
# but for what runit's own trigger links at the next run of dpkg, whatever that installs
all_files | grep -vE '^/etc/(runit/runsvdir/default/|sv/[^/]+/supervise$)' > /tmp/after
grep -vE '^/etc/(runit/runsvdir/default/|sv/[^/]+/supervise$)' /tmp/before | diff - /tmp/after

# in their place: what depends on runit goes with it, the rest stays
apt-get install ./runitbox${revised}_amd64.deb ./runitbox-runit${revised}_all.deb > /tmp/said 2>&1 || { cat /tmp/said; false; }
[ "$(readlink -f "$(command -v runsvdir)")" = /usr/bin/runitbox ]
! dpkg -s runit 2>&1 | grep -q 'Status: .* installed'
! dpkg -s socklog-run 2>&1 | grep -q 'Status: .* installed'
dpkg -s daemontools | grep -q 'Status: install ok installed'
[ -z "$(dpkg --audit)" ]
supervised sv
apt-get purge runitbox-runit
apt-get purge runitbox
! find / -xdev -path /src -prune -o -path /tmp -prune -o -path /proc -prune -o -path /var/lib/apt -prune -o -path /var/cache -prune \\
  -o -path /var/log -prune -o -name '*runitbox*' -print | grep .
echo '${codename}: nothing is left'
`;

export const besideDebians =
  (codename: Codename, work: string) =>
  async ({ checkout }: Debian): Promise<void> =>
    plays(await rootOf(work, codename, SERVICES[codename])(), checkout, script(codename));

/** Every processor's package installs and purges; its programs run in test/arch. `release`: packages of more than one processor. */
export const foreignPackages =
  (release: string) =>
  async ({ roots }: Debian): Promise<void> => {
    const names = readdirSync(release).filter((name) => /^runitbox_.*\.deb$/.test(name) && !name.endsWith('amd64.deb'));
    if (names.length === 0) throw new Error(`expected packages of other processors in ${release}: make release`);
    const each = names.map((name) => {
      const architecture = name.slice(name.lastIndexOf('_') + 1, -'.deb'.length);
      return `
all_files > /tmp/before
dpkg --add-architecture ${architecture}
dpkg -i ${name}
[ "$(dpkg-query -W -f '\${Architecture} \${Status}' runitbox:${architecture})" = '${architecture} install ok installed' ]
dpkg --verify runitbox:${architecture}
[ "$(readlink -f /usr/bin/svprobe)" = /usr/bin/runitbox ] && [ -x /usr/bin/runitbox ]
dpkg --purge runitbox:${architecture}
dpkg --remove-architecture ${architecture}
all_files > /tmp/after
diff /tmp/before /tmp/after`;
    });
    await plays(await roots.bookworm(), release, each.join('\n'));
  };

export const releaseDirectory = join(import.meta.dirname, '../../dist/release');
