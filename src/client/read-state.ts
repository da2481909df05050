// What a supervisor tells of a service beside runit's 20 bytes: supervise/state.json, seen from outside.
//
// Promises: links are not followed, opening never waits, and a file that is longer than one of ours is none.
// Read next: ../formats/state.ts (what is in it), snapshots.ts, read-report.ts (who ask).
import type { Bytes } from '../abi/bytes.ts';
import { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG } from '../abi/flags.ts';
import { decodeState, STATE_MAX, type SupervisorState } from '../formats/state.ts';
import { isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';

const CAREFULLY = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY;

/** The whole of a small file in supervise/; null where it is none, or longer. */
export const readSupervised = (path: Bytes, most: number): Bytes | null => {
  const fd = sys.open(path, CAREFULLY, 0);
  if (isErrno(fd)) return null;
  const stat = sys.fstat(fd);
  const isFile = !isErrno(stat) && (stat[0] & S_IFMT) === S_IFREG;
  const text = isFile ? sys.read(fd, most + 1) : '';
  sys.close(fd);
  return isErrno(text) || text === '' || text.length > most ? null : text;
};

/** null: there is none, as for C's runsv, or for a service of which there is nothing to tell. */
export const readState = (dir: Bytes): SupervisorState | null => {
  const text = readSupervised(`${dir}/supervise/state.json`, STATE_MAX);
  return text === null ? null : decodeState(text);
};
