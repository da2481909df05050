import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { nextWrite } from '../../../src/log/stream.ts';
import { jsonString } from '../../../src/formats/json.ts';
import { cutAt } from '../../../src/log/stream-format.ts';

const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const back = (json: string): unknown => JSON.parse(Buffer.from(json, 'latin1').toString('utf8'));

describe('a JSON string of bytes', () => {
  it.each(['', 'plain', 'a"b\\c', 'tab\tand\u0001', 'Grüße, 日本, 🎉', '\u07ff\u0800\uffff\u{10000}\u{10ffff}'])(
    'holds %j',
    (text) => {
      expect(back(jsonString(bytes(text)))).toBe(text);
    },
  );

  it.each([
    ['a\xffb', 'a\ufffdb'],
    ['\xc3', '\ufffd'],
    ['\xc3\xa9\x80', 'é\ufffd'],
    ['\xe2\x82', '\ufffd\ufffd'],
    ['\xed\xa0\x80', '\ufffd\ufffd\ufffd'],
    ['\xf4\x90\x80\x80', '\ufffd\ufffd\ufffd\ufffd'],
    ['\xc0\xaf', '\ufffd\ufffd'],
  ])('has U+FFFD for what of %j is no UTF-8', (text, wanted) => {
    expect(back(jsonString(text))).toBe(wanted);
  });

  it('is valid UTF-8 whatever the bytes', () => {
    const wrong: string[] = [];
    for (let one = 0; one < 256; one++) {
      for (let other = 0; other < 256; other++) {
        const json = Buffer.from(jsonString(String.fromCharCode(one, other)), 'latin1');
        if (!isUtf8(json)) wrong.push(`${one}, ${other}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('what is written to a pipe at once', () => {
  const all = (pending: string): readonly string[] => {
    const portions: string[] = [];
    for (let at = 0; at < pending.length; at += portions.at(-1)?.length ?? 0) portions.push(nextWrite(pending, at));
    return portions;
  };

  it('is whole lines, so that those of another writer come between lines', () => {
    const lines = Array.from({ length: 900 }, (_, n) => `${'x'.repeat((n * 37) % 91)}\n`).join('');
    const portions = all(lines);
    expect(portions.join('')).toBe(lines);
    expect(portions.filter((each) => each.length > 4096 || !each.endsWith('\n'))).toEqual([]);
  });

  it('takes a line of just the length that is written as one', () => {
    const line = `${'x'.repeat(4095)}\n`;
    expect(all(line + line)).toEqual([line, line]);
  });

  it('is 4096 bytes of a line that is longer', () => {
    expect(all(`${'x'.repeat(5000)}\ny\n`).map((each) => each.length)).toEqual([4096, 907]);
  });
});

describe('where a long line is cut', () => {
  it.each([
    ['plain ASCII text', 5, 5],
    [bytes('aaaa日本'), 5, 4],
    [bytes('aaaa日本'), 6, 4],
    [bytes('aaaa日本'), 7, 7],
    [bytes('aaaa🎉b'), 7, 4],
    [bytes('aaaaéé'), 6, 6],
    ['aaaa\x80\x80\x80\x80\x80\x80', 8, 8],
    ['\x80\x80\x80\x80', 2, 2],
  ])('is no character of %j, %i bytes long at most', (text, most, at) => {
    expect(cutAt(text, most)).toBe(at);
  });

  it('leaves every part valid UTF-8, wherever the limit falls', () => {
    const text = bytes('aé日🎉'.repeat(20));
    for (let most = 4; most < 40; most++) {
      const parts: string[] = [];
      let pending = text;
      for (; pending.length > most; pending = pending.slice(cutAt(pending, most)))
        parts.push(pending.slice(0, cutAt(pending, most)));
      for (const part of [...parts, pending])
        expect(Buffer.from(part, 'latin1').toString('utf8')).not.toContain('\ufffd');
      expect([...parts, pending].join('')).toBe(text);
    }
  });
});
