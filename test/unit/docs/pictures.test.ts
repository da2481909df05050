// The terminal's screens as SVG.
import { describe, expect, it } from 'vitest';
import { shapeOf } from '../../docs/pictures/check.ts';
import { plainText, renderSvg, runsIn, textOfPicture } from '../../docs/pictures/svg.ts';

describe('a screen', () => {
  it('is taken apart into runs of one look, which go on in the next line', () => {
    expect(runsIn('a \x1b[32mready\x1b[39m b\n\x1b[1;7mx\ny\x1b[22mz\x1b[0m.')).toEqual([
      [
        { column: 0, text: 'a ', look: [] },
        { column: 2, text: 'ready', look: ['green'] },
        { column: 7, text: ' b', look: [] },
      ],
      [{ column: 0, text: 'x', look: ['bold', 'reverse'] }],
      [
        { column: 0, text: 'y', look: ['bold', 'reverse'] },
        { column: 1, text: 'z', look: ['reverse'] },
        { column: 2, text: '.', look: [] },
      ],
    ]);
  });

  it('counts characters, not units', () => {
    expect(runsIn('😀é\x1b[91mx')[0]?.map(({ column }) => column)).toEqual([0, 2]);
  });

  it('has a plain text, without blanks at the end of lines and lines at its end', () => {
    expect(plainText('\x1b[31ma\x1b[0m  \n b \n\n')).toBe('a\n b');
  });
});

describe('its picture', () => {
  const svg = renderSvg('sv <x>', 'a  \x1b[33m<b> & "c"\x1b[0m\n\x1b[7m sel \x1b[0m', 20);

  it('shows each word in its column, and its text is what the screen has', () => {
    expect(svg).toContain('<text x="16" y="30" textLength="8.4">a</text>');
    expect(svg).toContain('<text x="41.2" y="30" textLength="75.6" class="yellow">&lt;b&gt; &amp; "c"</text>');
    expect(svg).toContain('<rect class="reverse" x="16" y="35" width="42" height="19"/>\n<text x="24.4" y="49"');
    expect(svg).toContain('<title>sv &lt;x&gt;</title>');
    expect(textOfPicture(svg)).toBe('a  <b> & "c"\n sel');
  });

  it('has colours for a light and for a dark page', () => {
    expect(svg).toMatch(
      /\.yellow\{fill:#\w{6}\}[\s\S]*@media \(prefers-color-scheme:dark\)\{[^\n]*\.yellow\{fill:#\w{6}\}/,
    );
  });
});

describe('its shape', () => {
  it.each([
    ['web  running  4711  2d 3h  -', 'web  running  9  12s   -'],
    ['11:52:28  ended after 0.2 s: exit code 1', '09:01:00  ended after 12.5 s: exit code 1'],
    ['next start in 27s', 'next start in 1m 3s'],
  ])('is the same whatever the numbers: %s', (one, other) => {
    expect(shapeOf(one)).toBe(shapeOf(other));
  });

  it('tells words apart', () => {
    expect(shapeOf('web  running  4711')).not.toBe(shapeOf('web  ready  4711'));
  });
});
