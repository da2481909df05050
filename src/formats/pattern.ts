// Patterns over names of services: `*`, `?` and `[...]`, as the shell has them. A dot in front is never matched by a
// wildcard. Pure; the cost of a match is bounded by the product of the two lengths.
import type { Bytes } from '../abi/bytes.ts';

/** Whether a name is a pattern. */
export const isPattern = (name: Bytes): boolean => /[*?[]/.test(name);

interface Token {
  readonly kind: 'any' | 'one' | 'set' | 'byte';
  /** The byte, or the members of a set. */
  readonly text: Bytes;
  readonly negated: boolean;
}

/** The end of a set that begins at `at`, -1 where it is none: then `[` stands for itself. */
const setEnd = (pattern: Bytes, at: number): number => {
  const first = /[!^]/.test(pattern[at + 1] ?? '') ? at + 2 : at + 1;
  return pattern.indexOf(']', first + 1);
};

const membersOf = (set: Bytes): Bytes => {
  let members = '';
  for (let at = 0; at < set.length; at++) {
    const [from, to] = [set.charCodeAt(at), set.charCodeAt(at + 2)];
    if (set[at + 1] !== '-' || Number.isNaN(to)) {
      members += set[at];
      continue;
    }
    for (let code = from; code <= to; code++) members += String.fromCharCode(code);
    at += 2;
  }
  return members;
};

const tokensOf = (pattern: Bytes): readonly Token[] => {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const text = pattern.charAt(at);
    const end = text === '[' ? setEnd(pattern, at) : -1;
    if (text === '*') tokens.push({ kind: 'any', text, negated: false });
    else if (text === '?') tokens.push({ kind: 'one', text, negated: false });
    else if (end < 0) tokens.push({ kind: 'byte', text, negated: false });
    else {
      const negated = /[!^]/.test(pattern.charAt(at + 1));
      tokens.push({ kind: 'set', text: membersOf(pattern.slice(at + (negated ? 2 : 1), end)), negated });
      at = end;
    }
  }
  return tokens;
};

const takes = ({ kind, text, negated }: Token, byte: Bytes): boolean =>
  kind === 'one' || (kind === 'set' ? text.includes(byte) !== negated : text === byte);

const matchesTokens = (tokens: readonly Token[], name: Bytes): boolean => {
  let [at, token, star, starAt] = [0, 0, -1, 0];
  while (at < name.length) {
    const here = tokens[token];
    if (here?.kind === 'any') {
      star = token++;
      starAt = at;
    } else if (here !== undefined && takes(here, name.charAt(at))) {
      token++;
      at++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++starAt;
    } else return false;
  }
  return tokens.slice(token).every(({ kind }) => kind === 'any');
};

/** A test of names. */
export const matcher = (pattern: Bytes): ((name: Bytes) => boolean) => {
  const tokens = tokensOf(pattern);
  return (name) => (name[0] !== '.' || pattern[0] === '.') && matchesTokens(tokens, name);
};
