import { describe, expect, it } from 'vitest';
import { above, type Limit, newLimits, parseLimit } from '../../../src/formats/limits.ts';

describe('NAME=SOFT[:HARD]', () => {
  it.each([
    ['nofile=1024', 'nofile', 1024, null],
    ['nofile=1024:4096', 'nofile', 1024, 4096],
    ['core=unlimited', 'core', -1, null],
    ['as=1000:infinity', 'as', 1000, -1],
    ['cpu=unlimited:unlimited', 'cpu', -1, -1],
    ['nproc=5:5', 'nproc', 5, 5],
  ])('%s', (text, name, soft, hard) => {
    expect(parseLimit(text)).toEqual({ name, soft, hard, clipped: false });
  });

  it.each([
    ['nofil=3', 'no such limit: nofil'],
    ['toString=3', 'no such limit: toString'],
    ['', 'no such limit: '],
    ['nofile', 'no value'],
    ['nofile=', 'not a number: '],
    ['nofile=1:', 'not a number: '],
    ['nofile=-1', 'not a number: -1'],
    ['nofile=1k', 'not a number: 1k'],
    ['nofile=1:2:3', 'not a number: 2:3'],
    ['nofile=10:9', 'the soft limit is above the hard one'],
    ['nofile=unlimited:9', 'the soft limit is above the hard one'],
  ])('%j is wrong: %s', (text, wrong) => {
    expect(parseLimit(text)).toEqual({ wrong });
  });
});

describe('limits to set', () => {
  const limit = (rest: Partial<Limit>): Limit => ({ name: 'nofile', soft: 5, hard: null, clipped: false, ...rest });

  it.each([
    [limit({}), [1, 10], [5, 10]],
    [limit({ soft: 20 }), [1, 10], [20, 10]],
    [limit({ soft: 20, clipped: true }), [1, 10], [10, 10]],
    [limit({ soft: 5, clipped: true }), [1, 10], [5, 10]],
    [limit({ soft: -1, clipped: true }), [1, 10], [10, 10]],
    [limit({ soft: -1, clipped: true }), [1, -1], [-1, -1]],
    [limit({ soft: 'hard' }), [1, 10], [10, 10]],
    [limit({ soft: 5, hard: 7 }), [1, 10], [5, 7]],
  ] as const)('%j where they are %j are %j', (given, was, wanted) => {
    expect(newLimits(given, was)).toEqual(wanted);
  });

  it.each([
    [1, 1, false],
    [2, 1, true],
    [-1, 1, true],
    [1, -1, false],
    [-1, -1, false],
  ])('%d above %d: %j', (one, other, is) => {
    expect(above(one, other)).toBe(is);
  });
});
