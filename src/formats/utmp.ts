// Records of utmp and wtmp, as glibc has them: who is logged in where.
//
// Two layouts: 384 bytes with a time of 32 bits, nearly everywhere, and 400 bytes with one of 64 on 64-bit ARM. Numbers have the
// byte order of the machine. Pure.

export interface UtmpLayout {
  /** Bytes of a record. */
  readonly size: number;
  readonly timeAt: number;
  readonly timeBytes: 4 | 8;
  /** Whether the highest byte of a number comes first; left out: the lowest. */
  readonly bigEndian?: boolean;
}

export const UTMP_384: UtmpLayout = { size: 384, timeAt: 340, timeBytes: 4 };
export const UTMP_400: UtmpLayout = { size: 400, timeAt: 344, timeBytes: 8 };

/** The longest name of a line. */
export const LINE_BYTES = 32;

const LINE_AT = 8;
const USER_AT = 44;
const HOST_AT = 76;
const HOST_BYTES = 256;
const DEAD_PROCESS = 8;
const TYPE_BYTES = 2;

/** A number below 2^53 as bytes. */
const encoded = ({ bigEndian }: UtmpLayout, value: number, bytes: number): string => {
  let text = '';
  for (let rest = value, done = 0; done < bytes; rest = Math.floor(rest / 256), done++) {
    const byte = String.fromCharCode(rest % 256);
    text = bigEndian === true ? byte + text : text + byte;
  }
  return text;
};

const deadProcess = (layout: UtmpLayout): string => encoded(layout, DEAD_PROCESS, TYPE_BYTES);
const timeOf = (layout: UtmpLayout, sec: number): string => encoded(layout, sec, layout.timeBytes);

/** Where the first record begins that says somebody is logged in on `line`; -1 for none. */
export const findLogin = (records: string, line: string, layout: UtmpLayout): number => {
  const name = line.padEnd(LINE_BYTES, '\0');
  for (let at = 0; at + layout.size <= records.length; at += layout.size) {
    const there = records.slice(at + LINE_AT, at + LINE_AT + LINE_BYTES);
    if (records[at + USER_AT] !== '\0' && named(there) === named(name)) return at;
  }
  return -1;
};

/** What stands before the first NUL. */
const named = (field: string): string => field.split('\0', 1)[0] as string;

/** The record of a login as one that has ended at `sec`, Unix time; what else it says stays. */
export const loggedOut = (record: string, sec: number, layout: UtmpLayout): string =>
  deadProcess(layout) +
  record.slice(TYPE_BYTES, USER_AT) +
  '\0'.repeat(HOST_AT + HOST_BYTES - USER_AT) +
  record.slice(HOST_AT + HOST_BYTES, layout.timeAt) +
  timeOf(layout, sec) +
  record.slice(layout.timeAt + layout.timeBytes);

/** A record for wtmp that says no more than that the login on `line` ended at `sec`. */
export const logoutRecord = (line: string, sec: number, layout: UtmpLayout): string =>
  (deadProcess(layout).padEnd(LINE_AT, '\0') + line).padEnd(layout.timeAt, '\0') +
  timeOf(layout, sec).padEnd(layout.size - layout.timeAt, '\0');
