// Moments as people and log readers write them: svlogd's stamps, and RFC 3339 for JSON. Always UTC.
//
// Promises: pure; exact for the years 0 to 9999. No clock is read here.
// Read next: tai64.ts (the stamp for programs).
import type { Bytes } from '../abi/bytes.ts';
import { type Moment, tai64nLabel } from './tai64.ts';

/** How often -t was given, at most three times. */
export type StampStyle = 0 | 1 | 2 | 3;

const DAY_SEC = 86_400;

const padded = (n: number, digits: number): string => String(n).padStart(digits, '0');

/** '00' to '99': looked up, they cost a tenth of being made. */
const PAIRS: readonly string[] = Array.from({ length: 100 }, (_, n) => padded(n, 2));
const pair = (n: number): string => PAIRS[n] as string;

/** The date of a day counted from the Unix epoch, by eras of 400 years that begin in March. */
const dateOf = (day: number): string => {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = ((fromMarch + 2) % 12) + 1;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${padded(year, 4)}-${pair(month)}-${pair(dayOfMonth)}`;
};

/** The day that was last asked for: a log asks many times for the same. */
let lastDay = { day: Number.NaN, date: '' };

const dateAndTime = (sec: number, between: string): string => {
  const day = Math.floor(sec / DAY_SEC);
  if (lastDay.day !== day) lastDay = { day, date: dateOf(day) };
  const secOfDay = sec - day * DAY_SEC;
  const minutes = (secOfDay / 60) | 0;
  return lastDay.date + between + pair((minutes / 60) | 0) + ':' + pair(minutes % 60) + ':' + pair(secOfDay % 60);
};

/** `2026-11-21T12:00:00.123456Z` */
export const rfc3339 = ({ sec, nsec }: Moment): string =>
  `${dateAndTime(sec, 'T')}.${padded(Math.floor(nsec / 1000), 6)}Z`;

/** What stands in front of the fraction, in the second that was last asked for. */
const textOfSecond = (style: 1 | 2 | 3, sec: number): string => {
  if (style === 1) return tai64nLabel(sec, 0).slice(0, -8);
  return dateAndTime(sec, style === 2 ? '_' : 'T') + '.';
};

/** A line comes within the second of the one before, as a rule. */
let last = { sec: Number.NaN, style: 0, text: '' };

const hexFraction = (nsec: number): string => {
  const digits = nsec.toString(16);
  return digits.length === 8 ? digits : digits.padStart(8, '0');
};

/** What svlogd puts in front of a line, with the space behind it: 26 bytes, or none for style 0. */
export const stampOf = (style: StampStyle, { sec, nsec }: Moment): Bytes => {
  if (style === 0) return '';
  if (last.sec !== sec || last.style !== style) last = { sec, style, text: textOfSecond(style, sec) };
  if (style === 1) return last.text + hexFraction(nsec) + ' ';
  const steps = (nsec / 10_000) | 0;
  // mostly there are five digits, which need no help
  return last.text + (steps < 10_000 ? padded(steps, 5) : steps) + ' ';
};
