// inotify: from what happens to an inode to whoever watches it.
//
// Promises: which events come of a change, to whom first, and with which flags, is Linux's, observed on a 6.18 kernel.
// Read next: fs.ts (where changes happen), inotify-queue.ts (where events go).
import { IN_UNMOUNT } from '../../../src/abi/flags.ts';
import type { Inode } from './inode.ts';
import { IN_ISDIR } from './numbers.ts';

export interface EventQueue {
  tell(watch: Watch, mask: number, name: string, cookie: number): void;
  /** Ends a watch, and says so. */
  drop(watch: Watch): void;
}

export interface Watch {
  readonly number: number;
  readonly queue: EventQueue;
  readonly inode: Inode;
  mask: number;
}

export const directoryBit = (inode: Inode): number => (inode.isDirectory ? IN_ISDIR : 0);

/** An event of an inode itself, without the directory flag: removed, moved, link count changed. */
export const tellSelf = (inode: Inode, mask: number): void => {
  if (inode.watches === null || inode.mount.isSilent) return;
  for (const watch of inode.watches.slice()) watch.queue.tell(watch, mask, '', 0);
};

/** An event of a name in a directory. */
export const tellName = (directory: Inode, mask: number, inode: Inode, name: string, cookie = 0): void => {
  if (directory.watches === null || directory.mount.isSilent) return;
  const full = mask | directoryBit(inode);
  for (const watch of directory.watches.slice()) watch.queue.tell(watch, full, name, cookie);
};

/** An event of an inode that its directory hears of too, first. */
export const tellBoth = (inode: Inode, mask: number): void => {
  if (inode.parent !== inode) tellName(inode.parent, mask, inode, inode.name);
  if (inode.watches !== null) tellSelf(inode, mask | directoryBit(inode));
};

/** The inode is no more: every watch on it ends. */
export const endWatches = (inode: Inode): void => {
  for (const watch of inode.watches ?? []) watch.queue.drop(watch);
};

/** The file system is no more: every watch in this tree ends. */
export const unmountWatches = (inode: Inode): void => {
  tellSelf(inode, IN_UNMOUNT);
  endWatches(inode);
  for (const child of inode.entries?.values() ?? []) unmountWatches(child);
};
