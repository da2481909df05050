// svlogd: writes lines from standard input to log directories, and rotates the files.
//
// Promises: the options, files and messages of runit's svlogd; no line is lost at the end of input, on TERM or on a full disk.
// Read next: ../log/loop.ts, ../formats/log-config.ts (a directory's `config`).
import { usageText } from '../cli/usage.ts';
import { baseName, type Given, leadingNumber, type OptionTable, parseOptions, problemLine } from '../cli/options.ts';
import { err } from '../cli/say.ts';
import { ID_LINE } from '../cli/version.ts';
import { accountNamed, groupNamed } from '../effects/exec/accounts.ts';
import { holdStandard } from '../effects/process/std-fds.ts';
import { MOST_ID, wholeNumber } from '../formats/decimal.ts';
import type { StampStyle } from '../formats/stamp.ts';
import type { Bytes } from '../abi/bytes.ts';
import { isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import { openLogger } from '../log/logger.ts';
import { run as runLogger } from '../log/loop.ts';
import type { Owner, Settings } from '../log/settings.ts';
import { diagnosticsFor } from '../log/diagnostics.ts';
import type { Applet, Help } from '../cli/applet.ts';

const USAGE_CODE = 111;
const DEFAULT_LINE_BYTES = 1000;
const DEFAULT_BUFFER_BYTES = 1024;
const FIRST_PRINTABLE = 32;
const LAST_PRINTABLE = 126;

const options: OptionTable = [
  {
    letter: 't',
    twice: true,
    text: 'prefix each line with a TAI64N label; -tt: date and time, -ttt: with a T between them',
  },
  { letter: 'v', text: 'report each action on standard error' },
  { letter: 'r', value: 'c', text: 'replace unprintable bytes in the first len bytes of a line with c' },
  { letter: 'R', value: 'abc', text: 'replace these bytes too, with c (_ without -r)' },
  { letter: 'l', value: 'len', text: 'match and replace in the first len bytes of a line (default 1000)' },
  { letter: 'b', value: 'buflen', text: 'for compatibility: must be larger than len, has no effect' },
  { letter: 'V', text: 'print the version, then the usage', unlisted: true },
  {
    long: 'stdout',
    text: 'write lines to standard output too, or only there without dir; lines over 128 KiB are split',
  },
  { long: 'json', text: 'like --stdout, each line as a JSON object with time, service and line' },
  { long: 'name', value: 'NAME', text: 'service name for --stdout and --json (default: the service directory)' },
];

const help: Help = {
  operands: 'dir ...',
  description:
    'Reads lines from standard input and appends them to dir/current in each dir. When current reaches its maximum size or ' +
    'age it is renamed to @STAMP.s; a limited number of old files is kept. dir/config configures a directory; it is read ' +
    'at startup and on HUP, and errors in it are reported.\n\n' +
    'A failed write, for example on a full disk, is retried every 3 seconds, after TERM for 5 seconds. Meanwhile nothing ' +
    'is read, so no line is lost.',
  options,
  operandKind: 'file',
  lists: [
    {
      title: 'Lines in dir/config',
      rows: [
        { term: 'sSIZE[k|m]', text: 'rotate current at SIZE bytes (1000000; 0: never)' },
        { term: 'nNUM', text: 'keep NUM old files (10; 0: all); surplus files are deleted at startup and on HUP too' },
        { term: 'NMIN', text: 'on a full disk delete old files down to MIN (10; only if below NUM)' },
        { term: 'tAGE[m|h]', text: 'rotate a non-empty current after AGE seconds (0: never)' },
        {
          term: '!COMMAND',
          text: 'process rotated files: standard input is @STAMP.u, standard output becomes @STAMP.s',
        },
        {
          term: 'mode MODE',
          text: 'mode of complete files, octal (0744: x marks a current that was closed safely)',
        },
        { term: 'owner USER[:GROUP]', text: 'owner of the files' },
        { term: 'uA.B.C.D[:PORT]', text: 'also send each line to this address by UDP (port 514)' },
        { term: 'UA.B.C.D[:PORT]', text: 'send each line by UDP, do not write it' },
        { term: 'pPREFIX', text: 'prefix each line with PREFIX' },
        { term: '+PATTERN', text: 'log matching lines' },
        { term: '-PATTERN', text: 'do not log matching lines' },
        { term: 'ePATTERN', text: 'print matching lines on standard error' },
        { term: 'EPATTERN', text: 'do not print matching lines' },
      ],
    },
    {
      title: 'Signals',
      rows: [
        { term: 'HUP', text: 'reopen all directories and read their configs' },
        { term: 'ALRM', text: 'rotate every non-empty current' },
        { term: 'TERM', text: 'write what was read, wait for processors, exit; a second TERM does not wait' },
      ],
    },
  ],
  examples: [
    { command: 'svlogd -tt ./main', text: 'log with date and time to ./main, the usual log/run' },
    { command: 'svlogd --stdout', text: "copy lines to a container's log, each with its service's name" },
    { command: 'svlogd --json /var/log/web', text: 'log to a directory, and as JSON to standard output' },
  ],
  exitCodes: [
    { code: '0', text: 'end of input or TERM, everything was written' },
    { code: '111', text: 'usage error, no usable directory, or lines could not be written' },
  ],
};

/** The replacement for each byte; '': none. Newlines are never replaced. */
const tableFor = (given: Given): Bytes | null => {
  const instead = given.last('r');
  const more = given.last('R');
  if (instead !== undefined && instead.length !== 1) return null;
  if (instead === undefined && more === undefined) return '';
  let table = '';
  for (let byte = 0; byte < 256; byte++) {
    const char = String.fromCharCode(byte);
    const stays = byte >= FIRST_PRINTABLE && byte <= LAST_PRINTABLE && more?.includes(char) !== true;
    table += stays ? char : (instead ?? '_');
  }
  return table;
};

const numberOr = (text: Bytes | undefined, otherwise: number): number => {
  const value = text === undefined ? 0 : leadingNumber(text);
  return value === 0 ? otherwise : value;
};

/** runsv starts log/run in SERVICE/log: the service's name is the one above. */
const serviceName = (): Bytes => {
  const here = sys.readlink('/proc/self/cwd');
  if (isErrno(here)) return '';
  const parts = here.split('/');
  const last = parts.pop() ?? '';
  return last === 'log' ? (parts.pop() ?? '') : last;
};

const streamFor = (given: Given): Settings['stream'] => {
  const json = given.count('json') > 0;
  if (!json && given.count('stdout') === 0) return null;
  return { form: json ? 'json' : 'text', service: given.last('name') ?? serviceName() };
};

/** As for chown: numbers or names. Without a group a file's group is not changed. */
const lookUpOwner = (text: Bytes): Owner | null => {
  const [user = '', group] = text.split(':');
  try {
    const uid = wholeNumber(user, MOST_ID) ?? accountNamed(user)?.uid;
    const gid = group === undefined ? -1 : (wholeNumber(group, MOST_ID) ?? groupNamed(group));
    return uid === undefined || gid === null ? null : { uid, gid };
  } catch {
    return null;
  }
};

const settingsFor = (given: Given): Settings | null => {
  const lineBytes = numberOr(given.last('l'), DEFAULT_LINE_BYTES);
  const table = tableFor(given);
  if (table === null || numberOr(given.last('b'), DEFAULT_BUFFER_BYTES) <= lineBytes) return null;
  return {
    diagnostics: diagnosticsFor(given.count('v') > 0),
    stampStyle: Math.min(given.count('t'), 3) as StampStyle,
    lineBytes,
    table,
    stream: streamFor(given),
    lookUpOwner,
  };
};

const usage = (argv0: Bytes): number => {
  err(usageText(argv0, help));
  return USAGE_CODE;
};

const run = (argv: readonly Bytes[]): number => {
  const argv0 = argv[0] ?? 'svlogd';
  const parsed = parseOptions(options, argv.slice(1));
  if (parsed.kind === 'problem') {
    err(problemLine(baseName(argv0), parsed));
    return usage(argv0);
  }
  if (parsed.given.count('V') > 0) err(ID_LINE);
  const settings = parsed.given.count('V') > 0 ? null : settingsFor(parsed.given);
  if (settings === null || (parsed.rest.length === 0 && settings.stream === null)) return usage(argv0);
  holdStandard();
  const logger = openLogger(settings, parsed.rest);
  return logger === null ? USAGE_CODE : runLogger(logger);
};

export const svlogd: Applet = {
  name: 'svlogd',
  summary: 'write lines to automatically rotated log directories',
  help,
  run,
};
