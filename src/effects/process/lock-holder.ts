// Who holds the lock of a service: a runsv that an earlier runsvdir left running.
//
// Promises: the holder works in that very service's directory, with our rights or more, so that a user who locks a
// file of his own does not count as a runsv. A pidfd is opened before anything about it is checked.
import type { Bytes } from '../../abi/bytes.ts';
import { type RawStat, isErrno } from '../../host/calls.ts';
import { O_RDONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { type Held, hasEnded, hold, letGo } from './held.ts';
import { identityOf, statThere } from '../trusted-file.ts';

const CHUNK = 65536;

const readAll = (path: Bytes): Bytes => {
  const fd = sys.open(path, O_RDONLY, 0);
  if (isErrno(fd)) return '';
  let text = '';
  for (;;) {
    const part = sys.read(fd, CHUNK);
    if (isErrno(part) || part === '') break;
    text += part;
  }
  sys.close(fd);
  return text;
};

/** The identity of what a path leads to: directories of services and processes, which no user can exchange. */
const identityAt = (path: Bytes): string | null => {
  const stat = sys.stat(path);
  return isErrno(stat) ? null : identityOf(stat);
};

/** The kernel's list of locks, read on first use: once for many holders. */
export type Locks = () => Bytes;

export const newLocks = (): Locks => {
  let text: Bytes | null = null;
  return () => {
    text ??= readAll('/proc/locks');
    return text;
  };
};

/** The processes with a lock on an inode of this number, on any device; `access`: WRITE for an exclusive one. */
function* lockersWith(access: string, stat: RawStat, allLocks: Locks): Generator<number> {
  const inode = `:${stat[3] * 0x100000000 + stat[2]} `;
  const locks = allLocks();
  // a thousand runsvs have a thousand lines: only those with the inode are parsed
  for (let at = locks.indexOf(inode); at >= 0; at = locks.indexOf(inode, at + 1)) {
    const line = locks.slice(locks.lastIndexOf('\n', at) + 1, at);
    const [, kind, , had = '', pid] = line.split(' ').filter((word) => word !== '');
    if (kind === 'FLOCK' && Number(pid) > 0 && had.startsWith(access)) yield Number(pid);
  }
}

const lockersOf = (lock: Bytes, allLocks: Locks): Iterable<number> => {
  const stat = statThere(lock);
  return isErrno(stat) ? [] : lockersWith('', stat, allLocks);
};

/** The processes that hold an exclusive lock on the file with this stat. */
export const writersOf = (stat: RawStat): readonly number[] => [...lockersWith('WRITE', stat, newLocks())];

/** Whether a process is ours or root's. */
const hasOurRights = (pid: number): boolean => {
  const stat = sys.stat(`/proc/${pid}`);
  return !isErrno(stat) && (stat[4] === 0 || stat[4] === sys.geteuid());
};

/**
 * The process that holds SERVICE/supervise/lock; null: unknown. The kernel's device of a lock is
 * not always that of stat (overlays, btrfs): the inode leads to candidates, and a runsv works in its service.
 * The caller lets it go.
 */
export const holderOf = (service: Bytes, allLocks: Locks): Held | null => {
  const key = identityAt(service);
  for (const pid of lockersOf(`${service}/supervise/lock`, allLocks)) {
    const held = hold(pid);
    if (held === null) continue;
    if (identityAt(`/proc/${pid}/cwd`) === key && hasOurRights(pid) && !hasEnded(held)) return held;
    letGo(held);
  }
  return null;
};

/**
 * The only process that holds SERVICE/supervise/lock, whatever directory it works in; 0: there is none, or it is not clear which. One
 * that supervises many services works in any of them.
 */
export const onlyHolderOf = (service: Bytes, allLocks: Locks): number => {
  const lockers = [...lockersOf(`${service}/supervise/lock`, allLocks)];
  return lockers.length === 1 && hasOurRights(lockers[0] as number) ? (lockers[0] as number) : 0;
};

/**
 * Whether somebody with our rights or more holds SERVICE/supervise/lock: enough to read what stands beside it, not to signal
 * anybody. Of another user's process no more can be seen than that.
 */
export const isLocked = (service: Bytes, allLocks: Locks): boolean =>
  [...lockersOf(`${service}/supervise/lock`, allLocks)].some(hasOurRights);

/** Who holds a lock of the service in the directory `service`, for a message. */
export const whoHolds = (
  lock: Bytes,
  service: Bytes,
): { readonly pid: number; readonly supervises: boolean } | null => {
  const lockers = [...lockersOf(lock, newLocks())];
  const runsv = lockers.find((pid) => identityAt(`/proc/${pid}/cwd`) === identityAt(service));
  if (runsv !== undefined) return { pid: runsv, supervises: true };
  // another inode of that number may be on another file system
  return lockers.length === 1 ? { pid: lockers[0] as number, supervises: false } : null;
};
