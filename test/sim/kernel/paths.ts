// From a path to an inode.
//
// Promises: links are followed as Linux does, at most 40 of them; a name that leads nowhere is told with the
// directory that it would be in. One walk at a time: the result lies in the walker until the next.
// Read next: fs.ts (who walks), procfs.ts (directories that are made up).
import { EACCES, EINVAL, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR } from '../../../src/abi/errno.ts';
import type { Inode } from './inode.ts';
import { LINKS_MAX, NAME_MAX, PATH_MAX, X_OK } from './numbers.ts';

/** In whose name something is done. */
export interface Actor {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly umask: number;
  readonly cwd: Inode;
}

interface Parsed {
  readonly absolute: boolean;
  /** Without the dots that mean nothing. */
  readonly names: readonly string[];
  /** Ends in a slash or a dot, so it must be a directory. */
  readonly slash: boolean;
  /** Ends in a dot: no name to make or remove. */
  readonly dot: boolean;
  /** -errno for a path that is none. */
  readonly refusal: number;
}

// The same few paths come again in scenario after scenario.
const parsed = new Map<string, Parsed>();
const PARSED_MAX = 10000;

const parse = (path: string): Parsed => parsed.get(path) ?? remember(path);

const remember = (path: string): Parsed => {
  const pieces = path.split('/').filter((name) => name !== '');
  const names = pieces.filter((name) => name !== '.');
  const dot = pieces.at(-1) === '.';
  const tooLong = path.length >= PATH_MAX || names.some((name) => name.length > NAME_MAX);
  const refusal = path.includes('\0') ? -EINVAL : tooLong ? -ENAMETOOLONG : 0;
  const fresh = { absolute: path.startsWith('/'), names, slash: dot || path.endsWith('/'), dot, refusal };
  if (parsed.size >= PARSED_MAX) parsed.clear();
  parsed.set(path, fresh);
  return fresh;
};

/** Whether an actor has these rights (R_OK, W_OK, X_OK). Root lacks only x where nobody has it. */
export const may = (actor: Actor, inode: Inode, rights: number): boolean => {
  if (actor.uid === 0) return (rights & X_OK) === 0 || inode.isDirectory || (inode.mode & 0o111) !== 0;
  const shift = actor.uid === inode.uid ? 6 : actor.gid === inode.gid ? 3 : 0;
  return ((inode.mode >> shift) & rights) === rights;
};

/** Where a path ends: a name to work on, or one of the places that have none. */
export type Ending = 'name' | 'dot' | 'dotdot' | 'root';

export class Walker {
  readonly #root: Inode;
  /** What the path leads to; null: nothing has that name. */
  node: Inode | null = null;
  /** The directory that has, or would have, the last name. */
  directory: Inode;
  /** The last name; '' where the path does not end in one. */
  name = '';
  ending: Ending = 'name';
  /** The path ended in a slash. */
  slash = false;
  #links = 0;
  /** Walking to what open is to make: a last name, the path's or a link's, must not end in a slash. */
  #making = false;
  /** The last name of what is being walked ends in a slash. */
  #folder = false;

  constructor(root: Inode) {
    this.#root = root;
    this.directory = root;
  }

  /** 0 or -errno. A last link is followed if `follow`, or if a slash comes behind it. */
  walk(actor: Actor, path: string, follow: boolean): number {
    if (path === '') return -ENOENT;
    const to = parse(path);
    if (to.refusal !== 0) return to.refusal;
    this.#links = 0;
    const walked = this.#along(actor, actor.cwd, to, follow || to.slash);
    if (walked !== 0) return walked;
    return this.slash && this.node !== null && !this.node.isDirectory ? -ENOTDIR : 0;
  }

  /** As walk, for open with O_CREAT. */
  walkToMake(actor: Actor, path: string, follow: boolean): number {
    this.#making = !parse(path).dot;
    const walked = this.walk(actor, path, follow);
    this.#making = false;
    return walked;
  }

  /** As walk, but a missing name is -ENOENT. */
  find(actor: Actor, path: string, follow: boolean): number {
    const walked = this.walk(actor, path, follow);
    return walked === 0 && this.node === null ? -ENOENT : walked;
  }

  /** To a name that is to be made, moved or removed: a last link is that name, whatever comes behind it. */
  locate(actor: Actor, path: string): number {
    if (path === '') return -ENOENT;
    const to = parse(path);
    if (to.refusal !== 0) return to.refusal;
    this.#links = 0;
    const walked = this.#along(actor, actor.cwd, to, to.dot);
    if (walked !== 0 || !to.dot) return walked;
    this.name = '';
    this.ending = 'dot';
    return this.node?.isDirectory === true ? 0 : -ENOTDIR;
  }

  #along(actor: Actor, from: Inode, to: Parsed, follow: boolean): number {
    this.slash = to.slash;
    this.#folder = to.slash && !to.dot;
    this.name = '';
    this.ending = to.absolute ? 'root' : 'dot';
    this.node = to.absolute ? this.#root : from;
    this.directory = this.node;
    const last = to.names.length - 1;
    for (let at = 0; at <= last; at++) {
      const failed = this.#step(actor, to.names[at] as string, at === last, at < last || follow);
      if (failed !== 0) return failed;
    }
    if (!to.dot) return 0;
    if (this.node === null) return -ENOENT;
    // a last dot is looked up as any name
    return this.node.isDirectory && !may(actor, this.node, X_OK) ? -EACCES : 0;
  }

  #step(actor: Actor, name: string, last: boolean, follow: boolean): number {
    const here = this.node as Inode;
    if (!here.isDirectory) return -ENOTDIR;
    if (!may(actor, here, X_OK)) return -EACCES;
    if (this.#making && this.#folder && last && name !== '..') return -EISDIR;
    this.directory = here;
    this.ending = name === '..' ? 'dotdot' : 'name';
    this.name = name === '..' ? '' : name;
    this.node = name === '..' ? here.parent : here.child(name, actor.pid);
    if (this.node === null) return last ? 0 : -ENOENT;
    return follow && this.node.isLink ? this.#follow(actor, this.node, last) : 0;
  }

  #follow(actor: Actor, link: Inode, last: boolean): number {
    if (++this.#links > LINKS_MAX) return -ELOOP;
    if (link.magicLink !== null) {
      this.node = link.magicLink;
      return 0;
    }
    const to = parse(link.data);
    if (to.refusal !== 0) return to.refusal;
    const { slash } = this;
    const making = this.#making;
    const folder = this.#folder;
    this.#making = making && last && !to.dot;
    const failed = this.#along(actor, this.directory, to, true);
    this.#making = making;
    this.#folder = folder;
    this.slash = slash || (last && this.slash);
    return failed === 0 && this.node === null && !last ? -ENOENT : failed;
  }
}
