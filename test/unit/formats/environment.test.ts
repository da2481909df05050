import { describe, expect, it } from 'vitest';
import { changedEnvironment, parseEnvFile, variableIn } from '../../../src/formats/environment.ts';

describe('a file of an environment directory', () => {
  it.each([
    ['', null],
    ['\n', ''],
    ['value', 'value'],
    ['value\nmore\n', 'value'],
    ['  value \t \n', '  value'],
    [' \t', ''],
    ['\0', '\n'],
    ['a\0b \0 \n', 'a\nb \n'],
    ['a\r\n', 'a\r'],
    ['\xff=\xfe', '\xff=\xfe'],
  ])('that holds %j says %j', (content, value) => {
    expect(variableIn(content)).toBe(value);
  });
});

describe("a file in Docker's format", () => {
  const ENVIRON = ['HOME=/root', 'A=1', 'AB=2'];
  const read = (text: string) => parseEnvFile(text, ENVIRON);

  it.each([
    ['A=1\n', [['A', '1']]],
    ['A=1', [['A', '1']]],
    ['A=\n', [['A', '']]],
    ['A="1 2" # no comment\n', [['A', '"1 2" # no comment']]],
    ['A=b=c', [['A', 'b=c']]],
    ['A= b ', [['A', ' b ']]],
    ['# comment\n\n  # another\n \t\nA=1\r\n', [['A', '1']]],
    ['  A=1', [['A', '1']]],
    ['\xef\xbb\xbfA=1', [['A', '1']]],
    [
      'HOME\nA',
      [
        ['HOME', '/root'],
        ['A', '1'],
      ],
    ],
    ['NONE', []],
    ['', []],
    [
      'A=1\nA=2',
      [
        ['A', '1'],
        ['A', '2'],
      ],
    ],
    ['A=\xff', [['A', '\xff']]],
  ])('%j gives %j', (text, changes) => {
    expect(read(text)).toEqual(changes.map(([name, value]) => ({ name, value })));
  });

  it.each([
    ['A=1\n=2', 'line 2: no name'],
    ['A B=1', 'line 1: a blank in the name A B'],
    ['A\tB', 'line 1: a blank in the name A\tB'],
    [`${'x'.repeat(70)} y=1`, `line 1: a blank in the name ${'x'.repeat(60)}...`],
    ['A\x1b[2J \0=1', 'line 1: a blank in the name A?[2J ?'],
    ['\n\nA=\0', 'line 3: a NUL byte'],
  ])('%j is wrong: %s', (text, wrong) => {
    expect(read(text)).toEqual({ wrong });
  });
});

describe('a changed environment', () => {
  const change = (environ: readonly string[], ...changes: readonly (readonly [string, string | null])[]) =>
    changedEnvironment(
      environ,
      changes.map(([name, value]) => ({ name, value })),
    );

  it('keeps what is not changed, and has the changed variables last', () => {
    expect(change(['A=1', 'B=2', 'C=3'], ['B', 'x'], ['D', 'y'])).toEqual(['A=1', 'C=3', 'B=x', 'D=y']);
  });

  it('takes a name for one where it begins an entry only, and every entry of it', () => {
    const environ = ['XA=A=1', 'A=2', 'B=A=', 'A', 'XA', 'A=3', 'AX=A=1'];
    expect(change(environ, ['A', null])).toEqual(['XA=A=1', 'B=A=', 'XA', 'AX=A=1']);
    expect(change(['A=1'], ['A', null])).toEqual([]);
    expect(change([], ['A', null])).toEqual([]);
  });

  it('has the last change of several, in its place', () => {
    expect(change([], ['A', '1'], ['B', '2'], ['A', '3'])).toEqual(['B=2', 'A=3']);
  });

  it('lacks what is removed, every copy of it', () => {
    expect(change(['A=1', 'A=2', 'AB=3', 'B=4'], ['A', null])).toEqual(['AB=3', 'B=4']);
    expect(change(['A=1'], ['A', '2'], ['A', null])).toEqual([]);
    expect(change(['A=1'], ['A', null], ['A', '2'])).toEqual(['A=2']);
  });

  it('takes a name with = in it as envdir does: up to there it is the name', () => {
    expect(change(['we=1'], ['we=ird', 'v'])).toEqual(['we=ird=v']);
    expect(change(['we=1'], ['we=gone', null])).toEqual(['we=gone']);
  });

  it('keeps an entry that has no =', () => {
    expect(change(['odd', 'A=1'], ['A', '2'])).toEqual(['odd', 'A=2']);
  });
});
