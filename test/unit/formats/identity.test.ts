import { describe, expect, it } from 'vitest';
import { parseIdentity } from '../../../src/formats/identity.ts';

describe('whom to become', () => {
  it.each([
    ['log', 'log', []],
    ['', '', []],
    ['12', '12', []],
    ['log:adm', 'log', ['adm']],
    ['log:adm:ssl', 'log', ['adm', 'ssl']],
    ['log:', 'log', ['']],
  ])('%j is looked up: user %j, groups %j', (text, user, groups) => {
    expect(parseIdentity(text)).toEqual({ kind: 'names', user, groups });
  });

  it.each([
    [':1:2', 1, [2]],
    [':0:1:2:3', 0, [1, 2, 3]],
    [':4294967294:0', 4294967294, [0]],
  ])('%j is numbers: user %d, groups %j', (text, uid, gids) => {
    expect(parseIdentity(text)).toEqual({ kind: 'numbers', identity: { uid, gids } });
  });

  it.each([':', ':1', ':1:', '::1', ':1:2:', ':1:x', ':a:1', ':-1:1', ':4294967295:1', ':99999999999999999999:1'])(
    '%j is nobody',
    (text) => {
      expect(parseIdentity(text)).toBeNull();
    },
  );

  it('may have any number of groups', () => {
    const gids = Array.from({ length: 500 }, (_, i) => i);
    expect(parseIdentity(`:1:${gids.join(':')}`)).toEqual({ kind: 'numbers', identity: { uid: 1, gids } });
  });
});
