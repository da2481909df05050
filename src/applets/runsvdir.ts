// runsvdir: starts and supervises a runsv for each service in a directory.
//
// Read next: ../effects/tree-runner.ts (the loop), ../machine/tree.ts (the decisions).
import { err } from '../cli/say.ts';
import { reopened, takeHanded } from '../effects/handover.ts';
import { orFatal, type Voice, voiceOf } from '../effects/messages.ts';
import { holdStandard } from '../effects/standard.ts';
import { goOnWithTitle, openTitle, type Title } from '../effects/title.ts';
import { isWhole } from '../effects/tree-live.ts';
import { superviseTree } from '../effects/tree-runner.ts';
import type { Handed } from '../formats/handover.ts';
import type { Bytes } from '../host/calls.ts';
import { KILL_AFTER_MS } from '../machine/shutdown.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import type { Applet } from './applet.ts';

const USAGE_CODE = 1;

interface Words {
  readonly setsid: boolean;
  readonly subreaper: boolean;
  readonly killAfterMs: number;
  /** Where in argv the directory stands. */
  readonly first: number;
}

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

/**
 * Of the classic option only the first word is looked at, and of that only the second character: any other word with a
 * dash is the directory. The extras may stand before or behind it.
 */
const wordsOf = (argv: readonly Bytes[]): Words | { readonly problem: Bytes } => {
  let words: Words = { setsid: false, subreaper: false, killAfterMs: KILL_AFTER_MS, first: 1 };
  let classic = false;
  for (;;) {
    const word = argv[words.first] ?? '';
    if (word === '--subreaper') words = { ...words, subreaper: true, first: words.first + 1 };
    else if (word === '-k') {
      const seconds = argv[words.first + 1] ?? '';
      if (!/^\d{1,6}(\.\d{1,3})?$/.test(seconds)) return { problem: `-k takes a number of seconds, not '${seconds}'` };
      words = { ...words, killAfterMs: Number(seconds) * 1000, first: words.first + 2 };
    } else if (!classic && /^-[P-]/.test(word)) {
      classic = true;
      words = { ...words, setsid: word[1] === 'P', first: words.first + 1 };
    } else return words;
  }
};

const usage = (argv0: Bytes | undefined): number => {
  err(`usage: ${argv0} [-P] dir\n\n`);
  return USAGE_CODE;
};

const titleOf = (voice: Voice, argument: number, log: Bytes, handed: Handed<'runsvdir'> | null): Title | null => {
  const input = handed === null || handed.state.title < 0 ? null : reopened(handed.state.title);
  return input === null
    ? openTitle(voice, argument, log, monotonicMs())
    : goOnWithTitle(input, argument, log, monotonicMs());
};

const run = (argv: readonly Bytes[]): number => {
  const words = wordsOf(argv);
  if ('problem' in words) {
    err(`runsvdir: fatal: ${words.problem}\n`);
    return USAGE_CODE;
  }
  const dir = argv[words.first];
  if (dir === undefined) return usage(argv[0]);
  const voice = voiceOf(`runsvdir ${dir}`);
  const { log, command } = restOf(argv.slice(words.first + 1));
  const asked = { ...words, dir, command };
  holdStandard();
  const handed = isWhole(asked) ? takeHanded('runsvdir') : null;
  return orFatal(voice, () => {
    // counted in the process's own argv, which has a word more where we were called as `runitbox runsvdir`
    const argument = sys.args().length - argv.length + words.first + 1;
    const title = log === undefined ? null : titleOf(voice, argument, log, handed);
    return superviseTree(voice, asked, title, handed);
  });
};

export const runsvdir: Applet = {
  name: 'runsvdir',
  summary: 'start and supervise a runsv for each service in a directory',
  help: {
    operands: 'dir [log] [-- command [argument ...]]',
    description:
      'Starts a runsv for each directory, or link to one, in dir whose name does not begin with a dot, and again when ' +
      'it ends. A new entry is started and a removed one stopped when it appears or goes; dir may be a link that is ' +
      'switched.\n\n' +
      'With log (at least seven characters), what services say on standard error is shown in its place in ps; the ' +
      'customary value is "log: " and 395 dots.\n\n' +
      'TERM ends runsvdir alone, HUP sends TERM to every runsv and ends. ALRM looks at dir at once.\n\n' +
      'As process 1 of a container, or with --subreaper, TERM, HUP, INT, QUIT, PWR and RTMIN+3 bring every service ' +
      'down, then its log, wait for their end, kill what is left in time for docker stop, and end.\n\n' +
      'With a command, which implies --subreaper, the services are started first, then the command, with the terminal. ' +
      'It gets HUP, INT, QUIT, USR1, USR2, CONT and WINCH; TERM, PWR and RTMIN+3 end it first and then the services. ' +
      'When it ends everything ends, with its exit code, or 128 and the signal that ended it.',
    options: [
      { letter: 'P', text: 'start each runsv in a session and process group of its own' },
      {
        letter: 'k',
        value: 'SECONDS',
        text: 'in a container: how long all has to end before it is killed; 7 unless said',
        unlisted: true,
      },
      { long: 'subreaper', text: 'supervise a container without being process 1' },
    ],
    examples: [
      { command: 'runsvdir -P /etc/service', text: 'supervise all services in /etc/service' },
      { command: 'runsvdir -P -k 25 /etc/service', text: 'as ENTRYPOINT, where the engine waits 30 seconds' },
      { command: 'runsvdir -P /etc/service -- httpd -f', text: 'services, and httpd in the foreground, until it ends' },
      { command: 'ln -s /etc/sv/web /etc/service/', text: 'add a service; it starts at once' },
    ],
    exitCodes: [
      { code: '0', text: 'after TERM; in a container, after all other signals but HUP too' },
      { code: '1', text: 'usage' },
      { code: '100', text: 'the current directory cannot be opened' },
      { code: '111', text: 'after HUP, or no process for the command was to be had' },
      { code: '126, 127', text: 'the command could not be executed, or was not found' },
      { code: 'other', text: 'of the command, or of an essential service that is over' },
    ],
  },
  run,
};
