// Starting the programs of a service directory: ./run, ./finish and control/LETTER.
//
// Promises: a refusal is told apart into "no child came to be" (to be tried again) and "a child came to be that could
// not become the program" (counts as having run, as 111). The child is recorded before it runs.
// Read next: record.ts (the record), ../machine/types.ts (what the answers mean).
import { type Bytes, type Errno, type Fd, refused } from '../host/calls.ts';
import { EACCES, EDQUOT, ELOOP, ENOENT, ENOSPC, ENOTDIR, EROFS, S_IXUSR, SPAWN_FAILED } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import type { ScriptLetter } from '../machine/types.ts';
import { type Lock, renewLock } from './lock.ts';
import { recordText } from './record.ts';

type Spawned =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'forkRefused'; readonly errno: number }
  | { readonly kind: 'execFailed'; readonly errno: number };

/** Of what is recorded. `notOurs`: the directory is another one now, and not ours; to be tried again. */
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

/** Where a program of a service runs and what it gets. */
export interface Place {
  /** '' for the service directory itself, 'log' for its log's. */
  readonly dir: Bytes;
  /** Pairs: the child's descriptor, ours. */
  readonly fds: readonly number[];
  readonly lock: Lock;
}

/** What only the writing of the record can have failed with: a disk that is full, or cannot be written any more. */
const NOT_RECORDED: readonly number[] = [-ENOSPC, -EDQUOT, -EROFS].map((errno) => errno - SPAWN_FAILED);

/** Starts a program and records it; where it cannot be recorded it is started all the same. */
const startRecorded = (place: Place, argv: readonly Bytes[], phase: 'run' | 'finish'): Launch => {
  const path = argv[0] ?? '';
  if (!renewLock(place.lock)) return { kind: 'notOurs' };
  const record = recordText(phase, place.lock.directory);
  const result = sys.spawn(path, argv, [], place.dir, place.fds, 0, place.lock.fd, record);
  if (!NOT_RECORDED.includes(result)) return launch(result);
  return launch(sys.spawn(path, argv, [], place.dir, place.fds, 0, NO_RECORD, ''));
};

export const startRun = (place: Place): Launch => startRecorded(place, ['./run'], 'run');

/** Whether a program is there; where the kernel cannot say so, an attempt to start it tells. */
export type Presence = 'there' | 'absent' | 'unknown';

const ABSENT: readonly number[] = [-ENOENT, -ENOTDIR, -EACCES, -ELOOP];

const presenceAt = (error: Errno): Presence => (ABSENT.includes(error) ? 'absent' : 'unknown');

/** The attempt to start a program that may have been there has told that it is not. */
export const provesAbsence = (presence: Presence, launch: Launch): boolean =>
  presence === 'unknown' && launch.kind === 'execFailed' && launch.errno === -ENOENT;

/** Whether there is a finish script: it counts when it can be read, executable or not. */
export const hasFinish = (): Presence => {
  const access = sys.access('finish', R_OK);
  return refused(access) ? presenceAt(access) : 'there';
};

export const startFinish = (place: Place, code: number, status: number): Launch =>
  startRecorded(place, ['./finish', String(code), String(status)], 'finish');

/** Whether there may be any control scripts. */
export const mayHaveScripts = (): boolean => {
  const access = sys.access('control', F_OK);
  return !refused(access) || presenceAt(access) !== 'absent';
};

/** Whether control/LETTER is there to be asked: its owner may execute it. */
export const hasScript = (letter: ScriptLetter): Presence => {
  const stat = sys.stat(`control/${letter}`);
  if (refused(stat)) return presenceAt(stat);
  return (stat[0] & S_IXUSR) === 0 ? 'absent' : 'there';
};

/** The script's one argument is the pid, empty where there is no process. */
export const startScript = (place: Place, letter: ScriptLetter, pid: number): Spawned => {
  const path = `control/${letter}`;
  const argv = [path, pid === 0 ? '' : String(pid)];
  return launch(sys.spawn(path, argv, [], place.dir, place.fds, 0, NO_RECORD, ''));
};
