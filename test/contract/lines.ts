// The contract of lines and translate: the bytes of a log, against the same thing said plainly; and fsync, fchmod, trim.
//
// Read next: ../sim/kernel/lines.ts (the plain form), ../../src/host/c/lines.h.
import type { Bytes } from '../../src/abi/bytes.ts';
import * as l from '../lib/abi.ts';
import { lines, translate } from '../sim/kernel/lines.ts';
import type { Case, Spec } from './case.ts';
import { done, refuses, same } from './case.ts';
import { allBytes } from './files.ts';

const ALL = 2 ** 40;

const rule = (kind: '+' | '-', pattern: Bytes): Bytes =>
  kind + String.fromCharCode(pattern.length >> 8, pattern.length & 255) + pattern;

type Job = Parameters<typeof lines>;

/** Runs a job to its end, as a user of it does: again until nothing moves. */
const toTheEnd = (run: typeof lines, job: Job, what: string): readonly [Bytes, number, number] => {
  let [text, at, state] = ['', job[1], job[2]];
  for (;;) {
    const [more, next, now] = done(run(job[0], at, state, job[3], job[4], job[5], job[6], job[7]), what);
    text += more;
    if (next === at && now === state) return [text, at, state];
    at = next;
    state = now;
  }
};

const agree = (c: Case, job: Job, what: string): void => {
  const plain = toTheEnd(lines, job, what);
  same(
    toTheEnd((...args) => c.sys.lines(...args), job, what),
    plain,
    what,
  );
  const [first, second] = [done(c.sys.lines(...job), what), done(lines(...job), what)];
  // where there is room for everything, it also stops at the same byte
  if (second[0].length < 20_000) same(first, second, `${what}, first step`);
};

const numbers = (seed: number): ((sides: number) => number) => {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
};

const word = (roll: (sides: number) => number, letters: Bytes, most: number): Bytes => {
  let text = '';
  for (let left = roll(most + 1); left > 0; left--) text += letters.charAt(roll(letters.length));
  return text;
};

const randomRules = (roll: (sides: number) => number): Bytes => {
  if (roll(3) === 0) return '';
  let rules = roll(2) === 0 ? '+' : '-';
  for (let left = roll(4); left > 0; left--) rules += rule(roll(2) === 0 ? '+' : '-', word(roll, 'ab*+', 6));
  return rules;
};

const randomJob = (roll: (sides: number) => number): Job => {
  const data = word(roll, 'aab\n', roll(8) === 0 ? 400 : 40);
  const head = roll(2) === 0 ? '' : word(roll, 'xyz', 30);
  const enough = roll(2) === 0 ? ALL : roll(60);
  return [data, roll(data.length + 1), roll(3), head, randomRules(roll), 1 + roll(12), enough, roll(4) === 0 ? 1 : 0];
};

