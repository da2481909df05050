// runsvdir: starts and supervises a runsv for each service in a directory.
//
// Read next: ../effects/tree-runner.ts (the loop), ../machine/tree.ts (the decisions).
import { err } from '../cli/say.ts';
import { orFatal, voiceOf } from '../effects/messages.ts';
import { holdStandard } from '../effects/standard.ts';
import { openTitle } from '../effects/title.ts';
import { superviseTree } from '../effects/tree-runner.ts';
import type { Bytes } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import type { Applet } from './applet.ts';

const USAGE_CODE = 1;

/** Only the first word is looked at, and of it only the second character: any other word with a dash is the directory. */
const optionOf = (word: Bytes | undefined): 'setsid' | 'skip' | null => {
  if (word === undefined || word[0] !== '-') return null;
  if (word[1] === 'P') return 'setsid';
  return word[1] === '-' ? 'skip' : null;
};

const run = (argv: readonly Bytes[]): number => {
  const option = optionOf(argv[1]);
  const first = option === null ? 1 : 2;
  const dir = argv[first];
  if (dir === undefined) {
    err(`usage: ${argv[0]} [-P] dir\n\n`);
    return USAGE_CODE;
  }
  const voice = voiceOf(`runsvdir ${dir}`);
  const log = argv[first + 1];
  holdStandard();
  return orFatal(voice, () => {
    // counted in the process's own argv, which has a word more where we were called as `runitbox runsvdir`
    const argument = sys.args().length - argv.length + first + 1;
    const title = log === undefined ? null : openTitle(voice, argument, log, monotonicMs());
    return superviseTree(voice, dir, option === 'setsid', title);
  });
};

export const runsvdir: Applet = {
  name: 'runsvdir',
  summary: 'start and supervise a runsv for each service in a directory',
  help: {
    operands: 'dir [log]',
    description:
      'Starts a runsv for each directory, or link to one, in dir whose name does not begin with a dot, and again when ' +
      'it ends. A new entry is started and a removed one stopped when it appears or goes; dir may be a link that is ' +
      'switched.\n\n' +
      'With log (at least seven characters), what services say on standard error is shown in its place in ps; the ' +
      'customary value is "log: " and 395 dots.\n\n' +
      'TERM ends runsvdir alone, HUP sends TERM to every runsv and ends. ALRM looks at dir at once.',
    options: [{ letter: 'P', text: 'start each runsv in a session and process group of its own' }],
    examples: [
      { command: 'runsvdir -P /etc/service', text: 'supervise all services in /etc/service' },
      { command: 'ln -s /etc/sv/web /etc/service/', text: 'add a service; it starts at once' },
    ],
    exitCodes: [
      { code: '0', text: 'after TERM' },
      { code: '1', text: 'usage' },
      { code: '100', text: 'the current directory cannot be opened' },
      { code: '111', text: 'after HUP' },
    ],
  },
  run,
};
