// The tree that the pictures of README.md show, and what is typed there: real services, real commands, a real terminal (tmux).
//
// Promises: each screen is taken when its services are in the conditions that it shows, so two recordings differ only in
// numbers. Read next: record.ts (who writes the pictures), check.ts (who compares them).
import { play } from '../place.ts';

export interface Picture {
  readonly name: string;
  /** What is typed. */
  readonly command: string;
  readonly columns: number;
  readonly lines: number;
  /** For what keeps the terminal to itself until it is ended: what its screen has once it has measured everything. */
  readonly settled?: string;
}

export const PICTURES: readonly Picture[] = [
  { name: 'list', command: 'sv list', columns: 110, lines: 12 },
  { name: 'why', command: 'sv why cache', columns: 110, lines: 24 },
  { name: 'monitor', command: 'sv monitor', columns: 110, lines: 18, settled: '^  web .* [0-9.]+ +[0-9.]+[kM] ' },
];

const service = (name: string, run: string): string => `
mkdir -p ${name}/log
cat > ${name}/run <<'RUN'
#!/bin/sh
exec 2>&1
${run}
RUN
printf '#!/bin/sh\\nmkdir -p main\\nexec svlogd -tt main\\n' > ${name}/log/run
chmod +x ${name}/run ${name}/log/run
`;

/** web and db run, cache fails again and again, migrate has done its work, mail was given up, report is normally down. */
const TREE = `
mkdir -p /etc/sv /etc/service
cd /etc/sv
${service('web', 'echo "listening on port 8080"\nexec sleep 100000')}
${service('db', 'echo "ready for connections"\nexec sleep 100000')}
${service('cache', 'sleep 0.2\necho "bind() to 0.0.0.0:6379 failed (98: Address already in use)"\nexit 1')}
echo '2000 60000 10000' > cache/restart-delay
${service('migrate', 'sleep 0.3\necho "3 migrations applied"')}
echo on-failure > migrate/restart
${service('mail', 'echo "smarthost: unknown host"\nexit 78')}
echo '100 100 10000' > mail/restart-delay
echo 3 > mail/restart-limit
${service('report', 'exec sleep 100000')}
touch report/down
`;

const UNTIL = `
until_json() { # CONDITION of jq, about the services by name
  for _ in $(seq 400); do
    sv list --json | jq -e "map({(.service): .}) | add | $1" > /dev/null 2>&1 && return
    sleep 0.1
  done
  echo "not in time: $1" >&2; sv list >&2; exit 1
}
`;

const READY = `
runsvdir -P /etc/service &
ln -s /etc/sv/* /etc/service
until_json '.web.condition == "running" and .db.condition == "running" and .report.condition == "down"'
until_json '.migrate.condition == "done" and .mail.condition == "failed"'
until_json '.cache.condition == "backoff" and .cache.consecutive_failures == 4'
`;

const FROM = '@@ screen';
const TO = '@@ end';

const SCREEN = `
screen() { # NAME COLUMNS LINES SETTLED COMMAND
  printf '#!/bin/sh\\n%s\\n%s\\n' "$5" "$([ -n "$4" ] || echo 'exec sleep 1000')" > /tmp/typed
  chmod +x /tmp/typed
  tmux -f /dev/null -L demo new-session -d -x "$2" -y "$3" -s "$1" /tmp/typed
  before=
  for _ in $(seq 100); do
    sleep 0.2
    now=$(tmux -L demo capture-pane -p -t "$1")
    if [ -n "$4" ]; then if echo "$now" | grep -qE "$4"; then break; fi
    elif [ -n "$now" ] && [ "$now" = "$before" ]; then break
    fi
    before=$now
  done
  echo "${FROM} $1"
  tmux -L demo capture-pane -e -p -t "$1"
  echo "${TO}"
  tmux -L demo kill-session -t "$1"
}
`;

const INSTALL = `
set -e
cd /src
rm -rf /etc/service /etc/sv
install -m755 dist/runitbox /usr/bin/runitbox
runitbox --install -s /usr/local/bin
export LC_ALL=C.UTF-8
exec 2> /tmp/errors
trap 'cat /tmp/errors' EXIT
`;

const typed = ({ name, columns, lines, settled = '', command }: Picture): string =>
  `screen ${name} ${columns} ${lines} '${settled}' '${command}'\n`;

const screenIn = (text: string, { name, command }: Picture): string => {
  const from = text.indexOf(`${FROM} ${name}\n`);
  const to = text.indexOf(TO, from);
  if (from < 0 || to < 0) throw new Error(`no screen of ${name} was taken:\n${text}`);
  const screen = text.slice(text.indexOf('\n', from) + 1, to);
  return `\x1b[2m$\x1b[0m \x1b[1m${command}\x1b[0m\n${screen}`;
};

/** The screens, by name, with the looks of their text. Wants root, and tmux and jq on this machine. */
export const recordScreens = async (checkout: string): Promise<ReadonlyMap<string, string>> => {
  const script = [INSTALL, TREE, UNTIL, SCREEN, READY, ...PICTURES.map(typed)].join('');
  const { code, text } = await play('/', checkout, script);
  if (code !== 0) throw new Error(`the demo ended with exit code ${code}:\n${text}`);
  return new Map(PICTURES.map((picture) => [picture.name, screenIn(text, picture)]));
};
