// The files by which a stop or a reboot is asked for: each stands in two places, and either will do.
//
// /etc/runit is runit's place for them; Debian's 2.1.2 has them in /run, which can be written to while /etc cannot. A wish is
// a file whose owner may execute it. Shared by runit, who obeys, and runit-init, who asks.
import type { Bytes } from '../../abi/bytes.ts';
import { type Done, type Errno, refused } from '../../host/calls.ts';
import { O_CREAT, O_NOCTTY, O_NONBLOCK, O_TRUNC, O_WRONLY, S_IXUSR } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';

export type StopRequest = 'stopit' | 'reboot';

const REQUESTED = 0o100;
const NOT_REQUESTED = 0;

const placesOf = (request: StopRequest): readonly Bytes[] => [`/etc/runit/${request}`, `/run/runit.${request}`];

/** Whether a file is there whose owner may execute it. */
export const ownerMayExecute = (path: Bytes): boolean => {
  const stat = sys.stat(path);
  return !refused(stat) && (stat[0] & S_IXUSR) !== 0;
};

export const isRequested = (request: StopRequest): boolean => placesOf(request).some(ownerMayExecute);

/** Takes a wish back; what cannot be changed stays. */
export const withdrawRequest = (request: StopRequest): void => {
  for (const path of placesOf(request)) sys.chmod(path, NOT_REQUESTED);
};

const makeIn = (path: Bytes): Done | Errno => {
  const fd = sys.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY, 0o644);
  if (refused(fd)) return fd;
  // of the very file that was opened, whatever its name leads to by now
  const changed = sys.fchmod(fd, REQUESTED);
  sys.close(fd);
  return changed;
};

/** Makes a wish, wherever it can be made; the refusal of the first place where it could be made in none. */
export const makeRequest = (request: StopRequest): { readonly path: Bytes; readonly errno: Errno } | null => {
  const results = placesOf(request).map((path) => ({ path, errno: makeIn(path) }));
  const failed = results.flatMap(({ path, errno }) => (refused(errno) ? [{ path, errno }] : []));
  return failed.length < results.length ? null : (failed[0] ?? null);
};
