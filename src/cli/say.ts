// Where words go out: standard output and standard error.
//
// Promises: the whole text is written, or dropped where the reader has gone away or does not read; never throws, never
// waits longer than a second for a reader that shares a non-blocking descriptor with us.
import type { Bytes } from '../abi/bytes.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { EAGAIN, EINTR } from '../abi/errno.ts';
import { POLLOUT } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';

const STDOUT = 1 as Fd;
const STDERR = 2 as Fd;
const TIMEOUT_MS = 1000;
/** How long a remark waits for whoever reads standard error. */
const REMARK_PATIENCE_MS = 200;

const becomesWritable = (fd: Fd): boolean => {
  const ready = sys.poll([fd, POLLOUT], TIMEOUT_MS);
  return !isErrno(ready) && ((ready[0] ?? 0) & POLLOUT) !== 0;
};

const put = (fd: Fd, text: Bytes): boolean => {
  let rest = text;
  while (rest !== '') {
    const written = sys.write(fd, rest);
    if (written >= 0) rest = rest.slice(written);
    else if (written === -EINTR) continue;
    else if (written !== -EAGAIN || !becomesWritable(fd)) return false;
  }
  return true;
};

/** Writes to standard output; says whether all of it went out. */
export const out = (text: Bytes): boolean => put(STDOUT, text);
/** Writes to standard error; says whether all of it went out. */
export const err = (text: Bytes): boolean => put(STDERR, text);

/** C0 and DEL, and C1 as UTF-8 has them. */
const CONTROL_BYTES = /[\0-\x1f\x7f]|\xc2[\x80-\x9f]/g;
/** A test costs a quarter of a replacement that finds nothing. */
const HAS_CONTROL_BYTES = new RegExp(CONTROL_BYTES.source);

/** A name for a line of ours: control bytes, which could make a terminal do things, show as question marks. */
export const visible = (name: Bytes): Bytes => (HAS_CONTROL_BYTES.test(name) ? name.replace(CONTROL_BYTES, '?') : name);

/** A line of a program that must go on whatever becomes of its words: dropped where nobody reads standard error. */
export const remark = (line: Bytes): void => {
  const ready = sys.poll([STDERR, POLLOUT], REMARK_PATIENCE_MS);
  if (isErrno(ready) || ((ready[0] ?? 0) & POLLOUT) !== 0) err(line);
};
