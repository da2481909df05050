// The multicall program: chooses the program of the suite that a call is for, and is `runitbox` itself.
//
// Promises: a program sees argv as if it were an executable of its own. `--help` as the only argument is answered here for
// every program; no classic option has that name.
// Read next: ../main.ts (the table), runitbox/resolve-name.ts, runitbox/install.ts.
import { type CompletionScript, isShell, SHELLS } from '../cli/completion-call.ts';
import type { helpText } from '../cli/help.ts';
import { baseName } from '../cli/options.ts';
import { err, out, visible } from '../cli/say.ts';
import { VERSION } from '../cli/version.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Applet, folderOf, type Help } from '../cli/applet.ts';
import { appletBehind, named } from './runitbox/resolve-name.ts';
import { fromCold } from '../host/cold.ts';
import type { install } from './runitbox/install.ts';

const NOT_FOUND_CODE = 127;
const USAGE_CODE = 100;
const NAME = 'runitbox';
const VERSION_LINE = `${NAME} ${VERSION}\n`;

const help: Help = {
  operands: '',
  usage:
    'PROGRAM [ARGUMENT ...] | --list | --list-full | --install [-s] [--force] [DIR] | --completion [SHELL] | --help | --version',
  description:
    'One executable for all programs of the suite: it runs as the one whose name it is called by, through a link or as ' +
    'the first argument. A link with another name that leads to one of these names is that program too.',
  options: [
    { long: 'list', text: 'print the names of the programs' },
    { long: 'list-full', text: 'print where each belongs, relative to the root' },
    {
      long: 'install',
      text: 'make a link for each in DIR, or where each belongs; names that exist are kept and reported',
    },
    { letter: 's', text: 'with --install: symbolic links instead of hard ones' },
    { long: 'force', text: 'with --install: replace what exists' },
    {
      long: 'completion',
      text: 'print a script that completes command lines in bash; --completion zsh, --completion fish',
    },
    { long: 'help', text: 'print this; PROGRAM --help, or -h, explains a program' },
    { long: 'version', text: 'print the version' },
  ],
  examples: [
    { command: 'runitbox --install -s /usr/bin', text: 'make all programs available' },
    { command: 'runitbox sv status web', text: 'run one without a link' },
  ],
  exitCodes: [
    { code: '0', text: 'done' },
    { code: '1', text: 'a link could not be made' },
    { code: '100', text: 'wrong usage of --install or --completion' },
    { code: '127', text: 'no program has that name' },
  ],
};

const helpOf = (applet: Parameters<typeof helpText>[0]): Bytes =>
  fromCold<typeof helpText>('setup', 'helpText')(applet);

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
  return helpOf({ name: NAME, summary: 'the runit suite in one executable', help: { ...help, lists } });
};

const asItself = (applets: readonly Applet[], argv0: Bytes, args: readonly Bytes[]): number => {
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
      return fromCold<typeof install>('setup', 'install')(applets, argv0, args.slice(1));
    default:
      return asProgram(applets, first, args);
  }
};

const completion = (applets: readonly Applet[], shell: Bytes = 'bash'): number => {
  if (!isShell(shell)) {
    err(`${NAME}: --completion: expected ${SHELLS.join(', ')}, got '${visible(shell)}'\n`);
    return USAGE_CODE;
  }
  return say(fromCold<CompletionScript>('setup', 'completionScript')(sorted(applets), shell));
};

const asProgram = (applets: readonly Applet[], name: Bytes, argv: readonly Bytes[]): number => {
  const applet = named(applets, name);
  return applet === undefined ? notFound(name) : runApplet(applet, argv);
};

const isHelp = (applet: Applet, word: Bytes): boolean =>
  word === '--help' || (word === '-h' && !applet.help.options.some(({ letter }) => letter === 'h'));

/** The answer to --help and --version as the only argument; null: the program is to run. */
const answerFor = (applet: Applet, [, word, ...more]: readonly Bytes[]): Bytes | null => {
  if (word === undefined || more.length > 0) return null;
  if (word === '--version') return VERSION_LINE;
  return isHelp(applet, word) ? helpOf(applet) : null;
};

const runApplet = (applet: Applet, argv: readonly Bytes[]): number => {
  const answer = answerFor(applet, argv);
  return answer === null ? applet.run(argv) : say(answer);
};

/** Runs what argv[0] names. Returns its exit code, 127 where there is none. */
export const multicall = (applets: readonly Applet[], argv: readonly Bytes[]): number => {
  const argv0 = argv[0] ?? NAME;
  const applet = named(applets, argv0);
  if (applet !== undefined) return runApplet(applet, argv);
  if (baseName(argv0).startsWith(NAME)) return asItself(applets, argv0, argv.slice(1));
  const behind = appletBehind(applets, argv0);
  return behind === undefined ? notFound(argv0) : runApplet(behind, argv);
};
