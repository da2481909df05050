// Whether a runsv is about to come: a service that was linked a moment ago has none yet.
//
// Promises: a runsvdir is recognized by the lock that it holds on its directory; a try of ours takes it for no longer than two
// system calls, and shared, so that others who try are not disturbed.
// Read next: wait.ts (who waits for it), ../effects/scan/read-dir.ts (who holds the lock).
import type { Bytes } from '../abi/bytes.ts';
import { refused } from '../host/calls.ts';
import { EAGAIN } from '../abi/errno.ts';
import { LOCK_NB, LOCK_SH, O_NONBLOCK, O_RDONLY } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import type { Service, Trouble } from './service.ts';

const trimmed = (path: Bytes): Bytes => path.replace(/\/+$/, '');

const lastOf = (path: Bytes): Bytes => path.slice(path.lastIndexOf('/') + 1);

/** The directory that `path` is a name in, as it is named: links are not followed. */
const parentOf = (path: Bytes): Bytes => {
  const last = lastOf(path);
  if (last === '.' || last === '..') return `${path}/..`;
  const rest = path.slice(0, path.length - last.length);
  return rest === '' ? '.' : trimmed(rest) || '/';
};

const isHeld = (dir: Bytes): boolean => {
  const fd = sys.open(dir, O_RDONLY | O_NONBLOCK, 0);
  if (refused(fd)) return false;
  const held = sys.flock(fd, LOCK_SH | LOCK_NB) === -EAGAIN;
  sys.close(fd);
  return held;
};

/** runsvdir passes over names that begin with a dot. */
const isHidden = (name: Bytes): boolean => name[0] === '.' && name !== '.' && name !== '..';

/** Whether a runsvdir starts a runsv for the service, or for the one whose log it is. */
export const isSupervisedFromAbove = ({ dir }: Service): boolean => {
  const path = trimmed(dir);
  const [name, parent] = [lastOf(path), parentOf(path)];
  if (isHidden(name)) return false;
  return isHeld(parent) || (name === 'log' && isHeld(parentOf(parent)));
};

/** Whether the trouble is over when runsv comes. */
export const isToCome = ({ kind }: Trouble): boolean => kind === 'no runsv' || kind === 'no fifo';
