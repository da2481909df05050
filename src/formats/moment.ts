// Moments in RFC 3339 and its kin, read and written in UTC, as Unix milliseconds.
//
// Pure; exact for the years 1 to 9999. Read next: stamp.ts (dates from days).
import type { Bytes } from '../abi/bytes.ts';
import { rfc3339 } from './stamp.ts';

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)[_T ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?Z?$/;
const DAY_MS = 86_400_000;

/** Days from the Unix epoch to a date, by years that begin in March. */
const dayOf = (year: number, month: number, day: number): number => {
  const marchYear = month > 2 ? year : year - 1;
  const marchMonth = (month + 9) % 12;
  const leaps = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return 365 * marchYear + leaps + Math.floor((153 * marchMonth + 2) / 5) + day - 1 - 719_468;
};

/** `2026-11-27T11:53:01.204Z`, and the same with `_` or a blank for T, or without Z; null for anything else. */
export const momentMs = (text: Bytes): number | null => {
  const match = MOMENT.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0, fraction = 0] = match
    .slice(1)
    .map((field) => Number(field ?? 0));
  return dayOf(year, month, day) * DAY_MS + ((hours * 60 + minutes) * 60 + seconds + fraction) * 1000;
};

/** The second that was last asked for: the records of one turn lie within it, as a rule. */
let last = { sec: Number.NaN, text: '' };

/** Milliseconds are enough for people, and what state.json has. */
export const momentText = (sec: number, nsec: number): string => {
  if (last.sec !== sec) last = { sec, text: rfc3339({ sec, nsec: 0 }).slice(0, -7) };
  return `${last.text}${String((nsec / 1e6) | 0).padStart(3, '0')}Z`;
};
