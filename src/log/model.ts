// What svlogd knows of a log directory while it runs: the state that directory.ts, writing.ts and processor.ts change.
//
// Read next: directory.ts.
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../formats/log-config.ts';
import type { Bytes, Fd, Pid } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import type { Settings } from './settings.ts';

/** How long a processor that failed for the first time is left alone. */
export const FIRST_PAUSE_MS = 1000;

/** A size that no file reaches. */
export const NO_LIMIT = 2 ** 52;

export interface Works {
  /** Names of unprocessed files, the oldest first. */
  queue: readonly Bytes[];
  pid: Pid | null;
  /** What the processor reads and writes; '': none runs. */
  input: Bytes;
  output: Bytes;
  outputFd: Fd | null;
  pauseMs: number;
  /** When to try again, monotonic; null: no pause. */
  retryMs: number | null;
}

const newWorks = (): Works => ({
  queue: [],
  pid: null,
  input: '',
  output: '',
  outputFd: null,
  pauseMs: FIRST_PAUSE_MS,
  retryMs: null,
});

export interface LogDir {
  readonly settings: Settings;
  /** As it was given. */
  readonly name: Bytes;
  /** The directory and its lock, while it is in use. */
  open: { readonly dir: Fd; readonly lock: Fd } | null;
  config: LogConfig;
  /** The size from which on `current` is rotated at the end of a line. */
  softBytes: number;
  /** Below this size nothing is rotated, wherever a line ends. */
  easyBytes: number;
  /** Lines go to the file as they are: no stamp, no prefix, no selection. */
  isPlain: boolean;
  /** Packed rules for the log and for standard error. */
  rules: Bytes;
  alarmRules: Bytes;
  current: Fd | null;
  sizeBytes: number;
  /** The name that `current` is to get, without its suffix; '': it stays. */
  rotatingTo: Bytes;
  /** When `current` is old enough, monotonic; null: never. */
  oldMs: number | null;
  /** Until when nothing is tried, monotonic; null: no pause. */
  pauseMs: number | null;
  readonly works: Works;
  /** Text that is to be written: lines, stamps and all. */
  rest: Bytes;
  /** How far the present piece has been taken, and where in a line that is. */
  taken: number;
  state: number;
  alarmState: number;
  udpState: number;
  socket: Fd | null;
  /** What is to be written about datagrams that were not sent, once no line is half written. */
  complaints: Bytes;
}

export const newLogDir = (settings: Settings, name: Bytes): LogDir => ({
  settings,
  name,
  open: null,
  config: DEFAULT_LOG_CONFIG,
  softBytes: NO_LIMIT,
  easyBytes: NO_LIMIT,
  isPlain: false,
  rules: '',
  alarmRules: '',
  current: null,
  sizeBytes: 0,
  rotatingTo: '',
  oldMs: null,
  pauseMs: null,
  works: newWorks(),
  rest: '',
  taken: 0,
  state: 0,
  alarmState: 0,
  udpState: 0,
  socket: null,
  complaints: '',
});

/** Makes the directory the current one, in which all its names are looked up. */
export const enter = (dir: LogDir): void => {
  if (dir.open !== null) sys.fchdir(dir.open.dir);
};
