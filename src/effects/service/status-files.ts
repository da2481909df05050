// The files that tell the world: supervise/pid, stat and status.
//
// Promises: a file is replaced whole or not at all, and what was published is never written again, so that whoever has
// it open reads one state, never a mixture. Each one that is there tells the truth: one whose successor cannot be written
// is removed until it can. A full disk cannot stop an update: beside each file lies a spare one, which holds the room for
// the next: the first file that was replaced, or one that was never published. What was is only written again where nobody
// has it open; where it says already what the next is to say, it is put back as it is. In memory the next is always written to
// the spare, if it can be: that costs less than a new file.
// Must not: decide anything. Read next: ../../formats/status.ts, ../trusted-file.ts.
import { decodeStatus, encodeStatus, type Phase, statLine } from '../../formats/status.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { type Done, type Errno, type Fd, isErrno } from '../../host/calls.ts';
import { EDQUOT, EISDIR, ENOSPC } from '../../abi/errno.ts';
import { REPUBLISH_SWAP, REPUBLISH_USED } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import type { Service, ServiceState } from '../../machine/service/model.ts';
import { makeInstead, readThere } from '../trusted-file.ts';

type Name = 'pid' | 'stat' | 'status';

/** One of the files, and the one that holds room for its successor: what stands in them, null: unknown, or not there. */
interface Sheet {
  text: Bytes | null;
  spare: Bytes | null;
  /** The spare was published once. */
  used: boolean;
}

/** One side's files. */
export interface StatusFiles {
  /** 'supervise/' or 'log/supervise/' */
  readonly folder: Bytes;
  /** Whose files count as ours. */
  readonly user: number;
  /** In memory: a rename over a file costs nothing there. */
  readonly inMemory: boolean;
  /** The service is down for good: there is no next state to hold room for. */
  isLast: boolean;
  readonly pid: Sheet;
  readonly stat: Sheet;
  readonly status: Sheet;
}

const NAMES: readonly Name[] = ['pid', 'stat', 'status'];
/** What a file is called until it gets its name. */
const NEXT = 'next.new';
const MODE = 0o644;
const TMPFS = 0x01021994;
/** As long as any text. */
const RESERVED = `${'reserved'.padEnd(62)}\n`;

const newSheet = (text: Bytes | null): Sheet => ({ text, spare: null, used: false });

/** `pidAtOnce`: otherwise the pid file is only made when there first is a process. */
export const newStatusFiles = (folder: Bytes, pidAtOnce: boolean): StatusFiles => ({
  folder,
  user: sys.geteuid(),
  inMemory: sys.fstype(folder) === TMPFS,
  isLast: false,
  pid: newSheet(pidAtOnce ? null : ''),
  stat: newSheet(null),
  status: newSheet(null),
});

/** What could not be done to which file. */
export interface Trouble {
  readonly what: string;
  readonly errno: number;
}

const PHASES: Readonly<Record<ServiceState, Phase>> = {
  down: 'down',
  backoff: 'down',
  waiting: 'down',
  preparing: 'down',
  starting: 'down',
  up: 'run',
  ending: 'finish',
  finishing: 'finish',
};

const NO_PROCESS = { pid: 0, paused: false, gotTerm: false };

type Texts = Readonly<Record<Name, Bytes>>;

const textsFor = (service: Service): Texts => {
  const { process, want, since } = service;
  const { pid, paused, gotTerm } = process ?? NO_PROCESS;
  const phase = PHASES[service.state];
  return {
    pid: pid === 0 ? '' : `${pid}\n`,
    stat: statLine({ phase, paused, gotTerm, want }),
    status: encodeStatus({
      sec: since.sec,
      nsec: since.nsec,
      pid,
      paused,
      want: want === 'up' ? 'up' : 'down',
      gotTerm,
      phase,
    }),
  };
};

/** All or nothing counts. */
const writeAll = (fd: Fd, text: Bytes): Done | Errno => {
  const put = text === '' ? (0 as Done) : sys.pwrite(fd, text, 0);
  return !isErrno(put) && put !== text.length ? (-ENOSPC as Errno) : put;
};

const make = (path: Bytes, text: Bytes): Done | Errno => {
  const fd = makeInstead(path, MODE);
  if (isErrno(fd)) return fd;
  const put = writeAll(fd, text);
  sys.close(fd);
  if (isErrno(put)) sys.unlink(path);
  return put;
};

const spareOf = (name: Name): Bytes => name + '.new';

/** Gives the file NEXT its name; what had that name is gone. */
const place = (folder: Bytes, name: Bytes): Done | Errno => {
  const renamed = sys.rename(folder + NEXT, folder + name);
  if (isErrno(renamed)) sys.unlink(folder + NEXT);
  return renamed;
};

/** Only a file with something in it holds room. */
const lacksRoom = ({ text, spare }: Sheet): boolean => spare === null && text !== null && text !== '';

/** What was swapped out goes, or stays as the spare where there is none; a directory is put back. */
const dropOld = (folder: Bytes, name: Name, sheet: Sheet): Done | Errno => {
  if (lacksRoom(sheet) && !isErrno(sys.rename(folder + NEXT, folder + spareOf(name)))) {
    sheet.spare = sheet.text;
    sheet.used = true;
    return 0 as Done;
  }
  const gone = sys.unlink(folder + NEXT);
  if (gone !== -EISDIR) return 0 as Done;
  sys.exchange(folder + NEXT, folder + name);
  sys.unlink(folder + NEXT);
  return gone;
};

