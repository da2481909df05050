// What chpst and the programs beside it have in common: the command line becomes a wish, the wish a plan, and this process
// the program.
//
// Promises: the whole command line is understood before anything is done; what is wrong with it is one line, exit code 100, and
// the usage behind it where C's program prints that; what cannot be done is one line in the program's own name, 111.
// Read next: options.ts (the rows), ../../machine/exec/plan.ts (the plan), ../../effects/exec/apply.ts (doing it).
import { spelled, usageText } from '../../cli/help.ts';
import { baseName, nameOf, parseOptions, problemLine } from '../../cli/options.ts';
import { err } from '../../cli/say.ts';
import { changeAndRun, type Program } from '../../effects/exec/apply.ts';
import { Fatal, orFatal, voiceOf } from '../../effects/messages.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { planOf, type Wish } from '../../machine/exec/plan.ts';
import type { Help } from '../../cli/applet.ts';
import type { Asked, Row } from './options.ts';

const USAGE_CODE = 100;

export interface Call {
  readonly asked: Asked;
  /** What follows the options: at least one word more than `operands`. */
  readonly words: readonly Bytes[];
}

export interface Reading {
  readonly rows: readonly Row[];
  readonly help: Help;
  /** How many words stand in front of the program. */
  readonly operands: number;
}

/** A wrong command line; `line` says what is wrong, where more can be said than the usage. Returns the exit code. */
export const misused = (argv0: Bytes, help: Help, line: Bytes = ''): number => {
  err(line + usageText(baseName(argv0), help));
  return USAGE_CODE;
};

/** A value that is wrong: `why` in one line, and where to find more. Returns the exit code. */
export const wrongValue = (argv0: Bytes, why: Bytes): number => {
  const name = baseName(argv0);
  err(`${name}: ${why}\ntry '${name} --help'\n`);
  return USAGE_CODE;
};

const rowOf = (rows: readonly Row[], name: Bytes): Row => rows.find((row) => nameOf(row) === name) as Row;

/** Puts the options into `asked`, in their order. Returns '' or what is wrong with one. */
const fill = (rows: readonly Row[], words: readonly Bytes[], asked: Asked): Bytes => {
  for (const word of words) {
    const at = word.indexOf('=');
    const row = rowOf(rows, at < 0 ? word.slice(2) : word.slice(2, at));
    const value = at < 0 ? '' : word.slice(at + 1);
    const why = row.read(asked, value);
    if (why !== null) return `${spelled({ ...row, ...(row.value === undefined ? {} : { value }) })}: ${why.wrong}`;
  }
  return '';
};

/** The command line, or the exit code where it is wrong, which was told. `-V` is one that is wrong, with `version`. */
export const readCall = (argv: readonly Bytes[], reading: Reading, version = ''): Call | number => {
  const argv0 = argv[0] as Bytes;
  const parsed = parseOptions(reading.rows, argv.slice(1));
  if (parsed.kind === 'problem') return misused(argv0, reading.help, problemLine(argv0, parsed));
  if (parsed.given.count('V') > 0) return misused(argv0, reading.help, version);
  const asked: Asked = {};
  const why = fill(reading.rows, parsed.given.words, asked);
  if (why !== '') return wrongValue(argv0, why);
  if (parsed.rest.length <= reading.operands) return misused(argv0, reading.help);
  return { asked, words: parsed.rest };
};

/** Words of a command line as a program to run, under the name `argv0` where one is given. */
export const programOf = (words: readonly Bytes[], argv0?: Bytes): Program => {
  const name = words[0] as Bytes;
  return { name, argv: argv0 === undefined ? words : [argv0, ...words.slice(1)] };
};

/** Makes of this process what is wished for, and then the program. Returns only where that cannot be: the exit code. */
export const become = (name: Bytes, asked: Asked, program: Program): number => {
  const voice = voiceOf(name);
  return orFatal(voice, () => {
    if (asked.noSuch !== undefined) throw new Fatal(asked.noSuch);
    return changeAndRun(voice, planOf(asked), program);
  });
};

/** The same, without a word; `code` where it cannot be. */
export const becomeSilently = (wish: Wish, program: Program, code: number): number => {
  try {
    return changeAndRun(voiceOf(''), planOf(wish), program);
  } catch (error) {
    if (error instanceof Fatal) return code;
    throw error;
  }
};
