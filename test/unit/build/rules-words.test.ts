// The retired words: each row of the list finds what it is meant to find.
import { describe, expect, it } from 'vitest';
import { NEXT, placesOf, RETIRED, retiredWords } from '../../../build/rules/words.ts';
import { treeOf } from './tree.ts';

describe('a retired word', () => {
  it('is refused in sources, tests, pages and manuals, with its line', () => {
    const text = 'x\nA log comes to life here.\n';
    const files = ['src/log/a.ts', 'src/host/a.c', 'test/a.ts', 'docs/a.md', 'docs/man/a.8', 'README.md', 'build/a.sh'];
    const found = retiredWords(treeOf(Object.fromEntries(files.map((path) => [path, text]))));
    expect(found.map((line) => line.replace(/ .*/, ''))).toEqual(files.map((path) => `${path}:2:`));
    expect(found[0]).toContain("expected 'starts, is created'");
  });

  it('may be refused as a name that a source declares', () => {
    const files = {
      'src/a.ts': '// refused\nconst refused = 1;\nexport type Ending = 2;\n',
      'test/a.ts': 'const refused = 1;\n',
    };
    expect(retiredWords(treeOf(files)).map((line) => line.replace(/:[^:]*$/, ''))).toEqual([
      'src/a.ts:3',
      'src/a.ts:2',
    ]);
  });

  it('is refused nowhere else', () => {
    const files = { 'CHANGELOG.md': 'in so many words\n', 'test/unit/build/rules-words.test.ts': 'in so many words\n' };
    expect(retiredWords(treeOf(files))).toEqual([]);
  });

  it.each([...RETIRED, ...NEXT])('$title has a word in its place', ({ word, use }) => {
    expect(use).not.toBe('');
    expect('').not.toMatch(word);
    expect(use).not.toMatch(word);
  });

  it('is a phrase in any case and across lines, or a name as it is written', () => {
    const text = 'In so many words; isSwollen; unSwollen; Gone\n// in so\n// many words\n * in so\n * many words\n';
    const places = placesOf(treeOf({ 'src/a.ts': text }), [...RETIRED, ...NEXT]);
    expect(places.map(({ found, at }) => `${at} ${found}`)).toEqual([
      'src/a.ts:1 In so many words',
      'src/a.ts:2 in so // many words',
      'src/a.ts:4 in so * many words',
      'src/a.ts:1 isSwollen',
    ]);
  });
});
