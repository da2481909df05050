// Options x inputs, configs x inputs, patterns x texts, several directories, and what a crash left: each a batch.
//
// Promises: a name says what is in it. Read next: model.ts, patterns.ts.
import type { Found, LogDir, NamedBatch } from './model.ts';
import { looksBehind, PATTERNS, TEXTS } from './patterns.ts';

const ALL_BYTES = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');

const INPUTS: Readonly<Record<string, string>> = {
  nothing: '',
  'one newline': '\n',
  'empty lines': '\n\n\na\n\n',
  'short lines': Array.from({ length: 60 }, (_, n) => `${n} short\n`).join(''),
  'no final newline': 'first\nsecond, cut off',
  'one partial line': 'x',
  'all bytes': `${ALL_BYTES}\n${ALL_BYTES}\n`,
  'NUL bytes': '\0\n\0\0a\0\n\0',
  'lines around 1000 bytes': [998, 999, 1000, 1001, 1002].map((n) => `${'l'.repeat(n)}\n`).join(''),
  'lines around 1024 bytes': [1022, 1023, 1024, 1025, 2048].map((n) => `${'l'.repeat(n)}\n`).join(''),
  'lines of 8 kB': Array.from({ length: 6 }, (_, n) => `${String(n).repeat(8191)}\n`).join(''),
  'a long partial line': `a\n${'p'.repeat(3000)}`,
  'carriage returns': 'a\r\nb\r\n\r\n',
};

const OPTIONS: readonly (readonly string[])[] = [
  [], ['-t'], ['-tt'], ['-ttt'], ['-tttt'], ['-t', '-t'], ['-v'], ['-vv'], ['-tv'], ['-r_'], ['-r', '.'], ['-R', 'ab'],
  ['-r.', '-R', ' a'], ['-R', ''], ['-tr.'], ['-l10'], ['-l', '5', '-r_'], ['-l', '1'], ['-l0'], ['-l', 'x'], ['-l', ''],
  ['-l', '2000', '-b', '4000'], ['-l500', '-b501'], ['-b', '8192'], ['-b', '0'], ['-b', '65536', '-t'], ['-l', '5', '-b', '6'],
  ['-l', '1', '-b', '2', '-tt'], ['--'], ['-t', '--'], ['-l', '10', '-ttt', '-v', '-rx'],
]; // biome-ignore format: a table

/** What is refused: once is enough. */
const REFUSED: readonly (readonly string[])[] = [
  ['-x'], ['-l'], ['-r'], ['-R'], ['-b'], ['-r', ''], ['-rab'], ['-r', 'ab'], ['-l', '1000', '-b', '1000'], ['-b', '999'],
  ['-l', '2000'], ['-V'], ['-tV'], ['-l', '1023'], ['-l', '1024'], ['-b', 'x'],
  ['-b', '-1'], ['-'],
]; // biome-ignore format: a table

const CONFIGS: readonly (string | null)[] = [
  null, '', '\n', 's', 'n', '#', 's50', 's50\n', 's100\nn2\n', 's64\nn0\n', 's40\nn1\n', 's1200\nn3\n', 's0\n', 's5k\n', 's1k\n',
  's1m\n', 's1g\n', 's1kk\n', 's 5\n', 'sx\n', 's-5\n', 's60\ns120\n', 's007\n', 'n5x\ns30\n', 'N3\nn5\ns30\n', 'Nx\n', 't1h\n',
  't99\n', 'pPREFIX: \n', 'p\n', 'p one\np two\n', 'pP\ns20\n', '\n\n# comment\n\ns70\n#s10\n', ' s10\n', '\ts10\n', 'S10\nz\n=\n',
  '-*\n', '-*\n+1*\n', '-*2*\n', '+*\n-*\n', 'e*\n', '-*\ne*\n', 'e*\nE*1*\n', '-*\ne*\npP: \n', 'e\n', '-\n', '+\n', 's10\r\n',
  's100\n-*3*\nn4', 's33\0\nn3\n', 'uxyz\n', 'u\n', 'U1.2.3\n', 'u1.2.3.4:\n', 'u1.2.3.4:x\n', 'U300.1.1.1\n', '!\n',
]; // biome-ignore format: a table

const dir = (name: string, config: string | null, found: Readonly<Record<string, Found>> = {}): LogDir => ({
  name,
  config,
  found,
});

const plain = { options: [], stdin: 'pipe' } as const;

const optionsByInputs = (): readonly NamedBatch[] =>
  OPTIONS.flatMap((options) =>
    Object.entries(INPUTS).map(([what, input]) => ({
      name: `options/${options.join(' ') || 'none'}: ${what}`,
      options,
      dirs: [dir('d', 's2500\nn4\n')],
      input,
      stdin: 'file',
    })),
  );

const refused = (): readonly NamedBatch[] =>
  REFUSED.map((options) => ({
    ...plain,
    name: `refused/${options.join(' ')}`,
    options,
    dirs: [dir('d', null)],
    input: 'a\n',
  }));

const configsByInputs = (): readonly NamedBatch[] =>
  CONFIGS.flatMap((config) =>
    ['short lines', 'all bytes', 'lines around 1000 bytes', 'no final newline'].map((what) => ({
      ...plain,
      name: `config/${JSON.stringify(config)}: ${what}`,
      options: what === 'short lines' ? ['-v'] : [],
      dirs: [dir('d', config)],
      input: INPUTS[what] ?? '',
    })),
  );

/**
 * One text a process, since C's answers may hang on the line before; each pattern has a directory of its own. Behind the
 * first text stands a zero, which is what C takes for the end of a pattern that ends in `+`: those are left out.
 */
