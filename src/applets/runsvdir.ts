// runsvdir: starts and supervises a runsv for each service in a directory.
//
// Read next: ../effects/scan/supervisor.ts (the loop), ../machine/scan/table.ts (the decisions).
import { type OptionTable, parseOptions, problemLine } from '../cli/options.ts';
import { err } from '../cli/say.ts';
import { reopened, readCheckpoint } from '../effects/container/checkpoint.ts';
import { orFatal, type Diagnostics, diagnosticsOf } from '../effects/diagnostics.ts';
import { holdStandard } from '../effects/process/std-fds.ts';
import { continueReadproctitle, LEAST, openReadproctitle, type Readproctitle } from '../effects/scan/readproctitle.ts';
import { type TreeOptions, isWhole } from '../effects/scan/state.ts';
import { superviseTree } from '../effects/scan/supervisor.ts';
import type { Checkpoint } from '../machine/checkpoint.ts';
import type { Bytes } from '../abi/bytes.ts';
import { isErrno } from '../host/calls.ts';
import { fromCold } from '../host/cold.ts';
import type { readyFdOf } from '../effects/scan/ready.ts';
import { KILL_AFTER_MS } from '../machine/container/shutdown.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import type { Applet } from '../cli/applet.ts';

const USAGE_CODE = 1;

const options: OptionTable = [
  { letter: 'P', text: 'start each runsv in a session and process group of its own' },
  {
    letter: 'k',
    value: 'SECONDS',
    text: 'in a container: seconds before KILL (default 7)',
    unlisted: true,
  },
  { long: 'one-process', text: 'supervise the services in this process, without a runsv for each' },
  { long: 'subreaper', text: 'supervise a container without being process 1' },
  {
    long: 'ready-fd',
    value: 'FD',
    text: 'write a newline to this descriptor once every service is ready',
    unlisted: true,
  },
];

interface Rest {
  readonly log: Bytes | undefined;
  readonly command: readonly Bytes[];
}

/** What stands behind the directory: LOG, and behind `--` the main command. */
const restOf = (rest: readonly Bytes[]): Rest => {
  const at = rest[0] === '--' ? 0 : rest[1] === '--' ? 1 : -1;
  const command = at < 0 ? [] : rest.slice(at + 1);
  // two dashes and nothing behind them: a LOG, though too short for one, as ever
  return { log: at === 0 && command.length > 0 ? undefined : rest[0], command };
};

/** Milliseconds from the value of `-k`; null for what is no number of seconds. */
const killAfterMs = (seconds: Bytes | undefined): number | null => {
  if (seconds === undefined) return KILL_AFTER_MS;
  return /^\d{1,6}(\.\d{1,3})?$/.test(seconds) ? Number(seconds) * 1000 : null;
};

/** A wrong call; `line` says what is wrong with it, where more can be said than the usage. */
const misused = (argv0: Bytes, line: Bytes = ''): number => {
  err(`${line}usage: ${argv0} [-P] dir\n\n`);
  return USAGE_CODE;
};

/** Told before the log argument takes standard error over, where nobody but `ps` would show it. */
const tellMissing = (diagnostics: Diagnostics, dir: Bytes): void => {
  const stat = sys.stat(dir);
  if (isErrno(stat)) diagnostics.warn(`unable to stat ${dir}`, stat);
};

const titleOf = (
  diagnostics: Diagnostics,
  argument: number,
  log: Bytes,
  handed: Checkpoint<'runsvdir'> | null,
): Readproctitle | null => {
  const input = handed === null || handed.state.readproctitle < 0 ? null : reopened(handed.state.readproctitle);
  return input === null
    ? openReadproctitle(diagnostics, argument, log, monotonicMs())
    : continueReadproctitle(input, argument, log, monotonicMs());
};

