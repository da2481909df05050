// The multicall program: chooses the program of the suite that a call is for, and is `runitbox` itself.
//
// Promises: a program sees argv as if it were an executable of its own. `--help` as the only argument is answered here for
// every program; no classic option has that name.
// Read next: ../main.ts (the table), runitbox/resolve-name.ts, runitbox/itself.ts.
import type { helpText } from '../cli/help.ts';
import { baseName } from '../cli/options.ts';
import { err, out } from '../cli/say.ts';
import { VERSION } from '../cli/version.ts';
import type { Bytes } from '../abi/bytes.ts';
import type { Applet } from '../cli/applet.ts';
import { appletBehind, named } from './runitbox/resolve-name.ts';
import { fromCold } from '../host/cold.ts';
import type { asItself as itself } from './runitbox/itself.ts';

const NOT_FOUND_CODE = 127;
const NAME = 'runitbox';
const VERSION_LINE = `${NAME} ${VERSION}\n`;

const helpOf = (applet: Parameters<typeof helpText>[0]): Bytes =>
  fromCold<typeof helpText>('setup', 'helpText')(applet);

const notFound = (name: Bytes): number => {
  err(`${NAME}: applet not found: ${name}\n`);
  return NOT_FOUND_CODE;
};

const say = (text: Bytes): number => (out(text) ? 0 : 1);

/** A program that the first word names, or what runitbox itself does. */
const asItself = (applets: readonly Applet[], argv0: Bytes, args: readonly Bytes[]): number => {
  const [first] = args;
  const applet = first === undefined ? undefined : named(applets, first);
  return applet === undefined
    ? fromCold<typeof itself>('setup', 'asItself')(applets, argv0, args)
    : runApplet(applet, args);
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
