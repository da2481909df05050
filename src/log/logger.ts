// What svlogd knows while it runs, and how it begins.
//
// Promises: pieces are in the order they came in; nothing is read while there are some. No waiting here.
// Read next: loop.ts (what happens when), model.ts (a directory's part).
import type { Moment } from '../formats/tai64.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Fd, refused } from '../host/calls.ts';
import { O_RDONLY, POLLIN } from '../abi/flags.ts';
import { SIGALRM, SIGCHLD, SIGHUP, SIGPIPE, SIGTERM } from '../abi/signals.ts';
import { sys } from '../host/sys.ts';
import { openLogDir } from './directory.ts';
import { type LogDir, newLogDir } from './model.ts';
import { type Framing, NOTHING_HELD, type Piece } from './piece.ts';
import type { Settings } from './settings.ts';
import { newStream, type Stream } from './stream.ts';

export const STDIN = 0 as Fd;
/** Where nobody is told when a line came. */
export const NEVER_MIND: Moment = { sec: 0, nsec: 0 };

export interface Logger {
  readonly settings: Settings;
  readonly home: Fd;
  readonly signals: Fd;
  /** What is waited for most of the time, as poll takes it: input and signals. */
  readonly usual: readonly number[];
  readonly dirs: readonly LogDir[];
  readonly stream: Stream | null;
  /** Whether anybody is told when a line came. */
  readonly isTimed: boolean;
  /** Whole lines of fewer bytes can be passed on at once. */
  easyBytes: number;
  framing: Framing;
  /** What was read after TERM of the line that had begun. */
  tail: Bytes[];
  pieces: readonly Piece[];
  /** Much was read since memory was given back. */
  isSwollen: boolean;
  /** The last read was full: what comes next was there already. */
  more: boolean;
  /** No more is read. */
  ended: boolean;
  /** Since when reads are refused, monotonic; null: they are not. */
  refusedMs: number | null;
  /** No read before this, monotonic; null: now. */
  readAgainMs: number | null;
  /** Until when, monotonic, after TERM unwritten lines are tried again, and the rest of a line is waited for; null: for ever. */
  giveUpMs: number | null;
  /** A second TERM came. */
  hurried: boolean;
  /** Signals wait to be obeyed. */
  signalled: boolean;
  /** When something is due, monotonic; null: nothing is. */
  dueMs: number | null;
}

/** Catches signals and opens what there is to open; null: there is nothing to write to, which was told. */
export const openLogger = (settings: Settings, names: readonly Bytes[]): Logger | null => {
  const signals = sys.catchSignals([SIGTERM, SIGHUP, SIGALRM, SIGCHLD, SIGPIPE]);
  const home = sys.open('.', O_RDONLY, 0);
  if (refused(signals) || refused(home)) {
    settings.voice.fatal('unable to open current working directory', refused(home) ? home : undefined);
    return null;
  }
  const dirs = names.map((name) => newLogDir(settings, name));
  const logger: Logger = {
    settings,
    home,
    signals,
    usual: [STDIN, POLLIN, signals, POLLIN],
    dirs,
    stream: newStream(settings),
    isTimed: settings.stampStyle > 0 || settings.stream?.form === 'json',
    easyBytes: 0,
    framing: NOTHING_HELD,
    tail: [],
    pieces: [],
    isSwollen: false,
    more: false,
    ended: false,
    refusedMs: null,
    readAgainMs: null,
    giveUpMs: null,
    hurried: false,
    signalled: false,
    dueMs: null,
  };
  for (const dir of dirs) openLogDir(dir, home);
  return hasOutlet(logger) ? logger : null;
};

/** Whether there is anywhere to write to; what there is not was told. */
export const hasOutlet = ({ settings, dirs, stream }: Logger): boolean => {
  const streams = stream !== null && !stream.gone;
  if (streams || dirs.some((dir) => dir.open !== null)) return true;
  settings.voice.fatal('no functional log directories.');
  return false;
};
