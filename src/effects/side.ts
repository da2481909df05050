// One side of a supervised pair as it lives in this process: its folder, lock, fifos and files.
//
// Promises: after takeSide the directory is ours alone; after openSide its fifos answer and its files tell the truth.
// Read next: supervise.ts (the parts), runner.ts (both sides together).
import type { Bytes, Fd } from '../host/calls.ts';
import type { Side } from '../machine/pair.ts';
import type { Foreign } from './foreign.ts';
import { type Board, newBoard } from './publish.ts';
import { type Fifos, isThere, makeSupervise, openControl, openLock } from './supervise.ts';

export interface LiveSide {
  readonly side: Side;
  /** '' or 'log/' */
  readonly folder: Bytes;
  readonly lock: Fd;
  readonly fifos: Fifos;
  readonly board: Board;
  /** A process of this side that is not our child. */
  adopted: Foreign | null;
}

/** A side whose lock is open. */
export interface Taken {
  readonly folder: Bytes;
  readonly lock: Fd;
}

/** Opens the lock of a side; locking is the caller's next step. */
export const takeSide = (side: Side): Taken => {
  const folder = side === 'main' ? '' : 'log/';
  makeSupervise(folder);
  return { folder, lock: openLock(folder) };
};

export const openSide = (side: Side, folder: Bytes, lock: Fd): LiveSide => ({
  side,
  folder,
  lock,
  fifos: openControl(folder),
  // a log service's pid file is only made when there first is a process; one that is there must not be believed
  board: newBoard(`${folder}supervise/`, side === 'main' || isThere(`${folder}supervise/pid`)),
  adopted: null,
});
