// The stamp in front of a log line: TAI64N labels and the two forms for people, as svlogd, s6-log and multilog write them.
//
// Pure. Read next: stamp.ts (who writes them).
import type { Bytes } from '../abi/bytes.ts';

export interface Stamped {
  /** Unix milliseconds, fractions kept; what lines are merged by. */
  readonly ms: number;
  /** The line without its stamp. */
  readonly text: Bytes;
}

const TAI64N = /^@4([0-9a-f]{15})([0-9a-f]{8}) /;
const UTC = /^(\d{4})-(\d\d)-(\d\d)[_T ](\d\d):(\d\d):(\d\d)\.(\d{1,9}) /;
/** What a label's seconds have above Unix time, in runit's and daemontools' way. */
const TAI_OFFSET = 10;
const DAY_MS = 86_400_000;

/** Days from the Unix epoch to a date, by years that begin in March. */
const dayOf = (year: number, month: number, day: number): number => {
  const marchYear = month > 2 ? year : year - 1;
  const marchMonth = (month + 9) % 12;
  const leaps = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return 365 * marchYear + leaps + Math.floor((153 * marchMonth + 2) / 5) + day - 1 - 719_468;
};

const fromLabel = (line: Bytes): Stamped | null => {
  const match = TAI64N.exec(line);
  if (match === null) return null;
  const [all, seconds = '', nanoseconds = ''] = match;
  const ms = (Number.parseInt(seconds, 16) - TAI_OFFSET) * 1000 + Number.parseInt(nanoseconds, 16) / 1e6;
  return { ms, text: line.slice(all.length) };
};

/** The stamp of a line; null where it has none. */
export const stampIn = (line: Bytes): Stamped | null => {
  const label = fromLabel(line);
  if (label !== null) return label;
  const match = UTC.exec(line);
  if (match === null) return null;
  const [all, ...fields] = match;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = fields.map(Number);
  const fraction = Number(`0.${fields[6]}`);
  const ms = dayOf(year, month, day) * DAY_MS + ((hours * 60 + minutes) * 60 + seconds + fraction) * 1000;
  return { ms, text: line.slice(all.length) };
};

/** Lines of several logs, each log's in its own order: merged by their stamps where every line has one, else as they come. */
export const mergeLines = <T extends { readonly line: Bytes }>(logs: readonly (readonly T[])[]): readonly T[] => {
  const stamped = logs.map((lines) => lines.map((one) => ({ one, ms: stampIn(one.line)?.ms })));
  const all = stamped.flat();
  if (all.some(({ ms }) => ms === undefined)) return logs.flat();
  // stable: lines of one moment stay in the order of their logs
  return all.sort((a, b) => (a.ms as number) - (b.ms as number)).map(({ one }) => one);
};
