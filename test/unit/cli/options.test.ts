import { describe, expect, it } from 'vitest';
import {
  baseName,
  leadingNumber,
  type OptionTable,
  parseAnywhere,
  type Parsed,
  parseOptions,
  problemLine,
} from '../../../src/cli/options.ts';

/** A table from the classic way of writing one: letters, each with a colon behind it if it takes a value. */
const table = (letters: string): OptionTable =>
  [...letters.matchAll(/(.)(:?)/g)].map(([, letter = '', colon]) =>
    colon === '' ? { letter, text: '' } : { letter, value: 'v', text: '' },
  );

const CHPST = table('vVP012u:U:b:e:/:C:n:l:L:m:d:o:p:f:c:t:');
const SVLOGD = table('r:R:l:b:tvV');
const SV = table('vw:V');

const parsed = (options: OptionTable, args: readonly string[]): Parsed => {
  const result = parseOptions(options, args);
  if (result.kind === 'problem') throw new Error(`${result.text} ${result.letter}`);
  return result;
};

interface Seen {
  readonly flags?: string;
  readonly values?: Readonly<Record<string, string>>;
  readonly rest: readonly string[];
}

const see = (options: OptionTable, args: readonly string[]): Seen => {
  const { given, rest } = parsed(options, args);
  const letters = options.map((option) => option.letter ?? option.long);
  const values = letters.flatMap((letter) => given.all(letter).map((value) => [letter, value]));
  const flags = letters
    .filter((letter) => given.all(letter).length === 0)
    .map((each) => each.repeat(given.count(each)));
  return { flags: flags.join(''), values: Object.fromEntries(values), rest };
};

const cases: readonly (readonly [OptionTable, string, string, Record<string, string>, readonly string[]])[] = [
  [SV, 'status web', '', {}, ['status', 'web']],
  [SV, '-v up web', 'v', {}, ['up', 'web']],
  [SV, '-vw7 up', 'v', { w: '7' }, ['up']],
  [SV, '-vw 7 up -v', 'v', { w: '7' }, ['up', '-v']],
  [SV, '-wv up', '', { w: 'v' }, ['up']],
  [SV, '-- -v', '', {}, ['-v']],
  [SV, '-v -- -v', 'v', {}, ['-v']],
  [SV, '--anything up', '', {}, ['up']],
  [SV, '- up', '', {}, ['-', 'up']],
  [SV, '-v - up', 'v', {}, ['-', 'up']],
  [SV, '-vvv up', 'vvv', {}, ['up']],
  [SV, '-v -v up', 'vv', {}, ['up']],
  [SV, '-w -1 up', '', { w: '-1' }, ['up']],
  [SV, '-w -- up', '', { w: '--' }, ['up']],
  [SV, '-w=3 up', '', { w: '=3' }, ['up']],
  [SV, '', '', {}, []],
  [CHPST, '-ulog prog -x', '', { u: 'log' }, ['prog', '-x']],
  [CHPST, '-Pulog prog', 'P', { u: 'log' }, ['prog']],
  [CHPST, '-Pubin/log:grp prog', 'P', { u: 'bin/log:grp' }, ['prog']],
  [CHPST, '-u :1:2 -m007 prog', '', { u: ':1:2', m: '007' }, ['prog']],
  [CHPST, '-/ /root -C/x prog', '', { '/': '/root', C: '/x' }, ['prog']],
  [CHPST, '-//root prog', '', { '/': '/root' }, ['prog']],
  [CHPST, '-012 prog', '012', {}, ['prog']],
  [CHPST, '-n -5 prog', '', { n: '-5' }, ['prog']],
  [SVLOGD, '-ttt -r_ -R xyz -l100 dir', 'ttt', { r: '_', R: 'xyz', l: '100' }, ['dir']],
];

describe('classic options', () => {
  it.each(cases)('of %# (%s) are read right: %s', (options, line, flags, values, rest) => {
    expect(
      see(
        options,
        line.split(' ').filter((word) => word !== ''),
      ),
    ).toEqual({ flags, values, rest });
  });

  it('may have an empty value', () => {
    expect(see(CHPST, ['-m', '', 'prog']).values).toEqual({ m: '' });
  });

  it.each(['a\nb', '\xff\0x', '=', '--v', 'true', 'a=b=c'])('take the value %j as it stands', (value) => {
    expect(parsed(SV, ['-w', value]).given.last('w')).toBe(value);
  });

  it('tell every value of an option given often, and the last one', () => {
    const { given } = parsed(SV, ['-w1', '-w', '2', '-w3']);
    expect(given.all('w')).toEqual(['1', '2', '3']);
    expect(given.last('w')).toBe('3');
  });

  it('know nothing of what was not given', () => {
    const { given } = parsed(SV, ['-v']);
    expect([given.count('w'), given.all('w'), given.last('w'), given.count('V')]).toEqual([0, [], undefined, 0]);
  });

  it.each([
    [['-x'], 'illegal option', 'x'],
    [['-vx'], 'illegal option', 'x'],
    [['-v', '-x', 'up'], 'illegal option', 'x'],
    [['-v-'], 'illegal option', '-'],
    [['-w'], 'option requires an argument', 'w'],
    [['-vw'], 'option requires an argument', 'w'],
  ])('%j is a problem: %s -- %s', (args, text, letter) => {
    expect(parseOptions(SV, args)).toEqual({ kind: 'problem', text, letter });
  });
});

