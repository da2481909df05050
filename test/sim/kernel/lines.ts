// The calls `lines` and `translate` once more, byte by byte: what src/host/c/lines.c is compared with.
//
// Promises: says what calls.ts says, in the plainest way; knows nothing of speed.
// Read next: ../../contract/lines.ts (which holds every host to it).
import type { Bytes } from '../../../src/abi/bytes.ts';
import type { Errno } from '../../../src/host/calls.ts';
import { EINVAL } from '../../../src/abi/errno.ts';

const START = 0;
const TAKEN = 1;
const SKIPPED = 2;
const INVALID = -EINVAL as Errno;

/** Whether a pattern of svlogd's matches a whole text. */
const matches = (pattern: Bytes, text: Bytes): boolean => {
  let t = 0;
  for (let p = 0; p < pattern.length; p++) {
    const c = pattern.charAt(p);
    if (c === '*') {
      if (p + 1 === pattern.length) return true;
      t = text.indexOf(pattern.charAt(p + 1), t);
      if (t < 0) return false;
    } else if (c === '+') {
      p++;
      const run = pattern.charAt(p) || '\0';
      if (text.charAt(t) !== run) return false;
      while (text.charAt(t) === run) t++;
      if (t === text.length) return true;
    } else if (text.charAt(t) === c) t++;
    else return false;
  }
  return t === text.length;
};

interface Rule {
  readonly kind: Bytes;
  readonly pattern: Bytes;
}

/** The rules behind the first byte; null where they are none. */
const unpack = (rules: Bytes): readonly Rule[] | null => {
  const list: Rule[] = [];
  for (let at = 1; at < rules.length; ) {
    const length = rules.charCodeAt(at + 1) * 256 + rules.charCodeAt(at + 2);
    const rule: Rule = { kind: rules.charAt(at), pattern: rules.slice(at + 3, at + 3 + length) };
    if (!'+-'.includes(rule.kind) || rule.pattern.length !== length) return null;
    list.push(rule);
    at += 3 + length;
  }
  return rules === '' || '+-'.includes(rules.charAt(0)) ? list : null;
};

const takes = (first: Bytes, list: readonly Rule[], text: Bytes): boolean =>
  (list.filter(({ pattern }) => matches(pattern, text)).at(-1)?.kind ?? first) !== '-';

/** Most of what a long text needs; where C stops without room is its own affair. */
export const lines = (
  data: Bytes,
  at: number,
  state: number,
  head: Bytes,
  rules: Bytes,
  limit: number,
  enough: number,
  brief: 0 | 1,
): readonly [Bytes, number, number] | Errno => {
  const list = unpack(rules);
  if (at < 0 || at > data.length || ![START, TAKEN, SKIPPED].includes(state)) return INVALID;
  if (limit < 1 || enough < 0 || list === null) return INVALID;
  let text = '';
  let next = at;
  let now = state;
  while (next < data.length) {
    const newline = data.indexOf('\n', next);
    const end = newline < 0 ? data.length : newline + 1;
    if (now !== START) {
      const written = now === TAKEN;
      if (written) text += data.slice(next, end);
      next = end;
      if (newline < 0) break;
      now = START;
      if (written && text.length >= enough) break;
      continue;
    }
    const first = data.slice(next, Math.min(next + limit, newline < 0 ? data.length : newline));
    const whole = newline >= 0 && newline - next < limit;
    if (!whole && first.length < limit) break;
    const taken = takes(rules.charAt(0), list, first);
    if (taken) text += head + first + (whole ? '\n' : brief === 1 ? '...\n' : '');
    next += first.length + (whole ? 1 : 0);
    if (!whole) now = taken && brief === 0 ? TAKEN : SKIPPED;
    else if (taken && text.length >= enough) break;
  }
  return [text, next, now];
};

export const translate = (data: Bytes, column: number, limit: number, table: Bytes): Bytes | Errno => {
  if (column < 0 || limit < 0 || table.length !== 256) return INVALID;
  let at = column;
  let text = '';
  for (const byte of data) {
    text += byte === '\n' || at >= limit ? byte : table.charAt(byte.charCodeAt(0));
    at = byte === '\n' ? 0 : at + 1;
  }
  return text;
};
