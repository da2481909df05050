// Writes chunks of lines to a log directory: selects, stamps and writes lines, across rotations.
//
// Promises: every selected line is written once, in order, whatever fails meanwhile; no write makes `current` larger than
// its size limit. Nothing here blocks: what cannot be written stays pending, and the caller gets false.
// Read next: directory.ts (rotation and full disks), ../host/c/lines.c (selection and stamping).
import { stampOf } from '../formats/stamp.ts';
import { err } from '../cli/say.ts';
import type { Bytes } from '../abi/bytes.ts';
import { AF_INET, SOCK_DGRAM } from '../abi/flags.ts';
import { inetAddress } from '../formats/socket-address.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { EAFNOSUPPORT, ECONNREFUSED, EDQUOT, EMFILE, ENFILE, ENOMEM, ENOSPC } from '../abi/errno.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import { ready, rotate, writeRefused } from './directory.ts';
import { type LogDir, NO_LIMIT, startNextAge } from './model.ts';
import { endsWithNewline, type Chunk } from './framing.ts';

const headOf = (dir: LogDir, chunk: Chunk): Bytes => stampOf(dir.settings.stampStyle, chunk.moment) + dir.config.prefix;

/** Writes what fits into `current`; false: the write failed. */
const writeSome = (dir: LogDir, current: Fd): boolean => {
  // ages that ended while the file was empty do not count
  if (dir.sizeBytes === 0 && dir.rotateAtMs !== null) startNextAge(dir, monotonicMs());
  const room = dir.config.sizeBytes === 0 ? NO_LIMIT : dir.config.sizeBytes - dir.sizeBytes;
  const { pending, pendingOffset } = dir;
  const left = pending.length - pendingOffset;
  const written = sys.write(
    current,
    pendingOffset > 0 || left > room ? pending.slice(pendingOffset, pendingOffset + Math.min(left, room)) : pending,
  );
  if (isErrno(written)) return writeRefused(dir, written, written === -ENOSPC || written === -EDQUOT);
  dir.sizeBytes += written;
  dir.pendingOffset = pendingOffset + written;
  if (dir.pendingOffset === pending.length) dir.pending = '';
  return true;
};

/** Writes all pending text; false: some is left. */
const flush = (dir: LogDir): boolean => {
  while (dir.pending !== '') {
    const isFull = dir.config.sizeBytes !== 0 && dir.sizeBytes >= dir.config.sizeBytes;
    if (!(isFull ? rotate(dir) : ready(dir))) return false;
    if (!isFull && !writeSome(dir, dir.current as Fd)) return false;
  }
  return true;
};

/** After a newline: rotates `current` if the next line might not fit. */
const atLineEnd = (dir: LogDir): boolean => dir.sizeBytes < dir.rotateAtBytes || dir.sizeBytes === 0 || rotate(dir);

/** Whether a chunk can be written unchanged, without a rotation within it. */
const isText = (dir: LogDir, data: Bytes): boolean =>
  dir.isVerbatim &&
  dir.state === 0 &&
  dir.consumed === 0 &&
  endsWithNewline(data) &&
  dir.sizeBytes + data.length < dir.fastPathBytes;

/** Makes the next lines of a chunk the pending text; false: none are left. */
const makeText = (dir: LogDir, chunk: Chunk): boolean => {
  if (dir.consumed >= chunk.data.length || dir.config.udp?.only === true) return false;
  if (isText(dir, chunk.data)) {
    dir.pending = chunk.data;
    dir.pendingOffset = 0;
    dir.consumed = chunk.data.length;
    return true;
  }
  const enough = Math.max(0, dir.rotateAtBytes - dir.sizeBytes);
  const { lineBytes } = dir.settings;
  const made = sys.lines(chunk.data, dir.consumed, dir.state, headOf(dir, chunk), dir.rules, lineBytes, enough, 0);
  if (isErrno(made)) throw new Error(`lines: ${made}`);
  const moved = made[1] !== dir.consumed;
  dir.pending = made[0];
  dir.pendingOffset = 0;
  dir.consumed = made[1];
  dir.state = made[2];
  return moved;
};

const takeUdpErrors = (dir: LogDir): boolean => {
  if (dir.udpErrors === '' || dir.state !== 0) return false;
  dir.pending = dir.udpErrors;
  dir.pendingOffset = 0;
  dir.udpErrors = '';
  return true;
};

/** Writes the rest of a chunk; true: nothing is left. */
export const writeChunk = (dir: LogDir, chunk: Chunk): boolean => {
  if (dir.open === null) return true;
  for (;;) {
    const waited = dir.pending !== '';
    if (!flush(dir)) return false;
    if (waited && dir.state === 0 && !atLineEnd(dir)) return false;
    if (!makeText(dir, chunk) && !takeUdpErrors(dir)) return true;
  }
};

// ---- standard error and UDP ---------------------------------------------------------------------------------------

/** The selected lines of a chunk, each shortened to `lineBytes`, with `...` if it is longer. */
const shortLines = (dir: LogDir, chunk: Chunk, rules: Bytes, state: number): readonly [Bytes, number] => {
  const head = headOf(dir, chunk);
  let [text, at, now] = ['', 0, state];
  for (;;) {
    const made = sys.lines(chunk.data, at, now, head, rules, dir.settings.lineBytes, NO_LIMIT, 1);
    if (isErrno(made)) throw new Error(`lines: ${made}`);
    text += made[0];
    if (made[1] === at) return [text, made[2]];
    at = made[1];
    now = made[2];
  }
};

/** Errors that mean no socket can be made, as opposed to an unreachable address. */
const NO_SOCKET: readonly number[] = [EMFILE, ENFILE, ENOMEM, EAFNOSUPPORT];

/** ECONNREFUSED reports an earlier datagram: send this one again. */
const send = (socket: Fd, line: Bytes): boolean => {
  const sent = sys.write(socket, line);
  return !isErrno(sent) || (sent === -ECONNREFUSED && !isErrno(sys.write(socket, line)));
};

/** No backlog: the socket is connected. */
const CONNECT = 0;

/** Sends each line as a datagram; returns the messages about failures. */
const sendAll = (dir: LogDir, address: Bytes, port: number, text: Bytes): Bytes => {
  let reason = 'failure sending through udp';
  if (dir.socket === null) {
    const socket = sys.socket(AF_INET, SOCK_DGRAM, inetAddress(address, port), CONNECT);
    if (!isErrno(socket)) dir.socket = socket;
    else if (NO_SOCKET.includes(-socket)) reason = 'no udp socket available';
  }
  let udpErrors = '';
  for (const line of text.split('\n').slice(0, -1)) {
    if (dir.socket === null || !send(dir.socket, `${line}\n`)) udpErrors += `warning: ${reason}: ${line}\n`;
  }
  return udpErrors;
};

/** Starts a chunk: sends to standard error and UDP now; writeChunk() writes the file. */
export const startChunk = (dir: LogDir, chunk: Chunk): void => {
  dir.consumed = 0;
  if (dir.open === null) return;
  if (dir.alarmRules !== '') {
    const [text, state] = shortLines(dir, chunk, dir.alarmRules, dir.alarmState);
    dir.alarmState = state;
    err(text);
  }
  const { udp } = dir.config;
  if (udp === null) return;
  const [text, state] = shortLines(dir, chunk, dir.rules, dir.udpState);
  dir.udpState = state;
  dir.udpErrors += sendAll(dir, udp.address, udp.port, text);
};
