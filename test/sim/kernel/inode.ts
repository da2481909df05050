// What a name in the virtual file system leads to, and the file systems that hold it.
//
// Promises: an inode that was removed lives on while a descriptor or a working directory holds it, as on Linux.
// Read next: fs.ts (what can be done to names), descriptors.ts (open files).
import { S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG } from '../../../src/abi/flags.ts';
import type { Description } from './descriptors.ts';
import type { Watch } from './inotify.ts';
import type { Lock } from './locks.ts';
import { MAGIC_EXT4 } from './numbers.ts';
import type { Pipe } from './pipes.ts';
import type { Program } from './behaviour.ts';

/** One mounted file system, and what is wrong with it. A scenario changes these as it goes. */
export class Mount {
  readonly device: number;
  readonly path: string;
  readonly type: string;
  readonly magic: number;
  /** The directory that it was mounted on. */
  readonly covered: Inode | null;
  /** Refuses every change with EROFS. */
  readOnly = false;
  /** How many bytes files may still grow by; 0 also refuses new names, with ENOSPC. */
  freeBytes = Infinity;
  /** Somebody else takes at once what removing a file frees. */
  greedy = false;
  /** inotify says nothing about what happens here, as on network file systems. */
  isSilent = false;
  #inodes = 1;

  constructor(device: number, path: string, type = 'ext4', magic = MAGIC_EXT4, covered: Inode | null = null) {
    this.covered = covered;
    this.device = device;
    this.path = path;
    this.type = type;
    this.magic = magic;
  }

  nextInode(): number {
    return ++this.#inodes;
  }

  /** Space that a file gave back. */
  give(bytes: number): void {
    if (!this.greedy) this.freeBytes += bytes;
  }

  /** From now on nothing can grow. */
  fill(): void {
    this.freeBytes = 0;
    this.greedy = true;
  }

  /** Undoes fill(). */
  clear(): void {
    this.freeBytes = Infinity;
    this.greedy = false;
  }
}

/** A directory whose names are made up when asked for: /proc and below. */
export interface Dynamic {
  /** `asker`: the pid that walks here, for `self`. */
  lookup(name: string, asker: number): Inode | null;
  names(): readonly string[];
}

export class Inode {
  readonly number: number;
  readonly mount: Mount;
  mode: number;
  uid = 0;
  gid = 0;
  mtime: readonly [number, number];
  /** How many names lead here. */
  links = 1;
  /** Open descriptions and working directories that keep it. */
  holders = 0;
  /** The directory that it was removed from, while it is still held. */
  keeps: Inode | null = null;
  /** Its first name, or the one it had when it was removed; a hard link's events come under this name too. */
  parent: Inode;
  name: string;
  /** A file's bytes, a link's target. */
  data = '';
  /** A directory's names, oldest first. */
  readonly entries: Map<string, Inode> | null;
  dynamic: Dynamic | null = null;
  /** Where a link in /proc leads without a path. */
  magicLink: Inode | null = null;
  /** What an open of it gives, where that is nothing usual. */
  opener: ((flags: number) => Description) | null = null;
  /** A fifo's bytes, while anybody has it open; a pipe's always. */
  pipe: Pipe | null = null;
  locks: Lock[] | null = null;
  watches: Watch[] | null = null;
  /** What it does when it is executed. */
  program: Program | null = null;

  constructor(mount: Mount, mode: number, mtime: readonly [number, number], parent: Inode | null, name: string) {
    this.number = mount.nextInode();
    this.mount = mount;
    this.mode = mode;
    this.mtime = mtime;
    this.parent = parent ?? this;
    this.name = name;
    this.entries = (mode & S_IFMT) === S_IFDIR ? new Map() : null;
  }

  /** Whether a name still leads here. */
  get linked(): boolean {
    return this.links > 0;
  }

  get isDirectory(): boolean {
    return this.entries !== null;
  }

  get isLink(): boolean {
    return (this.mode & S_IFMT) === S_IFLNK;
  }

  get isFifo(): boolean {
    return (this.mode & S_IFMT) === S_IFIFO;
  }

  get isFile(): boolean {
    return (this.mode & S_IFMT) === S_IFREG;
  }

  child(name: string, asker: number): Inode | null {
    return this.dynamic !== null ? this.dynamic.lookup(name, asker) : (this.entries?.get(name) ?? null);
  }
}

/** The path that leads to an inode, or led there when it was removed. */
export const pathOf = (inode: Inode): string => {
  let path = '';
  for (let at = inode; at.parent !== at; at = at.parent) path = `/${at.name}${path}`;
  return path === '' ? '/' : path;
};
