// The virtual file system: what can be done to names.
//
// Promises: refusals and their order are Linux's; a change of a name stamps the directory and tells inotify.
// Operations give 0 or a positive result, or -errno.
// Read next: paths.ts (how a path is walked), opening.ts (open), inode.ts.
import {
  EACCES,
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EROFS,
  EXDEV,
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
} from '../../../src/host/linux.ts';
import { Inode, type Mount } from './inode.ts';
import { tellBoth, tellName, tellSelf } from './inotify.ts';
import { endIfUnused, unlink } from './lifetime.ts';
import { R_OK, W_OK, X_OK } from './numbers.ts';
import { type Actor, may, Walker } from './paths.ts';
import type { Clock } from './time.ts';

type Stat = readonly [number, number, number, number, number, number, number, number, number];

export class Tree {
  readonly root: Inode;
  readonly at: Walker;
  readonly clock: Clock;
  /** The order in which readdir tells names; as created where it says nothing. */
  readonly #order: ((names: string[]) => string[]) | null;
  #cookie = 0;

  constructor(mount: Mount, clock: Clock, order: ((names: string[]) => string[]) | null) {
    this.clock = clock;
    this.root = new Inode(mount, S_IFDIR | 0o755, clock.stamp(), null, '');
    this.at = new Walker(this.root);
    this.#order = order;
  }

  /** A new inode under the name that was just walked to. */
  create(actor: Actor, mode: number): Inode | number {
    const { directory, name } = this.at;
    const refusal = this.#refusesName(actor, directory);
    if (refusal !== 0) return refusal;
    const kind = mode & S_IFMT;
    const bits = kind === S_IFLNK ? 0o777 : mode & 0o7777 & ~actor.umask;
    const inode = new Inode(directory.mount, kind | bits, this.clock.stamp(), directory, name);
    inode.uid = actor.uid;
    inode.gid = actor.gid;
    directory.entries?.set(name, inode);
    this.#touch(directory);
    return inode;
  }

