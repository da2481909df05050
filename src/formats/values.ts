// Value files: one file in the service directory, one setting in its first line, blanks around it ignored.
//
// Promises: pure; a text that is not of its kind is a ParseError whose words end with what was found. Whoever reads a file
// decides what follows: runsv behaves as if it were absent, `sv lint` reports it.
// Read next: value-files.ts (their names), ../effects/service/policy.ts (who reads them for runsv), ../machine/service/restart-policy.ts (what they mean).
import type { Bytes } from '../abi/bytes.ts';
import { signalNumber } from '../abi/signals.ts';
import { wholeNumber } from './decimal.ts';
import { type ParseError, parseError } from './parse-error.ts';

/** What an end of ./run that nobody requested leads to. */
export type RestartMode = 'always' | 'on-failure' | 'never';

/** A growing delay: the first, the longest, and how long a run must last to end a series of failures. */
export interface RestartDelay {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly resetMs: number;
}

/** How many failures are too many: in a row, or within a time. */
export interface RestartLimit {
  readonly count: number;
  /** null: in a row. */
  readonly withinMs: number | null;
}

export const DEFAULT_DELAY: RestartDelay = { firstMs: 1000, maxMs: 60_000, resetMs: 10_000 };
export const DEFAULT_LIMIT: RestartLimit = { count: 5, withinMs: null };

/** Nearly 25 days: the longest that poll can wait. */
const MOST_MS = 2_147_483_647;
/** A longer list of failures would cost memory. */
const MOST_FAILURES = 1000;
const MOST_DESCRIPTOR = 255;
const DEFAULT_INTERVAL_MS = 10_000;
const SHOWN_MAX = 40;

/** A file's value as text: its first line without blanks around it. */
const valueIn = (text: Bytes): Bytes => {
  const end = text.indexOf('\n');
  return (end < 0 ? text : text.slice(0, end)).replace(/^[ \t\r]+|[ \t\r]+$/g, '');
};

const expected = (what: string, value: Bytes): ParseError =>
  parseError(`not ${what}: '${value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}...` : value}'`);

const msIn = (word: Bytes): number | null => wholeNumber(word, MOST_MS);

/** A time; 0, as in s6, means none: null. */
export const parseTimeout = (text: Bytes): number | null | ParseError => {
  const value = valueIn(text);
  const ms = msIn(value);
  if (ms === null) return expected('a number of milliseconds', value);
  return ms === 0 ? null : ms;
};

/** A signal's number: its name in any case, with or without SIG, or 1 to 64. */
export const parseSignal = (text: Bytes): number | ParseError => {
  const value = valueIn(text);
  return signalNumber(value) ?? expected('a signal', value);
};

const isMode = (value: Bytes): value is RestartMode =>
  value === 'always' || value === 'on-failure' || value === 'never';

export const parseRestart = (text: Bytes): RestartMode | ParseError => {
  const value = valueIn(text);
  return isMode(value) ? value : expected('always, on-failure or never', value);
};

/** A descriptor's number; 0 is standard input. */
export const parseDescriptor = (text: Bytes): number | ParseError => {
  const value = valueIn(text);
  return wholeNumber(value, MOST_DESCRIPTOR) || expected(`a descriptor from 1 to ${MOST_DESCRIPTOR}`, value);
};

/** How often, or nothing for the default. */
export const parseInterval = (text: Bytes): number | ParseError => {
  const value = valueIn(text);
  if (value === '') return DEFAULT_INTERVAL_MS;
  return msIn(value) || expected('a number of milliseconds above 0', value);
};

const wordsOf = (value: Bytes): readonly Bytes[] => value.split(/[ \t]+/);

/** `FIRST MAX RESET`, or nothing for the default. */
export const parseDelay = (text: Bytes): RestartDelay | ParseError => {
  const value = valueIn(text);
  if (value === '') return DEFAULT_DELAY;
  const [firstMs, maxMs, resetMs, more] = wordsOf(value).map(msIn);
  const isWhole = typeof firstMs === 'number' && typeof maxMs === 'number' && typeof resetMs === 'number';
  if (!isWhole || more !== undefined) return expected('FIRST MAX RESET in milliseconds', value);
  return firstMs > maxMs ? expected('a FIRST of at most MAX', value) : { firstMs, maxMs, resetMs };
};

/** `COUNT [WITHIN]`, or nothing for the default. */
export const parseLimit = (text: Bytes): RestartLimit | ParseError => {
  const value = valueIn(text);
  if (value === '') return DEFAULT_LIMIT;
  const [countWord = '', withinWord, more] = wordsOf(value);
  const count = wholeNumber(countWord, MOST_FAILURES);
  const withinMs = withinWord === undefined ? null : msIn(withinWord);
  const isTime = withinWord === undefined || (withinMs !== null && withinMs > 0);
  if (count === null || count === 0 || !isTime || more !== undefined) {
    return expected(`COUNT [WITHIN], from 1 to ${MOST_FAILURES} failures and milliseconds`, value);
  }
  return { count, withinMs };
};
