// flock: locks on an inode, held by open descriptions and so by every process that inherited them.
//
// Read next: descriptors.ts, procfs.ts (/proc/locks).
import { EAGAIN, EINVAL } from '../../../src/abi/errno.ts';
import { LOCK_EX, LOCK_NB } from '../../../src/abi/flags.ts';
import type { Description } from './descriptors.ts';
import type { Inode } from './inode.ts';
import { BLOCKED, LOCK_SH, LOCK_UN } from './numbers.ts';

export interface Lock {
  readonly holder: Description;
  readonly inode: Inode;
  readonly exclusive: boolean;
  /** Who took it; /proc/locks shows this one, whoever holds it now. */
  readonly pid: number;
  readonly table: LockTable;
}

/** All locks of a machine, newest first, which is also the order of /proc/locks. */
export class LockTable {
  #locks: Lock[] = [];

  get all(): readonly Lock[] {
    return this.#locks;
  }

  /** 0, -errno, or BLOCKED where flock would wait. */
  flock(holder: Description, inode: Inode, operation: number, pid: number): number {
    const kind = operation & ~LOCK_NB;
    if (kind === LOCK_UN) return this.release(holder, inode);
    if (kind !== LOCK_EX && kind !== LOCK_SH) return -EINVAL;
    const exclusive = kind === LOCK_EX;
    if (stands(inode, holder, exclusive)) return (operation & LOCK_NB) !== 0 ? -EAGAIN : BLOCKED;
    this.release(holder, inode);
    const lock: Lock = { holder, inode, exclusive, pid, table: this };
    inode.locks = [...(inode.locks ?? []), lock];
    this.#locks.unshift(lock);
    return 0;
  }

  release(holder: Description, inode: Inode): number {
    if (inode.locks === null) return 0;
    const kept = inode.locks.filter((lock) => lock.holder !== holder);
    inode.locks = kept.length > 0 ? kept : null;
    this.#locks = this.#locks.filter((lock) => lock.holder !== holder);
    return 0;
  }
}

/** Whether somebody else's lock is in the way. */
const stands = (inode: Inode, holder: Description, exclusive: boolean): boolean =>
  inode.locks?.some((lock) => lock.holder !== holder && (exclusive || lock.exclusive)) ?? false;

/** The last descriptor of `holder` is closed. */
export const dropLocks = (holder: Description, inode: Inode): void => {
  for (const lock of inode.locks ?? []) if (lock.holder === holder) lock.table.release(holder, inode);
};
