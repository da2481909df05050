// What chpst and the daemontools programs share: the command line gives the changes that were asked for, these give a plan,
// and the process carries it out and executes the program.
//
// Promises: the whole command line is parsed before the first change. An error in it is one line, followed by the usage where
// C's program prints that, and exit code 100; a change that fails is one line under the program's own name, exit code 111.
// Read next: options.ts (the rows), ../../machine/exec/plan.ts (the plan), ../../effects/exec/apply.ts (its execution).
import { spelled, usageText } from '../../cli/usage.ts';
import { baseName, nameOf, parseOptions, problemLine } from '../../cli/options.ts';
import { err } from '../../cli/say.ts';
import { changeAndRun, type Program } from '../../effects/exec/apply.ts';
import { Fatal, orFatal, diagnosticsOf } from '../../effects/diagnostics.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { planOf, type ExecOptions } from '../../machine/exec/plan.ts';
import type { Help } from '../../cli/applet.ts';
import type { Asked, Row } from './options.ts';

const USAGE_CODE = 100;

export interface Call {
  readonly asked: Asked;
  /** What follows the options: at least one word more than `operands`. */
  readonly words: readonly Bytes[];
}

export interface Syntax {
  readonly rows: readonly Row[];
  readonly help: Help;
  /** How many words precede the program. */
  readonly operands: number;
}

/** Prints the usage, after `line` where there is more to say. Returns the exit code. */
export const usageError = (argv0: Bytes, help: Help, line: Bytes = ''): number => {
  err(line + usageText(baseName(argv0), help));
  return USAGE_CODE;
};

/** Prints what is wrong with a value, and where to read more. Returns the exit code. */
export const valueError = (argv0: Bytes, why: Bytes): number => {
  const name = baseName(argv0);
  err(`${name}: ${why}\ntry '${name} --help'\n`);
  return USAGE_CODE;
};

const rowOf = (rows: readonly Row[], name: Bytes): Row => rows.find((row) => nameOf(row) === name) as Row;

/** Reads the options into `asked`, in their order. Returns '' or what is wrong with one. */
const readOptions = (rows: readonly Row[], words: readonly Bytes[], asked: Asked): Bytes => {
  for (const word of words) {
    const at = word.indexOf('=');
    const row = rowOf(rows, at < 0 ? word.slice(2) : word.slice(2, at));
    const value = at < 0 ? '' : word.slice(at + 1);
    const why = row.read(asked, value);
    if (why !== null) return `${spelled({ ...row, ...(row.value === undefined ? {} : { value }) })}: ${why.wrong}`;
  }
  return '';
};

/** The parsed command line, or, once the error is printed, the exit code. `-V` counts as an error that prints `version`. */
export const readCall = (argv: readonly Bytes[], syntax: Syntax, version = ''): Call | number => {
  const argv0 = argv[0] as Bytes;
  const parsed = parseOptions(syntax.rows, argv.slice(1));
  if (parsed.kind === 'problem') return usageError(argv0, syntax.help, problemLine(argv0, parsed));
  if (parsed.given.count('V') > 0) return usageError(argv0, syntax.help, version);
  const asked: Asked = {};
  const why = readOptions(syntax.rows, parsed.given.words, asked);
  if (why !== '') return valueError(argv0, why);
  if (parsed.rest.length <= syntax.operands) return usageError(argv0, syntax.help);
  return { asked, words: parsed.rest };
};

/** The program that the words of a command line name; it sees `argv0`, if given, as its name. */
export const programOf = (words: readonly Bytes[], argv0?: Bytes): Program => {
  const name = words[0] as Bytes;
  return { name, argv: argv0 === undefined ? words : [argv0, ...words.slice(1)] };
};

/** Changes this process as asked and executes the program. Returns only on failure: the exit code. */
export const changeAndExec = (name: Bytes, asked: Asked, program: Program): number => {
  const diagnostics = diagnosticsOf(name);
  return orFatal(diagnostics, () => {
    if (asked.badUser !== undefined) throw new Fatal(asked.badUser);
    return changeAndRun(diagnostics, planOf(asked), program);
  });
};

/** The same without messages; returns `code` on failure. */
export const changeAndExecSilently = (wish: ExecOptions, program: Program, code: number): number => {
  try {
    return changeAndRun(diagnosticsOf(''), planOf(wish), program);
  } catch (error) {
    if (error instanceof Fatal) return code;
    throw error;
  }
};
