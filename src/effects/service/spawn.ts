// Starting the programs of a service directory: ./run, ./finish and control/LETTER.
//
// Promises: distinguishes "no child was created" (try again) from "a child was created, but could not execute
// the program" (counts as a run that exited 111). The child is recorded before it runs.
// Read next: child-record.ts (the record), ../../machine/service/model.ts (what the replies mean).
import type { Bytes } from '../../abi/bytes.ts';
import { type Errno, type Fd, isErrno } from '../../host/calls.ts';
import { EACCES, EDQUOT, ELOOP, ENOENT, ENOSPC, ENOTDIR, EROFS } from '../../abi/errno.ts';
import { S_IXUSR, SPAWN_ENV, SPAWN_FAILED, SPAWN_SETSID } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import type { ScriptLetter } from '../../machine/service/model.ts';
import type { Many } from '../loop.ts';
import { type Lock, renewLock } from './lock.ts';
import { recordText } from './child-record.ts';

type Spawned =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'forkRefused'; readonly errno: number }
  | { readonly kind: 'execFailed'; readonly errno: number };

/** For recorded children. `notOurs`: the directory is another one now, which we could not lock; try again. */
export type Launch = Spawned | { readonly kind: 'notOurs' };

const F_OK = 0;
const R_OK = 4;
const NO_RECORD = -1 as Fd;

const launch = (result: number): Spawned => {
  if (result > 0) return { kind: 'started', pid: result };
  return result < -SPAWN_FAILED
    ? { kind: 'execFailed', errno: result + SPAWN_FAILED }
    : { kind: 'forkRefused', errno: result };
};

/** Where a program of a service runs, and with which descriptors. */
export interface Place {
  /** The path prefix of its directory: '' for the current one, else a path that ends in a slash. */
  readonly folder: Bytes;
  /** Pairs: the child's descriptor, ours. */
  readonly fds: readonly number[];
  readonly lock: Lock;
  /** Null: this process supervises one service. */
  readonly many: Many | null;
  /** The whole environment; missing: our own. */
  readonly env?: readonly Bytes[];
}

/** The child's directory, for spawn. */
const dirOf = ({ folder }: Place): Bytes => folder.slice(0, -1) || folder;

/** Only the record can fail with these: a disk that is full or read-only. */
const NOT_RECORDED: readonly number[] = [-ENOSPC, -EDQUOT, -EROFS].map((errno) => errno - SPAWN_FAILED);

/** Starts a program and records it; if the record cannot be written, starts it without. */
const startRecorded = (place: Place, argv: readonly Bytes[], phase: 'run' | 'finish', flags: number): Launch => {
  const path = argv[0] ?? '';
  if (!renewLock(place.lock)) return { kind: 'notOurs' };
  const { env = [], fds, lock } = place;
  const all = place.env === undefined ? flags : flags | SPAWN_ENV;
  const record = recordText(phase, lock.directory);
  const by = place.many ?? sys;
  const result = by.spawn(path, argv, env, dirOf(place), fds, all, lock.fd, record);
  if (!NOT_RECORDED.includes(result)) return launch(result);
  return launch(by.spawn(path, argv, env, dirOf(place), fds, all, NO_RECORD, ''));
};

/** `leads`: it leads a session of its own. */
export const startRun = (place: Place, leads: boolean): Launch =>
  startRecorded(place, ['./run'], 'run', leads ? SPAWN_SETSID : 0);

/** Whether a program exists; unknown: the kernel does not say, so try to start it. */
export type Presence = 'there' | 'absent' | 'unknown';

const ABSENT: readonly number[] = [-ENOENT, -ENOTDIR, -EACCES, -ELOOP];

const presenceAt = (error: Errno): Presence => (ABSENT.includes(error) ? 'absent' : 'unknown');

/** The try to start a program whose presence was unknown has shown that there is none. */
export const provesAbsence = (presence: Presence, launch: Launch): boolean =>
  presence === 'unknown' && launch.kind === 'execFailed' && launch.errno === -ENOENT;

/** Whether the service was removed: there is no ./run, which nothing else says. */
export const lacksRun = (folder: Bytes): boolean => sys.access(`${folder}run`, F_OK) === -ENOENT;

/** Whether there is a finish script: readable counts, executable or not. */
export const hasFinish = (folder: Bytes): Presence => {
  const access = sys.access(`${folder}finish`, R_OK);
  return isErrno(access) ? presenceAt(access) : 'there';
};

export const startFinish = (place: Place, code: number, status: number): Launch =>
  startRecorded(place, ['./finish', String(code), String(status)], 'finish', 0);

/** Whether there may be control scripts. */
export const mayHaveScripts = (folder: Bytes): boolean => {
  const access = sys.access(folder + 'control', F_OK);
  return !isErrno(access) || presenceAt(access) !== 'absent';
};

/** Whether there is a control/LETTER that its owner may execute. */
export const hasScript = (folder: Bytes, letter: ScriptLetter): Presence => {
  const stat = sys.stat(`${folder}control/${letter}`);
  if (isErrno(stat)) return presenceAt(stat);
  return (stat[0] & S_IXUSR) === 0 ? 'absent' : 'there';
};

/** The script's only argument is the pid, '' if there is no process. */
export const startScript = (place: Place, letter: ScriptLetter, pid: number): Spawned => {
  const path = `control/${letter}`;
  const argv = [path, pid === 0 ? '' : String(pid)];
  return launch((place.many ?? sys).spawn(path, argv, [], dirOf(place), place.fds, 0, NO_RECORD, ''));
};
