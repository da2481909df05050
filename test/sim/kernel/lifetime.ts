// When an inode ends: no name leads to it and nobody holds it.
//
// Read next: inode.ts, fs.ts (names), descriptors.ts (holders).
import { IN_ATTRIB, IN_DELETE_SELF } from '../../../src/host/linux.ts';
import type { Inode } from './inode.ts';
import { endWatches, tellSelf } from './inotify.ts';

/** One holder fewer. */
export const letGo = (inode: Inode): void => {
  inode.holders--;
  endIfUnused(inode);
};

/** Its last name is gone. A file's watchers hear of the lost link, a directory's do not. */
export const unlink = (inode: Inode): void => {
  inode.linked = false;
  if (!inode.isDirectory) tellSelf(inode, IN_ATTRIB);
};

/** To be called when a name or a holder went. */
export const endIfUnused = (inode: Inode): void => {
  if (inode.linked || inode.holders > 0) return;
  if (inode.watches !== null) {
    tellSelf(inode, IN_DELETE_SELF);
    endWatches(inode);
  }
  if (inode.isFile) inode.mount.give(inode.data.length);
};
