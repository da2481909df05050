// The suite plays in a mount namespace of its own: its mounts end with it, and files of /etc that it needs to be different are
// different for itself alone.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MARK = 'RUNITBOX_INIT_MOUNTS';

export const isOwn = (): boolean => process.env[MARK] === 'own';

/** Runs this program again, in a namespace of its own; its exit code. */
export const playInOwn = (): Promise<number> =>
  new Promise((resolve) => {
    const words = ['--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
    const child = spawn('unshare', words, { stdio: 'inherit', env: { ...process.env, [MARK]: 'own' } });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
    child.on('error', (cause) => {
      console.log(String(cause));
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });

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
