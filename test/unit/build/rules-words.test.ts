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

  it('is refused nowhere else', () => {
    const files = { 'CHANGELOG.md': 'in so many words\n', 'test/unit/build/rules-words.test.ts': 'in so many words\n' };
    expect(retiredWords(treeOf(files))).toEqual([]);
  });

  it.each([...RETIRED, ...NEXT])('$word has a word in its place', ({ word, use }) => {
    expect(use).not.toBe('');
    expect('').not.toMatch(word);
    expect(use).not.toMatch(word);
  });

  it('is a phrase in any case, or a name as it is written', () => {
    const places = placesOf(treeOf({ 'src/a.ts': 'In so many words; isSwollen; unSwollen; Gone\n' }), [
      ...RETIRED,
      ...NEXT,
    ]);
    expect(places.map(({ word }) => word.source)).toEqual(['\\b(?:in so many words)\\b', '\\b(?:isSwollen)\\b']);
  });
});
