// How wide a text is on a terminal, and what of it is shown.
import { describe, expect, it } from 'vitest';
import { fitColumns, widthUpTo } from '../../../src/formats/columns.ts';

const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const fitted = (text: string, most: number): readonly [string, number] => {
  const { text: left, width } = fitColumns(bytes(text), most);
  return [Buffer.from(left, 'latin1').toString('utf8'), width];
};

describe('fitColumns', () => {
  it.each([
    ['plain', 80, 'plain', 5],
    ['plain', 3, 'pla', 3],
    ['plain', 0, '', 0],
    ['plain', -1, '', 0],
    ['näme', 80, 'näme', 4],
    ['\u{416}\u{3b1}', 80, '\u{416}\u{3b1}', 2],
    ['\u{65e5}\u{672c}', 80, '\u{65e5}\u{672c}', 4],
    ['\u{65e5}\u{672c}', 3, '\u{65e5}', 2],
    ['a\u{65e5}', 2, 'a', 1],
    ['e\u{301}x', 80, 'e\u{301}x', 2],
    ['e\u{301}x', 1, 'e\u{301}', 1],
    ['\u{1f600}', 80, '\u{1f600}', 2],
    ['\u{1100}\u{1160}', 80, '\u{1100}\u{1160}', 2],
    ['\u{20000}', 80, '\u{20000}', 2],
    ['a\tb', 80, 'a  b', 4],
  ])('takes of %j in %d columns %j, %d wide', (text, most, left, width) => {
    expect(fitted(text, most)).toEqual([left, width]);
    expect(widthUpTo(bytes(text), most)).toBe(width);
  });

  it.each([
    ['\x1b[2J', '?[2J'],
    ['\x7f', '?'],
    ['\u009b', '?'],
    ['\u202e\u200b\u2066', '???'],
    ['\ue000', '?'],
    ['a\n\r\0b', 'a???b'],
  ])('shows %j as %j', (text, shown) => {
    expect(fitted(text, 80)[0]).toBe(shown);
  });

  it.each(['\xff', '\xc3', '\x80', '\xed\xa0\x80', '\xc0\x80', '\xf5\x80\x80\x80', '\xe6\x97'])(
    'shows the bytes %j, which are no UTF-8, as question marks',
    (text) => {
      expect(fitColumns(text, 80)).toEqual({ text: '?'.repeat(text.length), width: text.length });
    },
  );

  it('leaves three marks on a character, and none without one', () => {
    expect(fitted(`a${'\u0301'.repeat(9)}b`, 80)).toEqual([`a${'\u0301'.repeat(3)}b`, 2]);
    expect(fitted('\u0301a', 80)).toEqual(['a', 1]);
  });
});
