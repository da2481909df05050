// svlogd: writes the lines of its standard input to log directories that rotate themselves.
//
// Promises: the options, files and words of C's svlogd; no line is lost at the end of input, at TERM or on a full disk.
// Read next: ../log/loop.ts, ../formats/log-config.ts (what a directory's `config` says).
import { usageText } from '../cli/help.ts';
import { baseName, type Given, leadingNumber, type OptionTable, parseOptions, problemLine } from '../cli/options.ts';
import { err } from '../cli/say.ts';
import { ID_LINE } from '../cli/version.ts';
import { accountNamed, groupNamed } from '../effects/exec/accounts.ts';
import { holdStandard } from '../effects/process/std-fds.ts';
import { MOST_ID, wholeNumber } from '../formats/decimal.ts';
import type { StampStyle } from '../formats/stamp.ts';
import type { Bytes } from '../abi/bytes.ts';
import { refused } from '../host/calls.ts';
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
  { letter: 't', twice: true, text: 'put a stamp in front of each line; -tt: date and time, -ttt: with a T between' },
  { letter: 'v', text: 'tell on standard error what is done' },
  { letter: 'r', value: 'c', text: 'put c in place of unprintable bytes within the first len bytes of a line' },
  { letter: 'R', value: 'abc', text: 'put c (_ without -r) in place of these bytes too' },
  { letter: 'l', value: 'len', text: 'match and replace within the first len bytes of a line (1000)' },
  { letter: 'b', value: 'buflen', text: 'accepted where it is larger than len; reading needs no setting' },
  { letter: 'V', text: 'print the version, then the usage', unlisted: true },
  {
    long: 'stdout',
    text: 'write the lines to standard output too, whole ones up to 128 KiB; without any dir, only there',
  },
  { long: 'json', text: 'as --stdout, each line a JSON object with time, service and line' },
  { long: 'name', value: 'NAME', text: 'the service that --stdout and --json name; its directory says so by itself' },
];

const help: Help = {
  operands: 'dir ...',
  description:
    'Reads lines from standard input and appends them to dir/current, in each dir. When current has reached its size or ' +
    'age it is renamed to @STAMP.s, and a number of such files is kept. What holds for a directory stands in dir/config, ' +
    'which is read at the start and on HUP; what is wrong in it is told.\n\n' +
    'A disk that is full, or refuses otherwise, is tried again every 3 seconds; until then nothing more is read, and no ' +
    'line is lost. After TERM it is tried for 5 seconds.',
  options,
  operandKind: 'file',
  lists: [
    {
      title: 'Lines of dir/config',
      rows: [
        { term: 'sSIZE[k|m]', text: 'rotate current at SIZE bytes (1000000; 0: never)' },
        { term: 'nNUM', text: 'keep NUM old files (10; 0: all); more that are there go at the start and on HUP' },
        { term: 'NMIN', text: 'on a full disk delete old files while there are more than MIN (10; only if below NUM)' },
        { term: 'tAGE[m|h]', text: 'rotate current after AGE seconds (0: never)' },
        { term: '!COMMAND', text: 'process rotated files: @STAMP.u on standard input, @STAMP.s from standard output' },
        {
          term: 'mode MODE',
          text: 'mode of files that are complete, octal (0744: x says that current was closed safely)',
        },
        { term: 'owner USER[:GROUP]', text: 'give files to them' },
        { term: 'uA.B.C.D[:PORT]', text: 'send each line to this address by UDP too (port 514)' },
        { term: 'UA.B.C.D[:PORT]', text: 'send each line by UDP instead' },
        { term: 'pPREFIX', text: 'put PREFIX in front of each line' },
        { term: '+PATTERN', text: 'log lines that match' },
        { term: '-PATTERN', text: 'do not log lines that match' },
        { term: 'ePATTERN', text: 'print lines that match on standard error' },
        { term: 'EPATTERN', text: 'do not print lines that match' },
      ],
    },
    {
      title: 'Signals',
      rows: [
        { term: 'HUP', text: 'close all directories, and open them again with their configs' },
        { term: 'ALRM', text: 'rotate every current that is not empty' },
        { term: 'TERM', text: 'write what was read, wait for processors, end; a second one does not wait' },
      ],
    },
  ],
  examples: [
    { command: 'svlogd -tt ./main', text: 'log with date and time to ./main, the usual log/run' },
    { command: 'svlogd --stdout', text: "pass the lines on, each behind its service's name: for a container's log" },
    { command: 'svlogd --json /var/log/web', text: 'log to a directory, and as JSON to standard output' },
  ],
  exitCodes: [
    { code: '0', text: 'end of input, or TERM, and everything is written' },
    { code: '111', text: 'usage, no directory can be used, or something could not be written in the end' },
  ],
};

/** Replacements by byte; '': none. Newlines are never replaced. */
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

/** A log/run is started in SERVICE/log: the service is what that lies in. */
const serviceName = (): Bytes => {
  const here = sys.readlink('/proc/self/cwd');
  if (refused(here)) return '';
  const parts = here.split('/');
  const last = parts.pop() ?? '';
  return last === 'log' ? (parts.pop() ?? '') : last;
};

const streamFor = (given: Given): Settings['stream'] => {
  const json = given.count('json') > 0;
  if (!json && given.count('stdout') === 0) return null;
  return { form: json ? 'json' : 'text', service: given.last('name') ?? serviceName() };
};

/** As chown takes it: a number, or a name. Without a group a file keeps the one it has. */
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
  summary: 'write lines to log directories that rotate themselves',
  help,
  run,
};
