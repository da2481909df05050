// The classic way of reading options, and the table that is the source of parsing, usage line, help and completion.
//
// Promises: parsing ends at the first operand; letters may be clustered; a value may be attached or the next word, and
// is taken as it stands; `--` ends options and is dropped; a lone `-` ends them and stays. Long options are extras of
// ours. A program that has some refuses all others; for one that has none, any word that begins with `--` ends the
// options, as in the classic parser. Prints nothing: problems are values.
// Read next: help.ts (what is printed from the same table).
import minimist from 'minimist';
import type { Bytes } from '../abi/bytes.ts';

interface About {
  /** What to call the value in usage and help, where the option takes one. */
  readonly value?: string;
  readonly text: string;
  /** Accepted and explained, but not part of the usage line (which other programs compare). */
  readonly unlisted?: true;
  /** Stands twice in the usage line, as in `-ttv`. */
  readonly twice?: true;
}

/** `-v`, `-w SEC` */
export interface LetterOption extends About {
  readonly letter: string;
  readonly long?: undefined;
}

/** `--json`: an extra of ours; never in the classic usage line. */
export interface LongOption extends About {
  readonly long: string;
  readonly letter?: undefined;
}

export type Option = LetterOption | LongOption;

export type OptionTable = readonly Option[];

/** The name by which Given knows an option. */
export const nameOf = (option: Option): string => option.letter ?? option.long;

/** The options given, by letter or long name. */
export interface Given {
  /** How often a flag was given. */
  count(name: string): number;
  /** The values of every time it was given, in order. */
  all(name: string): readonly Bytes[];
  /** The value of the last time. */
  last(name: string): Bytes | undefined;
  /** All of them in the order in which they were given: `--name` or `--name=value`. */
  readonly words: readonly Bytes[];
}

/** What is wrong with the options: in the words that the classic parser has, and the letter. */
export interface Problem {
  readonly kind: 'problem';
  readonly text: 'illegal option' | 'option requires an argument';
  readonly letter: string;
}

export interface Parsed {
  readonly kind: 'parsed';
  readonly given: Given;
  readonly rest: readonly Bytes[];
}

interface Expanded {
  readonly kind: 'expanded';
  /** One `--name` or `--name=value` for each option given. */
  readonly words: readonly Bytes[];
  readonly rest: readonly Bytes[];
}

const illegal = (letter: string): Problem => ({ kind: 'problem', text: 'illegal option', letter });
const lacking = (letter: string): Problem => ({ kind: 'problem', text: 'option requires an argument', letter });

const startsOptions = (word: Bytes | undefined): word is Bytes =>
  word !== undefined && word.length > 1 && word[0] === '-';

/** One cluster of letters, in front of `next`: the words, and whether `next` was taken as a value. */
const expandCluster = (table: OptionTable, cluster: Bytes, next: Bytes | undefined) => {
  const words: Bytes[] = [];
  for (let at = 1; at < cluster.length; at++) {
    const letter = cluster.charAt(at);
    const option = table.find((each) => each.letter === letter);
    if (option === undefined) return illegal(letter);
    if (option.value === undefined) {
      words.push(`--${letter}`);
      continue;
    }
    const attached = cluster.slice(at + 1);
    if (attached === '' && next === undefined) return lacking(letter);
    words.push(`--${letter}=${attached === '' ? next : attached}`);
    return { words, tookNext: attached === '' };
  }
  return { words, tookNext: false };
};

const longOption = (table: OptionTable, word: Bytes): Option | undefined => {
  const name = word.slice(2).split('=', 1)[0];
  return table.find((each) => each.long === name && (each.value !== undefined || !word.includes('=')));
};

/** `--name`, `--name=value` or `--name value`; undefined: the table has none like that. */
const expandLong = (table: OptionTable, word: Bytes, next: Bytes | undefined) => {
  const option = longOption(table, word);
  if (option === undefined) return undefined;
  if (option.value === undefined || word.includes('=')) return { words: [word], tookNext: false };
  return next === undefined ? lacking(nameOf(option)) : { words: [`${word}=${next}`], tookNext: true };
};

/**
 * Whether a word that begins with `--` and is no option of the table is a mistake, not the end of options. It is the latter to a
 * program whose usage lists no long option, as to C's.
 */
const refusesLong = (table: OptionTable, word: Bytes): boolean =>
  word !== '--' && table.some(({ long, unlisted }) => long !== undefined && unlisted === undefined);

