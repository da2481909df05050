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
} from '../../../src/abi/errno.ts';
import {
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
} from '../../../src/abi/flags.ts';
import { Inode, type Mount } from './inode.ts';
import { directoryBit, tellBoth, tellName, tellSelf } from './inotify.ts';
import { endIfUnused, loseName } from './lifetime.ts';
import { IN_ACCESS, IN_CLOSE_NOWRITE, IN_OPEN, R_OK, W_OK, X_OK } from './numbers.ts';
import { type Actor, may, Walker } from './paths.ts';
import type { Clock } from './time.ts';

type Stat = readonly [number, number, number, number, number, number, number, number, number, number];

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
    const walked = this.at.locate(actor, path);
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
    for (const event of READDIR_EVENTS) tellBoth(node, event);
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
    return this.setMode(actor, this.at.node as Inode, mode);
  }

  setMode(actor: Actor, node: Inode, mode: number): number {
    if (node.mount.readOnly) return -EROFS;
    if (actor.uid !== 0 && actor.uid !== node.uid) return -EPERM;
    node.mode = (node.mode & S_IFMT) | (mode & 0o7777);
    tellBoth(node, IN_ATTRIB);
    return 0;
  }

  /** Another name for a file. */
  link(actor: Actor, existing: string, path: string): number {
    const found = this.at.find(actor, existing, false);
    if (found !== 0) return found;
    const inode = this.at.node as Inode;
    const walked = this.at.locate(actor, path);
    if (walked !== 0) return walked;
    const { directory, name, node, slash } = this.at;
    if (node !== null) return -EEXIST;
    if (slash) return -ENOENT;
    if (directory.mount !== inode.mount) return -EXDEV;
    const refusal = inode.linked ? this.#refusesName(actor, directory) : -ENOENT;
    if (refusal !== 0) return refusal;
    if (inode.isDirectory) return -EPERM;
    inode.links++;
    directory.entries?.set(name, inode);
    this.#touch(directory);
    tellSelf(inode, IN_ATTRIB);
    tellName(directory, IN_CREATE, inode, name);
    return 0;
  }

  unlink(actor: Actor, path: string): number {
    const walked = this.at.locate(actor, path);
    if (walked !== 0) return walked;
    const { directory, name, node, slash } = this.at;
    if (name === '') return -EISDIR;
    if (directory.mount.readOnly) return -EROFS;
    if (node === null) return -ENOENT;
    if (slash) return node.isDirectory ? -EISDIR : -ENOTDIR;
    if (!may(actor, directory, W_OK | X_OK)) return -EACCES;
    if (node.isDirectory) return -EISDIR;
    if (directory.dynamic !== null) return -EPERM;
    this.#remove(directory, name, node);
    return 0;
  }

  rmdir(actor: Actor, path: string): number {
    const walked = this.at.locate(actor, path);
    if (walked !== 0) return walked;
    const { directory, name, node, ending } = this.at;
    if (ending !== 'name') return NO_RMDIR[ending];
    if (directory.mount.readOnly) return -EROFS;
    if (node === null) return -ENOENT;
    if (!may(actor, directory, W_OK | X_OK)) return -EACCES;
    if (node.entries === null) return -ENOTDIR;
    if (node.mount !== directory.mount) return -EBUSY;
    if (node.entries.size > 0) return -ENOTEMPTY;
    this.#remove(directory, name, node);
    return 0;
  }

  /** Its own end is told before the directory's news of it. */
  #remove(directory: Inode, name: string, node: Inode): void {
    directory.entries?.delete(name);
    this.#touch(directory);
    loseName(node, directory);
    if (!node.isDirectory) tellSelf(node, IN_ATTRIB);
    endIfUnused(node);
    tellName(directory, IN_DELETE, node, name);
  }

  rename(actor: Actor, from: string, to: string): number {
    const [source, target] = this.#spots(actor, from, to);
    if (typeof source === 'number') return source;
    if (typeof target === 'number') return target;
    const refusal = refusesSpots(actor, source, target) || refusesRename(source, target);
    if (refusal !== 0 || target.node === source.node) return refusal;
    this.#move(source, target);
    return 0;
  }

  exchange(actor: Actor, path: string, otherPath: string): number {
    const [one, other] = this.#spots(actor, path, otherPath);
    if (typeof one === 'number') return one;
    if (typeof other === 'number') return other;
    const refusal = refusesSpots(actor, one, other) || refusesExchange(one, other);
    if (refusal !== 0 || one.node === other.node) return refusal;
    this.#place(one, other);
    this.#place(other, one);
    this.#tellMove(one, other);
    tellSelf(one.node as Inode, IN_MOVE_SELF);
    this.#tellMove(other, one);
    tellSelf(other.node as Inode, IN_MOVE_SELF);
    return 0;
  }

  #spots(actor: Actor, one: string, other: string): readonly [Spot | number, Spot | number] {
    const first = this.#spot(actor, one);
    return [first, typeof first === 'number' ? first : this.#spot(actor, other)];
  }

  #spot(actor: Actor, path: string): Spot | number {
    const walked = this.at.locate(actor, path);
    if (walked !== 0) return walked;
    const { directory, name, node, slash } = this.at;
    return { directory, name, node, slash };
  }

  #move(source: Spot, target: Spot): void {
    const moved = source.node as Inode;
    const replaced = target.node;
    source.directory.entries?.delete(source.name);
    this.#place(source, target);
    this.#touch(source.directory);
    this.#tellMove(source, target);
    if (replaced !== null) {
      loseName(replaced, target.directory);
      tellSelf(replaced, IN_ATTRIB | directoryBit(replaced));
    }
    tellSelf(moved, IN_MOVE_SELF);
    if (replaced !== null) endIfUnused(replaced);
  }

  #tellMove(source: Spot, target: Spot): void {
    const moved = source.node as Inode;
    const cookie = ++this.#cookie;
    tellName(source.directory, IN_MOVED_FROM, moved, source.name, cookie);
    tellName(target.directory, IN_MOVED_TO, moved, target.name, cookie);
  }

  /** What was at one spot is at another now. A name that is replaced keeps its place in the order of the directory. */
  #place(source: Spot, { directory, name }: Spot): void {
    const moved = source.node as Inode;
    directory.entries?.set(name, moved);
    this.#touch(directory);
    if (moved.parent !== source.directory || moved.name !== source.name) return;
    moved.parent = directory;
    moved.name = name;
  }
}

