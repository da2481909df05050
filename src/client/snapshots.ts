// Services as snapshots: every fact that can be read from outside, for `sv list`, `status --json`, `metrics` and the rest.
//
// Promises: reads files of supervise/ without following links or waiting, and believes nothing about their length. Works
// for a tree that C's runsv supervises. Where we may not ask whether runsv lives, the kernel's list of locks tells.
// Read next: ../formats/snapshot.ts, service.ts.
import type { Bytes } from '../abi/bytes.ts';
import { EACCES, ENOENT, ENOTDIR, ENXIO } from '../abi/errno.ts';
import { S_IFDIR, S_IFMT } from '../abi/flags.ts';
import { isLocked, type Locks, newLocks } from '../effects/process/lock-holder.ts';
import { matcher } from '../formats/pattern.ts';
import type { Snapshot, Side } from '../formats/snapshot.ts';
import { withStart } from '../formats/state.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import { readState } from './read-state.ts';
import { troubleLine } from './render-line.ts';
import { isTrouble, type Trouble } from './report.ts';
import { enterable, lookup, openFifo, openOk, readStatus, type Service } from './service.ts';
import { type Table, tableOfProcesses, usageOf } from './usage.ts';

const F_OK = 0;

/** The status of a service whose `ok` we may not open: a runsv holds its lock, and the file itself can be read. */
const statusByLock = (dir: Bytes, locks: Locks): Side['status'] | null => {
  if (openFifo(dir, 'ok') !== -EACCES || !isLocked(dir, locks)) return null;
  const status = readStatus(dir);
  return isTrouble(status) ? null : status;
};

/** The status of a service whose runsv lives. */
const askStatus = (dir: Bytes): Side['status'] | Trouble => {
  const ok = openOk(dir);
  if (typeof ok === 'object') return ok;
  sys.close(ok);
  return readStatus(dir);
};

const withState = (dir: Bytes, status: Side['status']): Side => {
  const state = readState(dir);
  return { status, state: state === null ? null : withStart(state, status.phase === 'run' ? status.pid : 0) };
};

const sideOf = (dir: Bytes, locks: Locks): Side | Trouble => {
  const asked = askStatus(dir);
  if (!isTrouble(asked)) return withState(dir, asked);
  const status = asked.kind === 'unusable' ? statusByLock(dir, locks) : null;
  return status === null ? asked : withState(dir, status);
};

/** Whether a runsv supervises the service; null: we may not ask, which is no sign that there is none. */
export const isSupervised = (dir: Bytes, { locks }: Asking): boolean | null => {
  const ok = openFifo(dir, 'ok');
  if (!isErrno(ok)) {
    sys.close(ok as Fd);
    return true;
  }
  if (ok === -ENXIO || ok === -ENOENT || ok === -ENOTDIR) return false;
  return isErrno(sys.stat(`${dir}/supervise/lock`)) ? null : isLocked(dir, locks);
};

const isSide = (side: Side | Trouble): side is Side => 'status' in side;

const logOf = (dir: Bytes, locks: Locks): Side | null => {
  if (isErrno(enterable(`${dir}/log`))) return null;
  const side = sideOf(`${dir}/log`, locks);
  return isSide(side) ? side : null;
};

/** Why a service could not be asked, without its name. */
const errorOf = (trouble: Trouble): Bytes => troubleLine('', trouble).replace(/^\w+: : /, '');

export interface Asking {
  readonly locks: Locks;
  /** The processes of the machine; null: what services use is not asked for. */
  readonly processes: Table | null;
  /** Neither the log service nor the file `down` is asked for: two calls less of nine. */
  readonly brief: boolean;
}

export const newAsking = (usage: boolean, brief = false): Asking => ({
  locks: newLocks(),
  processes: usage ? tableOfProcesses() : null,
  brief,
});

/** What is known of one service. */
export const snapshotOf = ({ name, dir }: Service, { locks, processes, brief }: Asking): Snapshot => {
  const side = sideOf(dir, locks);
  if (!isSide(side)) {
    return { name, directory: dir, main: null, error: errorOf(side), normallyUp: true, log: null, usage: null };
  }
  const { pid } = side.status;
  return {
    name,
    directory: dir,
    main: side,
    error: null,
    normallyUp: brief || sys.access(`${dir}/down`, F_OK) === -ENOENT,
    log: brief ? null : logOf(dir, locks),
    usage: processes === null || pid === 0 ? null : usageOf(processes, pid),
  };
};

export const isDirectory = (path: Bytes): boolean => {
  const stat = sys.stat(path);
  return !isErrno(stat) && (stat[0] & S_IFMT) === S_IFDIR;
};

/** The names of the services in a scan directory, sorted: what runsvdir starts a runsv for. Errno where it cannot be read. */
export const namesIn = (dir: Bytes): readonly Bytes[] | number => {
  const names = sys.readdir(dir);
  if (isErrno(names)) return names;
  return names.filter((name) => name[0] !== '.' && isDirectory(`${dir}/${name}`)).sort();
};

const namesLike = (names: readonly Bytes[], patterns: readonly Bytes[]): readonly Bytes[] => {
  if (patterns.length === 0) return names;
  const matchers = patterns.map(matcher);
  return names.filter((name) => matchers.some((matches) => matches(name)));
};

/** Services of the scan directory that match any of the patterns, or all of them where there is none. */
export const servicesLike = (patterns: readonly Bytes[]): readonly Service[] | number => {
  const { dir } = lookup();
  const names = namesIn(dir);
  if (typeof names === 'number') return names;
  return namesLike(names, patterns).map((name) => ({ name, dir: `${dir}/${name}` }));
};

/** What is known of them. Only of a name without a supervisor it is asked whether it is a directory. */
export const snapshotsLike = (patterns: readonly Bytes[], asking: Asking): readonly Snapshot[] | number => {
  const { dir } = lookup();
  const all = sys.readdir(dir);
  if (isErrno(all)) return all;
  const snapshots: Snapshot[] = [];
  const names = [...namesLike(all, patterns)].sort();
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as Bytes;
    if (name[0] === '.') continue;
    const path = `${dir}/${name}`;
    const snapshot = snapshotOf({ name, dir: path }, asking);
    if (snapshot.main !== null || isDirectory(path)) snapshots.push(snapshot);
  }
  return snapshots;
};