const expand = (table: OptionTable, args: readonly Bytes[]): Expanded | Problem => {
  const words: Bytes[] = [];
  let at = 0;
  for (let word = args[at]; startsOptions(word); word = args[at]) {
    const step = (word[1] === '-' ? expandLong : expandCluster)(table, word, args[at + 1]);
    if (step === undefined && refusesLong(table, word)) return illegal(word.slice(2));
    if (step === undefined) return { kind: 'expanded', words, rest: args.slice(at + 1) };
    if ('kind' in step) return step;
    words.push(...step.words);
    at += step.tookNext ? 2 : 1;
  }
  return { kind: 'expanded', words, rest: args.slice(at) };
};

const NOTHING: Given = { count: () => 0, all: () => [], last: () => undefined, words: [] };

const givenName = (word: Bytes): Bytes => {
  const at = word.indexOf('=');
  return at < 0 ? word.slice(2) : word.slice(2, at);
};

// The parser takes time for every option in its table, so the table has only those that were given.
const parsedBy = (table: OptionTable, words: readonly Bytes[]): Readonly<Record<string, unknown>> => {
  const names = words.map(givenName);
  const options = table.filter((option) => names.includes(nameOf(option)));
  const valued = options.filter((option) => option.value !== undefined).map(nameOf);
  const flags = options.filter((option) => option.value === undefined).map(nameOf);
  return minimist([...words], { string: valued, boolean: flags });
};

// minimist makes one `true` of a flag given often, so flags are counted in the words. A program that takes the words in
// their order need not wait for it.
const givenBy = (table: OptionTable, words: readonly Bytes[]): Given => {
  let found: Readonly<Record<string, unknown>> | null = null;
  const all = (name: string): readonly Bytes[] => {
    found ??= parsedBy(table, words);
    return [found[name]].flat().filter((value) => typeof value === 'string');
  };
  return {
    count: (name) => words.filter((word) => word === `--${name}`).length,
    all,
    last: (name) => all(name).at(-1),
    words,
  };
};

/** Reads the options in `args` (argv without argv[0]). */
export const parseOptions = (table: OptionTable, args: readonly Bytes[]): Parsed | Problem => {
  // The common call has no option; it must not pay for the parser.
  if (!startsOptions(args[0])) return { kind: 'parsed', given: NOTHING, rest: args };
  const expanded = expand(table, args);
  if (expanded.kind === 'problem') return expanded;
  return { kind: 'parsed', given: givenBy(table, expanded.words), rest: expanded.rest };
};

/** As givenBy, without the parser. */
const givenAs = (words: readonly Bytes[]): Given => {
  const all = (name: string): readonly Bytes[] =>
    words.filter((word) => word.startsWith(`--${name}=`)).map((word) => word.slice(name.length + '--='.length));
  return {
    count: (name) => words.filter((word) => word === `--${name}`).length,
    all,
    last: (name) => all(name).at(-1),
    words,
  };
};

/**
 * Reads the options of a verb, which may stand behind operands too. A word that begins with a dash is an option or a mistake, up
 * to `--`, which is kept between operands where `keepDashes`.
 */
export const parseAnywhere = (table: OptionTable, args: readonly Bytes[], keepDashes: boolean): Parsed | Problem => {
  const words: Bytes[] = [];
  const rest: Bytes[] = [];
  let at = 0;
  for (let word = args[at]; word !== undefined && word !== '--'; word = args[++at]) {
    if (!startsOptions(word)) {
      rest.push(word);
      continue;
    }
    const step = (word[1] === '-' ? expandLong : expandCluster)(table, word, args[at + 1]);
    if (step === undefined) return illegal(word.slice(2));
    if ('kind' in step) return step;
    words.push(...step.words);
    if (step.tookNext) at++;
  }
  const dashes = keepDashes && rest.length > 0 ? 0 : 1;
  return { kind: 'parsed', given: givenAs(words), rest: [...rest, ...args.slice(at + dashes)] };
};

/** The last component of a path, as programs call themselves. */
export const baseName = (path: Bytes): Bytes => path.slice(path.lastIndexOf('/') + 1);

/** The line that tells a problem; the usage text follows it. */
export const problemLine = (argv0: Bytes, problem: Problem): Bytes =>
  `${baseName(argv0)}: ${problem.text} -- ${problem.letter}\n`;

/** An unsigned decimal at the start of `text`; what is none counts as 0. Beyond 2^53 it is rounded. */
export const leadingNumber = (text: Bytes): number => {
  let value = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
};
