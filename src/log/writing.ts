// Lines on their way into a log directory: selected, stamped, written, across rotations.
//
// Promises: every line taken is written once, in order, whatever is refused meanwhile; a write never takes `current`
// beyond its size. Nothing here waits: what cannot be written stays, and is told to the caller.
// Read next: directory.ts (rotation, and what is done about a full disk), ../host/c/lines.c (selection and stamping).
import { stampOf } from '../formats/stamp.ts';
import { err } from '../cli/say.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Fd, refused } from '../host/calls.ts';
import { EAFNOSUPPORT, ECONNREFUSED, EDQUOT, EMFILE, ENFILE, ENOMEM, ENOSPC } from '../abi/errno.ts';
import { sys } from '../host/sys.ts';
import { ready, rotate, writeRefused } from './directory.ts';
import { type LogDir, NO_LIMIT } from './model.ts';
import { isWhole, type Piece } from './piece.ts';

const headOf = (dir: LogDir, piece: Piece): Bytes => stampOf(dir.settings.stampStyle, piece.moment) + dir.config.prefix;

/** Writes what fits into `current`; false: refused. */
const writeSome = (dir: LogDir, current: Fd): boolean => {
  const room = dir.config.sizeBytes === 0 ? NO_LIMIT : dir.config.sizeBytes - dir.sizeBytes;
  const { rest, restAt } = dir;
  const left = rest.length - restAt;
  const written = sys.write(
    current,
    restAt > 0 || left > room ? rest.slice(restAt, restAt + Math.min(left, room)) : rest,
  );
  if (refused(written)) return writeRefused(dir, written, written === -ENOSPC || written === -EDQUOT);
  dir.sizeBytes += written;
  dir.restAt = restAt + written;
  if (dir.restAt === rest.length) dir.rest = '';
  return true;
};

/** Writes the text that waits; false: it waits still. */
const flush = (dir: LogDir): boolean => {
  while (dir.rest !== '') {
    const isFull = dir.config.sizeBytes !== 0 && dir.sizeBytes >= dir.config.sizeBytes;
    if (!(isFull ? rotate(dir) : ready(dir))) return false;
    if (!isFull && !writeSome(dir, dir.current as Fd)) return false;
  }
  return true;
};

/** After a newline: `current` is rotated where the next line might not fit. */
const atLineEnd = (dir: LogDir): boolean => dir.sizeBytes < dir.softBytes || dir.sizeBytes === 0 || rotate(dir);

/** Whether a piece is text as it is, and no rotation falls within it. */
const isText = (dir: LogDir, data: Bytes): boolean =>
  dir.isPlain && dir.state === 0 && dir.taken === 0 && isWhole(data) && dir.sizeBytes + data.length < dir.easyBytes;

/** Makes text of the next lines of a piece; false: there is none left. */
const makeText = (dir: LogDir, piece: Piece): boolean => {
  if (dir.taken >= piece.data.length || dir.config.udp?.only === true) return false;
  if (isText(dir, piece.data)) {
    dir.rest = piece.data;
    dir.restAt = 0;
    dir.taken = piece.data.length;
    return true;
  }
  const enough = Math.max(0, dir.softBytes - dir.sizeBytes);
  const { lineBytes } = dir.settings;
  const made = sys.lines(piece.data, dir.taken, dir.state, headOf(dir, piece), dir.rules, lineBytes, enough, 0);
  if (refused(made)) throw new Error(`lines: ${made}`);
  const moved = made[1] !== dir.taken;
  dir.rest = made[0];
  dir.restAt = 0;
  dir.taken = made[1];
  dir.state = made[2];
  return moved;
};

const complain = (dir: LogDir): boolean => {
  if (dir.complaints === '' || dir.state !== 0) return false;
  dir.rest = dir.complaints;
  dir.restAt = 0;
  dir.complaints = '';
  return true;
};

/** Takes what is left of a piece; true: nothing is left. */
export const take = (dir: LogDir, piece: Piece): boolean => {
  if (dir.open === null) return true;
  for (;;) {
    const waited = dir.rest !== '';
    if (!flush(dir)) return false;
    if (waited && dir.state === 0 && !atLineEnd(dir)) return false;
    if (!makeText(dir, piece) && !complain(dir)) return true;
  }
};

// ---- besides the file ---------------------------------------------------------------------------------------

/** The lines of a piece in short: the first bytes, `...` where there are more. */
const briefly = (dir: LogDir, piece: Piece, rules: Bytes, state: number): readonly [Bytes, number] => {
  const head = headOf(dir, piece);
  let [text, at, now] = ['', 0, state];
  for (;;) {
    const made = sys.lines(piece.data, at, now, head, rules, dir.settings.lineBytes, NO_LIMIT, 1);
    if (refused(made)) throw new Error(`lines: ${made}`);
    text += made[0];
    if (made[1] === at) return [text, made[2]];
    at = made[1];
    now = made[2];
  }
};

/** Errors that say there can be no socket at all, rather than no way to the address. */
const NO_SOCKET: readonly number[] = [EMFILE, ENFILE, ENOMEM, EAFNOSUPPORT];

/** The error of an earlier datagram is no reason not to send this one. */
const send = (socket: Fd, line: Bytes): boolean => {
  const sent = sys.write(socket, line);
  return !refused(sent) || (sent === -ECONNREFUSED && !refused(sys.write(socket, line)));
};

/** Sends each line as a datagram; gives what is to be written about failures. */
const sendAll = (dir: LogDir, address: Bytes, port: number, text: Bytes): Bytes => {
  let trouble = 'failure sending through udp';
  if (dir.socket === null) {
    const socket = sys.udp(address, port);
    if (!refused(socket)) dir.socket = socket;
    else if (NO_SOCKET.includes(-socket)) trouble = 'no udp socket available';
  }
  let complaints = '';
  for (const line of text.split('\n').slice(0, -1)) {
    if (dir.socket === null || !send(dir.socket, `${line}\n`)) complaints += `warning: ${trouble}: ${line}\n`;
  }
  return complaints;
};

/** A new piece: what goes to standard error and over the network does so now; the file is for take(). */
export const announce = (dir: LogDir, piece: Piece): void => {
  dir.taken = 0;
  if (dir.open === null) return;
  if (dir.alarmRules !== '') {
    const [text, state] = briefly(dir, piece, dir.alarmRules, dir.alarmState);
    dir.alarmState = state;
    err(text);
  }
  const { udp } = dir.config;
  if (udp === null) return;
  const [text, state] = briefly(dir, piece, dir.rules, dir.udpState);
  dir.udpState = state;
  dir.complaints += sendAll(dir, udp.address, udp.port, text);
};
