// From a path to an inode.
//
// Promises: links are followed as Linux does, at most 40 of them; a name that leads nowhere is told with the
// directory that it would be in. One walk at a time: the result lies in the walker until the next.
// Read next: fs.ts (who walks), procfs.ts (directories that are made up).
import { EACCES, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR } from '../../../src/host/linux.ts';
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
  readonly names: readonly string[];
  /** Ends in a slash, so it must be a directory. */
  readonly slash: boolean;
  /** -errno for a path that is none. */
  readonly refusal: number;
}

// The same few paths come again in scenario after scenario.
const parsed = new Map<string, Parsed>();
const PARSED_MAX = 10000;

const parse = (path: string): Parsed => {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  const ending = path.slice(path.lastIndexOf('/') + 1);
  const slash = names.length > 0 && (ending === '' || ending === '.');
  const tooLong = path.length >= PATH_MAX || names.some((name) => name.length > NAME_MAX);
  const refusal = path.includes('\0') ? -EINVAL : tooLong ? -ENAMETOOLONG : 0;
  const fresh = { absolute: path.startsWith('/'), names, slash, refusal };
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

export class Walker {
  readonly #root: Inode;
  /** What the path leads to; null: nothing has that name. */
  node: Inode | null = null;
  /** The directory that has, or would have, the last name. */
  directory: Inode;
  /** The last name; '' where the path ends in `..`, or has no name in it. */
  name = '';
  /** The path ended in a slash. */
  slash = false;
  #links = 0;

  constructor(root: Inode) {
    this.#root = root;
    this.directory = root;
  }

  /** 0 or -errno. A last link is followed if `follow`. */
  walk(actor: Actor, path: string, follow: boolean): number {
    if (path === '') return -ENOENT;
    const to = parse(path);
    if (to.refusal !== 0) return to.refusal;
    this.#links = 0;
    const walked = this.#along(actor, actor.cwd, to, follow);
    this.slash ||= to.slash;
    if (walked === 0 && this.slash && this.node !== null && !this.node.isDirectory) return -ENOTDIR;
    return walked;
  }

  /** As walk, but a missing name is -ENOENT. */
  find(actor: Actor, path: string, follow: boolean): number {
    const walked = this.walk(actor, path, follow);
    return walked === 0 && this.node === null ? -ENOENT : walked;
  }

  #along(actor: Actor, from: Inode, to: Parsed, follow: boolean): number {
    this.slash = false;
    this.name = '';
    this.node = to.absolute ? this.#root : from;
    this.directory = this.node;
    const last = to.names.length - 1;
    for (let at = 0; at <= last; at++) {
      const failed = this.#step(actor, to.names[at] as string, at === last, at < last || follow || to.slash);
      if (failed !== 0) return failed;
    }
    return 0;
  }

  #step(actor: Actor, name: string, last: boolean, follow: boolean): number {
    const here = this.node as Inode;
    if (!here.isDirectory) return -ENOTDIR;
    if (!may(actor, here, X_OK)) return -EACCES;
    this.directory = here;
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
    const failed = this.#along(actor, this.directory, to, true);
    this.slash ||= to.slash;
    return failed === 0 && this.node === null && !last ? -ENOENT : failed;
  }
}
