// The module that programs import from the npm package: a service's status, its commands, TAI64N labels.
//
// Promises: plain files and fifos only, so it works beside every make of runit and needs no native code; refusals of the
// kernel are thrown as node:fs throws them, with `code` and `path`; the types below are all there is to know.
// Must not: wait for anything; a fifo without a reader is an error at once. A supervise directory may belong to somebody who
// means harm: links in it are not followed, commands go into a fifo and nowhere else, a status is a file of 20 bytes.
// Read next: ../formats/status.ts, ../../docs/node.md (with examples).
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, writeSync } from 'node:fs';
import { join } from 'node:path';
import { decodeStatus } from '../formats/status.ts';
import { decodeTai64n, tai64nLabel } from '../formats/tai64.ts';

export interface Moment {
  /** Unix seconds. */
  readonly sec: number;
  /** 0..999999999 */
  readonly nsec: number;
}

export interface ServiceStatus {
  /** Since when the service is in this state. */
  readonly since: Moment;
  /** The process of ./run or ./finish; null: there is none. */
  readonly pid: number | null;
  readonly phase: 'down' | 'run' | 'finish';
  readonly want: 'up' | 'down';
  readonly paused: boolean;
  /** TERM was sent and the process has not ended since. */
  readonly gotTerm: boolean;
}

/** What a service can be told, by the words that sv takes. */
export type Command = keyof typeof LETTERS;

const LETTERS = {
  up: 'u',
  down: 'd',
  once: 'o',
  pause: 'p',
  cont: 'c',
  hup: 'h',
  alarm: 'a',
  interrupt: 'i',
  quit: 'q',
  usr1: '1',
  usr2: '2',
  term: 't',
  kill: 'k',
  exit: 'x',
} as const;

/** Every command. */
export const commands = Object.keys(LETTERS) as readonly Command[];

const CAREFULLY = constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;
/** One more than a status has, so that a longer file is told from one. */
const READ_BYTES = 21;

/** Opens a file that must be of one kind, and passes it to `use`. */
const withFile = <T>(
  path: string,
  flags: number,
  kind: { readonly name: string; readonly is: (stats: Stats) => boolean },
  use: (fd: number) => T,
): T => {
  const fd = openSync(path, flags | CAREFULLY);
  try {
    if (!kind.is(fstatSync(fd))) throw new Error(`${path}: expected a ${kind.name}, found something else`);
    return use(fd);
  } finally {
    closeSync(fd);
  }
};

const FIFO = { name: 'fifo', is: (stats: Stats) => stats.isFIFO() };
const FILE = { name: 'regular file', is: (stats: Stats) => stats.isFile() };

const withFifo = <T>(dir: string, name: 'ok' | 'control', use: (fd: number) => T): T =>
  withFile(join(dir, 'supervise', name), constants.O_WRONLY, FIFO, use);

/** What the 20 bytes of supervise/status say; null where they are no status. */
export const parseStatus = (record: Uint8Array): ServiceStatus | null => {
  const status = decodeStatus(Buffer.from(record).toString('latin1'));
  if (status === null) return null;
  const { sec, nsec, pid, phase, want, paused, gotTerm } = status;
  return { since: { sec, nsec }, pid: pid === 0 ? null : pid, phase, want, paused, gotTerm };
};

/**
 * How the service in `dir` is, by what its supervisor wrote last; isSupervised() tells whether that one still lives.
 * Throws ENOENT where none ever ran, ELOOP where the file is a link, and an Error where it is no status.
 */
export const readStatus = (dir: string): ServiceStatus => {
  const path = join(dir, 'supervise', 'status');
  const bytes = Buffer.alloc(READ_BYTES);
  const length = withFile(path, constants.O_RDONLY, FILE, (fd) => readSync(fd, bytes));
  const status = parseStatus(bytes.subarray(0, length));
  if (status === null) throw new Error(`${path} is no status`);
  return status;
};

/** Whether a runsv supervises `dir`. Throws what keeps it from being known: EACCES, ELOOP, or an Error for no fifo. */
export const isSupervised = (dir: string): boolean => {
  try {
    return withFifo(dir, 'ok', () => true);
  } catch (problem) {
    const { code } = problem as NodeJS.ErrnoException;
    if (code === 'ENXIO' || code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw problem;
  }
};

/**
 * Sends commands to the supervisor of `dir`, all in one write, and does not wait for their effect. Throws ENXIO where
 * there is no supervisor, a TypeError for a word that is no command, and an Error where `control` is no fifo.
 */
export const sendControl = (dir: string, ...words: readonly Command[]): void => {
  const wrong = words.find((word) => !Object.hasOwn(LETTERS, word));
  if (wrong !== undefined) throw new TypeError(`${String(wrong)} is no command; there are ${commands.join(', ')}`);
  withFifo(dir, 'control', (fifo) => writeSync(fifo, words.map((word) => LETTERS[word]).join('')));
};

/** '@' and 24 hexadecimal digits, as svlogd -t writes them. Throws RangeError for what is no moment. */
export const formatTai64n = ({ sec, nsec }: Moment): string => {
  const fits = Number.isSafeInteger(sec) && Number.isInteger(nsec) && nsec >= 0 && nsec < 1e9;
  if (!fits) throw new RangeError(`${sec} s ${nsec} ns is no moment`);
  return tai64nLabel(sec, nsec);
};

/** The moment of the label that `text` begins with; null where it begins with none. */
export const parseTai64n = (text: string): Moment | null => {
  const digits = /^@([0-9a-f]{24})/.exec(text)?.[1];
  return digits === undefined ? null : decodeTai64n(Buffer.from(digits, 'hex').toString('latin1'));
};
