// One side of a supervised pair as it lives in this process: its folder, lock, fifo and files.
//
// Promises: after takeSide the directory is ours alone; after openSide its fifo answers and its files tell the truth.
// Read next: supervise.ts, lock.ts (the parts), runner.ts (both sides together).
import type { Bytes, Fd } from '../host/calls.ts';
import { ENOENT } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import type { Side } from '../machine/pair.ts';
import { type Lock, takeLock } from './lock.ts';
import { type Held, signalHeld } from './held.ts';
import { type Board, newBoard } from './publish.ts';
import { makeSupervise, openControl } from './supervise.ts';
import { statThere } from './trusted-file.ts';

export interface LiveSide {
  readonly side: Side;
  /** '' or 'log/' */
  readonly folder: Bytes;
  readonly lock: Lock;
  readonly control: Fd;
  /** What tells that we live; null: not yet. */
  ok: Fd | null;
  readonly board: Board;
  /** A process of this side that is not our child. */
  adopted: Held | null;
}

/** Takes the lock of a side, whose directory is this one. Null: another process has it. Throws Fatal. */
export const takeSide = (side: Side, directory: string): Lock | null => {
  const folder = side === 'main' ? '' : 'log/';
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
    board: newBoard(folder + 'supervise/', side === 'main' || statThere(`${folder}supervise/pid`) !== -ENOENT),
    adopted: null,
  };
};

/** Our children are signalled by number, which is theirs until runner.ts reaps them; who was taken over is held. */
export const signal = ({ adopted }: LiveSide, pid: number, number: number): void => {
  if (adopted?.pid === pid) signalHeld(adopted, number);
  else sys.kill(pid, number);
};