/** A name that a path leads to, and what has it. */
interface Spot {
  readonly directory: Inode;
  readonly name: string;
  readonly node: Inode | null;
  readonly slash: boolean;
}

/** The second read is the one that finds the end. */
const READDIR_EVENTS = [IN_OPEN, IN_ACCESS, IN_ACCESS, IN_CLOSE_NOWRITE] as const;

const NO_RMDIR = { dot: -EINVAL, dotdot: -ENOTEMPTY, root: -EBUSY } as const;

const within = (inode: Inode, directory: Inode): boolean => {
  for (let at = inode; ; at = at.parent) {
    if (at === directory) return true;
    if (at.parent === at) return false;
  }
};

/** What rename and exchange refuse alike. */
const refusesSpots = (actor: Actor, source: Spot, target: Spot): number => {
  if (source.directory.mount !== target.directory.mount) return -EXDEV;
  if (source.name === '' || target.name === '') return -EBUSY;
  if (source.directory.mount.readOnly) return -EROFS;
  if (source.node === null) return -ENOENT;
  for (const { directory, node } of [source, target]) {
    if (node !== null && node.mount !== directory.mount) return -EBUSY;
    if (directory.dynamic !== null || !may(actor, directory, W_OK | X_OK)) return -EACCES;
  }
  return 0;
};

const refusesRename = (source: Spot, target: Spot): number => {
  const moved = source.node as Inode;
  const replaced = target.node;
  if ((source.slash || target.slash) && !moved.isDirectory) return -ENOTDIR;
  if (within(target.directory, moved)) return -EINVAL;
  if (replaced !== null && within(source.directory, replaced)) return -ENOTEMPTY;
  if (replaced === moved) return 0;
  if (!target.directory.linked) return -ENOENT;
  return replaced === null ? 0 : refusesReplacing(moved, replaced);
};

const refusesReplacing = (moved: Inode, replaced: Inode): number => {
  if (moved.isDirectory && replaced.entries === null) return -ENOTDIR;
  if (!moved.isDirectory && replaced.isDirectory) return -EISDIR;
  return replaced.entries !== null && replaced.entries.size > 0 ? -ENOTEMPTY : 0;
};

const refusesExchange = (one: Spot, other: Spot): number => {
  if (other.node === null) return -ENOENT;
  for (const spot of [other, one]) if (spot.slash && spot.node?.isDirectory !== true) return -ENOTDIR;
  const nested = within(other.directory, one.node as Inode) || within(one.directory, other.node);
  return nested ? -EINVAL : 0;
};

const DIRECTORY_BYTES = 4096;

export const statOf = (inode: Inode): Stat => {
  const size = inode.isDirectory ? DIRECTORY_BYTES : inode.data.length;
  const { mode, mount, number, uid, gid, mtime, links } = inode;
  return [mode, mount.device, number, 0, uid, gid, size, mtime[0], mtime[1], links];
};
