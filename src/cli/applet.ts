// What one program of the suite is, seen from outside: a name, its help as data, and a function from argv to exit code.
//
// Help is data so that the usage line, --help, the manual page and the completion all come from one place.
// Read next: ../main.ts (the table of all programs), ../cli/help.ts (how help is printed).
import type { OptionTable } from './options.ts';
import type { Bytes } from '../abi/bytes.ts';

export interface Example {
  readonly command: string;
  readonly text: string;
}

export interface ExitCode {
  /** As a reader sees it: '0', '1..99', '111'. */
  readonly code: string;
  readonly text: string;
}

export interface HelpList {
  readonly title: string;
  readonly rows: readonly { readonly term: string; readonly text: string }[];
}

/** A verb of a program. */
export interface VerbHelp {
  readonly name: string;
  readonly text: string;
  readonly options: OptionTable;
  /**
   * What its operands are, the last for all further ones: service, source (a name in SVSRC), template (one that ends in @), user,
   * file, verb, none, or words as `=up|down`.
   */
  readonly operands: readonly string[];
}

export interface Help {
  /** What follows the name and the options in the usage line: 'dir', 'command service ...'. */
  readonly operands: string;
  /** The whole usage line after the name, where options and operands do not just follow each other. */
  readonly usage?: string;
  /** Plain paragraphs, separated by an empty line. */
  readonly description: string;
  readonly options: OptionTable;
  /** Further tables: commands, environment, files. */
  readonly lists?: readonly HelpList[];
  /** For completion: the words that the first operand may be. */
  readonly firstOperand?: readonly string[];
  /** For completion: what the operands are; file where nothing is said. */
  readonly operandKind?: 'service' | 'file';
  /** For completion: verbs, which the first operand may be. */
  readonly verbs?: readonly VerbHelp[];
  readonly examples: readonly Example[];
  readonly exitCodes: readonly ExitCode[];
}

export interface Applet {
  readonly name: string;
  /** Further names that it answers to, in no list. */
  readonly also?: readonly string[];
  /** One line, lower case, no full stop: what stands behind the name in lists. */
  readonly summary: string;
  /** A getter where it is large: what is made before main() stays in the heap image. */
  readonly help: Help;
  /** Where `--list-full` and `--install` put it; usr/bin where nothing is said. */
  readonly folder?: 'sbin' | 'usr/bin' | 'usr/sbin';
  /** Runs the program; argv[0] is the name as called. Returns the exit code. */
  run(argv: readonly Bytes[]): number;
}

export const folderOf = ({ folder }: Applet): string => folder ?? 'usr/bin';
