// A user namespace in which programs of other processors run like ours: binfmt_misc hands them to qemu-user there, and nowhere else.
//
// Promises: nothing on this machine changes; the registrations end with the namespace. It takes Linux 6.7: before, binfmt_misc is one
// for all namespaces. Read next: processors.ts.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { bounded } from '../lib/wait.ts';

const MARK = 'RUNITBOX_FOREIGN_NAMESPACE';
const CANNOT = 77;

/** $1: registrations, one a line; then a command. Standard input gives a line once the ids are mapped. */
const SETUP = `echo ready >&3
read -r mapped
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc || exit ${CANNOT}
printf '%s\\n' "$1" | while read -r line; do printf %s "$line" > /proc/sys/fs/binfmt_misc/register || exit ${CANNOT}; done || exit ${CANNOT}
shift
exec "$@" 3>&- </dev/null`;

const ALL_IDS = 4_294_967_295;
/** Enough for a container; runc takes a namespace that has all of them for the machine's own. */
export const IDS_OF_CONTAINERS = 65_536;

const mapIds = (pid: number, ids: number): void => {
  if (process.getuid?.() === 0) {
    for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${pid}/${map}`, `0 0 ${ids}\n`);
    return;
  }
  writeFileSync(`/proc/${pid}/setgroups`, 'deny\n');
  writeFileSync(`/proc/${pid}/uid_map`, `0 ${process.getuid?.()} 1\n`);
  writeFileSync(`/proc/${pid}/gid_map`, `0 ${process.getgid?.()} 1\n`);
};

const isReady = async (child: ChildProcess): Promise<boolean> => {
  const told = child.stdio[3];
  if (!told) return false;
  const [first] = await bounded('the user namespace', Promise.race([once(told, 'data'), once(child, 'close')]));
  return String(first) === 'ready\n';
};

/** Runs this program again inside, and ends with its exit code. Returns null where this is inside, or why there is no such place. */
export const enterForeignNamespace = async (
  registrations: readonly string[],
  ids: number = ALL_IDS,
): Promise<string | null> => {
  if (process.env[MARK] === 'own') return null;
  const words = ['--user', '--mount', '--propagation', 'private', 'sh', '-c', SETUP, 'sh', registrations.join('\n')];
  const child = spawn('unshare', [...words, process.execPath, ...process.argv.slice(1)], {
    stdio: ['pipe', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, [MARK]: 'own' },
  });
  const ended = once(child, 'close');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  try {
    if (!(await isReady(child))) return 'no user namespaces here';
    mapIds(child.pid ?? 0, ids);
  } catch (cause) {
    child.kill('SIGKILL');
    return `no user namespaces here: ${String(cause)}`;
  }
  child.stdin?.end('mapped\n');
  const [code] = (await ended) as [number | null];
  if (code === CANNOT) return 'binfmt_misc cannot be mounted in a user namespace here: it takes Linux 6.7';
  process.exit(code ?? 1);
};