const patternsByTexts = (): readonly NamedBatch[] =>
  TEXTS.map((text) => ({
    ...plain,
    name: `patterns/${JSON.stringify(text.length > 60 ? `${text.slice(0, 20)}... (${text.length})` : text)}`,
    dirs: PATTERNS.filter((pattern) => !(pattern.endsWith('+') && looksBehind(pattern, text))).map((pattern, n) =>
      dir(`p${n}`, `p${n} ${JSON.stringify(pattern)}: \n-*\n+${pattern}\ne${pattern}\n`),
    ),
    input: `${text}\n`,
  }));

const SEVERAL = [dir('a', 's40\nn3\n-*1*\n'), dir('b', 's30\npB \n-*\n+2*\ne1*\n'), dir('c', null)];

const severalDirs = (): readonly NamedBatch[] =>
  [[], ['-t'], ['-ttt', '-v'], ['-l', '3', '-r_']].flatMap((options) =>
    ['short lines', 'all bytes', 'no final newline', 'lines of 8 kB'].map((what) => ({
      ...plain,
      name: `several/${options.join(' ') || 'none'}: ${what}`,
      options,
      dirs: SEVERAL,
      input: INPUTS[what] ?? '',
    })),
  );

const two = [dir('d', null), { ...dir('m', null), kind: 'missing' } as const];

const operands = (): readonly NamedBatch[] => {
  const given = (name: string, dirs: readonly LogDir[], words?: readonly string[], input = 'a\nb\n'): NamedBatch => ({
    ...plain,
    name: `directories/${name}`,
    dirs,
    input,
    ...(words === undefined ? {} : { operands: words }),
  });
  return [
    given('none given', [dir('d', null)], []),
    given('one of two missing', two),
    given('none of one', [{ ...dir('m', null), kind: 'missing' }]),
    given('a file', [{ ...dir('f', null), kind: 'a file' }]),
    given('a file and a directory', [{ ...dir('f', null), kind: 'a file' }, dir('d', null)]),
    given('the same twice', [dir('d', null)], ['d', 'd']),
    given('an empty name', [dir('d', null)], ['', 'd']),
    given('./d', [dir('d', null)], ['./d']),
    given('d/', [dir('d', null)], ['d/']),
    given('below another', [dir('d', null), dir('d/e', null)], ['d/e', 'd']),
    given('options behind it', [dir('d', null), dir('-t', null)], ['d', '-t']),
    given('a long name', [dir('d', null)], ['d', 'x'.repeat(300)]),
  ];
};

const OLD = (n: number, kind: string): string => `@40000000300000000000000${n}.${kind}`;
const file = (text: string, mode: number): Found => ({ text, mode });

const LEFT: Readonly<Record<string, Readonly<Record<string, Found>>>> = {
  'current closed cleanly': { current: file('before\n', 0o744) },
  'current with other x bits': { current: file('before\n', 0o655) },
  'current with the manual’s mode': { current: file('before\n', 0o755) },
  'current not closed': { current: file('before\n', 0o644) },
  'current not closed, in mid-line': { current: file('before', 0o644) },
  'current empty, not closed': { current: file('', 0o644) },
  'current empty, closed': { current: file('', 0o744) },
  'current new': { current: file('', 0o600) },
  'current nearly full': { current: file('x'.repeat(59), 0o744) },
  'current full': { current: file('x'.repeat(60), 0o744) },
  'current more than full': { current: file('x'.repeat(500), 0o744) },
  'a .u': { [OLD(1, 'u')]: file('old\n', 0o744) },
  'a .t': { [OLD(1, 't')]: file('old\n', 0o644) },
  'a .u and its .t': { [OLD(1, 'u')]: file('old\n', 0o744), [OLD(1, 't')]: file('OL', 0o644) },
  'all kinds': {
    [OLD(1, 'u')]: file('1\n', 0o744),
    [OLD(2, 's')]: file('2\n', 0o744),
    [OLD(3, 't')]: file('3\n', 0o744),
    [OLD(4, 's')]: file('4\n', 0o644),
    [OLD(5, 'x')]: file('5\n', 0o644),
    current: file('before\n', 0o644),
  },
  'more than n': Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [OLD(n, 's'), file(`${n}\n`, 0o744)])),
  'names of other lengths': {
    '@1.s': file('1\n', 0o744),
    [`${OLD(1, 's')}x`]: file('2\n', 0o744),
    '@x': file('3', 0o644),
  },
  'a name of the future': { '@500000000000000000000000.s': file('1\n', 0o744), [OLD(1, 's')]: file('2', 0o744) },
  'a name of 27 other characters': {
    [`@${'z'.repeat(26)}`]: file('1\n', 0o744),
    [`@${'z'.repeat(25)}t`]: file('2\n', 0o744),
  },
  'state and newstate': { state: file('s', 0o644), newstate: file('n', 0o644) },
  lock: { lock: file('', 0o644) },
};

const leftovers = (): readonly NamedBatch[] =>
  Object.entries(LEFT).flatMap(([what, found]) =>
    [
      ['s60\nn3\n', ''],
      ['s60\nn3\n', '1\n2\n'],
      ['s20\nn2\n', INPUTS['short lines'] ?? ''],
    ].map(([config, input]) => ({
      ...plain,
      name: `left/${what}, ${input?.length} bytes, ${JSON.stringify(config)}`,
      options: ['-v', '-l', '10'],
      dirs: [dir('d', config ?? null, found)],
      input: input ?? '',
    })),
  );

/** Every batch of the matrix. */
export const MATRIX: readonly NamedBatch[] = [
  ...optionsByInputs(),
  ...refused(),
  ...configsByInputs(),
  ...patternsByTexts(),
  ...severalDirs(),
  ...operands(),
  ...leftovers(),
];
