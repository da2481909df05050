// Open file descriptions: what a descriptor leads to, shared by every process that inherited it.
//
// Promises: the last reference gone, everything that hung on it ends (locks, pipe ends, watches, removed files).
// read and write answer BLOCKED where a real call would wait; they never change anything then.
// Read next: files.ts, pipes.ts, inotify.ts (the kinds), processes.ts (the tables of descriptors).
import { EBADF, EINVAL, ESPIPE } from '../../../src/abi/errno.ts';
import { O_NONBLOCK, POLLIN, POLLOUT } from '../../../src/abi/flags.ts';
import type { Inode } from './inode.ts';
import { letGo } from './lifetime.ts';
import { dropLocks } from './locks.ts';

export abstract class Description {
  flags: number;
  readonly inode: Inode | null;
  #references = 0;

  constructor(flags: number, inode: Inode | null) {
    this.flags = flags;
    this.inode = inode;
    if (inode !== null) inode.holders++;
  }

  get nonBlocking(): boolean {
    return (this.flags & O_NONBLOCK) !== 0;
  }

  /** One more descriptor leads here. */
  hold(): this {
    this.#references++;
    return this;
  }

  /** One descriptor fewer leads here. */
  release(): void {
    if (--this.#references > 0) return;
    if (this.inode !== null && this.inode.locks !== null) dropLocks(this, this.inode);
    this.released();
  }

  /** At most `max` bytes, "" at the end, -errno or BLOCKED. */
  read(_max: number): string | number {
    return -EBADF;
  }

  /** Bytes written, -errno or BLOCKED. */
  write(_data: string): number {
    return -EBADF;
  }

  pread(_max: number, _offset: number): string | number {
    return -ESPIPE;
  }

  pwrite(_data: string, _offset: number): number {
    return -ESPIPE;
  }

  truncate(_size: number): number {
    return -EINVAL;
  }

  /** poll's events, whether asked for or not. */
  abstract poll(): number;

  protected abstract released(): void;
}

/** /dev/null, whatever the path. */
export class NullDevice extends Description {
  override read(): string {
    return '';
  }

  override write(data: string): number {
    return data.length;
  }

  override poll(): number {
    return POLLIN | POLLOUT;
  }

  protected override released(): void {
    if (this.inode !== null) letGo(this.inode);
  }
}

/** A terminal that only remembers what was said. */
export class Sink extends Description {
  text = '';

  constructor() {
    super(0, null);
  }

  override read(): string {
    return '';
  }

  override write(data: string): number {
    this.text += data;
    return data.length;
  }

  override poll(): number {
    return POLLOUT;
  }

  protected override released(): void {
    // what was said stays readable
  }
}
