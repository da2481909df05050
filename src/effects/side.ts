// One side of a supervised pair as it lives in this process: its folder, lock, fifo and files.
//
// Promises: after takeSide the directory is ours alone; after openSide its fifo answers and its files tell the truth.
// Read next: supervise.ts, lock.ts (the parts), runner.ts (both sides together).
import { type Bytes, type Errno, type Fd, refused } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import type { Side } from '../machine/pair.ts';
import type { Lock } from './lock.ts';
import { signalHeld } from './proc.ts';
import { type Board, newBoard } from './publish.ts';
import { makeSupervise, openControl } from './supervise.ts';
import { directoryOf } from './survivor.ts';
import { statThere } from './trusted-file.ts';

export interface LiveSide {
  readonly side: Side;
  /** '' or 'log/' */
  readonly folder: Bytes;
  /** Device and inode of the folder. */
  readonly directory: string;
  readonly lock: Lock;
  readonly control: Fd;
  readonly board: Board;
  /** A process of this side that is not our child: its pidfd. */
  adopted: { readonly pid: number; readonly pidfd: Fd } | null;
}

/** A side whose supervise directory was looked for. */
export interface Place {
  readonly folder: Bytes;
  readonly directory: string;
  /** Why it could not be made. */
  readonly unmade: Errno | null;
}

export const placeOf = (side: Side): Place => {
  const folder = side === 'main' ? '' : 'log/';
  return { folder, directory: directoryOf(side === 'main' ? '.' : 'log'), unmade: makeSupervise(folder) };
};

export const openSide = (side: Side, { folder, directory }: Place, lock: Lock): LiveSide => ({
  side,
  folder,
  directory,
  lock,
  control: openControl(folder),
  // a log service's pid file is only made when there first is a process; one that is there must not be believed
  board: newBoard(`${folder}supervise/`, side === 'main' || !refused(statThere(`${folder}supervise/pid`))),
  adopted: null,
});

/** Our children are signalled by number, which is theirs until runner.ts reaps them; who was taken over is held. */
export const signal = ({ adopted }: LiveSide, pid: number, number: number): void => {
  if (adopted?.pid === pid) signalHeld(pid, adopted.pidfd, number);
  else sys.kill(pid, number);
};
