// The loop of a runsvdir that supervises services itself: epoll, and for each service the directory in which its handlers run.
//
// Promises: a handler of a service is called in the directory of that service, whatever it is named by now, or not at all; any other
// where runsvdir was started. What a handler of a service throws is handed to whoever keeps the services, and stops no other. Of what
// is ready at once at most 64 are called before timers have their turn.
// Read first: ../loop.ts. Read next: residents.ts.
import { POLLERR } from '../../abi/flags.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { Fatal, reason } from '../diagnostics.ts';
import { callHandler, type Handler, type Many, type Owner } from '../loop.ts';

const nothing = (): void => undefined;

/** What it is made of. */
export interface ManyOptions {
  /** Where runsvdir was started. */
  readonly home: Fd;
  readonly leads: boolean;
  readonly fds: readonly number[];
  /** Called after each handler of a service, with what it has thrown; undefined: nothing. */
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
      // an earlier one may have taken it back, and given the number to another
      if (handler !== undefined && handlers[fd] === handler)
        call(owners[fd] ?? null, () => callHandler(handler, fd as Fd));
    }
  };
  return {
    leads,
    fds,
    watch: (fd, ready, events, owner) => {
      // errors are reported anyway; no events at all would take it out
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
  };
};
