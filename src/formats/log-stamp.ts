// The stamp in front of a log line: TAI64N labels and the two forms for people, as svlogd, s6-log and multilog write them.
//
// Pure. Read next: stamp.ts (who writes them).
import type { Bytes } from '../abi/bytes.ts';
import { momentMs } from './moment.ts';

export interface Stamped {
  /** Unix milliseconds, fractions kept; what lines are merged by. */
  readonly ms: number;
  /** The line without its stamp. */
  readonly text: Bytes;
}

const TAI64N = /^@4([0-9a-f]{15})([0-9a-f]{8}) /;
const UTC = /^\d{4}-\d\d-\d\d[_T ]\d\d:\d\d:\d\d\.\d{1,9}(?= )/;
/** What a label's seconds have above Unix time, in runit's and daemontools' way. */
const TAI_OFFSET = 10;

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
  const [moment] = match;
  return { ms: momentMs(moment) as number, text: line.slice(moment.length + 1) };
};

/** Lines of several logs, each log's in its own order: merged by their stamps where every line has one, else as they come. */
export const mergeLines = <T extends { readonly line: Bytes }>(logs: readonly (readonly T[])[]): readonly T[] => {
  const stamped = logs.map((lines) => lines.map((one) => ({ one, ms: stampIn(one.line)?.ms })));
  const all = stamped.flat();
  if (all.some(({ ms }) => ms === undefined)) return logs.flat();
  // stable: lines of one moment stay in the order of their logs
  return all.sort((a, b) => (a.ms as number) - (b.ms as number)).map(({ one }) => one);
};
