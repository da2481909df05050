// The classic way of reading options, and the table that is the source of parsing, usage line, help and completion.
//
// Promises: parsing ends at the first operand; letters may be clustered; a value may be attached or the next word; `--`
// ends options and is dropped; a lone `-` ends them and stays. Prints nothing: errors are values.
// Read next: help.ts (what is printed from the same table).

export interface Option {
  readonly letter: string;
  /** The value's name, where the option takes one. */
  readonly value?: string;
  readonly text: string;
}

export type OptionTable = readonly Option[];
