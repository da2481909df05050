// Words that sv does not know: those that people bring along from other programs, and those that are mistyped.
//
// Promises: pure; one line for each, which says what does the thing here.
// Read next: commands.ts (the words that sv knows).
import type { Bytes } from '../../abi/bytes.ts';
import { commands } from './commands.ts';

const ALL_COMMANDS = "'sv --help' lists the commands";

/** Words that are commands elsewhere, and what is told: NAME is the service, LAST its last component, DIR the place of services. */
const HINTS: readonly (readonly [string, string])[] = [
  ['enable add link create import install register new', "'ln -s /etc/sv/LAST DIR/' adds a service"],
  ['disable delete del remove unlink rm', "'rm DIR/LAST', which is a link, removes a service"],
  ['list ls ps top tree list-units', "'sv status DIR/*' prints the state of every service"],
  ['describe show info state events watch why', "'sv status NAME' prints the state"],
  ['tail logs log journal', "'tail -F' on the file 'current' that NAME/log/run writes shows the log"],
  ['health is-active is-running wait', "'sv check NAME' exits 0 for a service that is as it is wanted"],
  ['is-enabled', "'test -e DIR/LAST' tells"],
  ['help', ALL_COMMANDS],
  ['condrestart cond-restart', "'sv try-restart NAME' does that"],
  ['usr1 sigusr1', "'sv 1 NAME' does that"],
  ['usr2 sigusr2', "'sv 2 NAME' does that"],
];

const lastOf = (name: Bytes): Bytes => name.replace(/\/+$/, '').replace(/^.*\//s, '');

/** What does here what the word does elsewhere; undefined: nobody's word. */
const elsewhere = (typed: Bytes, name: Bytes, svdir: Bytes): Bytes | undefined => {
  const values: Readonly<Record<string, Bytes>> = { NAME: name, LAST: lastOf(name), DIR: svdir };
  const hint = HINTS.find(([words]) => words.split(' ').includes(typed));
  return hint?.[1].replace(/NAME|LAST|DIR/g, (word) => values[word] ?? word);
};

/** Words longer than this are nobody's typing error. */
const LONGEST = 20;

/** How many letters to insert, leave out, replace or swap with their neighbour. */
const distance = (one: string, other: string): number => {
  let [before, last] = [[] as number[], Array.from({ length: other.length + 1 }, (_, at) => at)];
  for (let row = 1; row <= one.length; row++) {
    const next = [row];
    for (let at = 1; at <= other.length; at++) {
      const same = one[row - 1] === other[at - 1] ? 0 : 1;
      const swapped = row > 1 && at > 1 && one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1];
      const steps = [(last[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1, (last[at - 1] ?? 0) + same];
      next.push(Math.min(...steps, swapped ? (before[at - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY));
    }
    [before, last] = [last, next];
  }
  return last[other.length] ?? 0;
};

/** How far a command is from what was typed; one that begins with it is nearest. */
const farFrom = (typed: Bytes, name: string): number =>
  typed.length > 1 && name.startsWith(typed) ? 0 : distance(typed, name);

/** The commands that may have been meant. */
const nearest = (typed: Bytes): readonly string[] => {
  if (typed.length > LONGEST) return [];
  const names = commands.map(({ name }) => name).filter((name) => name.length > 1);
  const far = names.map((name) => farFrom(typed, name));
  const least = Math.min(...far);
  return least > (typed.length > 3 ? 2 : 1) ? [] : names.filter((_, at) => far[at] === least);
};

const question = (words: readonly string[]): Bytes => `did you mean ${words.map((word) => `'${word}'`).join(' or ')}?`;

/** As with other programs: the service first, and then the command. */
const swapped = (typed: Bytes, second: Bytes | undefined): Bytes | null =>
  second !== undefined && second.length > 1 && commands.some(({ name }) => name === second)
    ? question([`sv ${second} ${typed}`])
    : null;

const guess = (typed: Bytes): Bytes => {
  const meant = nearest(typed);
  return meant.length === 0 ? ALL_COMMANDS : question(meant);
};

/** What to say, behind its name, of the word `typed` in front of the words `names`. */
export const hintFor = (typed: Bytes, names: readonly Bytes[], svdir: Bytes): Bytes => {
  const [name = 'NAME'] = names;
  return `no such command; ${elsewhere(typed, name, svdir) ?? swapped(typed, names[0]) ?? guess(typed)}`;
};
