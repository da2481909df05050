// The table of README.md that compares supervisors: each answer is what that program does on a bare Debian, as process 1.
//
// Promises: every cell `yes` or `no` was seen in this run; where the table says otherwise that is a fault. Programs are Debian's
// packages. Read next: place.ts, run.ts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT, play } from './place.ts';

/** Columns of the table, and the words by which the script below calls them. */
const PEERS: Readonly<Record<string, string>> = {
  runitbox: 'ours',
  'C runit': 'c',
  s6: 's6',
  supervisord: 'supervisord',
  tini: 'tini',
};

/** Rows of the table, and the questions of the script. */
const QUESTIONS: Readonly<Record<string, string>> = {
  'starts several services': 'several',
  'TERM: every service ends before the container does': 'stop',
  'adopts orphans and reaps them': 'reap',
  'a service survives the death of its supervisor': 'survive',
  'works in an image without any other file': 'alone',
};

/** Answers all questions, a line `PEER QUESTION yes|no` each. */
const SCRIPT = `
cd /tmp
install -m755 ${CHECKOUT}/dist/runitbox /usr/local/bin/runitbox
ln -s runitbox /usr/local/bin/runsvdir && ln -s runitbox /usr/local/bin/runsv

# writes down its number and its end, and leaves an orphan that ends at once
cat > service <<'END'
#!/bin/bash
name=$1
trap 'sleep 0.3; echo $$ >> /tmp/$name.ended; exit 0' TERM
( (exec sleep 0.2) & )
echo $$ >> /tmp/$name.started
while :; do sleep 0.1; done
END
chmod +x service

await() { for _ in $(seq 300); do if "$@"; then return 0; fi; sleep 0.1; done; return 1; }
answer() { if "\${@:3}"; then echo "$1 $2 yes"; else echo "$1 $2 no"; fi; }
gone() { ! kill -0 "$1" 2>/dev/null; }
parent() { sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status"; }
# as the first process sees it
no_zombies() { ! cat /proc/$first/root/proc/[0-9]*/status 2>/dev/null | grep -q '^State:.*zombie'; }

directories() {
  for name in one two; do
    mkdir -p "$1/$name"
    printf '#!/bin/sh\\nexec /tmp/service %s\\n' "$2$name" > "$1/$name/run"
    chmod +x "$1/$name/run"
  done
}

command_of() {
  case $1 in
  ours) directories /tmp/ours ours; command=(/usr/local/bin/runsvdir -P /tmp/ours) ;;
  c) directories /tmp/c c; command=(/usr/bin/runsvdir -P /tmp/c) ;;
  s6) directories /tmp/s6 s6; command=(s6-svscan /tmp/s6) ;;
  supervisord)
    { printf '[supervisord]\\nnodaemon=true\\nlogfile=/dev/null\\nlogfile_maxbytes=0\\n'
      for name in one two; do printf '[program:%s]\\ncommand=/tmp/service supervisord%s\\n' $name $name; done
    } > /tmp/supervisord.conf
    command=(/usr/bin/supervisord -c /tmp/supervisord.conf) ;;
  tini) command=(tini -s -- /tmp/service tinione) ;;
  esac
}

# PATH: each runsvdir starts the runsv beside it
begin() {
  rm -f /tmp/$1*.started /tmp/$1*.ended
  env "PATH=$(dirname "$(command -v "\${command[0]}")"):$PATH" unshare --pid --fork --mount-proc --kill-child "\${command[@]}" \\
    > /tmp/$1.log 2>&1 < /dev/null &
  outer=$!
  await [ -s /tmp/$1one.started ] || cat /tmp/$1.log
  read -r first < /proc/$outer/task/$outer/children
}
finish() { kill -KILL $outer 2>/dev/null; wait $outer 2>/dev/null; await gone $outer; }
# the number of a service as it is seen here
seen() {
  for dir in /proc/[0-9]*; do
    [ "$( (tr '\\0' ' ' < $dir/cmdline) 2>/dev/null)" != "/bin/bash /tmp/service $1 " ] || echo \${dir#/proc/}
  done
}
is_settled() { gone $outer || grep -q 'taking over' /tmp/$1.log || [ "$(wc -l < /tmp/$1one.started)" -gt 1 ]; }
has_survived() { await is_settled $1 && [ "$(seen $1one)" = "$2" ]; }
all_ended() { for name in $(cd /tmp && ls $1*.started); do [ -s /tmp/\${name%.started}.ended ] || return 1; done; }

examine() {
  command_of $1
  begin $1
  if [ $1 = tini ]; then echo "tini several no"; else answer $1 several await [ -s /tmp/$1two.started ]; fi
  sleep 1
  answer $1 reap await no_zombies
  kill -TERM $first
  await gone $outer
  answer $1 stop all_ended $1
  finish

  begin $1
  pid=$(seen $1one)
  kill -KILL "$(parent $pid)"
  answer $1 survive has_survived $1 "$pid"
  finish
}

for peer in ${Object.values(PEERS).join(' ')}; do examine $peer & done
wait

for file in ours:/usr/local/bin/runitbox c:/usr/bin/runsvdir s6:/usr/bin/s6-svscan supervisord:/usr/bin/supervisord tini:/usr/bin/tini-static; do
  rm -rf /tmp/empty && mkdir -p /tmp/empty
  cp -L "\${file#*:}" /tmp/empty/
  code=0
  chroot /tmp/empty "/\${file##*/}" --version > /dev/null 2>&1 || code=$?
  answer "\${file%%:*}" alone [ $code -lt 126 ]
done
`;

type Answers = ReadonlyMap<string, string>;

const answersIn = (text: string): Answers =>
  new Map(
    [...text.matchAll(/^(\S+) (\S+) (yes|no)$/gm)].map(([, peer, question, answer]) => [
      `${peer} ${question}`,
      answer ?? '',
    ]),
  );

const cellsIn = (line: string): readonly string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** What the table in `page` says otherwise than `answers`; a question without a row is a fault too. */
export const tableFaults = (page: string, answers: Answers): readonly string[] => {
  const lines = page.split('\n');
  const columns = cellsIn(lines.find((line) => line.startsWith('| | runitbox |')) ?? '');
  return Object.entries(QUESTIONS).flatMap(([row, question]) => {
    const cells = cellsIn(lines.find((line) => line.startsWith(`| ${row} |`)) ?? '');
    return Object.entries(PEERS).flatMap(([column, peer]) => {
      const [said = 'nothing', seen = 'nothing'] = [cells[columns.indexOf(column)], answers.get(`${peer} ${question}`)];
      return said === seen ? [] : [`${row}, ${column}: the table says ${said}, the machine ${seen}`];
    });
  });
};

/** Plays the script on the root `below`. */
export const peerFaults = async (root: string, below: string, checkout: string): Promise<readonly string[]> => {
  const { text } = await play(below, checkout, SCRIPT);
  const faults = tableFaults(readFileSync(join(root, 'README.md'), 'utf8'), answersIn(text));
  return faults.length === 0 ? [] : [...faults, text];
};