/**
 * Publishes a new file. Swapped with the old one, where that can be done: a rename over it makes ext4 write the new one to
 * the disk at once.
 */
const putNew = ({ folder, inMemory }: StatusFiles, name: Name, sheet: Sheet, text: Bytes): Done | Errno => {
  const made = make(folder + NEXT, text);
  if (isErrno(made)) return made;
  if (inMemory && !lacksRoom(sheet)) return place(folder, name);
  return isErrno(sys.exchange(folder + NEXT, folder + name)) ? place(folder, name) : dropOld(folder, name, sheet);
};

/**
 * The spare gets the text and takes the file's place; the file, whose room is ours too, becomes the spare. Whoever still reads a
 * spare that was public once must not see it change: then it goes, as it does where it is not the file that we have left there.
 */
const putSpare = (board: StatusFiles, name: Name, sheet: Sheet, text: Bytes): Done | Errno => {
  const path = board.folder + name;
  const old = sheet.text;
  const isKept = old !== null && old !== '' && !(board.isLast && board.inMemory);
  // a rename over a file on a disk is written at once
  const flags = (sheet.used ? REPUBLISH_USED : 0) | (isKept || !board.inMemory ? REPUBLISH_SWAP : 0);
  const put = sys.republish(`${path}.new`, path, sheet.spare ?? '', text, board.user, flags);
  sheet.spare = put === 1 && isKept ? old : null;
  sheet.used = true;
  if (put < 0) sys.unlink(`${path}.new`);
  return put;
};

const isOurText = (text: Bytes): boolean =>
  text === RESERVED || decodeStatus(text) !== null || /^(\d{1,10}|(down|run|finish)[a-zA-Z, ]{0,40})\n$/.test(text);

/** A spare that a runsv which was killed has left. */
const findSpare = (folder: Bytes, name: Name, sheet: Sheet): void => {
  const left = readThere(folder + spareOf(name), RESERVED.length + 1);
  if (left === null || !left.ours || !isOurText(left.text)) return;
  sheet.spare = left.text;
  sheet.used = true;
};

const isFull = (errno: number): boolean => errno === -ENOSPC || errno === -EDQUOT;

const replace = (board: StatusFiles, name: Name, sheet: Sheet, text: Bytes): Done | Errno => {
  const { spare, text: old } = sheet;
  // where that costs nothing, or no writing: a rename, and in memory a file that need not be made
  if (spare !== null && (board.inMemory || (spare === text && old !== null && old !== ''))) {
    const put = putSpare(board, name, sheet, text);
    if (put >= 0) return put;
  }
  const done = putNew(board, name, sheet, text);
  if (!isFull(done)) return done;
  if (sheet.spare === null) findSpare(board.folder, name, sheet);
  return sheet.spare === null ? done : putSpare(board, name, sheet, text);
};

/**
 * What is refused for a moment is tried again before the file is removed, for `sv` may be looking. Removing it may make just the
 * room that is missing, so the file is tried once more.
 */
const replaceAgain = (board: StatusFiles, name: Name, sheet: Sheet, text: Bytes, refused: number): Done | Errno => {
  const done = isFull(refused) ? (refused as Errno) : replace(board, name, sheet, text);
  if (!isErrno(done)) return done;
  sys.unlink(board.folder + name);
  sheet.text = null;
  return replace(board, name, sheet, text);
};

/** Makes one file say `text`; what cannot be replaced is removed, so that it does not lie. */
const update = (board: StatusFiles, name: Name, text: Bytes): Trouble | null => {
  const sheet = board[name];
  if (sheet.text === text) return null;
  // for numbers `< 0` says what isErrno does, for a tenth of its instructions: every stop comes by here five times
  let done = replace(board, name, sheet, text);
  if (done < 0) done = replaceAgain(board, name, sheet, text, done);
  sheet.text = done < 0 ? null : text;
  return done < 0 ? { what: `unable to replace ${board.folder}${name}`, errno: done } : null;
};

const makeSpare = (folder: Bytes, name: Name, sheet: Sheet): Done | Errno => {
  const made = make(folder + spareOf(name), RESERVED);
  if (isErrno(made)) return made;
  sheet.spare = RESERVED;
  sheet.used = false;
  return made;
};

/** False: the disk is full. */
const hasSpare = (board: StatusFiles, name: Name): boolean =>
  board[name].spare !== null || !isFull(makeSpare(board.folder, name, board[name]));

/** Makes those that are missing; stops when the disk is full. */
const makeSpares = (board: StatusFiles): boolean =>
  hasSpare(board, 'pid') && hasSpare(board, 'stat') && hasSpare(board, 'status');

/** The start that comes next replaces all files, and what it replaces are the spares. */
const isAboutToStart = ({ state, want }: Service): boolean => state === 'down' && want === 'up';

/** Makes the files say what `service` is. Tells the first thing that went wrong, after which it can be called again. */
export const publish = (board: StatusFiles, service: Service): Trouble | null => {
  const texts = textsFor(service);
  board.isLast = service.state === 'down' && service.want === 'exit';
  const pid = update(board, 'pid', texts.pid);
  const stat = update(board, 'stat', texts.stat);
  const status = update(board, 'status', texts.status);
  if (!board.isLast && !isAboutToStart(service)) makeSpares(board);
  return pid ?? stat ?? status;
};

/** Nothing stays but what runit leaves, too. */
export const removeStandbyFiles = (board: StatusFiles): void => {
  for (let at = 0; at < NAMES.length; at++) {
    const name = NAMES[at] as Name;
    if (board[name].spare !== null) sys.unlink(board.folder + spareOf(name));
  }
};
