import { describe, expect, it } from 'vitest';
import { findAccount, findGroup, groupsWith } from '../../../src/formats/accounts.ts';

const PASSWD = [
  'root:x:0:0:root:/root:/bin/sh',
  'half:x:7',
  'half:x:8:9::/:/bin/sh',
  'word:x:seven:9::/:/bin/sh',
  'big:x:4294967295:1::/:',
  'nogid:x:5:::/:',
  'log:x:100:101:of the log:/:/bin/false',
  'log:x:1:1:the second is not meant:/:',
  'catalog:x:2:2::/:',
  'four:x:10:11',
  'five:x:12:13:',
  'six:x:14:15:of six:/',
  ' \tblank:x: 16:\t+17',
  'blank:x:1:1',
  'cr:x:18:19\r',
  '#off:x:20:20::/:',
  '+nis:x:21:21::/:',
  '-out:x:22:22::/:',
  '',
  'last:x:3:4::/:/bin/sh',
].join('\n');

describe('a user in /etc/passwd', () => {
  it.each([
    ['root', 0, 0],
    ['log', 100, 101],
    ['catalog', 2, 2],
    ['last', 3, 4],
    ['half', 8, 9],
    ['four', 10, 11],
    ['five', 12, 13],
    ['six', 14, 15],
    ['blank', 16, 17],
  ])('%s has the numbers %d and %d of the first good line', (name, uid, gid) => {
    expect(findAccount(PASSWD, name)).toEqual({ uid, gid });
    expect(findAccount(`${PASSWD}\n`, name)).toEqual({ uid, gid });
  });

  it.each([
    '',
    'nobody',
    'ro',
    'oot',
    'word',
    'big',
    'nogid',
    'root:x',
    'root\n',
    '0',
    'x',
    'cr',
    '#off',
    'off',
    '+nis',
    'nis',
    '-out',
    ' blank',
  ])('%j is not there', (name) => {
    expect(findAccount(PASSWD, name)).toBeNull();
    expect(findAccount(`${PASSWD}\n`, name)).toBeNull();
  });

  it('is not there in an empty file', () => {
    expect(findAccount('', 'root')).toBeNull();
  });
});

const GROUP = [
  'root:x:0:',
  'one:x:1:ann',
  'two:x:2:bob,ann,joanna',
  'three:x:3:joanna,annabel',
  'short:x:4',
  'bad:x:four:ann',
  'ann:x:5:',
  'six:x:6:bob,ann',
  '#seven:x:7:ann',
  ' eight:x:8: carl, dora',
  'pair:x',
  '+:::ann',
].join('\n');

describe('groups', () => {
  it.each([
    ['two', 2],
    ['six', 6],
    ['short', 4],
    ['eight', 8],
    ['seven', null],
    ['#seven', null],
    ['bad', null],
    ['pair', null],
    ['tw', null],
    ['', null],
  ])('%s has the number %j', (name, gid) => {
    expect(findGroup(GROUP, name)).toBe(gid);
  });

  it.each([
    ['ann', [1, 2, 6]],
    ['bob', [2, 6]],
    ['joanna', [2, 3]],
    ['carl', [8]],
    ['dora', [8]],
    ['x', []],
    ['', []],
    ['nobody', []],
  ])('with %s as a member are %j', (user, gids) => {
    expect(groupsWith(GROUP, user)).toEqual(gids);
    expect(groupsWith(`${GROUP}\n`, user)).toEqual(gids);
  });
});
