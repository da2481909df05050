// The module that programs import from the npm package: what services are and do, their commands, TAI64N labels.
//
// Promises: plain files and fifos through node:fs only, so it works beside every make of runit and needs no native code. What the
// kernel refuses is thrown as node:fs throws it, with `code` and `path`; a wrong argument is a TypeError or RangeError that says
// what was expected and what was passed.
// Only wait() and watch() wait, in promises; a fifo without a reader is an error at once. A supervise directory may belong to an
// attacker: links in it are not followed, commands are written to a fifo only, and a status is a file of 20 bytes.
// What bytes mean is shared with sv (formats/), and so is what list(), why(), wait() and watch() do (client/); only the opening of
// files for single statuses and commands is written twice, here and in ../client/service.ts.
// Read next: types.ts (the shapes), services.ts, waiting.ts; ../../docs/node.md (with examples).
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, writeSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { control, type ControlName, controlNames } from '../formats/control.ts';
import { decodeStatus, reportOf, STATUS_BYTES } from '../formats/status.ts';
import { decodeTai64n, tai64nLabel } from '../formats/tai64.ts';
import { GOALS } from '../client/wait-for.ts';
import { onPlainHost } from '../host/node/plain.ts';
import { explain, listServices } from './services.ts';
import type {
  Explanation,
  Goal,
  ListOptions,
  Lookup,
  Service,
  ServiceEvent,
  WaitOptions,
  WaitResult,
  WatchOptions,
} from './types.ts';
import { eventsOf, waitForGoal } from './waiting.ts';

export type * from './types.ts';

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

/** A command to a service, by the word that sv takes for it. */
export type Command = ControlName;

/** Every command. */
export const commands: readonly Command[] = controlNames;

const CAREFULLY = constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;

/** An argument as it stands in a message: short, whatever it is. */
const shown = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : inspect(value, { depth: 0 }));

const nameOrThrow = (name: unknown): string => {
  if (typeof name !== 'string' || name === '' || name.includes('\0'))
    throw new TypeError(`expected the name of a service, got ${shown(name)}`);
  return name;
};

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

/** The status in the 20 bytes of supervise/status; null: they are none. */
export const parseStatus = (record: Uint8Array): ServiceStatus | null => {
  if (!(record instanceof Uint8Array)) throw new TypeError(`expected the bytes of a status, got ${shown(record)}`);
  const status = decodeStatus(Buffer.from(record).toString('latin1'));
  return status === null ? null : reportOf(status);
};

/**
 * The status of the service in `dir`, as its supervisor wrote it last; isSupervised() shows whether that one still lives.
 * Throws ENOENT if none ever ran, ELOOP if the file is a link, and an Error if it is not a status.
 */
export const readStatus = (dir: string): ServiceStatus => {
  const path = join(dir, 'supervise', 'status');
  const bytes = Buffer.alloc(STATUS_BYTES + 1);
  const length = withFile(path, constants.O_RDONLY, FILE, (fd) => readSync(fd, bytes));
  const status = parseStatus(bytes.subarray(0, length));
  if (status !== null) return status;
  const found = length === STATUS_BYTES ? 'other bytes' : `${length > STATUS_BYTES ? 'more' : length} bytes`;
  throw new Error(`${path}: expected a status of ${STATUS_BYTES} bytes, got ${found}`);
};

/** Whether a runsv supervises `dir`. Throws if that cannot be determined: EACCES, ELOOP, or an Error if `ok` is not a fifo. */
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
 * Sends commands to the supervisor of `dir`, all in one write, and does not wait for their effect. Throws ENXIO if there is
 * no supervisor, a TypeError for a word that is not a command, and an Error if `control` is not a fifo.
 */
export const sendControl = (dir: string, ...words: readonly Command[]): void => {
  const wrong = words.findIndex((word) => !Object.hasOwn(control, word));
  if (wrong >= 0) throw new TypeError(`expected a command (one of ${commands.join(', ')}), got ${shown(words[wrong])}`);
  withFifo(dir, 'control', (fifo) => writeSync(fifo, words.map((word) => control[word].byte).join('')));
};

/** '@' and 24 hexadecimal digits, as svlogd -t writes them. Throws a RangeError if the numbers do not make a moment. */
export const formatTai64n = ({ sec, nsec }: Moment): string => {
  if (!Number.isSafeInteger(sec)) throw new RangeError(`sec: expected an integer, got ${shown(sec)}`);
  if (!Number.isInteger(nsec) || nsec < 0 || nsec > 999_999_999)
    throw new RangeError(`nsec: expected an integer from 0 to 999999999, got ${shown(nsec)}`);
  return tai64nLabel(sec, nsec);
};

/** The moment of the label at the start of `text`; null: there is none. */
export const parseTai64n = (text: string): Moment | null => {
  const digits = /^@([0-9a-f]{24})/.exec(text)?.[1];
  return digits === undefined ? null : decodeTai64n(Buffer.from(digits, 'hex').toString('latin1'));
};

/** The services of a scan directory, by name: what `sv list --json` prints. Throws if the directory cannot be read. */
export const list = (options: ListOptions = {}): readonly Service[] =>
  onPlainHost(options, () => listServices(options));

/** A service with its last events and log lines: what `sv why --json` prints. `name` is a name in SVDIR, or a path. */
export const why = (name: string, options: Lookup = {}): Explanation =>
  onPlainHost(options, () => explain(nameOrThrow(name)));

/**
 * Events as they happen: what `sv watch --json` prints, first one event 'is' for each service. The iteration ends with return()
 * (a `break` in `for await` calls it) or with the signal, and never by itself; its watches are closed then. Events that nobody
 * takes are looked up when somebody does: a service keeps its last hundred or so.
 */
export const watch = (options: WatchOptions = {}): AsyncIterableIterator<ServiceEvent, undefined> => eventsOf(options);

/** A wait that ended in vain: the time was over, or a service has failed. `results` has every service, in the order asked. */
export class WaitError extends Error {
  override readonly name: string = 'WaitError';
  readonly results: readonly WaitResult[];

  constructor(goal: Goal, results: readonly WaitResult[]) {
    const missing = results.filter(({ reached }) => !reached);
    super(missing.map(({ service, condition }) => `${service}: ${condition}, not ${goal}`).join('; '));
    this.results = results;
  }
}

/**
 * Waits until every service, or with `any` one of them, is in a state, as `sv wait` does. Resolves with every service, in the
 * order asked. Rejects with a WaitError when `timeoutMs` is over or a service has failed, with the signal's reason when it
 * comes, and with a TypeError for a wrong argument.
 */
export const wait = async (
  goal: Goal,
  names: readonly string[],
  options: WaitOptions = {},
): Promise<readonly WaitResult[]> => {
  const { any = false, timeoutMs = 0, signal } = options;
  if (!GOALS.includes(goal)) throw new TypeError(`expected one of ${GOALS.join(', ')}, got ${shown(goal)}`);
  if (!Array.isArray(names) || names.length === 0)
    throw new TypeError(`expected names of services, got ${shown(names)}`);
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0))
    throw new TypeError(`timeoutMs: expected milliseconds, got ${shown(timeoutMs)}`);
  signal?.throwIfAborted();
  const results = await waitForGoal(goal, names.map(nameOrThrow), options);
  const reached = results.filter((result) => result.reached).length;
  if (reached === results.length || (any && reached > 0)) return results;
  signal?.throwIfAborted();
  throw new WaitError(goal, results);
};