const supervise = (asked: TreeOptions, words: readonly Bytes[]): number => {
  const diagnostics = diagnosticsOf(`runsvdir ${asked.dir}`);
  const { log, command } = restOf(words);
  const whole = { ...asked, command };
  holdStandard();
  const handed = isWhole(whole) || whole.oneProcess ? readCheckpoint('runsvdir') : null;
  return orFatal(diagnostics, () => {
    if (log !== undefined && log.length >= LEAST && handed === null) tellMissing(diagnostics, asked.dir);
    // LOG is the first of the last words
    const argument = sys.args().length - words.length;
    const title = log === undefined ? null : titleOf(diagnostics, argument, log, handed);
    return superviseTree(diagnostics, whole, title, handed);
  });
};

const run = (argv: readonly Bytes[]): number => {
  const argv0 = argv[0] ?? 'runsvdir';
  const parsed = parseOptions(options, argv.slice(1));
  if (parsed.kind === 'problem') return misused(argv0, problemLine(argv0, parsed));
  const { given, rest } = parsed;
  const killAfter = killAfterMs(given.last('k'));
  if (killAfter === null) {
    err(`runsvdir: fatal: -k takes a number of seconds, not '${given.last('k')}'\n`);
    return USAGE_CODE;
  }
  const [dir, ...words] = rest;
  if (dir === undefined) return misused(argv0);
  const subreaper = given.count('subreaper') > 0;
  const oneProcess = given.count('one-process') > 0;
  const ready = given.last('ready-fd');
  const readyFd = ready === undefined ? null : fromCold<typeof readyFdOf>('order', 'readyFdOf')(ready);
  if (ready !== undefined && readyFd === null) return USAGE_CODE;
  return supervise(
    { dir, readyFd, setsid: given.count('P') > 0, oneProcess, subreaper, killAfterMs: killAfter, command: [] },
    words,
  );
};

export const runsvdir: Applet = {
  name: 'runsvdir',
  summary: 'start and supervise a runsv for each service in a directory',
  help: {
    operands: 'dir [log] [-- command [argument ...]]',
    description:
      'Starts a runsv for each directory, or link to one, in dir whose name does not begin with a dot, and starts it again ' +
      'when it ends. Starts the service of a new entry and stops that of a removed one; dir may be a link that is ' +
      'changed.\n\n' +
      'With log (at least seven characters), ps shows in its place what services write to standard error; the ' +
      'usual value is "log: " and 395 dots.\n\n' +
      'On TERM, only runsvdir exits; on HUP, it sends TERM to every runsv and exits. On ALRM it reads dir at once.\n\n' +
      'As process 1 of a container, or with --subreaper, on TERM, HUP, INT, QUIT, PWR or RTMIN+3 it stops every service, ' +
      'then its log, waits until they have ended, kills the rest in time for docker stop, and exits.\n\n' +
      'With a command, which implies --subreaper, it starts the services first, then the command, which gets the terminal. ' +
      'The command gets HUP, INT, QUIT, USR1, USR2, CONT and WINCH; TERM, PWR and RTMIN+3 stop it and then the services. ' +
      'When the command ends, runsvdir stops everything and exits with its exit code, or 128 plus the signal that ended it.',
    options,
    examples: [
      { command: 'runsvdir -P /etc/service', text: 'supervise all services in /etc/service' },
      { command: 'runsvdir -P -k 25 /etc/service', text: 'as ENTRYPOINT, where the engine waits 30 seconds' },
      { command: 'runsvdir --one-process -P /etc/service', text: 'the same in one process, for very many services' },
      { command: 'runsvdir -P /etc/service -- httpd -f', text: 'services, and httpd in the foreground, until it ends' },
      { command: 'ln -s /etc/sv/web /etc/service/', text: 'add a service; it starts at once' },
    ],
    exitCodes: [
      { code: '0', text: 'after TERM; in a container, also after the other signals except HUP' },
      { code: '1', text: 'wrong usage' },
      { code: '100', text: 'the current directory cannot be opened' },
      { code: '111', text: 'after HUP, or the command could not be forked' },
      { code: '126, 127', text: 'the command could not be executed, or was not found' },
      { code: 'other', text: 'of the command, or of an essential service that has ended for good' },
    ],
  },
  run,
};
