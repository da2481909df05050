import { describe, expect, it } from 'vitest';
import {
  DEFAULT_DELAY,
  DEFAULT_LIMIT,
  parseDelay,
  parseDescriptor,
  parseInterval,
  parseLimit,
  parseRestart,
  parseSignal,
  parseTimeout,
} from '../../../src/formats/values.ts';
import { faultIn, VALUE_FILES } from '../../../src/formats/value-files.ts';

describe('a descriptor', () => {
  it.each([
    ['3\n', 3],
    [' 1 ', 1],
    ['255', 255],
  ])('%j', (text, fd) => expect(parseDescriptor(text)).toBe(fd));

  it.each(['', '0', '256', '-1', '3 4', 'three'])('%j is none', (text) => {
    expect(parseDescriptor(text)).toMatchObject({ wrong: `not a descriptor from 1 to 255: '${text}'` });
  });
});

describe('an interval', () => {
  it.each([
    ['', 10_000],
    ['\n', 10_000],
    ['500\n', 500],
  ])('%j', (text, ms) => expect(parseInterval(text)).toBe(ms));

  it.each(['0', '1s', '-5'])('%j is none', (text) => {
    expect(parseInterval(text)).toMatchObject({ wrong: `not a number of milliseconds above 0: '${text}'` });
  });
});

describe('a time', () => {
  it.each([
    ['7000\n', 7000],
    ['  7000 \t\r\nseven\n', 7000],
    ['1', 1],
    ['0\n', null],
    ['2147483647', 2_147_483_647],
  ])('%j', (text, ms) => {
    expect(parseTimeout(text)).toBe(ms);
  });

  it.each([
    ['7s\n', "not a number of milliseconds: '7s'"],
    ['', "not a number of milliseconds: ''"],
    ['\n7000\n', "not a number of milliseconds: ''"],
    ['-1', "not a number of milliseconds: '-1'"],
    ['2147483648', "not a number of milliseconds: '2147483648'"],
    ['x'.repeat(99), `not a number of milliseconds: '${'x'.repeat(40)}...'`],
  ])('%j is wrong', (text, wrong) => {
    expect(parseTimeout(text)).toEqual({ wrong });
  });
});

describe('a signal', () => {
  it.each([
    ['QUIT\n', 3],
    [' sigquit ', 3],
    ['SigUsr1', 10],
    ['64', 64],
    ['1', 1],
  ])('%j', (text, signal) => {
    expect(parseSignal(text)).toBe(signal);
  });

  it.each(['', '0', '65', 'QUIT TERM', 'SIG', 'toString'])('%j is wrong', (text) => {
    expect(parseSignal(text)).toEqual({ wrong: `not a signal: '${text}'` });
  });
});

describe('when to start again', () => {
  it.each(['always', 'on-failure', 'never'])('%s', (mode) => {
    expect(parseRestart(` ${mode}\n`)).toBe(mode);
  });

  it.each(['', 'Always', 'no', 'toString'])('%j is wrong', (text) => {
    expect(parseRestart(text)).toEqual({ wrong: `not always, on-failure or never: '${text}'` });
  });
});

describe('a delay', () => {
  it('has a default', () => {
    expect([parseDelay(''), parseDelay(' \n9 9 9\n')]).toEqual([DEFAULT_DELAY, DEFAULT_DELAY]);
  });

  it('is three times', () => {
    expect(parseDelay('1 \t20 300\n')).toEqual({ firstMs: 1, maxMs: 20, resetMs: 300 });
    expect(parseDelay('0 0 0')).toEqual({ firstMs: 0, maxMs: 0, resetMs: 0 });
  });

  it.each(['1', '1 2', '1 2 3 4', '1 2 x', 'x 2 3', '1 x 3', '1 2 2147483648'])('%j is wrong', (text) => {
    expect(parseDelay(text)).toEqual({ wrong: `not FIRST MAX RESET in milliseconds: '${text}'` });
  });

  it('begins below its end', () => {
    expect(parseDelay('3 2 1')).toEqual({ wrong: "not a FIRST of at most MAX: '3 2 1'" });
  });
});

describe('a limit', () => {
  it('has a default', () => {
    expect(parseLimit('\n')).toEqual(DEFAULT_LIMIT);
  });

  it('counts failures in a row, or within a time', () => {
    expect(parseLimit('3\n')).toEqual({ count: 3, withinMs: null });
    expect(parseLimit(' 1000  60000 ')).toEqual({ count: 1000, withinMs: 60_000 });
  });

  it.each(['0', '1001', 'x', '3 0', '3 x', '3 4 5', '-1'])('%j is wrong', (text) => {
    expect(parseLimit(text)).toEqual({
      wrong: `not COUNT [WITHIN], from 1 to 1000 failures and milliseconds: '${text}'`,
    });
  });
});

describe('the fault of a file', () => {
  it('is that of its kind', () => {
    expect(VALUE_FILES.map((file) => faultIn(file, '7s') === null)).toEqual(VALUE_FILES.map(() => false));
    expect(faultIn('timeout-kill', '7000')).toBe(null);
    expect(faultIn('down-signal', 'quit')).toBe(null);
    expect(faultIn('run', '#!/bin/sh')).toBe(null);
  });
});
