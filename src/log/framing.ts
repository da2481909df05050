// Framing: turns reads into chunks of whole lines, each with the time its first byte arrived.
//
// Promises: pure. Every byte comes out once, in order; an unfinished last line comes out with a newline added. A chunk ends
// after a newline, or within a line of which at least `lineBytes` bytes have come out.
// Read next: input.ts (which reads), writer.ts (which writes chunks).
import type { Moment } from '../formats/tai64.ts';
import type { Bytes } from '../abi/bytes.ts';

export interface Chunk {
  readonly data: Bytes;
  /** When the first byte of its first line arrived. */
  readonly moment: Moment;
}

const NEWLINE = 10;

export interface Framing {
  /** The start of an unfinished line, shorter than `lineBytes`. */
  readonly held: Bytes;
  readonly heldSince: Moment;
  /** Whether the last chunk ended within a long line. */
  readonly midLine: boolean;
}

export const EMPTY_FRAMING: Framing = { held: '', heldSince: { sec: 0, nsec: 0 }, midLine: false };

/** The usual read: whole lines, which become a chunk unchanged if nothing is held. */
export const endsWithNewline = (data: Bytes): boolean => data.charCodeAt(data.length - 1) === NEWLINE;

export interface Framed {
  readonly framing: Framing;
  readonly chunks: readonly Chunk[];
}

/**
 * Frames one read, appended to what is held. Only `data` is searched for newlines, `held` has none: a line of a million
 * bytes may arrive byte by byte.
 */
const frameFresh = (held: Bytes, midLine: boolean, data: Bytes, moment: Moment, lineBytes: number): Framed => {
  const end = data.lastIndexOf('\n') + 1;
  const begun = end === 0 ? held.length + data.length : data.length - end;
  const passes = (end === 0 && midLine) || begun >= lineBytes;
  if (passes)
    return { framing: { held: '', heldSince: moment, midLine: true }, chunks: [{ data: held + data, moment }] };
  if (end === 0) return { framing: { held: held + data, heldSince: moment, midLine: false }, chunks: [] };
  const framing = { held: data.slice(end), heldSince: moment, midLine: false };
  return { framing, chunks: [{ data: held + data.slice(0, end), moment }] };
};

/**
 * Adds `data`, read at `moment`, to what is held. `sameRead`: `data` was available when the held bytes were read, so both
 * count as one read.
 */
export const frame = (
  { held, heldSince, midLine }: Framing,
  data: Bytes,
  moment: Moment,
  sameRead: boolean,
  lineBytes: number,
): Framed => {
  if (held === '' && !midLine && endsWithNewline(data)) return { framing: EMPTY_FRAMING, chunks: [{ data, moment }] };
  if (held === '') return frameFresh('', midLine, data, moment, lineBytes);
  if (sameRead) return frameFresh(held, false, data, moment, lineBytes);
  const end = data.indexOf('\n') + 1;
  if (end === 0) return frameFresh(held, false, data, heldSince, lineBytes);
  const next = frameFresh('', false, data.slice(end), moment, lineBytes);
  return { framing: next.framing, chunks: [{ data: held + data.slice(0, end), moment: heldSince }, ...next.chunks] };
};

/** Whether a line has begun and not ended. */
export const isMidLine = ({ held, midLine }: Framing): boolean => midLine || held !== '';

/** The last chunk at the end of input: an unfinished line gets a newline. */
export const frameEnd = (framing: Framing): readonly Chunk[] =>
  isMidLine(framing) ? [{ data: `${framing.held}\n`, moment: framing.heldSince }] : [];
