// Hints for words that are not commands of sv: those of other programs, and mistyped ones.
//
// Promises: pure; one line for each, with the command that does the same here.
// Read next: commands.ts (the commands of sv).
import type { Bytes } from '../../abi/bytes.ts';
import { commands } from './commands.ts';
import { tools } from './tools.ts';

const ALL_COMMANDS = "'sv --help' lists the commands";

/** Commands of other programs, and the hint: NAME is the service, LAST its last component, DIR the directory of services. */
const HINTS: readonly (readonly [string, string])[] = [
  ['enable add install register', "'sv link LAST' puts a service into DIR"],
  ['create import', "'sv new LAST -- COMMAND' makes a service directory"],
  ['instances replicas', "'sv scale LAST NUMBER' keeps so many instances of LAST"],
  ['disable delete del unlink rm', "'sv remove LAST' takes a service out of DIR"],
  ['ls ps list-units', "'sv list' prints the state of every service"],
  ['top htop monit', "'sv monitor' shows every service and what it uses"],
  ['tree deps list-dependencies', "'sv graph' prints the tree of dependencies"],
  ['describe show info state', "'sv why NAME' explains the state"],
  ['events', "'sv watch NAME' prints events as they happen"],
  ['tail log journal', "'sv logs -f NAME' follows the log"],
  ['health is-active is-running', "'sv check NAME' exits 0 if the service is in its wanted state"],
  ['is-enabled', "'test -e DIR/LAST' exits 0 if it is"],
  ['condrestart cond-restart', "'sv try-restart NAME' does that"],
  ['usr1 sigusr1', "'sv 1 NAME' does that"],
  ['usr2 sigusr2', "'sv 2 NAME' does that"],
];

const lastOf = (name: Bytes): Bytes => name.replace(/\/+$/, '').replace(/^.*\//s, '');

/** The hint for a command of another program; undefined: it is none. */
const elsewhere = (typed: Bytes, name: Bytes, svdir: Bytes): Bytes | undefined => {
  const values: Readonly<Record<string, Bytes>> = { NAME: name, LAST: lastOf(name), DIR: svdir };
  const hint = HINTS.find(([words]) => words.split(' ').includes(typed));
  return hint?.[1].replace(/NAME|LAST|DIR/g, (word) => values[word] ?? word);
};

/** A longer word is not a mistyped command. */
const LONGEST = 20;

/** Edit distance: how many letters to insert, delete, replace or swap with their neighbour. */
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

/** The distance of a command from what was typed; 0 for one that begins with it. */
const distanceOf = (typed: Bytes, name: string): number =>
  typed.length > 1 && name.startsWith(typed) ? 0 : distance(typed, name);

/** The commands that were probably meant. */
const nearest = (typed: Bytes): readonly string[] => {
  if (typed.length > LONGEST) return [];
  const names = [...new Set([...commands, ...tools].map(({ name }) => name))].filter((name) => name.length > 1);
  const far = names.map((name) => distanceOf(typed, name));
  const least = Math.min(...far);
  return least > (typed.length > 3 ? 2 : 1) ? [] : names.filter((_, at) => far[at] === least);
};

const question = (words: readonly string[]): Bytes => `did you mean ${words.map((word) => `'${word}'`).join(' or ')}?`;

/** The order of other programs: first the service, then the command. */
const swapped = (typed: Bytes, second: Bytes | undefined): Bytes | null =>
  second !== undefined && second.length > 1 && [...commands, ...tools].some(({ name }) => name === second)
    ? question([`sv ${second} ${typed}`])
    : null;

const guess = (typed: Bytes): Bytes => {
  const meant = nearest(typed);
  return meant.length === 0 ? ALL_COMMANDS : question(meant);
};

/** The line, after the program's name and the word, about `typed` with `names` as its services. */
export const hintFor = (typed: Bytes, names: readonly Bytes[], svdir: Bytes): Bytes => {
  const [name = 'NAME'] = names;
  return `no such command; ${elsewhere(typed, name, svdir) ?? swapped(typed, names[0]) ?? guess(typed)}`;
};
