// The files that tell the world: supervise/pid, stat and status.
//
// Promises: a file is replaced whole or not at all, and each one that is there tells the truth: one whose successor
// cannot be written is removed until it can. The successors are spares that stay: they are swapped with the files
// (rename exchange), so the disk space of the next update is already held, and a full disk cannot stop one.
// Must not: decide anything. Read next: ../formats/status.ts.
import { encodeStatus, type Phase, statLine } from '../formats/status.ts';
import { type Bytes, type Done, type Errno, refused } from '../host/calls.ts';
import { ENOSPC, O_CREAT, O_NONBLOCK, O_WRONLY } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import type { Service, State } from '../machine/types.ts';

type Name = 'pid' | 'stat' | 'status';

/** A file and its spare: what each of them holds; null: unknown, or not there. */
interface Sheet {
  text: Bytes | null;
  spare: Bytes | null;
}

/** One side's files. */
export interface Board {
  /** 'supervise/' or 'log/supervise/' */
  readonly folder: Bytes;
  readonly sheets: Readonly<Record<Name, Sheet>>;
}

/** `pidAtOnce`: otherwise the pid file is only made when there first is a process. */
export const newBoard = (folder: Bytes, pidAtOnce: boolean): Board => ({
  folder,
  sheets: {
    pid: { text: pidAtOnce ? null : '', spare: null },
    stat: { text: null, spare: null },
    status: { text: null, spare: null },
  },
});

/** What could not be done to which file. */
export interface Trouble {
  readonly what: string;
  readonly errno: number;
}

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

/** Writes a spare over; what it held before may be longer, and is cut. */
const overwrite = (path: Bytes, text: Bytes, before: Bytes | null): Done | Errno => {
  const fd = sys.open(path, O_WRONLY | O_CREAT | O_NONBLOCK, 0o644);
  if (refused(fd)) return fd;
  let done = text === '' ? (0 as Done) : sys.write(fd, text);
  if (!refused(done) && done !== text.length) done = -ENOSPC as Errno;
  if (!refused(done) && (before === null || before.length > text.length)) done = sys.ftruncate(fd, text.length);
  sys.close(fd);
  return done;
};

/**
 * The spare takes the file's place, and the old file becomes the spare. Where they cannot be swapped, as there is no file yet
 * or as the kernel, the file system or a filter of system calls does not have it, another spare is made.
 */
const swap = (sheet: Sheet, spare: Bytes, path: Bytes, text: Bytes): Done | Errno => {
  const swapped = sys.exchange(spare, path);
  if (!refused(swapped)) {
    sheet.spare = sheet.text;
    return swapped;
  }
  const renamed = sys.rename(spare, path);
  if (!refused(renamed)) sheet.spare = refused(overwrite(spare, text, null)) ? null : text;
  return renamed;
};

/**
 * Replaces one file; what cannot be replaced is removed, so that it does not lie. Removing it may make just the room that
 * its successor lacked, so that is tried once more.
 */
const replace = (sheet: Sheet, path: Bytes, text: Bytes): Trouble | null => {
  const spare = `${path}.new`;
  const write = (): Done | Errno => {
    const written = sheet.spare === text ? (0 as Done) : overwrite(spare, text, sheet.spare);
    sheet.spare = null;
    return refused(written) ? written : swap(sheet, spare, path, text);
  };
  const first = write();
  if (refused(first)) sys.unlink(path);
  const done = refused(first) ? write() : first;
  sheet.text = refused(done) ? null : text;
  return refused(done) ? { what: `unable to replace ${path}`, errno: done } : null;
};

const update = (board: Board, name: Name, text: Bytes): Trouble | null => {
  const sheet = board.sheets[name];
  return sheet.text === text ? null : replace(sheet, board.folder + name, text);
};

/** Makes the files say what `service` is. Tells the first thing that went wrong, after which it can be called again. */
export const publish = (board: Board, service: Service): Trouble | null => {
  const texts = textsFor(service);
  const pid = update(board, 'pid', texts.pid);
  const stat = update(board, 'stat', texts.stat);
  const status = update(board, 'status', texts.status);
  return pid ?? stat ?? status;
};
