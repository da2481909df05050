import { describe, expect, it } from 'vitest';
import { limitNumber, MOST_ID, signedNumber, UNLIMITED, wholeNumber } from '../../../src/formats/decimal.ts';

describe('a whole number', () => {
  it.each([
    ['0', 0],
    ['007', 7],
    ['4294967294', MOST_ID],
    ['4294967295', null],
    ['', null],
    ['+1', null],
    ['-1', null],
    ['1x', null],
    ['1.5', null],
    [' 1', null],
    ['0x10', null],
    ['99999999999999999999', null],
  ])('is %j read as %j', (text, value) => {
    expect(wholeNumber(text, MOST_ID)).toBe(value);
  });

  it('goes up to 2^53 - 1 where nothing else is said', () => {
    expect([wholeNumber('9007199254740991'), wholeNumber('9007199254740993')]).toEqual([2 ** 53 - 1, null]);
  });

  it.each([
    ['022', 18],
    ['777', 511],
    ['1000', null],
    ['8', null],
    ['', null],
  ])('may be octal: %j is %j', (text, value) => {
    expect(wholeNumber(text, 0o777, 8)).toBe(value);
  });
});

describe('a signed number', () => {
  it.each([
    ['5', 5],
    ['+5', 5],
    ['-5', -5],
    ['-20', -20],
    ['-21', null],
    ['20', null],
    ['', null],
    ['-', null],
    ['++1', null],
    ['+-1', null],
    ['3x', null],
  ])('is %j read as %j', (text, value) => {
    expect(signedNumber(text, -20, 19)).toBe(value);
  });

  it('knows one zero only', () => {
    expect(Object.is(signedNumber('-0', -20, 19), 0)).toBe(true);
  });
});

describe('a limit of 64 bits', () => {
  it.each([
    ['0', 0],
    ['1000000', 1_000_000],
    ['4611686018427387904', 2 ** 62],
    ['9223372036854775808', UNLIMITED],
    ['18446744073709551615', UNLIMITED],
    ['0018446744073709551615', UNLIMITED],
    ['18446744073709551616', null],
    ['18446744073709551617', null],
    ['99999999999999999999999', null],
    ['', null],
    ['=', null],
  ])('is %j read as %j', (text, value) => {
    expect(limitNumber(text)).toBe(value);
  });
});
