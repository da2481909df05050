// What a completion script knows of a program, or of a verb of one.
//
// Read next: completion.ts (who makes it).
import type { Applet } from './applet.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export const isShell = (word: string): word is Shell => (SHELLS as readonly string[]).includes(word);

export type CompletionScript = (applets: readonly Applet[], shell: Shell) => string;

/** What the scripts know of a program, or of a verb of one. */
export interface Call {
  readonly program: string;
  /** '' for the program itself. */
  readonly verb: string;
  readonly text: string;
  /** As typed, `=KIND` behind those that take a value. */
  readonly options: readonly { readonly word: string; readonly text: string }[];
  /** The kinds of its operands, the last for all further ones. */
  readonly operands: readonly string[];
  readonly verbs: readonly string[];
}
