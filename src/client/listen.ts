// Listening, at a port or at a path.
//
// Promises: a path gets mode 0660. The socket of a server that has died is replaced, that of a live one and whatever is no
// socket stay: what is in the way is moved aside before it is looked at for the last time, so that two servers that start
// together do not remove each other's. At the end the path is removed if it is still ours.
// Read next: http-server.ts (who listens), ../formats/socket-address.ts.
import type { Bytes } from '../abi/bytes.ts';
import { EADDRINUSE, ECONNREFUSED } from '../abi/errno.ts';
import { CALL_UMASK, S_IFMT, S_IFSOCK, SOCK_STREAM } from '../abi/flags.ts';
import type { ListenAddress } from '../formats/socket-address.ts';
import { type Fd, isErrno, type RawStat } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import { socketErrorText } from './socket-errors.ts';

const BACKLOG = 64;
const CONNECT = 0;
/** Leaves 0660. */
const MASK = 0o117;

export interface Listener {
  readonly fd: Fd;
  /** Closes it, and removes its path. */
  end(): void;
}

/** A path leads to a socket whose server has died; else why it has to stay. */
const stateOf = ({ family }: ListenAddress, path: Bytes): 'stale' | string => {
  const stat = sys.lstat(path);
  if (isErrno(stat)) return socketErrorText(stat);
  if ((stat[0] & S_IFMT) !== S_IFSOCK) return 'file exists and is not a socket';
  const fd = sys.socket(family, SOCK_STREAM, path, CONNECT);
  if (!isErrno(fd)) sys.close(fd);
  return fd === -ECONNREFUSED ? 'stale' : 'address already in use';
};

/** '': it is removed; else why not. */
const removeStale = (address: ListenAddress, path: Bytes): string => {
  const before = stateOf(address, path);
  if (before !== 'stale') return before;
  const aside = `${path}.${sys.getpid()}`;
  const moved = sys.rename(path, aside);
  if (isErrno(moved)) return socketErrorText(moved);
  const state = stateOf(address, aside);
  // another server's, which came in between
  if (state !== 'stale') sys.link(aside, path);
  sys.unlink(aside);
  return state === 'stale' ? '' : state;
};

const open = ({ family, bytes, path }: ListenAddress): Fd | number => {
  const mask = path === null ? null : sys.numericCall(CALL_UMASK, [MASK]);
  const fd = sys.socket(family, SOCK_STREAM, bytes, BACKLOG);
  if (mask !== null && !isErrno(mask)) sys.numericCall(CALL_UMASK, [mask]);
  return fd;
};

const isSame = (one: RawStat, other: RawStat): boolean =>
  one[1] === other[1] && one[2] === other[2] && one[3] === other[3];

const listenerOf = (fd: Fd, path: Bytes | null): Listener => {
  const made = path === null ? null : sys.lstat(path);
  return {
    fd,
    end: () => {
      sys.close(fd);
      if (path === null || made === null || isErrno(made)) return;
      const now = sys.lstat(path);
      if (!isErrno(now) && isSame(made, now)) sys.unlink(path);
    },
  };
};

/** Listens; a text says why that cannot be. */
export const listenAt = (address: ListenAddress): Listener | string => {
  const { path } = address;
  let fd = open(address);
  if (fd === -EADDRINUSE && path !== null) {
    const why = removeStale(address, path);
    if (why !== '') return why;
    fd = open(address);
  }
  return fd < 0 ? socketErrorText(fd) : listenerOf(fd as Fd, path);
};
