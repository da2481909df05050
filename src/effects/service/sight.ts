// Looking at one dependency: what its runsv says of it, its ./check, and the command that makes it start.
//
// Promises: its supervise directory may belong to a stranger: links in it are not followed, no open blocks, nothing is written but to
// a fifo with one name that somebody reads. A lie in there changes when this service starts, and nothing else.
// Must not: decide. Read first: ../../machine/service/dependencies.ts. Read next: dependencies.ts (who calls).
import type { Bytes } from '../../abi/bytes.ts';
import { ENOENT, ENOTDIR, ENXIO } from '../../abi/errno.ts';
import { O_RDONLY, POLLERR, S_IFDIR, S_IFMT, SPAWN_FAILED } from '../../abi/flags.ts';
import { type Condition, conditionOf } from '../../formats/condition.ts';
import { decodeState, STATE_MAX } from '../../formats/state.ts';
import { decodeStatus, STATUS_BYTES } from '../../formats/status.ts';
import { type Errno, type Fd, isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import type { Seen } from '../../machine/service/dependencies.ts';
import { type Loop, unwatch, watch } from '../loop.ts';
import { openCommands, openRead, readThere, statThere } from '../trusted-file.ts';
import type { Followed } from './followed.ts';

export interface Sight extends Seen {
  /** Its process, 0 for none; not that of ./finish. */
  readonly pid: number;
  /** Everything could be read. */
  readonly isClear: boolean;
}

const F_OK = 0;
const STDOUT = 1;
const NO_RECORD = -1 as Fd;
/** What open says where no runsv lives. */
const NO_RUNSV: readonly number[] = [-ENXIO, -ENOENT, -ENOTDIR];

const isDirectory = (path: Bytes): boolean => {
  const stat = sys.stat(path);
  return !isErrno(stat) && (stat[0] & S_IFMT) === S_IFDIR;
};

const exists = (path: Bytes): boolean => !isErrno(sys.access(path, F_OK));

/** Closes the fifo that shows the end of its runsv. */
export const closeFifo = (loop: Loop, one: Followed): void => {
  if (one.fifo === null) return;
  unwatch(loop, one.fifo);
  sys.close(one.fifo);
  one.fifo = null;
};

/** Opens that fifo; `ended` is called when nobody reads it any more. Whether a runsv lives, or it cannot be told. */
const isSupervised = (loop: Loop, one: Followed, ended: () => void): boolean => {
  if (one.fifo !== null) return true;
  const fifo = openRead(`${one.path}/supervise/ok`);
  if (isErrno(fifo)) return !NO_RUNSV.includes(fifo);
  one.fifo = fifo;
  watch(loop, fifo, ended, POLLERR);
  return true;
};

/** '': there is no such file, or it is longer than one of ours; null: it cannot be read now. */
const textOf = (path: Bytes, max: number): Bytes | null => {
  const text = readThere(path, max + 1)?.text ?? null;
  if (text === null) return statThere(path) === -ENOENT ? '' : null;
  return text.length > max ? '' : text;
};

interface Said {
  readonly condition: Condition;
  readonly isWantedUp: boolean;
  readonly pid: number;
  /** Everything could be read. */
  readonly isClear: boolean;
}

/** Of a runsv that has said nothing, or nothing that can be read: it is about to. */
const NOTHING_SAID: Said = { condition: 'backoff', isWantedUp: false, pid: 0, isClear: false };

const said = (path: Bytes): Said => {
  const status = decodeStatus(textOf(`${path}/supervise/status`, STATUS_BYTES) ?? '');
  const text = textOf(`${path}/supervise/state.json`, STATE_MAX);
  if (status === null || text === null) return NOTHING_SAID;
  return {
    condition: conditionOf(status, decodeState(text)),
    isWantedUp: status.want === 'up',
    pid: status.phase === 'run' ? status.pid : 0,
    isClear: true,
  };
};

/** What can be seen now. */
export const sightOf = (loop: Loop, one: Followed, ended: () => void): Sight => {
  const { path } = one;
  if (isSupervised(loop, one, ended)) return { isThere: true, isNormallyDown: false, ...said(path) };
  return {
    isThere: isDirectory(path),
    condition: 'unsupervised',
    isNormallyDown: exists(`${path}/down`),
    isWantedUp: false,
    pid: 0,
    isClear: true,
  };
};

/** Its process as its runsv tells it, 0 for none; null: that cannot be read now. */
export const processAt = (path: Bytes): number | null => {
  const { pid, isClear } = said(path);
  return isClear ? pid : null;
};

/** Tells it to start. 0, or why that failed. */
export const sendUp = (path: Bytes): number => {
  const fd = openCommands(`${path}/supervise/control`);
  if (isErrno(fd)) return NO_RUNSV.includes(fd) ? 0 : fd;
  const written = sys.write(fd, 'u');
  sys.close(fd);
  return isErrno(written) ? written : 0;
};

export const hasCheck = (path: Bytes): boolean => exists(`${path}/check`);

/** Starts its ./check, whose standard output refuses writes. Its number, or why that failed. */
export const startCheck = (path: Bytes): number => {
  const output = sys.open('/dev/null', O_RDONLY, 0);
  const fds = isErrno(output) ? [] : [STDOUT, output];
  const pid = sys.spawn('check', ['./check'], [], path, fds, 0, NO_RECORD, '') as number;
  if (!isErrno(output)) sys.close(output);
  return pid <= -SPAWN_FAILED ? pid + SPAWN_FAILED : pid;
};

/** The names in a dependencies.d; none where it cannot be read. */
export const entriesOf = (folder: Bytes): readonly Bytes[] | Errno => sys.readdir(`${folder}dependencies.d`);
