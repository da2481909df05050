// epoll: which descriptors one reports, and what is ready among them.
//
// Promises: level-triggered, at most 64 at a time; a description whose last descriptor is closed is forgotten.
// Read next: poll.ts (the wait), calls.ts (who calls).
import { EBADF, EEXIST, EINVAL, ENOENT, EPERM } from '../../../src/abi/errno.ts';
import { POLLERR, POLLHUP, POLLIN } from '../../../src/abi/flags.ts';
import { Description } from './descriptors.ts';
import { OpenDirectory, OpenFile } from './files.ts';
import type { Main } from './main.ts';
import { BLOCKED } from './numbers.ts';
import type { Process } from './processes.ts';
import { MS_NS } from './time.ts';

const ALWAYS = POLLERR | POLLHUP;
const MOST = 64;

/** Of files, some of /proc alone tell of news. */
const canPoll = (description: Description): boolean =>
  (!(description instanceof OpenFile) || description.inode?.mount.type === 'proc') &&
  !(description instanceof OpenDirectory);

interface Watched {
  readonly description: Description;
  readonly events: number;
}

export class Epoll extends Description {
  readonly #watched = new Map<number, Watched>();

  set(process: Process, fd: number, events: number): number {
    const description = process.at(fd);
    if (description === null) return -EBADF;
    if (description === this) return -EINVAL;
    if (!canPoll(description)) return -EPERM;
    const known = this.#watched.get(fd)?.description === description;
    if (events === 0) return known && this.#watched.delete(fd) ? 0 : -ENOENT;
    if (known) return -EEXIST;
    this.#watched.set(fd, { description, events });
    return 0;
  }

  /** Descriptor, events, ... */
  ready(process: Process): readonly number[] {
    const found: number[] = [];
    for (const [fd, { description, events }] of this.#watched) {
      if (process.at(fd) !== description) this.#watched.delete(fd);
      else {
        const now = description.poll() & (events | ALWAYS);
        if (now !== 0 && found.length < 2 * MOST) found.push(fd, now);
      }
    }
    return found;
  }

  override poll(): number {
    return [...this.#watched.values()].some(({ description, events }) => (description.poll() & (events | ALWAYS)) !== 0)
      ? POLLIN
      : 0;
  }

  protected override released(): void {
    this.#watched.clear();
  }
}

export const epollWait = (main: Main, fd: number, timeoutMs: number): readonly number[] | number => {
  const { process, world } = main;
  const { clock } = world;
  const epoll = process.at(fd);
  if (epoll === null) return -EBADF;
  if (!(epoll instanceof Epoll)) return -EINVAL;
  const startNs = clock.nowNs;
  const deadlineNs = timeoutMs < 0 ? Infinity : startNs + timeoutMs * MS_NS;
  let asked = 0;
  const ask = (): readonly number[] | number => {
    asked++;
    const ready = epoll.ready(process);
    return ready.length > 0 || clock.nowNs >= deadlineNs ? ready : BLOCKED;
  };
  const answer = main.wait(ask, deadlineNs, false);
  main.returned(asked > 1 || clock.nowNs > startNs);
  return answer;
};
