// utmpset: says in utmp, and in wtmp where asked, that a login on a line has ended.
//
// Promises: the record is changed in place, under the file's lock, which others may hold, so it is waited for ten seconds and no
// longer; a wtmp that could not be written whole is cut back.
// Read next: ../formats/utmp.ts (the records).
import { errorText } from '../cli/errno.ts';
import { parseOptions, problemLine } from '../cli/options.ts';
import { err } from '../cli/say.ts';
import { ID_LINE } from '../cli/version.ts';
import {
  findLogin,
  LINE_BYTES,
  loggedOut,
  logoutRecord,
  UTMP_384,
  UTMP_400,
  type UtmpLayout,
} from '../formats/utmp.ts';
import { BIG_ENDIAN } from '../abi/byte-order.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs, wallClock } from '../host/clock.ts';
import { EAGAIN, ETIMEDOUT } from '../abi/errno.ts';
import {
  LOCK_EX,
  LOCK_NB,
  O_APPEND,
  O_CREAT,
  O_NOCTTY,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  S_IFMT,
  S_IFREG,
} from '../abi/flags.ts';
import { waitOnce } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import type { Applet, Help } from '../cli/applet.ts';

const UTMP = '/var/run/utmp';
const WTMP = '/var/log/wtmp';
const USAGE_CODE = 1;
const FATAL_CODE = 111;
/** How long a lock that another process holds is waited for, and how often it is tried. */
const LOCK_PATIENCE_MS = 10_000;
const LOCK_RETRY_MS = 50;
/** Records read at once. */
const BATCH = 128;
/** The machine number of 64-bit ARM in the head of an executable, and where it stands. */
const ARM_64 = '\xb7\0';
const MACHINE_AT = 18;

/** What is wrong; `grave` where nothing could be done at all. */
class Trouble extends Error {
  readonly grave: boolean;
  constructor(text: string, grave: boolean) {
    super(text);
    this.grave = grave;
  }
}

const must = <T>(result: T | Errno, what: Bytes, grave = true): T => {
  if (isErrno(result)) throw new Trouble(`${what}: ${errorText(result)}`, grave);
  return result;
};

/** The layout of records on the machine that this executable is made for. */
const layoutHere = (): UtmpLayout => {
  const fd = sys.open('/proc/self/exe', O_RDONLY, 0);
  const usual = { ...UTMP_384, bigEndian: BIG_ENDIAN };
  if (isErrno(fd)) return usual;
  const head = sys.read(fd, MACHINE_AT + ARM_64.length);
  sys.close(fd);
  return !isErrno(head) && head.slice(MACHINE_AT) === ARM_64 ? UTMP_400 : usual;
};

/** Opens a file that is one, and takes its lock. */
const openLocked = (path: Bytes, flags: number): Fd => {
  const fd = must(sys.open(path, flags | O_NONBLOCK | O_NOCTTY, 0o600), `unable to open ${path}`);
  if ((must(sys.fstat(fd), `unable to open ${path}`)[0] & S_IFMT) !== S_IFREG) {
    throw new Trouble(`unable to open ${path}: not a file`, true);
  }
  const deadline = monotonicMs() + LOCK_PATIENCE_MS;
  for (;;) {
    const locked = sys.flock(fd, LOCK_EX | LOCK_NB);
    if (locked !== -EAGAIN) must(locked, `unable to lock ${path}`);
    if (!isErrno(locked)) return fd;
    if (monotonicMs() >= deadline) must(-ETIMEDOUT as Errno, `unable to lock ${path}`);
    waitOnce([], monotonicMs() + LOCK_RETRY_MS);
  }
};

/** Clears the first login on `line`. False: there is none. */
const clear = (fd: Fd, line: Bytes, sec: number, layout: UtmpLayout): boolean => {
  for (let offset = 0; ; ) {
    const records = must(sys.read(fd, BATCH * layout.size), `unable to read ${UTMP}`);
    if (records === '') return false;
    const at = findLogin(records, line, layout);
    if (at >= 0) {
      const record = loggedOut(records.slice(at, at + layout.size), sec, layout);
      const what = `unable to logout line ${line} in utmp`;
      if (must(sys.pwrite(fd, record, offset + at), what) === record.length) return true;
      throw new Trouble(`${what}: short write`, false);
    }
    offset += records.length;
  }
};

const logOut = (line: Bytes, sec: number, layout: UtmpLayout): void => {
  const what = `unable to logout line ${line} in utmp`;
  if (line.length > LINE_BYTES) throw new Trouble(`${what}: name too long`, true);
  const fd = openLocked(UTMP, O_RDWR);
  if (!clear(fd, line, sec, layout)) throw new Trouble(`${what}: no such entry`, false);
  sys.close(fd);
};

const append = (line: Bytes, sec: number, layout: UtmpLayout): void => {
  const what = `unable to logout line ${line} in wtmp`;
  const fd = openLocked(WTMP, O_WRONLY | O_APPEND | O_CREAT);
  const size = must(sys.fstat(fd), what)[6];
  const record = logoutRecord(line, sec, layout);
  const put = sys.write(fd, record);
  if (put === record.length) return;
  sys.ftruncate(fd, size);
  throw new Trouble(isErrno(put) ? `${what}: ${errorText(put)}` : `${what}: short write`, false);
};

const help: Help = {
  operands: 'line',
  description:
    'Changes the first record of utmp in which a user is logged in on line: user and host are cleared, and the time is set to the ' +
    'current time. Use it in the finish script of a getty service. Records have the format of glibc.',
  options: [
    { letter: 'w', text: 'also add a record to wtmp' },
    { letter: 'V', text: 'print the version', unlisted: true },
  ],
  lists: [
    {
      title: 'Files',
      rows: [
        { term: UTMP, text: 'who is logged in' },
        { term: WTMP, text: 'who was logged in' },
      ],
    },
  ],
  examples: [{ command: 'utmpset -w tty1', text: 'in finish of a service that runs getty on tty1' }],
  exitCodes: [
    { code: '0', text: 'done' },
    { code: '1', text: 'wrong usage' },
    { code: '111', text: 'nobody is logged in there, or a file could not be written' },
  ],
};

const usage = (argv0: Bytes, before: Bytes): number => {
  err(`${before}usage: ${argv0} [-w] line\n\n`);
  return USAGE_CODE;
};

const carryOut = (line: Bytes, wtmp: boolean): void => {
  const layout = layoutHere();
  const { sec } = wallClock();
  logOut(line, sec, layout);
  if (wtmp) append(line, sec, layout);
};

const run = (argv: readonly Bytes[]): number => {
  const [argv0 = 'utmpset', ...args] = argv;
  const parsed = parseOptions(help.options, args);
  if (parsed.kind === 'problem') return usage(argv0, problemLine(argv0, parsed));
  const line = parsed.rest[0];
  if (parsed.given.count('V') > 0) return usage(argv0, ID_LINE);
  if (line === undefined) return usage(argv0, '');
  try {
    carryOut(line, parsed.given.count('w') > 0);
    return 0;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    err(`utmpset: ${error.grave ? 'fatal' : 'warning'}: ${error.message}\n`);
    return FATAL_CODE;
  }
};

export const utmpset: Applet = {
  name: 'utmpset',
  summary: 'record in utmp that a login has ended',
  folder: 'usr/sbin',
  help,
  run,
};
