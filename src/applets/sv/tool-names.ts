// The words that are verbs with options, and what the classic part of sv calls of theirs: all that it knows of them.
//
// Read next: tools.ts (the verbs), run-tool.ts, ../sv.ts.
import type { Bytes } from '../../abi/bytes.ts';
import type { HelpList, VerbHelp } from '../../cli/applet.ts';
import type { Expanded } from '../../client/expand-names.ts';

export const TOOL_NAMES = [
  'help',
  'list',
  'status',
  'why',
  'wait',
  'watch',
  'logs',
  'monitor',
  'metrics',
  'graph',
  'lint',
  'new',
  'scale',
  'link',
  'remove',
] as const;

export type ToolName = (typeof TOOL_NAMES)[number];

/** What the classic part calls in the cold part, by name. */
export interface SvParts {
  /** The verb with the words behind it; `waitSec` is the value of -w in front of it. Returns the exit code. */
  readonly runTool: (name: ToolName, words: readonly Bytes[], waitSec: Bytes | undefined) => number;
  /** `sv COMMAND --help`; `text`: what the row of a classic command says. Returns the exit code. */
  readonly helpOn: (name: string, text: string | undefined) => number;
  /** The verbs for `sv --help`. */
  readonly toolRows: () => HelpList['rows'];
  /** Every verb for completion; `classic`: the commands without options. */
  readonly verbHelps: (classic: readonly { readonly name: string; readonly text: string }[]) => readonly VerbHelp[];
  /** What a word may have meant that is no command. */
  readonly hintFor: (typed: Bytes, names: readonly Bytes[], svdir: Bytes, verbs: readonly string[]) => Bytes;
  readonly expandNames: (names: readonly Bytes[]) => Expanded;
}

export const isToolName = (word: Bytes): word is ToolName => (TOOL_NAMES as readonly Bytes[]).includes(word);

/** Options that make of `status` a verb with options. */
const OF_STATUS: readonly Bytes[] = ['--json', '--usage'];

/** The verb that a call is for. */
export const toolIn = (typed: Bytes, words: readonly Bytes[]): ToolName | undefined => {
  if (!isToolName(typed)) return undefined;
  return typed === 'status' && !words.some((word) => OF_STATUS.includes(word)) ? undefined : typed;
};
