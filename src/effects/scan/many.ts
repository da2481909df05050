// The loop of a runsvdir that supervises services itself: epoll, and for each service the directory in which its handlers run.
//
// Promises: a handler of a service is called in the directory of that service, even if that was renamed, or not at all; any other
// handler where runsvdir was started. What a handler of a service throws is passed to `called`, and does not stop the others. At most
// 64 handlers are called before timers have their turn.
// Read first: ../loop.ts. Read next: residents.ts.
import { ENOSYS, EPERM } from '../../abi/errno.ts';
import { POLLERR, SPAWN_BELOW, SPAWN_FAILED } from '../../abi/flags.ts';
import { type Errno, type Fd, isErrno, type Pid } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { Fatal, reason } from '../diagnostics.ts';
import { callHandler, type Handler, type Many, type Owner } from '../loop.ts';

const nothing = (): void => undefined;

/** How many descriptors a child can get through the reserved low numbers. */
const LENT_MAX = 6;
/** If descriptors that all children inherit lie above this, the tables of children cannot be small. */
const HIGHEST = 1000;
const LACKING: readonly number[] = [-ENOSYS, -EPERM].map((errno) => errno - SPAWN_FAILED);

/**
 * spawn with a small table of descriptors: those that every child inherits, and its own. Its own lie above thousands of others in this
 * process, so each is duplicated to a reserved low number while the child is spawned. Null: not possible here.
 */
const newLending = (placeholder: Fd): Many['spawn'] | null => {
  const names = sys.readdir('/proc/self/fd');
  const highest = isErrno(names) ? Infinity : Math.max(...names.map(Number));
  if (highest > HIGHEST) return null;
  const slots = Array.from({ length: LENT_MAX }, (_, at) => (highest + 1 + at) as Fd);
  const put = (fd: Fd, slot: Fd): boolean => !isErrno(sys.dup2(fd, slot)) && !isErrno(sys.setCloexec(slot, 1));
  if (!slots.every((slot) => put(placeholder, slot))) return null;
  const below = (highest + 1 + LENT_MAX) * SPAWN_BELOW;
  let isLacking = false;
  return (path, argv, env, dir, fds, flags, recordFd, recordText) => {
    let used = 0;
    const lend = (fd: number): number => {
      if (fd <= highest) return fd;
      const slot = slots[used++];
      return slot !== undefined && put(fd as Fd, slot) ? slot : -1;
    };
    const spawn = (): Pid | Errno => sys.spawn(path, argv, env, dir, fds, flags, recordFd, recordText);
    if (isLacking) return spawn();
    const pairs = fds.map((fd, at) => (at % 2 === 0 ? fd : lend(fd)));
    const record = recordFd < 0 ? recordFd : lend(recordFd);
    const isLent = !pairs.includes(-1) && (record >= 0 || recordFd < 0);
    const few = isLent ? sys.spawn(path, argv, env, dir, pairs, flags + below, record, recordText) : null;
    for (const slot of slots.slice(0, used)) put(placeholder, slot);
    if (few !== null && !LACKING.includes(few)) return few;
    const result = spawn();
    isLacking ||= few !== null && result > 0;
    return result;
  };
};

/** What it needs. */
export interface ManyOptions {
  /** Where runsvdir was started. */
  readonly home: Fd;
  readonly leads: boolean;
  readonly fds: readonly number[];
  /** Called after each handler of a service; `error`: what it threw, undefined: nothing. */
  readonly called: (owner: Owner, error: unknown) => void;
}

/** Throws Fatal. */
export const newMany = ({ home, leads, fds, called }: ManyOptions): Many => {
  const made = sys.epoll();
  if (isErrno(made)) throw new Fatal(reason('unable to create epoll', made), 100);
  const epoll = made;
  /** By descriptor. */
  const handlers: (Handler | undefined)[] = [];
  const owners: (Owner | null | undefined)[] = [];
  let here: Fd = home;

  const enter = (directory: Fd): void => {
    if (here === directory) return;
    const entered = sys.fchdir(directory);
    if (isErrno(entered)) throw new Fatal(reason('unable to change to directory', entered));
    here = directory;
  };
  const call = (owner: Owner | null, handler: () => void): void => {
    if (owner === null) {
      enter(home);
      handler();
      return;
    }
    if (owner.directory === null) return;
    let error: unknown;
    try {
      enter(owner.directory);
      handler();
    } catch (thrown) {
      error = thrown ?? null;
    }
    called(owner, error);
  };
  const callAll = (ready: readonly number[]): void => {
    const noted: (Handler | undefined)[] = [];
    for (let at = 0; at < ready.length; at += 2) noted.push(handlers[ready[at] as number]);
    for (let at = 0; at < noted.length; at++) {
      const fd = ready[2 * at] as number;
      const handler = noted[at];
      // an earlier handler may have closed it, and another may have its number
      if (handler !== undefined && handlers[fd] === handler)
        call(owners[fd] ?? null, () => callHandler(handler, fd as Fd));
    }
  };
  return {
    leads,
    fds,
    watch: (fd, ready, events, owner) => {
      // 0 would remove it; errors are reported in any case
      const set = sys.epollSet(epoll, fd, events | POLLERR);
      if (isErrno(set)) throw new Fatal(reason('unable to watch a descriptor', set));
      while (handlers.length <= fd) {
        handlers.push(undefined);
        owners.push(undefined);
      }
      handlers[fd] = ready;
      owners[fd] = owner;
    },
    unwatch: (fd) => {
      if (handlers[fd] === undefined) return;
      sys.epollSet(epoll, fd, 0);
      handlers[fd] = undefined;
      owners[fd] = undefined;
    },
    wait: (timeoutMs) => {
      const ready = sys.epollWait(epoll, timeoutMs);
      if (isErrno(ready)) return false;
      callAll(ready);
      return true;
    },
    call,
    goHome: () => call(null, nothing),
    spawn: newLending(home) ?? sys.spawn,
  };
};
