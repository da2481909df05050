// Looking up users and groups, without the C library: /etc/passwd and /etc/group are read here.
//
// Promises: works in a static program, below a new root, and where there is no such file (then nobody has a name); files
// of any size are read in pieces, and no further than needed. What cannot be read is Fatal; nothing is waited for.
// Read next: ../../formats/accounts.ts (the search), identity.ts (who asks).
import { type Account, findAccount, findGroup, groupsWith } from '../../formats/accounts.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { EFBIG, ENOENT } from '../../abi/errno.ts';
import { O_NOCTTY, O_NONBLOCK, O_RDONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { Fatal, reason } from '../diagnostics.ts';

const PIECE_BYTES = 65536;
/** A line longer than that is none. */
const MOST_LINE_BYTES = 16 * 1024 * 1024;

/** Hands whole lines to `found` until that gives something; null where it never does. */
const searchFile = <T>(path: Bytes, found: (lines: Bytes) => T | null): T | null => {
  const fd = sys.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (fd === -ENOENT) return null;
  if (isErrno(fd)) throw new Fatal(reason(`unable to open ${path}`, fd));
  let kept = '';
  let result: T | null = null;
  while (result === null) {
    const piece = sys.read(fd, PIECE_BYTES);
    if (isErrno(piece)) throw new Fatal(reason(`unable to read ${path}`, piece));
    const end = piece.lastIndexOf('\n') + 1;
    if (piece === '' || end > 0) result = found(kept + piece.slice(0, end));
    kept = end > 0 ? piece.slice(end) : kept + piece;
    if (kept.length > MOST_LINE_BYTES) throw new Fatal(reason(`unable to read ${path}`, EFBIG));
    if (piece === '') break;
  }
  sys.close(fd);
  return result;
};

export const accountNamed = (name: Bytes): Account | null =>
  searchFile('/etc/passwd', (lines) => findAccount(lines, name));

export const groupNamed = (name: Bytes): number | null => searchFile('/etc/group', (lines) => findGroup(lines, name));

/** The groups that have `user` as a member. */
export const groupsOf = (user: Bytes): readonly number[] => {
  const gids: number[] = [];
  searchFile('/etc/group', (lines) => {
    gids.push(...groupsWith(lines, user));
    return null;
  });
  return gids;
};
