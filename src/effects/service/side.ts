// One side of a supervised pair in this process: its folder, lock, fifo and files.
//
// Promises: after takeSide no other supervisor has the directory; after openSide its fifo takes commands and its files are true.
// Read next: supervise-dir.ts, lock.ts (the parts), supervisor.ts (both sides together).
import type { Bytes } from '../../abi/bytes.ts';
import type { Fd } from '../../host/calls.ts';
import { ENOENT } from '../../abi/errno.ts';
import { SIGKILL } from '../../abi/signals.ts';
import { sys } from '../../host/sys.ts';
import type { Side } from '../../machine/service/pair.ts';
import { type Lock, takeLock } from './lock.ts';
import { hasEnded, type Held, signalHeld } from '../process/held.ts';
import { continuedRecorder, type Recorder } from './recording.ts';
import { type StatusFiles, newStatusFiles } from './status-files.ts';
import { makeSupervise, openControl } from './supervise-dir.ts';
import { statThere } from '../trusted-file.ts';

export interface LiveSide {
  readonly side: Side;
  /** The path prefix of its directory: '' for the current one, else a path that ends in a slash. */
  readonly folder: Bytes;
  readonly lock: Lock;
  readonly control: Fd;
  /** The fifo that shows that we live; null: not open yet. */
  ok: Fd | null;
  readonly statusFiles: StatusFiles;
  /** A process of this side that is not our child. */
  adopted: Held | null;
  /** null: nothing is recorded yet. */
  recorder: Recorder | null;
}

/** How messages name a side before `./run`: each message is about one service. */
export const nameOf = (side: Side): Bytes => (side === 'log' ? 'log/' : '');

/** The folder of a side of the service in `folder`. */
export const folderOf = (side: Side, folder: Bytes): Bytes => folder + nameOf(side);

/** A folder as a path. */
export const folderPath = (folder: Bytes): Bytes => (folder === '' ? '.' : folder);

/** Locks a side with this directory, as takeLock does. Throws Fatal. */
export const takeSide = (folder: Bytes, directory: string): Lock | 'busy' | null => {
  const unmade = makeSupervise(folder);
  return takeLock(folder, directory, unmade);
};

export const openSide = (side: Side, lock: Lock): LiveSide => {
  const { folder } = lock;
  // one text for all services
  const files = folder === '' ? 'supervise/' : `${folder}supervise/`;
  return {
    side,
    folder,
    lock,
    control: openControl(folder),
    ok: null,
    // a log's pid file appears with its first process; one that already exists must not be believed
    statusFiles: newStatusFiles(files, side === 'main' || statThere(`${folder}supervise/pid`) !== -ENOENT),
    adopted: null,
    // in a lock file that was just made stands nothing: no supervisor of ours was here
    recorder: lock.text === '' ? null : continuedRecorder(files),
  };
};

/** Our children are signalled by number, which they keep until they are reaped; an adopted process by pidfd. */
export const signal = ({ adopted }: LiveSide, pid: number, number: number): void => {
  if (adopted?.pid === pid) signalHeld(adopted, number);
  else sys.kill(pid, number);
};

/** KILL for a process, and for the process group that it leads, if it does. */
export const killWithGroup = (side: LiveSide, pid: number, group: boolean): void => {
  // no group has the number of a process that does not lead one
  if (group && (side.adopted?.pid !== pid || !hasEnded(side.adopted))) sys.kill(-pid, SIGKILL);
  signal(side, pid, SIGKILL);
};
