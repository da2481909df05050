// Who holds the lock of a service: a runsv that an earlier runsvdir left running.
import { type Bytes, type RawStat, refused } from '../host/calls.ts';
import { O_RDONLY } from '../host/linux.ts';
import { sys } from '../host/sys.ts';

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

const keyOf = (path: Bytes): string | null => {
  const stat = sys.stat(path);
  return refused(stat) ? null : `${stat[1]}:${stat[3]}:${stat[2]}`;
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

/** Processes that have an exclusive lock on a file or directory of this inode, as the kernel's list tells them. */
export const writersOf = (stat: RawStat, allLocks: Locks): readonly number[] => {
  const inode = `:${stat[3] * 0x100000000 + stat[2]} `;
  const locks = allLocks();
  const found: number[] = [];
  // a thousand runsvs have a thousand lines: only those with the inode are looked at
  for (let at = locks.indexOf(inode); at >= 0; at = locks.indexOf(inode, at + 1)) {
    const line = locks.slice(locks.lastIndexOf('\n', at) + 1, at);
    const [, kind, , access, pid] = line.split(' ').filter((word) => word !== '');
    if (kind === 'FLOCK' && access === 'WRITE') found.push(Number(pid));
  }
  return found;
};

/**
 * The process that holds SERVICE/supervise/lock; null where none is known. The device that the kernel tells of a lock is
 * not always the one that stat tells (overlays, btrfs): the inode leads to candidates, and a runsv works in its service.
 */
export const holderOf = (service: Bytes, allLocks: Locks): number | null => {
  const stat = sys.stat(`${service}/supervise/lock`);
  if (refused(stat)) return null;
  const key = keyOf(service);
  return writersOf(stat, allLocks).find((pid) => keyOf(`/proc/${pid}/cwd`) === key) ?? null;
};
