// One side of a supervised pair as it lives in this process: its folder, lock, fifo and files.
//
// Promises: after takeSide the directory is ours alone; after openSide its fifo answers and its files tell the truth.
// Read next: supervise-dir.ts, lock.ts (the parts), supervisor.ts (both sides together).
import type { Bytes } from '../../abi/bytes.ts';
import type { Fd } from '../../host/calls.ts';
import { ENOENT } from '../../abi/errno.ts';
import { sys } from '../../host/sys.ts';
import type { Side } from '../../machine/service/pair.ts';
import { type Lock, takeLock } from './lock.ts';
import { type Held, signalHeld } from '../process/held.ts';
import { type Board, newBoard } from './status-files.ts';
import { makeSupervise, openControl } from './supervise-dir.ts';
import { statThere } from '../trusted-file.ts';

export interface LiveSide {
  readonly side: Side;
  /** What leads to its directory: '' for the current one, else a path that ends in a slash. */
  readonly folder: Bytes;
  readonly lock: Lock;
  readonly control: Fd;
  /** What tells that we live; null: not yet. */
  ok: Fd | null;
  readonly statusFiles: Board;
  /** A process of this side that is not our child. */
  adopted: Held | null;
}

/** A side as messages name it, before `./run`: they speak of one service. */
export const nameOf = (side: Side): Bytes => (side === 'log' ? 'log/' : '');

/** The folder of a side of the service in `folder`. */
export const folderOf = (side: Side, folder: Bytes): Bytes => folder + nameOf(side);

/** A folder as a path by itself. */
export const folderPath = (folder: Bytes): Bytes => (folder === '' ? '.' : folder);

/** Takes the lock of a side, whose directory is this one, as takeLock does. Throws Fatal. */
export const takeSide = (folder: Bytes, directory: string): Lock | 'busy' | null => {
  const unmade = makeSupervise(folder);
  return takeLock(folder, directory, unmade);
};

export const openSide = (side: Side, lock: Lock): LiveSide => {
  const { folder } = lock;
  return {
    side,
    folder,
    lock,
    control: openControl(folder),
    ok: null,
    // a log service's pid file is only made when there first is a process; one that is there must not be believed
    statusFiles: newBoard(`${folder}supervise/`, side === 'main' || statThere(`${folder}supervise/pid`) !== -ENOENT),
    adopted: null,
  };
};

/** Our children are signalled by number, which is theirs until supervisor.ts reaps them; who was taken over is held. */
export const signal = ({ adopted }: LiveSide, pid: number, number: number): void => {
  if (adopted?.pid === pid) signalHeld(adopted, number);
  else sys.kill(pid, number);
};
