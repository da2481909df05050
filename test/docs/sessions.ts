// What each place is: the machine, what it has before the first block, and what must hold after the last.
import { join } from 'node:path';
import { type Block, isOutput } from './page.ts';
import { CHECKOUT, type Debian } from './place.ts';

export interface Session {
  readonly machine: Debian | 'machine';
  /** What the page takes for granted. */
  readonly before: string;
  /** How a block becomes commands. */
  readonly commands?: (block: Block) => string;
}

const INSTALLED = `
rm -rf /etc/service
install -m755 dist/runitbox /usr/bin/runitbox
runitbox --install -s /usr/local/bin
mkdir -p /etc/service
runsvdir -P /etc/service &
# sv waits for services of a directory that somebody supervises, so its lock comes first
while flock -sn /etc/service true; do sleep 0.1; done
`;

const service = (dir: string, run: string): string => `
mkdir -p ${dir}
printf '#!/bin/sh\\n${run}\\n' > ${dir}/run
chmod +x ${dir}/run
`;

const LASTING = 'exec sleep 100000';

/** Each line by itself: a program that goes on until it is ended, which has started when ./run or the debugger says so. */
const oneByOne = ({ text }: Block): string =>
  text
    .trim()
    .split('\n')
    .map(
      (line) => `
rm -f web/started services/web/started said
setsid bash -c ${JSON.stringify(`exec env ${line.replace(/ +#.*$/, '')}`)} 2> said & page=$!
until [ -e web/started ] || [ -e services/web/started ] || grep -q 'Debugger listening' said; do
  kill -0 $page && sleep 0.1
done
kill -KILL -$page; wait $page || true
`,
    )
    .join('');

const PACKAGES = `
rm -rf /etc/service
mkdir /tmp/project && cp dist/npm/*.tgz /tmp/project && cd /tmp/project
echo '{"name":"project","private":true}' > package.json
${service('services/web', LASTING)}
${service('/etc/service/web', LASTING)}
${CHECKOUT}/dist/runitbox runsvdir -P /etc/service &
# no registry has the package before it is released: its name stands for the files
npm() {
  if [ "$*" = 'install runitbox' ]; then command npm install --offline ./runitbox-[0-9]*.tgz ./runitbox-linux-*.tgz
  else command npm "$@"; fi
}
`;

const module = (text: string): string => `cat > page.mjs <<'END_OF_MODULE'\n${text}END_OF_MODULE\nnode page.mjs\n`;

const LOG = 'mkdir -p main; exec svlogd -tt main';

/** busybox is there for other suites: not every machine has ip. */
const LOOPBACK = 'busybox ip link set lo up\n';

/** The same with what a bare Debian has: SIOCSIFFLAGS, up and running. */
const BARE_LOOPBACK = `perl -e 'socket(S, 2, 2, 0); $r = pack("a16s", "lo", 0x41); ioctl(S, 0x8914, $r) or die'\n`;

/** Where somebody has services whose names the examples use. */
const SERVICES = `
${INSTALLED}
${service('/etc/sv/db', `exec 2>&1; ${LASTING}`)}
${service('/etc/sv/web', `exec 2>&1; echo listening; ${LASTING}`)}
${['db', 'web'].map((name) => service(`/etc/sv/${name}/log`, LOG)).join('')}
ln -s /etc/sv/db /etc/sv/web /etc/service
sv -w 30 wait up db web
cd /etc/service
`;

/** One more that fails each time. */
const FAILING = `
${service('/etc/sv/cache', 'exec 2>&1; echo bind failed; exit 1')}${service('/etc/sv/cache/log', LOG)}
ln -s /etc/sv/cache /etc/service
until sv logs cache 2>&1 | grep -q 'bind failed'; do sleep 0.1; done
`;

/** Where zsh, which need not be there, looks for completions. */
const ZSH = 'mkdir -p /usr/share/zsh/site-functions\n';

/** What the examples of chpst and svlogd speak of: two users, and daemons, one of which detaches. */
const DAEMONS = `
for user in web log; do id $user > /dev/null 2>&1 || useradd -N $user; done
printf '#!/bin/sh\\nexec true\\n' > /usr/local/bin/httpd
printf '#!/bin/sh\\nsetsid sleep 1000 > /dev/null 2>&1 &\\necho $! > /run/daemon.pid\\n' > /usr/sbin/daemon
chmod +x /usr/local/bin/httpd /usr/sbin/daemon
mkdir -p /run/secrets
install -d -o log /var/log/web
echo hidden > /run/secrets/PASSWORD
echo 'PORT=8080' > /etc/default/web
`;

/** What goes on until somebody ends it. */
const GOES_ON = /^(exec )?sv (-w \d+ )?(watch|monitor|logs -f|metrics .*--(listen|every))\b/;

/** A command that ends the shell does so in one of its own. */
const EXEC = /^exec (?!sv )/;

/** Commands that go on have said something before they are ended, and end well. */
const forAWhile = ({ text }: Block): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (GOES_ON.test(line) ? `for_a_while ${JSON.stringify(line)}` : line))
    .map((line) => (EXEC.test(line) && !text.includes('END_OF_SCRIPT') ? `(${line})\n` : `${line}\n`))
    .join('');

const FOR_A_WHILE = `
for_a_while() {
  setsid bash -c "exec \${1#exec }" > /tmp/said 2>&1 & said=$!
  for _ in $(seq 100); do [ -s /tmp/said ] && break; sleep 0.1; done
  sleep 0.5; kill -0 $said && kill $said; wait $said || [ $? = 143 ]
  cat /tmp/said
}
`;

export const SESSIONS: Readonly<Record<string, Session>> = {
  debian: { machine: 'debian', before: '' },
  web: { machine: 'web', before: `${BARE_LOOPBACK}${INSTALLED}${service('/etc/service/db', LASTING)}` },
  pm2: {
    machine: 'machine',
    before: `${INSTALLED}useradd node
mkdir -p /app
echo 'require("http").createServer(() => {}).listen(3000)' > /app/server.js
`,
  },
  'c-runit': {
    machine: 'machine',
    before: `
rm -rf /etc/service
${service('/etc/service/app', LASTING)}
(while :; do env runsvdir -P /etc/service || true; done) &
until sv check /etc/service/app; do sleep 0.1; done
`,
  },
  node: {
    machine: 'machine',
    before: `
ln -s ${CHECKOUT}/dist/runitbox-node /usr/local/bin/runitbox-node
mkdir /tmp/node && cd /tmp/node
${service('web', 'echo > started; exec sleep 100000')}
${service('services/web', 'echo > started; exec sleep 100000')}
`,
    commands: oneByOne,
  },
  npm: {
    machine: 'machine',
    before: PACKAGES,
    commands: ({ language, text }) => (language === 'js' ? module(text) : text),
  },
  guide: { machine: 'debian', before: `${BARE_LOOPBACK}${INSTALLED}mkdir -p /etc/sv\n` },
  bench: { machine: 'machine', before: '' },
  checkout: { machine: 'machine', before: '' },
  man: { machine: 'machine', before: `${FOR_A_WHILE}${SERVICES}${DAEMONS}${ZSH}`, commands: forAWhile },
  operations: { machine: 'machine', before: `${LOOPBACK}${FOR_A_WHILE}${SERVICES}${FAILING}`, commands: forAWhile },
};

/** Where build/tools.sh puts what is not installed. */
const FETCHED = join(import.meta.dirname, '../../.cache/operations');

/** What must be so after a page. */
const AFTER: Readonly<Record<string, string>> = {
  'README.md': `
sv restart clock
[ "$(stat -c %U "/proc/$(cat /etc/service/clock/supervise/pid)")" = nobody ]
`,
  'docs/migrate/supervisord.md': 'sv start web && sv stop web\n',
  'docs/migrate/s6-overlay.md': 'sv start web && sv stop web\n',
  'docs/migrate/pm2-runtime.md': 'sv start api && sv stop api\n',
  'docs/migrate/c-runit.md': `
until sv exit app; do sleep 0.1; done
until for pid in $(pidof runsv); do readlink "/proc/$pid/exe"; done | grep -q runitbox; do sleep 0.1; done
sv -w 30 start app
`,
  'docs/operations.md': `
PATH=$PATH:${FETCHED}
promtool check rules /etc/prometheus/runit.rules.yml
curl -s http://127.0.0.1:9101/metrics | promtool check metrics
promtool check metrics < /var/lib/node-exporter/runit.prom
sv up cache
until sv logs alert | grep -q 'cache ended'; do sleep 0.1; done
`,
  'docs/runit/README.md': '[ -x /etc/runit/1 ] && [ -x /etc/service/getty-tty1/run ] && [ -x /sbin/init ]\n',
};

/** A person who types the next line gives a program in the background that much time. */
const typed = (commands: string): string => commands.replaceAll(/ &( +#.*)?$/gm, ' &\nsleep 1');

const fileText = (path: string, text: string): string => `
mkdir -p "$(dirname '${path}')"
cat > '${path}' <<'END_OF_FILE'
${text}END_OF_FILE
chmod +x '${path}'
sh -n '${path}'
`;

/** What a block prints is kept, and shown when the page ends, so that it can be compared with what the page says. */
const PRINTING = `
trap '[ ! -e /tmp/printed ] || cat /tmp/printed' EXIT
comparable() { sed -E 's/[0-9]+/0/g; s/[ \\t]+/ /g; s/ $//'; }
`;

const printing = (commands: string, { text }: Block): string => `
{ ${commands}} > /tmp/printed 2>&1
diff - <(comparable < /tmp/printed) < <(comparable <<'END_OF_OUTPUT'
${text}END_OF_OUTPUT
)
rm /tmp/printed
`;

/** All that is executed for a page: the first command that fails ends it, with its line in the page. */
export const scriptOf = (session: Session, page: string, blocks: readonly Block[]): string => {
  const parts = blocks.map((block, at) => {
    if (isOutput(block)) return '';
    const { file } = block.options;
    const commands = file === undefined ? typed(session.commands?.(block) ?? block.text) : fileText(file, block.text);
    const next = blocks[at + 1];
    const whole = next !== undefined && isOutput(next) ? printing(commands, next) : commands;
    return `echo "== ${block.page}:${block.line}"\n${whole}`;
  });
  return `set -e\ncd ${CHECKOUT}\n${PRINTING}${session.before}\n${parts.join('')}\necho '== afterwards'\n${AFTER[page] ?? ''}`;
};