describe('long options', () => {
  const options: OptionTable = [
    { letter: 'v', text: '' },
    { long: 'json', text: '' },
    { long: 'every', value: 'SEC', text: '' },
  ];

  it('are read with the value attached or in the next word', () => {
    const { given, rest } = parsed(options, ['--json', '--every=5', '-v', '--every', '-6', 'x']);
    expect([given.count('json'), given.count('v'), given.all('every'), rest]).toEqual([1, 1, ['5', '-6'], ['x']]);
  });

  it('end the options of a program that has none, as they always did', () => {
    const letters: OptionTable = [{ letter: 'v', text: '' }];
    expect(parsed(letters, ['--json', '-v']).rest).toEqual(['-v']);
    expect(parsed(letters, ['--v', 'x']).given.count('v')).toBe(0);
    // nor does its usage list one
    const unlisted: OptionTable = [...letters, { long: 'dependents', text: '', unlisted: true }];
    expect(parsed(unlisted, ['--json', '-v']).rest).toEqual(['-v']);
    expect(parsed(unlisted, ['--dependents', 'x']).given.count('dependents')).toBe(1);
  });

  it('are a problem where a program that has some does not know one, but for the two dashes alone', () => {
    const strict = (...args: readonly string[]) => parseOptions(options, args);
    expect(strict('-v', '--jsonx', 'x')).toEqual({ kind: 'problem', text: 'illegal option', letter: 'jsonx' });
    expect(strict('--json=1', 'x')).toMatchObject({ kind: 'problem', letter: 'json=1' });
    expect(strict('--json', '--', '--other')).toMatchObject({ kind: 'parsed', rest: ['--other'] });
  });

  it('tell all options in their order', () => {
    const { given } = parsed(options, ['--every', '5', '-v', '--json', '--every=', '-v', 'x']);
    expect(given.words).toEqual(['--every=5', '--v', '--json', '--every=', '--v']);
    expect(given.all('every')).toEqual(['5', '']);
  });

  it('are a problem where the value is missing', () => {
    expect(parseOptions(options, ['--every'])).toMatchObject({ text: 'option requires an argument', letter: 'every' });
  });

  it('are not letters', () => {
    expect(parseOptions(options, ['-j'])).toMatchObject({ text: 'illegal option' });
  });
});

describe('the words about them', () => {
  it('name the program by its last component', () => {
    const problem = parseOptions(SV, ['-x']);
    if (problem.kind === 'parsed') throw new Error('-x was accepted');
    expect(problemLine('/usr/bin/sv', problem)).toBe('sv: illegal option -- x\n');
  });

  it.each([
    ['sv', 'sv'],
    ['/a/b', 'b'],
    ['a/', ''],
  ])('%s ends in %j', (path, name) => {
    expect(baseName(path)).toBe(name);
  });
});

describe('a number', () => {
  it.each([
    ['7', 7],
    ['007', 7],
    ['7x', 7],
    ['x7', 0],
    ['', 0],
    ['-1', 0],
    ['1.9', 1],
    ['4294967296', 4294967296],
  ])('at the start of %j is %d', (text, value) => {
    expect(leadingNumber(text)).toBe(value);
  });
});

describe('options of a verb', () => {
  const verb: OptionTable = [
    { long: 'json', text: '' },
    { long: 'output', value: 'file', text: '' },
    { letter: 'n', value: 'lines', text: '' },
    { letter: 'f', text: '' },
  ];
  const read = (words: string, keepDashes = false) => {
    const parsed = parseAnywhere(verb, words.split(' '), keepDashes);
    return parsed.kind === 'problem' ? `${parsed.text} ${parsed.letter}` : [parsed.given.words, parsed.rest];
  };

  it.each([
    ['web --json', [['--json'], ['web']]],
    [
      '-fn 5 web db --output=x',
      [
        ['--f', '--n=5', '--output=x'],
        ['web', 'db'],
      ],
    ],
    ['web --output --json db', [['--output=--json'], ['web', 'db']]],
    ['web -- --json -n', [[], ['web', '--json', '-n']]],
    ['- web', [[], ['-', 'web']]],
  ])('%s', (words, parsed) => expect(read(words)).toEqual(parsed));

  it.each([
    ['web --yaml', 'illegal option yaml'],
    ['web --json=1', 'illegal option json=1'],
    ['web -x', 'illegal option x'],
    ['web -n', 'option requires an argument n'],
    ['web --output', 'option requires an argument output'],
  ])('%s is wrong', (words, problem) => expect(read(words)).toBe(problem));

  it('may keep the dashes between operands, and no others', () => {
    expect(read('web --json -- x -- y', true)).toEqual([['--json'], ['web', '--', 'x', '--', 'y']]);
    expect(read('-- web -- x', true)).toEqual([[], ['web', '--', 'x']]);
  });
});
