// svlogd's messages on standard error.
//
// Promises: a message is one write; logging goes on when nobody reads it.
import { errorText } from '../cli/errno.ts';
import { remark } from '../cli/say.ts';
import type { Bytes } from '../abi/bytes.ts';

const why = (what: Bytes, errno: number | undefined): Bytes =>
  errno === undefined ? what : `${what}: ${errorText(errno)}`;

export interface Diagnostics {
  /** Only with -v. */
  info(what: Bytes): void;
  warn(what: Bytes, errno?: number): void;
  /** A failed step will be retried after a pause. */
  pausing(what: Bytes, errno: number): void;
  fatal(what: Bytes, errno?: number): void;
}

export const diagnosticsFor = (verbose: boolean): Diagnostics => ({
  info: (what) => {
    if (verbose) remark(`svlogd: info: ${what}\n`);
  },
  warn: (what, errno) => remark(`svlogd: warning: ${why(what, errno)}\n`),
  pausing: (what, errno) => remark(`svlogd: pausing: ${why(what, errno)}\n`),
  fatal: (what, errno) => remark(`svlogd: fatal: ${why(what, errno)}\n`),
});
