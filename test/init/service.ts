// The services that a guest supervises. Each tells in its log how it was treated.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function script(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

/** On TERM it needs a while, so that whoever does not wait cuts it short. */
const RUN = `exec 2>&1
trap 'kill $!; echo got TERM; sleep 1; echo ended; exit 0' TERM
echo started
# not holding the log open, should this be killed
while :; do sleep 3600 >/dev/null 2>&1 & wait $!; done`;

const MINE = `exec 2>&1
trap 'kill $!; echo got TERM; exit 0' TERM
echo started as $(id -un)
while :; do sleep 3600 >/dev/null 2>&1 & wait $!; done`;

/** Makes the service directory `mine` of a user in `home`. */
export function makeMine(home: string): void {
  const dir = join(home, '.config/service/mine');
  script(join(dir, 'run'), MINE);
  script(join(dir, 'finish'), 'echo finish $1');
  mkdirSync(join(dir, 'log'));
  symlinkSync('/usr/lib/runitbox/log-run', join(dir, 'log/run'));
}

/** Makes the service directory `app` in `parent`, its log/run a link to the helper; returns its path. */
export function makeApp(parent: string): string {
  const dir = join(parent, 'app');
  script(join(dir, 'run'), RUN);
  // the log must still be there for what comes last
  script(join(dir, 'finish'), 'sleep 0.3; echo "finish $1 $2"');
  mkdirSync(join(dir, 'log'));
  symlinkSync('/usr/lib/runitbox/log-run', join(dir, 'log/run'));
  return dir;
}

export const APP_LOG = 'var/log/sv/app/current';

/** The lines of a log without their stamps. */
export const linesOf = (log: string): readonly string[] =>
  log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\S+ /, ''));
