// open(2): from a path and flags to an open description.
//
// Promises: refusals and their order are Linux's. Where a fifo's open would wait for the other end the end is given
// back unmet (PipeEnd.met): the caller waits, or releases it.
// Read next: fs.ts (names), files.ts, pipes.ts (what comes of it).
import { EACCES, EEXIST, EISDIR, ELOOP, ENOENT, ENOTDIR, ENXIO, EROFS } from '../../../src/abi/errno.ts';
import {
  IN_CREATE,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  S_IFREG,
} from '../../../src/abi/flags.ts';
import { type Description, NullDevice } from './descriptors.ts';
import { OpenDirectory, OpenFile, resize } from './files.ts';
import type { Tree } from './fs.ts';
import type { Inode } from './inode.ts';
import { tellBoth, tellName } from './inotify.ts';
import { IN_OPEN, O_ACCMODE, O_DIRECTORY, R_OK, W_OK } from './numbers.ts';
import { type Actor, may } from './paths.ts';
import { Pipe, PipeEnd } from './pipes.ts';

export const open = (tree: Tree, actor: Actor, path: string, flags: number, mode: number): Description | number => {
  const makes = (flags & O_CREAT) !== 0;
  const exclusive = makes && (flags & O_EXCL) !== 0;
  const follow = !exclusive && (flags & O_NOFOLLOW) === 0;
  const walked = makes ? tree.at.walkToMake(actor, path, follow) : tree.at.walk(actor, path, follow);
  if (walked !== 0) return walked;
  const { node } = tree.at;
  if (node === null) return makes ? create(tree, actor, flags, mode) : -ENOENT;
  if (exclusive) return -EEXIST;
  const refusal = refuses(actor, node, flags);
  return refusal !== 0 ? refusal : opened(tree, node, flags);
};

const create = (tree: Tree, actor: Actor, flags: number, mode: number): Description | number => {
  const made = tree.create(actor, S_IFREG | (mode & 0o7777));
  if (typeof made === 'number') return made;
  tellName(made.parent, IN_CREATE, made, made.name);
  return opened(tree, made, flags & ~O_TRUNC);
};

const refuses = (actor: Actor, node: Inode, flags: number): number => {
  const access = flags & O_ACCMODE;
  const writes = access !== O_RDONLY || (flags & O_TRUNC) !== 0;
  if (node.isLink) return -ELOOP;
  if (node.isDirectory && (writes || (flags & O_CREAT) !== 0)) return -EISDIR;
  if (!node.isDirectory && (flags & O_DIRECTORY) !== 0) return -ENOTDIR;
  if (writes && node.isFile && node.mount.readOnly) return -EROFS;
  const rights = (access === O_WRONLY ? 0 : R_OK) | (writes ? W_OK : 0);
  return may(actor, node, rights) ? 0 : -EACCES;
};

const opened = (tree: Tree, node: Inode, flags: number): Description | number => {
  if (node.opener !== null) return node.opener(flags);
  if (node.isFifo) return openPipe(node, flags);
  if (!node.isFile && !node.isDirectory) return new NullDevice(flags, node);
  const kind = node.isDirectory ? OpenDirectory : OpenFile;
  const file = new kind(flags, node, tree.clock);
  tellBoth(node, IN_OPEN);
  if ((flags & O_TRUNC) !== 0) resize(node, '', tree.clock);
  return file;
};

const openPipe = (node: Inode, flags: number): Description | number => {
  node.pipe ??= new Pipe();
  const access = flags & O_ACCMODE;
  const lonely = access === O_WRONLY && node.pipe.readers === 0;
  if (lonely && (flags & O_NONBLOCK) !== 0) return -ENXIO;
  const end = new PipeEnd(flags, node, node.pipe);
  tellBoth(node, IN_OPEN);
  return end;
};

/** Whether an open that just came back has to wait for somebody at the other end. */
export const waits = (description: Description): description is PipeEnd =>
  description instanceof PipeEnd &&
  !description.nonBlocking &&
  (description.flags & O_ACCMODE) !== O_RDWR &&
  !description.met;