const taking: readonly Spec[] = [
  {
    title: 'lines gives every whole line behind its head, and leaves the rest of one for later',
    run: (c) => {
      same(c.sys.lines('a\n\nbc\nd', 0, 0, 'H ', '', 1000, ALL, 0), ['H a\nH \nH bc\n', 6, 0], 'text');
      same(c.sys.lines('', 0, 0, 'H ', '', 1000, ALL, 0), ['', 0, 0], 'nothing');
      same(c.sys.lines('\0\xff\n', 0, 0, '', '', 9, ALL, 0), ['\0\xff\n', 3, 0], 'any bytes');
    },
  },
  {
    title: 'lines passes what lies behind the first bytes of a long line as it is, also in a later step',
    run: (c) => {
      same(c.sys.lines('abcdef', 0, 0, 'H ', '', 3, ALL, 0), ['H abcdef', 6, 1], 'begun');
      same(c.sys.lines('gh\nij\n', 0, 1, 'H ', '', 3, ALL, 0), ['gh\nH ij\n', 6, 0], 'ended');
      same(c.sys.lines('gh\nij\n', 0, 2, 'H ', '', 3, ALL, 0), ['H ij\n', 6, 0], 'left out');
      same(c.sys.lines('abc\n', 0, 0, '', '', 3, ALL, 0), ['abc\n', 4, 0], 'just as long');
    },
  },
  {
    title: 'lines cuts long lines where it is told to be brief',
    run: (c) => {
      same(c.sys.lines('ab\nabcdef\nx', 0, 0, '', '', 3, ALL, 1), ['ab\nabc...\n', 10, 0], 'text');
      same(c.sys.lines('abc\n', 0, 0, '', '', 3, ALL, 1), ['abc...\n', 4, 0], 'just as long');
      same(c.sys.lines('abcd', 0, 0, '', '', 3, ALL, 1), ['abc...\n', 4, 2], 'without an end');
    },
  },
  {
    title: 'lines stops behind the newline with which there is enough',
    run: (c) => {
      same(c.sys.lines('ab\ncd\nef\n', 0, 0, '', '', 9, 4, 0), ['ab\ncd\n', 6, 0], 'four');
      same(c.sys.lines('ab\ncd\nef\n', 0, 0, '', '', 9, 0, 0), ['ab\n', 3, 0], 'none');
      same(c.sys.lines('ab\ncd\n', 0, 0, '', `+${rule('-', 'ab')}`, 9, 0, 0), ['cd\n', 6, 0], 'a line left out');
    },
  },
  {
    title: 'lines takes by the last rule that matches, as svlogd matches',
    run: (c) => {
      const yes: readonly (readonly [Bytes, Bytes])[] = [
        ['*b', 'aaab'],
        ['*bab', 'abab'],
        ['+ab', 'aaab'],
        ['+ab', 'aaa'],
        ['', ''],
        ['a*', 'a'],
        ['**', 'x*y'],
      ];
      const no: readonly (readonly [Bytes, Bytes])[] = [
        ['*b', 'abab'],
        ['*ab', 'aaab'],
        ['+aab', 'aaab'],
        ['a+b', 'a'],
        ['a', 'ab'],
        ['ab', 'a'],
        ['**', 'xy'],
      ];
      const takes = (pattern: Bytes, text: Bytes): unknown =>
        c.sys.lines(`${text}\n`, 0, 0, '', `-${rule('+', pattern)}`, 99, ALL, 0);
      for (const [pattern, text] of yes) same(takes(pattern, text), [`${text}\n`, text.length + 1, 0], pattern);
      for (const [pattern, text] of no) same(takes(pattern, text), ['', text.length + 1, 0], pattern);
      const rules = `+${rule('-', '*x*')}${rule('+', 'ax')}`;
      same(c.sys.lines('ax\nbx\nc\n', 0, 0, '', rules, 9, ALL, 0), ['ax\nc\n', 8, 0], 'order');
    },
  },
  {
    title: 'lines says EINVAL for a place, a state, a limit and rules that are none',
    run: (c) => {
      const wrong: readonly Job[] = [
        ['a\n', 3, 0, '', '', 9, 0, 0],
        ['a\n', -1, 0, '', '', 9, 0, 0],
        ['a\n', 0, 3, '', '', 9, 0, 0],
        ['a\n', 0, -1, '', '', 9, 0, 0],
        ['a\n', 0, 0, '', '', 0, 0, 0],
        ['a\n', 0, 0, '', '', 9, -1, 0],
        ['a\n', 0, 0, '', 'x', 9, 0, 0],
        ['a\n', 0, 0, '', '++', 9, 0, 0],
        ['a\n', 0, 0, '', '++\0\x05abcd', 9, 0, 0],
        ['a\n', 0, 0, '', `+${rule('+', 'a')}x\0\0`, 9, 0, 0],
      ];
      for (const job of wrong) refuses(c.sys.lines(...job), l.EINVAL, JSON.stringify(job));
    },
  },
  {
    title: 'lines says the same of three thousand random jobs as the plain form of it',
    run: (c) => {
      const roll = numbers(7);
      for (let round = 0; round < 3000; round++) {
        const job = randomJob(roll);
        agree(c, job, `round ${round}: ${JSON.stringify(job)}`);
      }
    },
  },
  {
    title: 'lines comes to the end of much data, with long heads and without',
    run: (c) => {
      const many = `${'x'.repeat(30)}\n`.repeat(3000);
      agree(c, [many, 0, 0, 'h'.repeat(300), '', 1000, ALL, 0], 'long heads');
      agree(c, ['\n'.repeat(30_000), 0, 0, '@1234567890', '', 1000, ALL, 0], 'empty lines');
      agree(c, ['y'.repeat(150_000), 0, 0, 'head ', '', 1000, ALL, 0], 'one long line');
      agree(c, ['y'.repeat(150_000), 0, 0, 'head ', '', 140_000, ALL, 1], 'a long line, briefly');
    },
  },
  {
    title: 'translate replaces the first bytes of each line by a table, and no newline',
    run: (c) => {
      const table = allBytes().replaceAll('a', 'A').replaceAll('\n', 'N');
      same(c.sys.translate('aba\naaaa\na', 0, 3, table), 'AbA\nAAAa\nA', 'text');
      same(c.sys.translate('aa\naa', 2, 3, table), 'Aa\nAA', 'a line begun');
      same(c.sys.translate(allBytes(), 0, 999, allBytes()), allBytes(), 'every byte');
      const roll = numbers(3);
      for (let round = 0; round < 300; round++) {
        const data = word(roll, 'ab\n', 60);
        const [column, limit] = [roll(20), roll(20)];
        same(c.sys.translate(data, column, limit, table), translate(data, column, limit, table), JSON.stringify(data));
      }
      for (const [column, limit, short] of [
        [-1, 1, table],
        [0, -1, table],
        [0, 1, 'x'],
      ] as const)
        refuses(c.sys.translate('a', column, limit, short), l.EINVAL, `${column} ${limit}`);
    },
  },
];

