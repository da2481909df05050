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

const revised = `_${packageVersion}-0upstream1`;

const script = (codename: Codename): string => `
all_files > /tmp/before
dpkg --get-selections > /tmp/selections
theirs=$(readlink -f "$(command -v runsvdir)")
dpkg -i runitbox${revised}_amd64.deb
[ "$(readlink -f "$(command -v runsvdir)")" = "$theirs" ]

# beside them: C runsvdir supervises a service of theirs, ours controls it
mkdir -p /tmp/service
cp -a /etc/sv/socklog /tmp/service/socklog
rm -rf /tmp/service/socklog/supervise /tmp/service/socklog/log
printf '#!/bin/sh\\nexec sleep 100000\\n' > /tmp/service/socklog/run
runsvdir -P /tmp/service & scan=$!
runitbox sv wait -w 60 up /tmp/service/socklog
pid=$(cat /tmp/service/socklog/supervise/pid)
runitbox sv -w 60 restart /tmp/service/socklog
[ "$(cat /tmp/service/socklog/supervise/pid)" != "$pid" ]
runitbox sv lint /etc/sv/* > /tmp/lint 2>&1 || [ $? = 1 ]
kill -HUP $scan
wait $scan || [ $? = 111 ]
dpkg --purge runitbox
all_files > /tmp/after
diff /tmp/before /tmp/after

# in their place: what depends on runit goes with it, the rest stays
apt-get install ./runitbox${revised}_amd64.deb ./runitbox-runit${revised}_all.deb > /tmp/said 2>&1 || { cat /tmp/said; false; }
[ "$(readlink -f "$(command -v runsvdir)")" = /usr/bin/runitbox ]
! dpkg -s runit 2>&1 | grep -q 'Status: .* installed'
! dpkg -s socklog-run 2>&1 | grep -q 'Status: .* installed'
dpkg -s daemontools | grep -q 'Status: install ok installed'
[ -z "$(dpkg --audit)" ]
apt-get purge runitbox-runit
apt-get purge runitbox
! find / -xdev -path ${'/src'} -prune -o -path /tmp -prune -o -path /proc -prune -o -path /var/lib/apt -prune -o -path /var/cache -prune \\
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
