// Who holds the lock of a service: a runsv that an earlier runsvdir left running.
//
// Promises: who is named works in that very service's directory, with our own rights or more, so that a user who holds a
// lock file of his own is not taken for a runsv. He is held by a pidfd that was opened before that was looked at.
import type { Bytes } from '../../abi/bytes.ts';
import { type RawStat, refused } from '../../host/calls.ts';
import { O_RDONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { type Held, hasEnded, hold, letGo } from '../process/held.ts';
import { identityOf, statThere } from '../trusted-file.ts';

const CHUNK = 65536;

const readAll = (path: Bytes): Bytes => {
  const fd = sys.open(path, O_RDONLY, 0);
  if (refused(fd)) return '';
  let text = '';
  for (;;) {
    const part = sys.read(fd, CHUNK);
    if (refused(part) || part === '') break;
    text += part;
  }
  sys.close(fd);
  return text;
};

/** What a path leads to; for directories of services and of processes, which no user can put in each other's place. */
const keyOf = (path: Bytes): string | null => {
  const stat = sys.stat(path);
  return refused(stat) ? null : identityOf(stat);
};

/** The kernel's list of locks, read when it is first asked for: whoever asks for many holders reads it once. */
export type Locks = () => Bytes;

export const newLocks = (): Locks => {
  let text: Bytes | null = null;
  return () => {
    text ??= readAll('/proc/locks');
    return text;
  };
};

/** The processes that hold a lock on an inode of this number, on whatever device; `access`: WRITE for an exclusive one. */
function* lockersWith(access: string, stat: RawStat, allLocks: Locks): Generator<number> {
  const inode = `:${stat[3] * 0x100000000 + stat[2]} `;
  const locks = allLocks();
  // a thousand runsvs have a thousand lines: only those with the inode are looked at
  for (let at = locks.indexOf(inode); at >= 0; at = locks.indexOf(inode, at + 1)) {
    const line = locks.slice(locks.lastIndexOf('\n', at) + 1, at);
    const [, kind, , had = '', pid] = line.split(' ').filter((word) => word !== '');
    if (kind === 'FLOCK' && Number(pid) > 0 && had.startsWith(access)) yield Number(pid);
  }
}

const lockersOf = (lock: Bytes, allLocks: Locks): Iterable<number> => {
  const stat = statThere(lock);
  return refused(stat) ? [] : lockersWith('', stat, allLocks);
};

/** The processes that hold an exclusive lock on what has this stat. */
export const writersOf = (stat: RawStat): readonly number[] => [...lockersWith('WRITE', stat, newLocks())];

/** Who may act for a process: us, or root. */
const hasOurRights = (pid: number): boolean => {
  const stat = sys.stat(`/proc/${pid}`);
  return !refused(stat) && (stat[4] === 0 || stat[4] === sys.geteuid());
};

/**
 * The process that holds SERVICE/supervise/lock; null where none is known. The device that the kernel tells of a lock is
 * not always the one that stat tells (overlays, btrfs): the inode leads to candidates, and a runsv works in its service.
 * To be let go by whoever asked.
 */
export const holderOf = (service: Bytes, allLocks: Locks): Held | null => {
  const key = keyOf(service);
  for (const pid of lockersOf(`${service}/supervise/lock`, allLocks)) {
    const held = hold(pid);
    if (held === null) continue;
    if (keyOf(`/proc/${pid}/cwd`) === key && hasOurRights(pid) && !hasEnded(held)) return held;
    letGo(held);
  }
  return null;
};

/**
 * Whether somebody with our rights or more holds SERVICE/supervise/lock: enough to read what stands beside it, not to signal
 * anybody. Of another user's process no more can be seen than that.
 */
export const isLocked = (service: Bytes, allLocks: Locks): boolean =>
  [...lockersOf(`${service}/supervise/lock`, allLocks)].some(hasOurRights);

/** Who holds a lock of the service in the current directory, for a message. */
export const whoHolds = (lock: Bytes): { readonly pid: number; readonly supervises: boolean } | null => {
  const lockers = [...lockersOf(lock, newLocks())];
  const runsv = lockers.find((pid) => keyOf(`/proc/${pid}/cwd`) === keyOf('.'));
  if (runsv !== undefined) return { pid: runsv, supervises: true };
  // one of several inodes of that number may be another file system's
  return lockers.length === 1 ? { pid: lockers[0] as number, supervises: false } : null;
};
