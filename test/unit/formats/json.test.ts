import { describe, expect, it } from 'vitest';
import { decodeObject, encodeJson, jsonString, plainText, validUtf8 } from '../../../src/formats/json.ts';

const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const read = (bytes: string): unknown => JSON.parse(Buffer.from(bytes, 'latin1').toString('utf8'));

describe('JSON from bytes', () => {
  it.each(['', 'web', 'a"b\\c', 'ä€😀', 'x\n\t\x1b[31m', '\0', '\x7f', '\u0085'])('keeps %j', (text) => {
    const encoded = jsonString(utf8(text));
    expect(read(encoded)).toBe(text);
    expect(encoded).not.toMatch(/[\0-\x1f\x7f]|\xc2[\x80-\x9f]/);
  });

  it('has U+FFFD for bytes that are no UTF-8', () => {
    expect(read(jsonString('a\xffb\xc3'))).toBe('a\ufffdb\ufffd');
    expect(validUtf8('\xed\xa0\x80')).toBe(utf8('\ufffd\ufffd\ufffd'));
  });

  it('encodes values on one line, and leaves out what is undefined', () => {
    const value = { a: 1, b: [true, null, 'x'], c: { d: -0.5 }, e: undefined, f: Number.NaN };
    expect(encodeJson(value)).toBe('{"a":1,"b":[true,null,"x"],"c":{"d":-0.5},"f":null}');
  });

  it('is valid and safe for a terminal, whatever the bytes', () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31);
    for (let round = 0; round < 2000; round++) {
      const bytes = Array.from({ length: random() % 40 }, () => String.fromCharCode((random() >> 8) & 255)).join('');
      const encoded = encodeJson({ [bytes]: bytes });
      expect(encoded).not.toMatch(/[\0-\x1f\x7f]/);
      const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'latin1'));
      expect(Object.values(JSON.parse(text) as object)).toHaveLength(1);
    }
  });

  it.each(['', '[1]', 'null', '1', '{', '{"a":1}x'])('%j is no object', (text) =>
    expect(decodeObject(text)).toBeNull(),
  );

  it('makes a plain text of at most so many bytes', () => {
    expect(plainText('a\nb\x1b[1m\xc2\x85\xff', 100)).toBe('a b [1m \xef\xbf\xbd');
    expect(plainText(utf8('aa€'), 4)).toBe('aa');
    expect(plainText(utf8('aa€'), 5)).toBe(utf8('aa€'));
    expect(plainText('\xff\xff', 2)).toBe('');
  });

  it.each([
    ['\\u00e9\\u00E9', 'éé'],
    ['\\u0085', '\u0085'],
    ['\\u4e2d', '中'],
    ['\\ud83d\\uDE00', '😀'],
    ['\\uffff', '\uffff'],
    ['\\ud83dx\\ude00', '\ufffdx\ufffd'],
    ['\\u0041\\n\\"', 'A\n"'],
    ['\\\\u00e9', '\\u00e9'],
  ])('reads the string "%s" as bytes', (written, text) => {
    expect(decodeObject(`{"a":"${written}","${written}":0}`)).toEqual({ a: utf8(text), [utf8(text)]: 0 });
  });

  it('reads what it has written', () => {
    for (const text of ['x\x1b\u0085ä€😀"\\', '\u009b']) {
      expect(decodeObject(encodeJson({ a: utf8(text) }))).toEqual({ a: utf8(text) });
    }
  });

  it('reads an object', () => {
    expect(decodeObject('{"a":1}')).toEqual({ a: 1 });
  });
});
