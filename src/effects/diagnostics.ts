// What the supervisors say on standard error: `NAME DIR: warning: what: why`, in runit's own words.
import { errorText } from '../cli/errno.ts';
import { remark } from '../cli/say.ts';
import type { Bytes } from '../abi/bytes.ts';

/** Set-up cannot go on. `text` is the whole reason; the program exits with `code`. */
export class Fatal extends Error {
  readonly code: number;
  constructor(text: string, code = 111) {
    super(text);
    this.code = code;
  }
}

/** 'what: why', with the system error's text where there is one. */
export const reason = (what: string, errno?: number): string =>
  errno === undefined ? what : `${what}: ${errorText(errno)}`;

/** Who speaks: 'runsv ./foo'. */
export interface Diagnostics {
  warn(what: string, errno?: number): void;
  fatal(what: string, errno?: number): void;
}

export const diagnosticsOf = (name: Bytes): Diagnostics => ({
  warn: (what, errno) => remark(`${name}: warning: ${reason(what, errno)}\n`),
  fatal: (what, errno) => remark(`${name}: fatal: ${reason(what, errno)}\n`),
});

/** Runs `body`; a Fatal thrown in it is told, and its code returned. */
export const orFatal = (diagnostics: Diagnostics, body: () => number): number => {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
    diagnostics.fatal(error.message);
    return error.code;
  }
};
