// What the suite changes on this machine, in a mount namespace of its own (../lib/namespace.ts) and in the tree of control groups.
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Grants root the range of users that unprivileged containers get. */
export function mapIds(dir: string): void {
  const granted = join(dir, 'subid');
  writeFileSync(granted, 'root:200000:65536\n');
  for (const file of ['/etc/subuid', '/etc/subgid']) execFileSync('mount', ['--bind', granted, file]);
}

/** Control groups of their own for all that they start: lxc-start and systemd-nspawn leave them behind. */
const groups = (): readonly string[] => globSync('/sys/fs/cgroup/*/{lxc.pivot,payload,supervisor}');

/** Takes note of the groups that are there; the result removes those that have come since, where nobody is in there. */
export function watchGroups(): () => void {
  const before = new Set(groups());
  return () => {
    const since = groups().filter((path) => !before.has(path));
    if (since.length > 0) spawnSync('find', [...since, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+']);
  };
}
