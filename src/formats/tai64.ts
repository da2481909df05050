// TAI64N labels: how runit writes a moment, as 12 bytes (status) or '@' and 24 hexadecimal digits (log stamps).
//
// Promises: exact for every Unix second a double holds exactly, without 64-bit arithmetic. No clock is read here.
// Read next: status.ts (the record that carries such a label).
import type { Bytes } from '../abi/bytes.ts';

/** A label's first word (of 32 bits) at the Unix epoch: 2^62. The second word is 10 there, runit's fixed offset. */
const EPOCH_HIGH = 0x40000000;
const EPOCH_LOW = 10;
const WORD = 0x100000000;

export interface Moment {
  /** Unix seconds. */
  readonly sec: number;
  /** 0..999999999 */
  readonly nsec: number;
}

const wordAt = (bytes: Bytes, at: number): number =>
  bytes.charCodeAt(at) * 0x1000000 +
  ((bytes.charCodeAt(at + 1) << 16) | (bytes.charCodeAt(at + 2) << 8) | bytes.charCodeAt(at + 3));

const highWord = (sec: number): number => EPOCH_HIGH + Math.floor((sec + EPOCH_LOW) / WORD);
const lowWord = (sec: number): number => (sec + EPOCH_LOW) % WORD;

/** The 12 bytes of a label: seconds (8, big-endian), nanoseconds (4, big-endian). */
export const encodeTai64n = (sec: number, nsec: number): Bytes => {
  const high = highWord(sec);
  const low = lowWord(sec);
  return String.fromCharCode(
    high >>> 24,
    (high >>> 16) & 255,
    (high >>> 8) & 255,
    high & 255,
    low >>> 24,
    (low >>> 16) & 255,
    (low >>> 8) & 255,
    low & 255,
    nsec >>> 24,
    (nsec >>> 16) & 255,
    (nsec >>> 8) & 255,
    nsec & 255,
  );
};

/** The first word of every label from 1970 to 2106. */
const USUAL_HIGH = '@\0\0\0';

/** The moment in 12 bytes, or null where there are not 12. Seconds beyond 2^53 come out rounded. */
export const decodeTai64n = (bytes: Bytes): Moment | null => {
  if (bytes.length !== 12) return null;
  const low = wordAt(bytes, 4) - EPOCH_LOW;
  const sec = bytes.startsWith(USUAL_HIGH) ? low : (wordAt(bytes, 0) - EPOCH_HIGH) * WORD + low;
  return { sec, nsec: wordAt(bytes, 8) };
};

const wordHex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

/** The printed label: '@' and 24 lower-case hexadecimal digits. */
export const tai64nLabel = (sec: number, nsec: number): string =>
  '@' + wordHex(highWord(sec)) + wordHex(lowWord(sec)) + wordHex(nsec);
