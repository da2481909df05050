// What cases need of the machine: root, and daemontools' svstat and svok.
//
// Promises: what is missing is said once, loudly, and only the cases that need it are skipped, and counted as such.
// `build/tools.sh compat` installs what can be installed. Read next: model.ts.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Need } from './model.ts';

const PRESENT: Readonly<Record<Need, () => boolean>> = {
  root: () => process.getuid?.() === 0,
  namespaces: () =>
    process.getuid?.() === 0 && spawnSync('unshare', ['--pid', '--fork', '--mount', 'true']).status === 0,
  busybox: () => existsSync('/usr/bin/busybox'),
  daemontools: () => spawnSync('sh', ['-c', 'command -v svstat && command -v svok']).status === 0,
};

/** The needs that this machine does not meet, of those asked for. */
export function unmet(asked: Iterable<Need>): ReadonlySet<Need> {
  return new Set([...new Set(asked)].filter((need) => !PRESENT[need]()));
}
