// The files that request a stop or a reboot: each has two places, either counts.
//
// /etc/runit is runit's place for them; Debian's 2.1.2 has them in /run, which is writable when /etc is not. A request is
// a file whose owner may execute it. Shared by runit, which obeys, and runit-init, which requests.
import type { Bytes } from '../../abi/bytes.ts';
import { type Done, type Errno, isErrno } from '../../host/calls.ts';
import { O_CREAT, O_NOCTTY, O_NONBLOCK, O_TRUNC, O_WRONLY, S_IXUSR } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';

export type StopRequest = 'stopit' | 'reboot';

const REQUESTED = 0o100;
const NOT_REQUESTED = 0;

const placesOf = (request: StopRequest): readonly Bytes[] => [`/etc/runit/${request}`, `/run/runit.${request}`];

/** Whether there is a file that its owner may execute. */
export const ownerMayExecute = (path: Bytes): boolean => {
  const stat = sys.stat(path);
  return !isErrno(stat) && (stat[0] & S_IXUSR) !== 0;
};

export const isRequested = (request: StopRequest): boolean => placesOf(request).some(ownerMayExecute);

/** Withdraws a request; what cannot be changed stays. */
export const withdrawRequest = (request: StopRequest): void => {
  for (const path of placesOf(request)) sys.chmod(path, NOT_REQUESTED);
};

const makeIn = (path: Bytes): Done | Errno => {
  const fd = sys.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY, 0o644);
  if (isErrno(fd)) return fd;
  // of the file that was opened, whatever its name leads to now
  const changed = sys.fchmod(fd, REQUESTED);
  sys.close(fd);
  return changed;
};

/** Makes a request wherever that is possible; if it is possible in no place, the error of the first. */
export const makeRequest = (request: StopRequest): { readonly path: Bytes; readonly errno: Errno } | null => {
  const results = placesOf(request).map((path) => ({ path, errno: makeIn(path) }));
  const failed = results.flatMap(({ path, errno }) => (isErrno(errno) ? [{ path, errno }] : []));
  return failed.length < results.length ? null : (failed[0] ?? null);
};