  #refusesName(actor: Actor, directory: Inode): number {
    if (!directory.linked || directory.dynamic !== null) return -ENOENT;
    if (directory.mount.readOnly) return -EROFS;
    if (!may(actor, directory, W_OK | X_OK)) return -EACCES;
    return directory.mount.freeBytes <= 0 ? -ENOSPC : 0;
  }

  #touch(directory: Inode): void {
    directory.mtime = this.clock.stamp();
  }

  /** mkdir, mkfifo: a name that must not be there yet. */
  make(actor: Actor, path: string, mode: number): number {
    const walked = this.at.walk(actor, path, false);
    if (walked !== 0) return walked;
    if (this.at.node !== null) return -EEXIST;
    if (this.at.slash && (mode & S_IFMT) !== S_IFDIR) return -ENOENT;
    const made = this.create(actor, mode);
    if (typeof made === 'number') return made;
    tellName(made.parent, IN_CREATE, made, made.name);
    return 0;
  }

  symlink(actor: Actor, target: string, path: string): number {
    if (target === '') return -ENOENT;
    const made = this.make(actor, path, S_IFLNK);
    const { directory, name } = this.at;
    if (made === 0) (directory.entries?.get(name) as Inode).data = target;
    return made;
  }

  mkfifo(actor: Actor, path: string, mode: number): number {
    return this.make(actor, path, S_IFIFO | (mode & 0o7777));
  }

  mkdir(actor: Actor, path: string, mode: number): number {
    return this.make(actor, path, S_IFDIR | (mode & 0o1777));
  }

  readlink(actor: Actor, path: string): string | number {
    const found = this.at.find(actor, path, false);
    if (found !== 0) return found;
    const node = this.at.node as Inode;
    return node.isLink ? node.data : -EINVAL;
  }

  readdir(actor: Actor, path: string): readonly string[] | number {
    const found = this.at.find(actor, path, true);
    if (found !== 0) return found;
    const node = this.at.node as Inode;
    if (node.entries === null) return -ENOTDIR;
    if (!may(actor, node, R_OK)) return -EACCES;
    if (node.dynamic !== null) return node.dynamic.names();
    const names = [...node.entries.keys()];
    return this.#order === null ? names : this.#order(names);
  }

  stat(actor: Actor, path: string, follow: boolean): Stat | number {
    const found = this.at.find(actor, path, follow);
    return found !== 0 ? found : statOf(this.at.node as Inode);
  }

  access(actor: Actor, path: string, rights: number): number {
    if ((rights & ~(R_OK | W_OK | X_OK)) !== 0) return -EINVAL;
    const found = this.at.find(actor, path, true);
    if (found !== 0) return found;
    const node = this.at.node as Inode;
    const guarded = node.isFile || node.isDirectory;
    if ((rights & W_OK) !== 0 && guarded && node.mount.readOnly) return -EROFS;
    return may(actor, node, rights) ? 0 : -EACCES;
  }

  chmod(actor: Actor, path: string, mode: number): number {
    const found = this.at.find(actor, path, true);
    if (found !== 0) return found;
    const node = this.at.node as Inode;
    if (node.mount.readOnly) return -EROFS;
    if (actor.uid !== 0 && actor.uid !== node.uid) return -EPERM;
    node.mode = (node.mode & S_IFMT) | (mode & 0o7777);
    tellBoth(node, IN_ATTRIB);
    return 0;
  }

  unlink(actor: Actor, path: string): number {
    const walked = this.at.walk(actor, path, false);
    if (walked !== 0) return walked;
    const { directory, name, node } = this.at;
    if (name === '') return -EISDIR;
    if (directory.mount.readOnly) return -EROFS;
    if (node === null) return -ENOENT;
    if (!may(actor, directory, W_OK | X_OK)) return -EACCES;
    if (node.isDirectory) return -EISDIR;
    if (directory.dynamic !== null) return -EPERM;
    this.#remove(node);
    return 0;
  }

  rmdir(actor: Actor, path: string): number {
    const found = this.at.find(actor, path, false);
    if (found !== 0) return found;
    const { directory, name } = this.at;
    const node = this.at.node as Inode;
    if (name === '') return -EINVAL;
    if (directory.mount.readOnly) return -EROFS;
    if (!may(actor, directory, W_OK | X_OK)) return -EACCES;
    if (node.entries === null) return -ENOTDIR;
    if (node.mount !== directory.mount) return -EBUSY;
    if (node.entries.size > 0) return -ENOTEMPTY;
    this.#remove(node);
    return 0;
  }

  /** A file's own end is told before its directory's news of it, a directory's after; so it was observed. */
  #remove(node: Inode): void {
    const directory = node.parent;
    directory.entries?.delete(node.name);
    this.#touch(directory);
    unlink(node);
    if (!node.isDirectory) endIfUnused(node);
    tellName(directory, IN_DELETE, node, node.name);
    if (node.isDirectory) endIfUnused(node);
  }

  rename(actor: Actor, from: string, to: string): number {
    const source = this.#movable(actor, from);
    if (typeof source === 'number') return source;
    const walked = this.at.walk(actor, to, false);
    if (walked !== 0) return walked;
    const { directory, name, node, slash } = this.at;
    if (name === '') return -EBUSY;
    const refusal = refusesMove(actor, source, directory, node, slash);
    if (refusal !== 0 || node === source) return refusal;
    this.#move(source, directory, name, node);
    return 0;
  }

  /** The inode at a path whose name may be taken away there. */
  #movable(actor: Actor, path: string): Inode | number {
    const walked = this.at.walk(actor, path, false);
    if (walked !== 0) return walked;
    const { directory, name, node } = this.at;
    if (name === '') return -EBUSY;
    if (directory.mount.readOnly) return -EROFS;
    if (node === null) return -ENOENT;
    if (directory.dynamic !== null || !may(actor, directory, W_OK | X_OK)) return -EACCES;
    return node.mount !== directory.mount ? -EBUSY : node;
  }

  #move(source: Inode, directory: Inode, name: string, replaced: Inode | null): void {
    const from = source.parent;
    const oldName = source.name;
    from.entries?.delete(oldName);
    // the new name takes the old one's place in the order, if there was one
    directory.entries?.set(name, source);
    source.parent = directory;
    source.name = name;
    this.#touch(from);
    this.#touch(directory);
    this.#tellMove(source, from, oldName);
    if (replaced !== null) unlink(replaced);
    tellSelf(source, IN_MOVE_SELF);
    if (replaced !== null) endIfUnused(replaced);
  }

  #tellMove(moved: Inode, from: Inode, oldName: string): void {
    const cookie = ++this.#cookie;
    tellName(from, IN_MOVED_FROM, moved, oldName, cookie);
    tellName(moved.parent, IN_MOVED_TO, moved, moved.name, cookie);
  }

  exchange(actor: Actor, path: string, otherPath: string): number {
    const one = this.#movable(actor, path);
    if (typeof one === 'number') return one;
    const other = this.#movable(actor, otherPath);
    if (typeof other === 'number') return other;
    if (one.mount !== other.mount) return -EXDEV;
    if (one === other) return 0;
    if (within(one, other) || within(other, one)) return -EINVAL;
    const { parent, name } = one;
    const { parent: otherParent, name: otherName } = other;
    this.#place(one, otherParent, otherName);
    this.#place(other, parent, name);
    this.#tellMove(one, parent, name);
    tellSelf(one, IN_MOVE_SELF);
    this.#tellMove(other, otherParent, otherName);
    tellSelf(other, IN_MOVE_SELF);
    return 0;
  }

  #place(inode: Inode, directory: Inode, name: string): void {
    directory.entries?.set(name, inode);
    inode.parent = directory;
    inode.name = name;
    this.#touch(directory);
  }
}

const within = (inode: Inode, directory: Inode): boolean => {
  for (let at = inode; ; at = at.parent) {
    if (at === directory) return true;
    if (at.parent === at) return false;
  }
};

const refusesMove = (
  actor: Actor,
  source: Inode,
  directory: Inode,
  replaced: Inode | null,
  slash: boolean,
): number => {
  if (directory.mount !== source.mount) return -EXDEV;
  if (!directory.linked) return -ENOENT;
  if (slash && !source.isDirectory) return -ENOTDIR;
  if (within(directory, source)) return -EINVAL;
  if (!may(actor, directory, W_OK | X_OK)) return -EACCES;
  if (replaced === null || replaced === source) return 0;
  if (within(source, replaced)) return -ENOTEMPTY;
  if (source.isDirectory && replaced.entries === null) return -ENOTDIR;
  if (!source.isDirectory && replaced.isDirectory) return -EISDIR;
  return replaced.entries !== null && replaced.entries.size > 0 ? -ENOTEMPTY : 0;
};

const DIRECTORY_BYTES = 4096;

export const statOf = (inode: Inode): Stat => {
  const size = inode.isDirectory ? DIRECTORY_BYTES : inode.data.length;
  const { mode, mount, number, uid, gid, mtime } = inode;
  return [mode, mount.device, number, 0, uid, gid, size, mtime[0], mtime[1]];
};
