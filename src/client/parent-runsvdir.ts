// Whether a runsv is about to start: a service that was linked a moment ago has none yet, but its directory has a runsvdir.
//
// Promises: a runsvdir is recognized by the lock on its directory. Our own attempt holds that lock for at most two system calls,
// and shared, so that others who try it are not disturbed.
// Read next: await-runsv.ts (who waits for it), ../effects/scan/claim.ts (who holds the lock).
import type { Bytes } from '../abi/bytes.ts';
import { EAGAIN } from '../abi/errno.ts';
import { LOCK_NB, LOCK_SH, O_NONBLOCK, O_RDONLY } from '../abi/flags.ts';
import { isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import type { Trouble } from './report.ts';
import type { Service } from './service.ts';

/** The path without slashes at its end. */
export const withoutSlashes = (path: Bytes): Bytes => path.replace(/\/+$/, '');

/** Its last component. */
export const lastOf = (path: Bytes): Bytes => path.slice(path.lastIndexOf('/') + 1);

/** The directory in which `path` is a name; links are not followed. */
export const parentOf = (path: Bytes): Bytes => {
  const last = lastOf(path);
  if (last === '.' || last === '..') return `${path}/..`;
  const rest = path.slice(0, path.length - last.length);
  return rest === '' ? '.' : withoutSlashes(rest) || '/';
};

const isLocked = (dir: Bytes): boolean => {
  const fd = sys.open(dir, O_RDONLY | O_NONBLOCK, 0);
  if (isErrno(fd)) return false;
  const locked = sys.flock(fd, LOCK_SH | LOCK_NB) === -EAGAIN;
  sys.close(fd);
  return locked;
};

/** runsvdir ignores names that begin with a dot. */
const isHidden = (name: Bytes): boolean => name[0] === '.' && name !== '.' && name !== '..';

/** Whether a runsvdir starts the runsv of the service, or of the service whose log it is. */
export const hasRunsvdir = ({ dir }: Service): boolean => {
  const path = withoutSlashes(dir);
  const [name, parent] = [lastOf(path), parentOf(path)];
  if (isHidden(name)) return false;
  return isLocked(parent) || (name === 'log' && isLocked(parentOf(parent)));
};

/** Whether the trouble ends when runsv starts. */
export const endsWithRunsv = ({ kind }: Trouble): boolean => kind === 'no runsv' || kind === 'no fifo';
