// The value files of a service directory that say how it is stopped and started again.
//
// Promises: read when they are needed, never kept: restart and readiness files before each start, stop files before each stop, timeout-finish
// before ./finish. A service that has none costs one readdir a start and two failed opens a stop. What cannot be read as a value
// counts as absent, and is reported once a life of ./run. The directory is the administrator's, so links are followed; what is
// no regular file is not read, and never waited for. A log service has none.
// Read first: ../../formats/values.ts. Read next: perform.ts, supervisor.ts (who ask).
import type { Bytes } from '../../abi/bytes.ts';
import { ENOENT } from '../../abi/errno.ts';
import { O_RDONLY } from '../../abi/flags.ts';
import { errorText } from '../../cli/errno.ts';
import { visible } from '../../cli/say.ts';
import { isParseError, type ParseError } from '../../formats/parse-error.ts';
import { parseDelay, parseLimit, parseRestart, parseSignal, parseTimeout } from '../../formats/values.ts';
import { isErrno } from '../../host/calls.ts';
import { openLinked, REGULAR_FILE } from '../../host/safe-open.ts';
import { sys } from '../../host/sys.ts';
import type { Policy, StopPolicy } from '../../machine/service/model.ts';
import { CLASSIC_STOP } from '../../machine/service/table.ts';
import type { Diagnostics } from '../diagnostics.ts';

/** A longer value is none. */
const LONGEST = 256;
const GROUP_FLAG = 'flag-timeout-killpg';
const F_OK = 0;
/** Of these a service needs one that is to tell whether it is ready. */
const TELLING: readonly Bytes[] = [
  'notification-fd',
  'notification-socket',
  'check-interval',
  'timeout-up',
  'timeout-watchdog',
];
const DEPENDENCIES = 'dependencies.d';

/** Where to look, and whom to tell. */
export interface ValueFolder {
  readonly diagnostics: Diagnostics;
  /** The path prefix of the service directory: '' for the current one, else a path that ends in a slash. */
  readonly folder: Bytes;
  /** What was reported in this life of ./run; null: nothing. */
  reported: Bytes[] | null;
  /** Before the last start there was a file that says how ./run tells that it is ready, or how long that may take. */
  tells: boolean;
  /** The last look found a dependencies.d. */
  hasDependencies: boolean;
}

/** Reports something of this life of ./run. */
export const warnOnce = (at: ValueFolder, line: Bytes): void => {
  at.reported ??= [];
  if (at.reported.includes(line)) return;
  at.reported.push(line);
  at.diagnostics.warn(line);
};

/** Its beginning; null: it is not there, or cannot be read. */
const textOf = (at: ValueFolder, name: Bytes): Bytes | null => {
  const fd = openLinked(at.folder + name, O_RDONLY, REGULAR_FILE);
  if (fd === -ENOENT) return null;
  const text = isErrno(fd) ? fd : sys.read(fd, LONGEST);
  if (!isErrno(fd)) sys.close(fd);
  if (!isErrno(text)) return text;
  warnOnce(at, `unable to read ${name}, ignored: ${errorText(text)}`);
  return null;
};

/** Whether a file is there whose content does not matter. */
export const hasFile = ({ folder }: ValueFolder, name: Bytes, mode = F_OK): boolean =>
  !isErrno(sys.access(folder + name, mode));

/** The value of a file; `otherwise` where it has none. */
export const valueOf = <T>(at: ValueFolder, name: Bytes, parse: (text: Bytes) => T | ParseError, otherwise: T): T => {
  const text = textOf(at, name);
  if (text === null) return otherwise;
  const value = parse(text);
  if (!isParseError(value)) return value as T;
  warnOnce(at, `${name}: ${visible(value.wrong)}, ignored`);
  return otherwise;
};

/** How ./run is stopped. */
export const readStop = (at: ValueFolder): StopPolicy => {
  const signal = valueOf(at, 'down-signal', parseSignal, CLASSIC_STOP.signal);
  const killMs = valueOf(at, 'timeout-kill', parseTimeout, CLASSIC_STOP.killMs);
  return signal === CLASSIC_STOP.signal && killMs === null ? CLASSIC_STOP : { signal, killMs };
};

/** How long ./finish may take; null: for ever. */
export const readFinishLimit = (at: ValueFolder): number | null => valueOf(at, 'timeout-finish', parseTimeout, null);

/** Whether a KILL at a deadline goes to the process group of ./run. */
export const killsGroup = (at: ValueFolder): boolean => hasFile(at, GROUP_FLAG);

/** What the next life of ./run needs to know. */
export interface StartPolicy {
  /** null: runit's. undefined: it cannot be told; what was known before holds. */
  readonly policy: Policy | null | undefined;
  /** ./run leads a session, and so a process group. */
  readonly leads: boolean;
}

const CLASSIC_START: StartPolicy = { policy: null, leads: false };
const UNKNOWN_START: StartPolicy = { policy: undefined, leads: false };

const policyOf = (at: ValueFolder, names: readonly Bytes[]): Policy | null => {
  const has = (name: Bytes): boolean => names.includes(name);
  const mode = has('restart') ? valueOf(at, 'restart', parseRestart, null) : null;
  const delay = has('restart-delay') ? valueOf(at, 'restart-delay', parseDelay, null) : null;
  const limit = has('restart-limit') ? valueOf(at, 'restart-limit', parseLimit, null) : null;
  return mode === null && delay === null && limit === null ? null : { restart: mode ?? 'always', delay, limit };
};

/** The files that matter to a start, as they are now. */
export const readStart = (at: ValueFolder): StartPolicy => {
  const names = sys.readdir(at.folder.slice(0, -1) || at.folder || '.');
  if (isErrno(names)) return UNKNOWN_START;
  let leads = false;
  let any = false;
  at.tells = false;
  at.hasDependencies = false;
  for (let each = 0; each < names.length; each++) {
    const name = names[each] as Bytes;
    if (name === GROUP_FLAG) leads = true;
    else if (name.startsWith('restart')) any = true;
    else if (TELLING.includes(name)) at.tells = true;
    else if (name === DEPENDENCIES) at.hasDependencies = true;
  }
  if (!leads && !any) return CLASSIC_START;
  return { policy: policyOf(at, names), leads };
};
