// Pipes and fifos: a row of pages, and who has which end open.
//
// Promises: capacity, merging of small writes, what fits and what poll says are Linux's (16 pages of 4096 bytes;
// writable means that a whole page is free; hang-up is told only to a reader that a writer once stood against).
// Read next: files.ts (opening), behaviour.ts (services and loggers on both ends).
import { EAGAIN, EBADF, EPIPE } from '../../../src/abi/errno.ts';
import { O_RDONLY, O_RDWR, POLLERR, POLLHUP, POLLIN, POLLOUT } from '../../../src/abi/flags.ts';
import { Description } from './descriptors.ts';
import type { Inode } from './inode.ts';
import { tellBoth, tellSelf } from './inotify.ts';
import { letGo } from './lifetime.ts';
import {
  BLOCKED,
  IN_ACCESS,
  IN_CLOSE_NOWRITE,
  IN_CLOSE_WRITE,
  IN_MODIFY,
  O_ACCMODE,
  PAGE_BYTES,
  PIPE_PAGES,
} from './numbers.ts';

/** Somebody who wants to hear that a pipe changed. */
export interface Listener {
  wake(): void;
}

export class Pipe {
  readers = 0;
  writers = 0;
  /** How often the pipe was opened for each; who waits for the other end watches these. */
  readerOpens = 0;
  writerOpens = 0;
  #data = '';
  /** Bytes unread in each page, oldest first. */
  #pages: number[] = [];
  /** Where the next byte would go in the last page. */
  #end = PAGE_BYTES;
  #listeners: Listener[] = [];

  get length(): number {
    return this.#data.length;
  }

  get full(): boolean {
    return this.#pages.length >= PIPE_PAGES;
  }

  /** What is in it, without taking it. */
  get content(): string {
    return this.#data;
  }

  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  unlisten(listener: Listener): void {
    this.#listeners = this.#listeners.filter((each) => each !== listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener.wake();
  }

  take(max: number): string {
    const bytes = this.#data.slice(0, max);
    this.#data = this.#data.slice(bytes.length);
    let left = bytes.length;
    while (left > 0) {
      const page = this.#pages[0] as number;
      if (page > left) this.#pages[0] = page - left;
      else this.#pages.shift();
      left -= Math.min(page, left);
    }
    this.changed();
    return bytes;
  }

  /** How many bytes went in; fewer than given when the pages are used up. */
  put(bytes: string): number {
    let done = this.#merge(bytes.length);
    while (done < bytes.length && !this.full) {
      const size = Math.min(PAGE_BYTES, bytes.length - done);
      this.#pages.push(size);
      this.#end = size;
      done += size;
    }
    if (done === 0) return 0;
    this.#data += done === bytes.length ? bytes : bytes.slice(0, done);
    this.changed();
    return done;
  }

  /** The odd bytes of a write join the last page, all of them or none. */
  #merge(length: number): number {
    const odd = length % PAGE_BYTES;
    const last = this.#pages.length - 1;
    if (odd === 0 || last < 0 || this.#end + odd > PAGE_BYTES) return 0;
    this.#pages[last] = (this.#pages[last] as number) + odd;
    this.#end += odd;
    return odd;
  }

  /** Nobody has it open any more: what was in it is gone. */
  forget(): void {
    this.#data = '';
    this.#pages = [];
  }
}

export class PipeEnd extends Description {
  readonly pipe: Pipe;
  readonly reads: boolean;
  readonly writes: boolean;
  /** How often the pipe had been opened for writing when this reader came first; -1: a writer was there. */
  readonly #writersSeen: number;
  readonly #meets: number;

  constructor(flags: number, inode: Inode, pipe: Pipe) {
    super(flags, inode);
    const access = flags & O_ACCMODE;
    this.pipe = pipe;
    this.reads = access === O_RDONLY || access === O_RDWR;
    this.writes = access !== O_RDONLY;
    if (this.reads) pipe.readers++;
    if (this.writes) pipe.writers++;
    this.#writersSeen = pipe.writers > 0 ? -1 : pipe.writerOpens;
    this.#meets = this.reads ? pipe.writerOpens : pipe.readerOpens;
    if (this.reads) pipe.readerOpens++;
    if (this.writes) pipe.writerOpens++;
    pipe.changed();
  }

  /** Whether an open that waits for the other end may return. */
  get met(): boolean {
    if (this.reads && this.writes) return true;
    if (this.reads) return this.pipe.writers > 0 || this.pipe.writerOpens !== this.#meets;
    return this.pipe.readers > 0 || this.pipe.readerOpens !== this.#meets;
  }

  override read(max: number): string | number {
    if (!this.reads) return -EBADF;
    if (this.pipe.length > 0) {
      this.#tell(IN_ACCESS);
      return this.pipe.take(max);
    }
    if (this.pipe.writers === 0) return '';
    return this.nonBlocking ? -EAGAIN : BLOCKED;
  }

  override write(data: string): number {
    if (!this.writes) return -EBADF;
    if (data === '') return 0;
    if (this.pipe.readers === 0) return -EPIPE;
    const put = this.pipe.put(data);
    if (put > 0) this.#tell(IN_MODIFY);
    if (put > 0) return put;
    return this.nonBlocking ? -EAGAIN : BLOCKED;
  }

  /** A fifo's directory does not hear of what goes through it. */
  #tell(event: number): void {
    if (this.inode !== null) tellSelf(this.inode, event);
  }

  override poll(): number {
    const { pipe } = this;
    let events = 0;
    if (this.reads) {
      if (pipe.length > 0) events |= POLLIN;
      if (pipe.writers === 0 && pipe.writerOpens !== this.#writersSeen) events |= POLLHUP;
    }
    if (this.writes) {
      if (!pipe.full) events |= POLLOUT;
      if (pipe.readers === 0) events |= POLLERR;
    }
    return events;
  }

  protected override released(): void {
    const { pipe } = this;
    if (this.reads) pipe.readers--;
    if (this.writes) pipe.writers--;
    if (pipe.readers === 0 && pipe.writers === 0) pipe.forget();
    else pipe.changed();
    const inode = this.inode as Inode;
    tellBoth(inode, this.writes ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
    letGo(inode);
  }
}
