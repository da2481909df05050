// Which lines of a log are taken: svlogd's patterns, packed for the call that applies them (host/calls.ts, lines).
//
// Promises: pure. Packed rules are: '+' or '-' for what holds where no pattern matches, then for each pattern '+' or
// '-', its length in two bytes (the higher one first) and the pattern. "" takes every line.
// Read next: log-config.ts (where patterns come from), ../host/c/lines.c (how they match).
import type { Bytes } from '../abi/bytes.ts';

/** Whether lines that match are taken or left out. */
export type Verdict = '+' | '-';

export interface Rule {
  readonly verdict: Verdict;
  readonly pattern: Bytes;
}

export const LONGEST_PATTERN = 0xffff;

/** Packs rules that are applied in order, the last match deciding; patterns are cut at 65,535 bytes. */
export const packRules = (otherwise: Verdict, rules: readonly Rule[]): Bytes => {
  if (rules.length === 0 && otherwise === '+') return '';
  let packed: Bytes = otherwise;
  for (const { verdict, pattern } of rules) {
    const text = pattern.slice(0, LONGEST_PATTERN);
    packed += verdict + String.fromCharCode(text.length >> 8, text.length & 255) + text;
  }
  return packed;
};
