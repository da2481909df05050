// JSON text in UTF-8 from byte strings, which may hold anything, and values from JSON text that anybody may have written.
//
// Promises: what is encoded is valid JSON and valid UTF-8; bytes that are no UTF-8 become U+FFFD. Decoding never throws.
import type { Bytes } from '../abi/bytes.ts';

/** A well formed character beyond ASCII. Many are taken at once below: a call for each would cost four times as much. */
const WIDE =
  '[\\xc2-\\xdf][\\x80-\\xbf]|\\xe0[\\xa0-\\xbf][\\x80-\\xbf]|[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}|\\xed[\\x80-\\x9f][\\x80-\\xbf]|' +
  '\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}|[\\xf1-\\xf3][\\x80-\\xbf]{3}|\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}';
const NOT_ASCII = /[\x80-\xff]/;
const PARTS = new RegExp(`(?:${WIDE}){1,200}|[\\x80-\\xff]`, 'g');
/** U+FFFD, as UTF-8. */
const REPLACEMENT = '\xef\xbf\xbd';

/** The text as valid UTF-8. */
export const validUtf8 = (text: Bytes): Bytes =>
  NOT_ASCII.test(text) ? text.replace(PARTS, (part) => (part.length > 1 ? part : REPLACEMENT)) : text;

/** DEL and the controls beyond ASCII: JSON may hold them, a terminal that shows it should not. */
const SHOWN_CONTROLS = /\x7f|\xc2[\x80-\x9f]/g;

const escaped = (control: Bytes): Bytes =>
  `\\u00${control
    .charCodeAt(control.length - 1)
    .toString(16)
    .padStart(2, '0')}`;

/** What JSON.stringify alone would not do right. */
const NEEDS_CARE = /[\x7f-\xff]/;

/** A JSON string, quotes included. No control character stands in it as such. */
export const jsonString = (text: Bytes): Bytes =>
  NEEDS_CARE.test(text) ? JSON.stringify(validUtf8(text)).replace(SHOWN_CONTROLS, escaped) : JSON.stringify(text);

/** What can be encoded; `undefined` leaves a member out. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined };

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** A value of any text. */
const encodeAny = (value: Json): Bytes => {
  if (typeof value === 'string') return jsonString(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(encodeAny).join(',')}]`;
  const members = Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : [`${jsonString(name)}:${encodeAny(member)}`],
  );
  return `{${members.join(',')}}`;
};

/** The same of a value whose strings are ASCII. */
export const encodePlain = (value: Json): Bytes => JSON.stringify(value);

/**
 * A value as JSON text on one line, members in the order of their making. A number that is none becomes null. The engine's own
 * encoder takes a tenth of the time, and does right by all but a few characters.
 */
export const encodeJson = (value: Json): Bytes => {
  const text = encodePlain(value);
  return NEEDS_CARE.test(text) ? encodeAny(value) : text;
};

/** An escape: a pair that is one character, a unit, or another letter. */
const ESCAPES = /\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|u([0-9a-f]{4})|.)/gis;
const FIRST_WIDE = 0x80;

const inHex = (text: string): number => Number.parseInt(text, 16);
const tail = (code: number, shift: number): Bytes => String.fromCharCode(0x80 | ((code >> shift) & 0x3f));

/** The bytes of a character beyond ASCII. */
const utf8Of = (code: number): Bytes => {
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6)) + tail(code, 0);
  if (code >> 11 === 0x1b) return REPLACEMENT;
  if (code < 0x10000) return String.fromCharCode(0xe0 | (code >> 12)) + tail(code, 6) + tail(code, 0);
  return String.fromCharCode(0xf0 | (code >> 18)) + tail(code, 12) + tail(code, 6) + tail(code, 0);
};

const codeOf = (high: string | undefined, low: string | undefined, unit = '0'): number =>
  high === undefined || low === undefined
    ? inHex(unit)
    : 0x10000 + ((inHex(high) - 0xd800) << 10) + inHex(low) - 0xdc00;

/** Escapes beyond ASCII as the bytes that they stand for: JSON.parse would make characters of them that are no bytes. */
const withBytes = (text: Bytes): Bytes =>
  text.replace(ESCAPES, (escape: string, high?: string, low?: string, unit?: string) => {
    const code = codeOf(high, low, unit);
    return code < FIRST_WIDE ? escape : utf8Of(code);
  });

/** The members of a JSON object, strings as bytes; null for text that is none. */
export const decodeObject = (text: Bytes): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(withBytes(text));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
};

/** C0, DEL and, as UTF-8 has them, C1. */
const CONTROLS = /[\0-\x1f\x7f]|\xc2[\x80-\x9f]/g;

/** A text for one line of at most `most` bytes: valid UTF-8, blanks for control characters, no character cut in two. */
export const plainText = (text: Bytes, most: number): Bytes => {
  if (text === '') return text;
  const plain = validUtf8(text.slice(0, most)).replace(CONTROLS, ' ');
  let end = Math.min(plain.length, most);
  while (end > 0 && end < plain.length && (plain.charCodeAt(end) & 0xc0) === 0x80) end--;
  return plain.slice(0, end);
};
