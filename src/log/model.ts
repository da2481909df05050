// What svlogd knows of a log directory while it runs: the state that directory.ts, writing.ts and processor.ts change.
//
// Read next: directory.ts.
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../formats/log-config.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Fd, type Pid, refused } from '../host/calls.ts';
import { S_IXUSR } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import type { Owner, Settings } from './settings.ts';
import { Waiting } from './waiting.ts';

/** How long a processor that failed for the first time is left alone. */
export const FIRST_PAUSE_MS = 1000;

/** A size that no file reaches. */
export const NO_LIMIT = 2 ** 52;

export interface Works {
  /** Unprocessed files besides the one that is at work. */
  waiting: Waiting;
  pid: Pid | null;
  /** What the processor reads and writes; '': none runs. */
  input: Bytes;
  output: Bytes;
  outputFd: Fd | null;
  pauseMs: number;
  /** When to try again, monotonic; null: no pause. */
  retryMs: number | null;
  /** Until when, monotonic, a rotation waits for the processor that runs, where as many files wait as are kept. */
  patientUntilMs: number;
  /** After the end of input: what failed was tried once more. */
  triedAgain: boolean;
}

const newWorks = (): Works => ({
  waiting: new Waiting([]),
  pid: null,
  input: '',
  output: '',
  outputFd: null,
  pauseMs: FIRST_PAUSE_MS,
  retryMs: null,
  patientUntilMs: 0,
  triedAgain: false,
});

export interface LogDir {
  readonly settings: Settings;
  /** As it was given. */
  readonly name: Bytes;
  /** The directory and its lock, while it is in use. */
  open: { readonly dir: Fd; readonly lock: Fd } | null;
  /** Nobody else may put names into it. */
  isOurs: boolean;
  config: LogConfig;
  /** Whom its files are given to; null: nobody. */
  owner: Owner | null;
  /** What the last svlogd left to say that it closed `current` safely. */
  mark: Bytes;
  /** Nothing is left half written by processors of earlier times. */
  isTidy: boolean;
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
  /** Text that is to be written: lines, stamps and all; '': none. */
  rest: Bytes;
  /** How much of it has been written: a long text is not copied for each file that it goes to. */
  restAt: number;
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
  isOurs: false,
  config: DEFAULT_LOG_CONFIG,
  owner: null,
  mark: '',
  isTidy: false,
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
  restAt: 0,
  taken: 0,
  state: 0,
  alarmState: 0,
  udpState: 0,
  socket: null,
  complaints: '',
});

/** Of files that are complete, and without its owner's x of `current` while it is not. */
export const safeMode = ({ config }: LogDir): number => config.mode;
export const openMode = ({ config }: LogDir): number => config.mode & ~S_IXUSR;

/** Gives a new file to whom `config` names. */
export const own = (dir: LogDir, fd: Fd, name: Bytes): void => {
  if (dir.owner === null) return;
  const given = sys.fchown(fd, dir.owner.uid, dir.owner.gid);
  if (!refused(given)) return;
  dir.settings.voice.warn(`unable to give to ${dir.config.owner}: ${dir.name}/${name}`, given);
  dir.owner = null;
};

/** Makes the directory the current one, in which all its names are looked up. */
export const enter = (dir: LogDir): void => {
  if (dir.open !== null) sys.fchdir(dir.open.dir);
};
