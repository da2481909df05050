// The state of a running svlogd, and its initialisation.
//
// Promises: chunks are in input order, and input is read only when there are none. Nothing here blocks.
// Read next: loop.ts (what happens when), model.ts (the state of a directory).
import type { Moment } from '../formats/tai64.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { O_RDONLY, POLLIN } from '../abi/flags.ts';
import { SIGALRM, SIGCHLD, SIGHUP, SIGPIPE, SIGTERM } from '../abi/signals.ts';
import { sys } from '../host/sys.ts';
import { openLogDir } from './directory.ts';
import { type LogDir, newLogDir } from './model.ts';
import { type Framing, EMPTY_FRAMING, type Chunk } from './framing.ts';
import type { Settings } from './settings.ts';
import { newStream, type Stream } from './stream.ts';

export const STDIN = 0 as Fd;
/** The moment of a chunk when nothing prints it. */
export const NO_TIME: Moment = { sec: 0, nsec: 0 };

export interface Logger {
  readonly settings: Settings;
  readonly home: Fd;
  readonly signals: Fd;
  /** The usual argument of poll: input and signals. */
  readonly usualPollSet: readonly number[];
  readonly dirs: readonly LogDir[];
  readonly stream: Stream | null;
  /** Whether the time of a line is printed anywhere. */
  readonly isTimed: boolean;
  /** Whole lines of fewer bytes take the fast path. */
  fastPathBytes: number;
  framing: Framing;
  /** The bytes of the current line that were read after TERM. */
  lineTail: Bytes[];
  chunks: readonly Chunk[];
  /** A large read has happened since memory was trimmed. */
  needsTrim: boolean;
  /** The last read filled its buffer: the next one was already available. */
  readWasFull: boolean;
  /** End of input, or TERM: no more is read. */
  ended: boolean;
  /** Since when reads are refused, monotonic; null: they are not. */
  refusedSinceMs: number | null;
  /** No read before this, monotonic; null: now. */
  readAtMs: number | null;
  /** After TERM: when retries and the wait for the end of a line stop, monotonic; null: never. */
  giveUpAtMs: number | null;
  /** A second TERM arrived. */
  forced: boolean;
  /** Caught signals are to be handled. */
  signalsPending: boolean;
  /** The next deadline, monotonic; null: none. */
  deadlineMs: number | null;
}

/** Catches signals and opens all directories; null: there is nothing to write to, which is reported. */
export const openLogger = (settings: Settings, names: readonly Bytes[]): Logger | null => {
  const signals = sys.catchSignals([SIGTERM, SIGHUP, SIGALRM, SIGCHLD, SIGPIPE]);
  const home = sys.open('.', O_RDONLY, 0);
  if (isErrno(signals) || isErrno(home)) {
    settings.diagnostics.fatal('unable to open current working directory', isErrno(home) ? home : undefined);
    return null;
  }
  const dirs = names.map((name) => newLogDir(settings, name));
  const logger: Logger = {
    settings,
    home,
    signals,
    usualPollSet: [STDIN, POLLIN, signals, POLLIN],
    dirs,
    stream: newStream(settings),
    isTimed: settings.stampStyle > 0 || settings.stream?.form === 'json',
    fastPathBytes: 0,
    framing: EMPTY_FRAMING,
    lineTail: [],
    chunks: [],
    needsTrim: false,
    readWasFull: false,
    ended: false,
    refusedSinceMs: null,
    readAtMs: null,
    giveUpAtMs: null,
    forced: false,
    signalsPending: false,
    deadlineMs: null,
  };
  for (const dir of dirs) openLogDir(dir, home);
  return hasDestination(logger) ? logger : null;
};

/** Whether there is anything left to write to; reports it if not. */
export const hasDestination = ({ settings, dirs, stream }: Logger): boolean => {
  const streams = stream !== null && !stream.readerGone;
  if (streams || dirs.some((dir) => dir.open !== null)) return true;
  settings.diagnostics.fatal('no functional log directories.');
  return false;
};
