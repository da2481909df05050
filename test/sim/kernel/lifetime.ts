// When an inode ends: no name leads to it and nobody holds it.
//
// Read next: inode.ts, fs.ts (names), descriptors.ts (holders).
import { IN_DELETE_SELF } from '../../../src/abi/flags.ts';
import type { Inode } from './inode.ts';
import { endWatches, tellSelf } from './inotify.ts';

/** One holder fewer. */
export const letGo = (inode: Inode): void => {
  inode.holders--;
  endIfUnused(inode);
};

/** One of its names in `directory` is gone. Held all the same, it keeps that directory from ending before it. */
export const loseName = (inode: Inode, directory: Inode): void => {
  inode.links--;
  if (inode.linked || inode.holders === 0) return;
  inode.keeps = directory;
  directory.holders++;
};

/** To be called when a name or a holder went. */
export const endIfUnused = (inode: Inode): void => {
  if (inode.linked || inode.holders > 0) return;
  if (inode.watches !== null) {
    tellSelf(inode, IN_DELETE_SELF);
    endWatches(inode);
  }
  if (inode.isFile) inode.mount.give(inode.data.length);
  const { keeps } = inode;
  inode.keeps = null;
  if (keeps !== null) letGo(keeps);
};
