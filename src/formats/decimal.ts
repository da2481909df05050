// Whole numbers as people write them: digits, all of them, and not too many.
//
// Promises: what is not wholly a number is none; nothing wraps round. Strings are short, so a loop over them may be.
import type { Bytes } from '../abi/bytes.ts';

/** User and group numbers go up to here; one more means "none" to the kernel. */
export const MOST_ID = 2 ** 32 - 2;

/** A limit that is none. */
export const UNLIMITED = -1;

const MOST_64 = '18446744073709551615';

/** The value of `text` in base `base` (at most 10); null: not only digits, no digit at all, or more than `most`. */
export const wholeNumber = (text: Bytes, most = Number.MAX_SAFE_INTEGER, base = 10): number | null => {
  let value = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit >= base) return null;
    value = value * base + digit;
  }
  return text === '' || value > most ? null : value;
};

/** As wholeNumber, with `+` or `-` in front allowed, between `least` and `most`. */
export const signedNumber = (text: Bytes, least: number, most: number): number | null => {
  const sign = text[0] === '-' ? -1 : 1;
  const digits = wholeNumber(text[0] === '-' || text[0] === '+' ? text.slice(1) : text);
  const value = digits === null || digits === 0 ? digits : sign * digits;
  return value === null || value < least || value > most ? null : value;
};

const withoutZeros = (text: Bytes): Bytes => {
  let at = 0;
  while (text[at] === '0') at++;
  return text.slice(at);
};

/**
 * A number of 64 bits for a limit. From 2^53 on it is rounded, and from 2^63 on it is UNLIMITED, as its last value is by
 * definition. null as above.
 */
export const limitNumber = (text: Bytes): number | null => {
  const value = wholeNumber(text, 2 ** 64);
  if (value === null || value < 2 ** 63) return value;
  return value === 2 ** 64 && withoutZeros(text) > MOST_64 ? null : UNLIMITED;
};