const files: readonly Spec[] = [
  {
    title: 'fsync and fchmod work on an open file, and say EBADF where there is none',
    run: (c) => {
      const fd = c.open(c.path('f'), l.O_WRONLY | l.O_CREAT);
      done(c.sys.fsync(fd), 'fsync');
      done(c.sys.fchmod(fd, 0o744), 'fchmod');
      same(done(c.sys.stat(c.path('f')), 'stat')[0] & 0o7777, 0o744, 'mode');
      c.close(fd);
      refuses(c.sys.fsync(fd), l.EBADF, 'fsync');
      refuses(c.sys.fchmod(fd, 0o600), l.EBADF, 'fchmod');
    },
  },
  {
    title: 'fchown leaves what is -1, and gives a file back to whom it belongs',
    run: (c) => {
      const fd = c.open(c.path('f'), l.O_WRONLY | l.O_CREAT);
      const [, , , , user, group] = done(c.sys.fstat(fd), 'fstat');
      same(c.sys.fchown(fd, -1, -1), 0, 'nothing');
      if (user === 0) same(c.sys.fchown(fd, user, group), 0, 'the same');
      same(done(c.sys.fstat(fd), 'fstat').slice(4, 6), [user, group], 'owner');
    },
  },
  {
    title: 'posixLock takes and releases a lock, any number of times, on a file and on a pipe',
    run: (c) => {
      const [from, to] = done(c.sys.pipe(0), 'pipe');
      for (const fd of [c.open(c.path('f'), l.O_WRONLY | l.O_CREAT), c.closeLater(to)])
        for (const taken of [1, 1, 0, 0] as const) same(c.sys.posixLock(fd, taken), 0, `${taken}`);
      c.close(from);
    },
  },
];

const memory: readonly Spec[] = [
  {
    title: 'trim leaves all that is in use as it is, and memory to be used',
    run: (c) => {
      const textOf = (n: number): string => `${n} `.repeat(1 + n * 97).slice(0, 1 + n * 331);
      for (let round = 0; round < 3; round++) {
        const all = Array.from({ length: 100 }, (_, n) => textOf(n));
        const kept = all.map((text, n) => (n % 3 === 0 ? text : ''));
        all.length = 0;
        same(c.sys.trim(), 0, 'trim');
        same(
          kept.every((text, n) => text === (n % 3 === 0 ? textOf(n) : '')),
          true,
          'texts',
        );
      }
    },
  },
];

export const lineSpecs: readonly Spec[] = [...taking, ...files, ...memory];
