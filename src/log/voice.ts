// What svlogd says on standard error, in its own words.
//
// Promises: a line is one write; nobody reading it does not stop the log.
import { errorText } from '../cli/errno.ts';
import { remark } from '../cli/say.ts';
import type { Bytes } from '../abi/bytes.ts';

const why = (what: Bytes, errno: number | undefined): Bytes =>
  errno === undefined ? what : `${what}: ${errorText(errno)}`;

export interface Voice {
  /** Only with -v. */
  info(what: Bytes): void;
  warn(what: Bytes, errno?: number): void;
  /** Something is tried again after a pause. */
  pausing(what: Bytes, errno: number): void;
  fatal(what: Bytes, errno?: number): void;
}

export const voiceOf = (verbose: boolean): Voice => ({
  info: (what) => {
    if (verbose) remark(`svlogd: info: ${what}\n`);
  },
  warn: (what, errno) => remark(`svlogd: warning: ${why(what, errno)}\n`),
  pausing: (what, errno) => remark(`svlogd: pausing: ${why(what, errno)}\n`),
  fatal: (what, errno) => remark(`svlogd: fatal: ${why(what, errno)}\n`),
});
