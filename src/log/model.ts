// The state of one log directory, which directory.ts, writer.ts and processor.ts change.
//
// Read next: directory.ts.
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../formats/log-config.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Fd, type Pid, isErrno } from '../host/calls.ts';
import { S_IXUSR } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import type { Owner, Settings } from './settings.ts';
import { FileQueue } from './queue.ts';

/** The pause after a processor's first failure. */
export const FIRST_BACKOFF_MS = 1000;

/** A size no file reaches. */
export const NO_LIMIT = 2 ** 52;

export interface ProcessorState {
  /** Unprocessed files, without the one being processed. */
  queue: FileQueue;
  pid: Pid | null;
  /** The files the running processor reads and writes; '': none runs. */
  input: Bytes;
  output: Bytes;
  outputFd: Fd | null;
  backoffMs: number;
  /** When to start again after a failure, monotonic; null: no pause. */
  retryAtMs: number | null;
  /** Until when a rotation waits for the running processor if the queue is full, monotonic. */
  waitUntilMs: number;
  /** After the end of input: the failed file has been retried. */
  retriedAtEnd: boolean;
}

const newProcessorState = (): ProcessorState => ({
  queue: new FileQueue([]),
  pid: null,
  input: '',
  output: '',
  outputFd: null,
  backoffMs: FIRST_BACKOFF_MS,
  retryAtMs: null,
  waitUntilMs: 0,
  retriedAtEnd: false,
});

export interface LogDir {
  readonly settings: Settings;
  /** As given on the command line. */
  readonly name: Bytes;
  /** The directory and its lock; null: not in use. */
  open: { readonly dir: Fd; readonly lock: Fd } | null;
  /** Only we may change names in it. */
  isPrivate: boolean;
  config: LogConfig;
  /** The user and group that get its files; null: they stay ours. */
  owner: Owner | null;
  /** The previous svlogd's clean mark, see clean-mark.ts; '': none. */
  cleanMark: Bytes;
  /** Unfinished output of earlier processors has been removed. */
  leftoversRemoved: boolean;
  /** From this size on `current` is rotated at the end of a line. */
  rotateAtBytes: number;
  /** Below this size no write causes a rotation. */
  fastPathBytes: number;
  /** Lines are written unchanged: no stamp, no prefix, no selection. */
  isVerbatim: boolean;
  /** Packed patterns for the log and for standard error. */
  rules: Bytes;
  alarmRules: Bytes;
  current: Fd | null;
  sizeBytes: number;
  /** During a rotation: the new name of `current`, without suffix; '': no rotation. */
  rotatingTo: Bytes;
  /** When `current` is rotated by age, monotonic; null: never. */
  rotateAtMs: number | null;
  /** When a failed step is retried, monotonic; null: no pause. */
  retryAtMs: number | null;
  readonly processor: ProcessorState;
  /** Text still to be written, stamps included; '': none. */
  pending: Bytes;
  /** How much of it is written: an offset saves copying a long text at each rotation. */
  pendingOffset: number;
  /** How much of the current chunk is consumed, and the state of sys.lines() there. */
  consumed: number;
  state: number;
  alarmState: number;
  udpState: number;
  socket: Fd | null;
  /** Messages about unsent datagrams, to be written to `current` at the next end of a line. */
  udpErrors: Bytes;
}

export const newLogDir = (settings: Settings, name: Bytes): LogDir => ({
  settings,
  name,
  open: null,
  isPrivate: false,
  config: DEFAULT_LOG_CONFIG,
  owner: null,
  cleanMark: '',
  leftoversRemoved: false,
  rotateAtBytes: NO_LIMIT,
  fastPathBytes: NO_LIMIT,
  isVerbatim: false,
  rules: '',
  alarmRules: '',
  current: null,
  sizeBytes: 0,
  rotatingTo: '',
  rotateAtMs: null,
  retryAtMs: null,
  processor: newProcessorState(),
  pending: '',
  pendingOffset: 0,
  consumed: 0,
  state: 0,
  alarmState: 0,
  udpState: 0,
  socket: null,
  udpErrors: '',
});

/** The mode of complete files; `current` lacks the owner's x while it is written. */
export const completeMode = ({ config }: LogDir): number => config.mode;
export const writingMode = ({ config }: LogDir): number => config.mode & ~S_IXUSR;

/** Gives a new file to the owner that `config` names. */
export const applyOwner = (dir: LogDir, fd: Fd, name: Bytes): void => {
  if (dir.owner === null) return;
  const given = sys.fchown(fd, dir.owner.uid, dir.owner.gid);
  if (!isErrno(given)) return;
  dir.settings.diagnostics.warn(`unable to change owner to ${dir.config.owner}: ${dir.name}/${name}`, given);
  dir.owner = null;
};

/** Moves the rotation by age to the end of the age that is running now. */
export const startNextAge = (dir: LogDir, nowMs: number): void => {
  if (dir.rotateAtMs === null || nowMs < dir.rotateAtMs) return;
  const ageMs = dir.config.ageSec * 1000;
  dir.rotateAtMs = nowMs + ageMs - ((nowMs - dir.rotateAtMs) % ageMs);
};

/** Makes it the working directory, to which all its names are relative. */
export const enterDir = (dir: LogDir): void => {
  if (dir.open !== null) sys.fchdir(dir.open.dir);
};
