// The files that tell the world: supervise/pid, stat and status.
//
// Promises: a file is replaced whole or not at all, and each one that is there tells the truth: one whose successor
// cannot be written is removed until it can. The successors are spares that stay: they are swapped with the files
// (rename exchange), so the disk space of the next update is already held, and a full disk cannot stop one.
// Must not: decide anything. Read next: ../formats/status.ts.
import { encodeStatus, type Phase, statLine } from '../formats/status.ts';
import { type Bytes, type Done, type Errno, refused } from '../host/calls.ts';
import { EINVAL, ENOENT, ENOSPC, ENOSYS, O_CREAT, O_NONBLOCK, O_WRONLY } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import type { Service, State } from '../machine/types.ts';

/** One side's files and what they say at present; null: unknown, or not there. */
export interface Board {
  /** 'supervise/' or 'log/supervise/' */
  readonly folder: Bytes;
  pid: Bytes | null;
  stat: Bytes | null;
  status: Bytes | null;
}

/** `pidAtOnce`: a log service's pid file is only made when there first is a process. */
export const newBoard = (folder: Bytes, pidAtOnce: boolean): Board => ({
  folder,
  pid: pidAtOnce ? null : '',
  stat: null,
  status: null,
});

/** What could not be done to which file. */
export interface Trouble {
  readonly what: string;
  readonly errno: number;
}

type Name = 'pid' | 'stat' | 'status';

const PHASES: Readonly<Record<State, Phase>> = {
  down: 'down',
  waiting: 'down',
  preparing: 'down',
  starting: 'down',
  up: 'run',
  ending: 'finish',
  finishing: 'finish',
};

type Texts = Readonly<Record<Name, Bytes>>;

const textsFor = (service: Service): Texts => {
  const { pid, paused, gotTerm, want, since } = service;
  const phase = PHASES[service.state];
  return {
    pid: pid === 0 ? '' : `${pid}\n`,
    stat: statLine({ phase, paused, gotTerm, want }),
    status: encodeStatus({ ...since, pid, paused, want: want === 'up' ? 'up' : 'down', gotTerm, phase }),
  };
};

/** Writes a spare over; what it held before may be longer. */
const overwrite = (path: Bytes, text: Bytes): Done | Errno => {
  const fd = sys.open(path, O_WRONLY | O_CREAT | O_NONBLOCK, 0o644);
  if (refused(fd)) return fd;
  const written = text === '' ? (0 as Done) : sys.write(fd, text);
  const cut = written === text.length ? sys.ftruncate(fd, text.length) : written;
  sys.close(fd);
  if (refused(written)) return written;
  return written === text.length ? cut : (-ENOSPC as Errno);
};

const cannotSwap = (result: number): boolean => result === -ENOENT || result === -EINVAL || result === -ENOSYS;

/** The spare takes the file's place, and the old file becomes the spare; where there is none yet, one is made. */
const swap = (spare: Bytes, path: Bytes, text: Bytes): Done | Errno => {
  const swapped = sys.exchange(spare, path);
  if (!cannotSwap(swapped)) return swapped;
  const renamed = sys.rename(spare, path);
  if (!refused(renamed)) overwrite(spare, text);
  return renamed;
};

const NAMES: readonly Name[] = ['pid', 'stat', 'status'];

/** Replaces one file; what cannot be replaced is removed, so that it does not lie. */
const replace = (path: Bytes, text: Bytes): Trouble | null => {
  const spare = `${path}.new`;
  const written = overwrite(spare, text);
  const done = refused(written) ? written : swap(spare, path, text);
  if (!refused(done)) return null;
  sys.unlink(path);
  return { what: refused(written) ? `unable to write ${spare}` : `unable to rename ${spare} to ${path}`, errno: done };
};

/** Makes the files say what `service` is. Tells the first thing that went wrong, after which it can be called again. */
export const publish = (board: Board, service: Service): Trouble | null => {
  const texts = textsFor(service);
  let first: Trouble | null = null;
  for (const name of NAMES) {
    if (board[name] === texts[name]) continue;
    const trouble = replace(board.folder + name, texts[name]);
    board[name] = trouble === null ? texts[name] : null;
    first ??= trouble;
  }
  return first;
};
