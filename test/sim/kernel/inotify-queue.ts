// What one inotify descriptor reads: its watches, and their events in a queue.
//
// Promises: bytes and limits are Linux's; an event equal to the last one in the queue is dropped, and beyond the
// queue's limit there is one overflow event.
// Read next: inotify.ts (how events come here).
import { EAGAIN, EINVAL } from '../../../src/abi/errno.ts';
import { IN_UNMOUNT, POLLIN } from '../../../src/abi/flags.ts';
import { Description } from './descriptors.ts';
import type { Inode } from './inode.ts';
import type { EventQueue, Watch } from './inotify.ts';
import { IN_ALL_EVENTS, IN_IGNORED, IN_MASK_ADD, IN_ONESHOT, IN_Q_OVERFLOW } from './numbers.ts';

const HEADER_BYTES = 16;
const QUEUE_MAX = 16384;

interface Event {
  readonly watch: number;
  readonly mask: number;
  readonly cookie: number;
  readonly name: string;
}

export class InotifyQueue extends Description implements EventQueue {
  readonly #watches = new Map<number, Watch>();
  #events: Event[] = [];
  #numbers = 0;

  /** The watch's number; a second watch on the same inode changes the first. */
  watch(inode: Inode, mask: number): number {
    const known = inode.watches?.find((watch) => watch.queue === this);
    if (known !== undefined) {
      known.mask = (mask & IN_MASK_ADD) !== 0 ? known.mask | mask : mask;
      return known.number;
    }
    const watch: Watch = { number: ++this.#numbers, queue: this, inode, mask };
    inode.watches ??= [];
    inode.watches.push(watch);
    this.#watches.set(watch.number, watch);
    return watch.number;
  }

  unwatch(number: number): number {
    const watch = this.#watches.get(number);
    if (watch === undefined) return -EINVAL;
    this.drop(watch);
    return 0;
  }

  /** Ends a watch, and says so. */
  drop(watch: Watch): void {
    forget(watch);
    this.#watches.delete(watch.number);
    this.#add({ watch: watch.number, mask: IN_IGNORED, cookie: 0, name: '' });
  }

  tell(watch: Watch, mask: number, name: string, cookie: number): void {
    // whoever watches anything hears of an unmount
    if (((watch.mask | IN_UNMOUNT) & mask & (IN_ALL_EVENTS | IN_UNMOUNT)) === 0) return;
    this.#add({ watch: watch.number, mask, cookie, name });
    if ((watch.mask & IN_ONESHOT) !== 0) this.drop(watch);
  }

  #add(event: Event): void {
    const last = this.#events.at(-1);
    if (last !== undefined && same(last, event)) return;
    if (this.#events.length < QUEUE_MAX) this.#events.push(event);
    else if (last?.mask !== IN_Q_OVERFLOW) this.#events.push(OVERFLOW);
  }

  override read(max: number): string | number {
    const first = this.#events[0];
    if (first === undefined) return -EAGAIN;
    if (sizeOf(first) > max) return -EINVAL;
    let bytes = '';
    let count = 0;
    for (const event of this.#events) {
      if (bytes.length + sizeOf(event) > max) break;
      bytes += encode(event);
      count++;
    }
    this.#events = this.#events.slice(count);
    return bytes;
  }

  override poll(): number {
    return this.#events.length > 0 ? POLLIN : 0;
  }

  protected override released(): void {
    for (const watch of this.#watches.values()) forget(watch);
    this.#watches.clear();
  }
}

const OVERFLOW: Event = { watch: -1, mask: IN_Q_OVERFLOW, cookie: 0, name: '' };

/** Linux does not look at the cookie. */
const same = (one: Event, other: Event): boolean =>
  one.watch === other.watch && one.mask === other.mask && one.name === other.name;

const nameBytes = (event: Event): number => (event.name === '' ? 0 : (event.name.length + 16) & ~15);
const sizeOf = (event: Event): number => HEADER_BYTES + nameBytes(event);

const word = (value: number): string =>
  String.fromCharCode(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);

const encode = (event: Event): string => {
  const room = nameBytes(event);
  return word(event.watch) + word(event.mask) + word(event.cookie) + word(room) + event.name.padEnd(room, '\0');
};

const forget = (watch: Watch): void => {
  const { inode } = watch;
  const left = (inode.watches ?? []).filter((each) => each !== watch);
  inode.watches = left.length > 0 ? left : null;
};
