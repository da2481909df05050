// Framing: from what a read brought to whole lines, with the moment that their first bytes came.
//
// Promises: pure. Every byte comes out once, in order; what is left at the end of input comes out as a line. A piece
// ends behind a newline, or within a line whose first `lineBytes` bytes are out.
// Read next: input.ts (who reads), writing.ts (who takes pieces).
import type { Moment } from '../formats/tai64.ts';
import type { Bytes } from '../abi/bytes.ts';

export interface Piece {
  readonly data: Bytes;
  /** When the first byte of its first line came. */
  readonly moment: Moment;
}

const NEWLINE = 10;

export interface Framing {
  /** The start of a line, shorter than `lineBytes`, without its newline. */
  readonly held: Bytes;
  readonly heldSince: Moment;
  /** Whether more of a long line is to come. */
  readonly midLine: boolean;
}

export const NOTHING_HELD: Framing = { held: '', heldSince: { sec: 0, nsec: 0 }, midLine: false };

/** The usual read: whole lines. Where nothing is held, they are a piece as they are. */
export const isWhole = (data: Bytes): boolean => data.charCodeAt(data.length - 1) === NEWLINE;

export interface Framed {
  readonly framing: Framing;
  readonly pieces: readonly Piece[];
}

/**
 * Frames what came at once, behind what is held, which has no newline. It is not looked at again: a line of a million bytes
 * may come byte by byte.
 */
const frameFresh = (held: Bytes, midLine: boolean, data: Bytes, moment: Moment, lineBytes: number): Framed => {
  const end = data.lastIndexOf('\n') + 1;
  const begun = end === 0 ? held.length + data.length : data.length - end;
  const passes = (end === 0 && midLine) || begun >= lineBytes;
  if (passes)
    return { framing: { held: '', heldSince: moment, midLine: true }, pieces: [{ data: held + data, moment }] };
  if (end === 0) return { framing: { held: held + data, heldSince: moment, midLine: false }, pieces: [] };
  const framing = { held: data.slice(end), heldSince: moment, midLine: false };
  return { framing, pieces: [{ data: held + data.slice(0, end), moment }] };
};

/**
 * What `data`, read at `moment`, adds to what is held. `sameBreath`: it was there already when the held bytes were
 * read, so that they count as read together with it.
 */
export const frame = (
  { held, heldSince, midLine }: Framing,
  data: Bytes,
  moment: Moment,
  sameBreath: boolean,
  lineBytes: number,
): Framed => {
  if (held === '' && !midLine && isWhole(data)) return { framing: NOTHING_HELD, pieces: [{ data, moment }] };
  if (held === '') return frameFresh('', midLine, data, moment, lineBytes);
  if (sameBreath) return frameFresh(held, false, data, moment, lineBytes);
  const end = data.indexOf('\n') + 1;
  if (end === 0) return frameFresh(held, false, data, heldSince, lineBytes);
  const rest = frameFresh('', false, data.slice(end), moment, lineBytes);
  return { framing: rest.framing, pieces: [{ data: held + data.slice(0, end), moment: heldSince }, ...rest.pieces] };
};

/** Whether a line has begun that has not ended. */
export const isMidLine = ({ held, midLine }: Framing): boolean => midLine || held !== '';

/** The last pieces: a line that never got its newline is given one. */
export const frameEnd = (framing: Framing): readonly Piece[] =>
  isMidLine(framing) ? [{ data: `${framing.held}\n`, moment: framing.heldSince }] : [];
