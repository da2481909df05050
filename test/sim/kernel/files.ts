// Open regular files and directories.
//
// Promises: growth is what a full disk refuses; writing over bytes that are there always works.
// Read next: descriptors.ts (what all kinds share), opening.ts (how they come about).
import { EBADF, EINVAL, EISDIR, ENOSPC } from '../../../src/abi/errno.ts';
import { O_APPEND, O_RDONLY, O_WRONLY, POLLIN, POLLOUT } from '../../../src/abi/flags.ts';
import { Description } from './descriptors.ts';
import type { Inode } from './inode.ts';
import { tellBoth } from './inotify.ts';
import { letGo } from './lifetime.ts';
import { IN_ACCESS, IN_CLOSE_NOWRITE, IN_CLOSE_WRITE, IN_MODIFY, O_ACCMODE } from './numbers.ts';
import type { Clock } from './time.ts';

abstract class Held extends Description {
  protected readonly node: Inode;
  protected readonly clock: Clock;

  constructor(flags: number, node: Inode, clock: Clock) {
    super(flags, node);
    this.node = node;
    this.clock = clock;
  }

  override poll(): number {
    return POLLIN | POLLOUT;
  }

  protected override released(): void {
    tellBoth(this.node, (this.flags & O_ACCMODE) === O_RDONLY ? IN_CLOSE_NOWRITE : IN_CLOSE_WRITE);
    letGo(this.node);
  }
}

export class OpenDirectory extends Held {
  override read(): number {
    return -EISDIR;
  }

  override pread(): number {
    return -EISDIR;
  }

  override pwrite(): number {
    return -EBADF;
  }
}

export class OpenFile extends Held {
  #offset = 0;

  get #reads(): boolean {
    return (this.flags & O_ACCMODE) !== O_WRONLY;
  }

  get #writes(): boolean {
    return (this.flags & O_ACCMODE) !== O_RDONLY;
  }

  override read(max: number): string | number {
    if (!this.#reads) return -EBADF;
    const bytes = this.node.data.slice(this.#offset, this.#offset + max);
    this.#offset += bytes.length;
    if (bytes !== '') tellBoth(this.node, IN_ACCESS);
    return bytes;
  }

  override pread(max: number, offset: number): string | number {
    if (offset < 0) return -EINVAL;
    if (!this.#reads) return -EBADF;
    const bytes = this.node.data.slice(offset, offset + max);
    if (bytes !== '') tellBoth(this.node, IN_ACCESS);
    return bytes;
  }

  override write(data: string): number {
    if (!this.#writes) return -EBADF;
    const start = (this.flags & O_APPEND) !== 0 ? this.node.data.length : this.#offset;
    const put = this.#put(data, start);
    if (put > 0) this.#offset = start + put;
    return put;
  }

  /** On Linux a file opened for append appends even here. */
  override pwrite(data: string, offset: number): number {
    if (!this.#writes) return -EBADF;
    if (offset < 0) return -EINVAL;
    return this.#put(data, (this.flags & O_APPEND) !== 0 ? this.node.data.length : offset);
  }

  override truncate(size: number): number {
    if (!this.#writes || size < 0) return -EINVAL;
    const { data } = this.node;
    // a file made longer is a hole at its end, which takes no space; written, it would, but nothing here does that
    return this.#become(size <= data.length ? data.slice(0, size) : data.padEnd(size, '\0'));
  }

  #put(data: string, start: number): number {
    if (data === '') return 0;
    const old = this.node.data;
    const growth = start + data.length - Math.max(old.length, start);
    const { mount } = this.node;
    const room = data.length - Math.max(0, growth - Math.max(0, mount.freeBytes));
    if (room <= 0) return -ENOSPC;
    const bytes = room < data.length ? data.slice(0, room) : data;
    const before = start > old.length ? old.padEnd(start, '\0') : old.slice(0, start);
    this.#become(before + bytes + old.slice(start + bytes.length));
    return bytes.length;
  }

  #become(data: string): number {
    resize(this.node, data, this.clock);
    return 0;
  }
}

/** Gives a file new content; the space comes from and goes back to its file system. */
export const resize = (node: Inode, data: string, clock: Clock): void => {
  const growth = data.length - node.data.length;
  if (growth > 0) node.mount.freeBytes -= growth;
  else node.mount.give(-growth);
  node.data = data;
  node.mtime = clock.stamp();
  tellBoth(node, IN_MODIFY);
};
