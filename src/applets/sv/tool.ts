// A verb of sv that is more than a command to services: it has options of its own behind the word.
//
// Read next: tools.ts (all of them).
import type { Bytes } from '../../abi/bytes.ts';
import type { Given, OptionTable } from '../../cli/options.ts';

/** What a tool was called with. */
export interface Call {
  readonly given: Given;
  readonly operands: readonly Bytes[];
  /** `-w`, in milliseconds; null where it was not given. */
  readonly waitMs: number | null;
}

export interface Tool {
  readonly name: string;
  /** What follows the name in a usage line. */
  readonly operands: string;
  readonly text: string;
  readonly options: OptionTable;
  /** A call without operands is wrong. */
  readonly wantsOperands: boolean;
  /** `--` between operands is one itself. */
  readonly keepsDashes?: true;
}

/** What a tool does, in the cold part under its name. Returns the exit code. */
export type RunTool = (call: Call) => number;

/** More failures than this count as this many: exit codes from 100 on mean other things. */
export const MOST_FAILURES = 99;

/** The names of all tools, for those who do not need the rest of them. */
const NAMES = 'help list status why wait watch logs monitor metrics graph lint new scale link remove'.split(' ');

/** Whether a call is for a tool. `status` is one where it has an option of it. */
export const isTool = (typed: Bytes, words: readonly Bytes[]): boolean =>
  NAMES.includes(typed) && (typed !== 'status' || words.some((word) => word === '--json' || word === '--usage'));

/** The name in the cold part of what replaces patterns by names. */
export const EXPAND_NAMES = 'expandNames';
