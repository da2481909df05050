// What `runitbox` does under its own name: it explains and lists its programs, and installs them.
//
// Read first: ../runitbox.ts. Read next: install.ts, ../../cli/completion.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { type Applet, folderOf, type Help } from '../../cli/applet.ts';
import { completionScript } from '../../cli/completion.ts';
import { isShell, SHELLS } from '../../cli/completion-call.ts';
import { helpText } from '../../cli/help.ts';
import { err, out, visible } from '../../cli/say.ts';
import { VERSION } from '../../cli/version.ts';
import { install } from './install.ts';

const NAME = 'runitbox';
const USAGE_CODE = 100;
const NOT_FOUND_CODE = 127;
const VERSION_LINE = `${NAME} ${VERSION}\n`;

const help: Help = {
  operands: '',
  usage:
    'PROGRAM [ARGUMENT ...] | --list | --list-full | --install [-s] [--force] [DIR] | --completion [SHELL] | --help | --version',
  description:
    'One executable that contains all programs of the suite. The name by which it is called selects the program: the name ' +
    'of a link, or the first argument. A link with another name that leads to one of these links runs that program too.',
  options: [
    { long: 'list', text: 'print the names of the programs' },
    { long: 'list-full', text: 'print the usual path of each program, relative to the root' },
    {
      long: 'install',
      text: 'create a link for each program in DIR, or at its usual path; existing names are kept and reported',
    },
    { letter: 's', text: 'with --install: symbolic links instead of hard ones' },
    { long: 'force', text: 'with --install: replace existing names' },
    {
      long: 'completion',
      text: 'print a script that completes command lines in bash; --completion zsh, --completion fish',
    },
    { long: 'help', text: 'print this; PROGRAM --help, or -h, explains a program' },
    { long: 'version', text: 'print the version' },
  ],
  examples: [
    { command: 'runitbox --install -s /usr/bin', text: 'make all programs available' },
    { command: 'runitbox sv status web', text: 'run a program without a link' },
  ],
  exitCodes: [
    { code: '0', text: 'done' },
    { code: '1', text: 'a link could not be created' },
    { code: '100', text: 'wrong usage of --install or --completion' },
    { code: '127', text: 'no program has that name' },
  ],
};

const notFound = (name: Bytes): number => {
  err(`${NAME}: applet not found: ${name}\n`);
  return NOT_FOUND_CODE;
};

const sorted = (applets: readonly Applet[]): readonly Applet[] =>
  [...applets].sort((one, other) => (one.name < other.name ? -1 : 1));

const lines = (words: readonly string[]): Bytes => words.map((word) => `${word}\n`).join('');

const say = (text: Bytes): number => (out(text) ? 0 : 1);

const ownHelp = (applets: readonly Applet[]): Bytes => {
  const rows = sorted(applets).map(({ name, summary }) => ({ term: name, text: summary }));
  const lists = [{ title: 'Programs', rows }];
  return helpText({ name: NAME, summary: 'the runit suite in one executable', help: { ...help, lists } });
};

/** What runitbox does for words that name no program. */
export const asItself = (applets: readonly Applet[], argv0: Bytes, args: readonly Bytes[]): number => {
  const [first = '--help'] = args;
  switch (first) {
    case '-h':
    case '--help':
      return say(ownHelp(applets));
    case '--version':
      return say(VERSION_LINE);
    case '--list':
      return say(lines(sorted(applets).map(({ name }) => name)));
    case '--list-full':
      return say(lines(sorted(applets).map((applet) => `${folderOf(applet)}/${applet.name}`)));
    case '--completion':
      return completion(applets, args[1]);
    case '--install':
      return install(applets, argv0, args.slice(1));
    default:
      return notFound(first);
  }
};

const completion = (applets: readonly Applet[], shell: Bytes = 'bash'): number => {
  if (!isShell(shell)) {
    err(`${NAME}: --completion: expected ${SHELLS.join(', ')}, got '${visible(shell)}'\n`);
    return USAGE_CODE;
  }
  return say(completionScript(sorted(applets), shell));
};
