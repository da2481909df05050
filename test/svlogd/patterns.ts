// The pattern language as it is promised, for one purpose: to know where C's answer hangs on bytes that are not there.
//
// C svlogd looks behind the end of a text when a `+c` is to be matched there, and finds what the line before has left.
// `looksBehind` says whether a pattern does that with a text; such lines are kept out of random inputs, and
// differences.ts shows one. Must not be used to say what svlogd should select: C itself says that.
interface Walk {
  pattern: number;
  text: number;
  behind: boolean;
}

/** Moves over the run of `*`: up to the first byte that is `next`; false where there is none. */
const star = (text: string, walk: Walk, next: string): boolean => {
  while (walk.text < text.length && text[walk.text] !== next) walk.text++;
  if (walk.text === text.length) return false;
  walk.text++;
  return true;
};

/** One `+c`; 'ended' where the text ends within the run. */
const plus = (text: string, walk: Walk, wanted: string | undefined): 'on' | 'ended' | 'no' => {
  if (walk.text === text.length) {
    walk.behind = true;
    return 'no';
  }
  if (text[walk.text] !== wanted) return 'no';
  while (walk.text < text.length && text[walk.text] === wanted) walk.text++;
  return walk.text === text.length ? 'ended' : 'on';
};

const step = (pattern: string, text: string, walk: Walk): boolean => {
  const letter = pattern[walk.pattern++];
  if (letter === '*') {
    const next = pattern[walk.pattern++];
    return next !== undefined && star(text, walk, next);
  }
  if (letter === '+') return plus(text, walk, pattern[walk.pattern++]) === 'on';
  return walk.text < text.length && text[walk.text++] === letter;
};

/** Whether the answer for this text hangs on what stands behind its end. */
export const looksBehind = (pattern: string, text: string): boolean => {
  const walk: Walk = { pattern: 0, text: 0, behind: false };
  while (walk.pattern < pattern.length && step(pattern, text, walk));
  return walk.behind;
};

/** Of spec's table, and what its sentences say besides. */
export const PATTERNS: readonly string[] = [
  '', '*', '**', '***', '*a', '*b', '*ab', '*bab', 'a*', 'a*b', 'a*b*', 'ab', 'a', '+a', '+ab', '+aab', '+a+b', 'a+b',
  'a+b*', '+a*', '+', '++', '+++', '*+', '*+b', '+*', '*+*', 'a+', 'a*+', '*pid*', '*: info: *', '*: *: pid *', ' *',
  '*.', '*\\*', '?', '[ab]*', '*\t*', '*\x00*', '*\xff', '_*', '+ *', '*=*=*', 'abab*', '*b*b', '#*', '-*', 's5',
]; // biome-ignore format: a table

export const TEXTS: readonly string[] = [
  '', 'a', 'b', 'aa', 'aaa', 'ab', 'aab', 'aaab', 'abab', 'abb', 'abba', 'ba', '*', '**', '+', '++', 'a+', 'a+b', '+a',
  '2005-12-18_09:13:50.97618 tcpsvd: info: pid 1977 from 10.4.1.14', 'tcpsvd: info: pid 1977', 'x=1=2', ' a', '   ',
  'a\tb', 'a\x00b', 'a\xffb', 'b\xff', '_', '?', '#a', '-a', 'a*b', '\\*', 'a'.repeat(999), 'a'.repeat(1000),
  'a'.repeat(1001), `${'a'.repeat(999)}b`, `${'a'.repeat(1000)}b`, `${'ab'.repeat(500)}`,
]; // biome-ignore format: a table
