import { describe, expect, it } from 'vitest';
import { isAlready } from '../../../src/formats/credentials.ts';
import type { Identity } from '../../../src/formats/identity.ts';

const status = (uids: string, gids: string, groups: string): string =>
  `Name:\tchpst\nUmask:\t0022\nUid:\t${uids}\nGid:\t${gids}\nFDSize:\t64\nGroups:\t${groups} \nNStgid:\t1\n`;

const FOURS = '4\t4\t4\t4';
const FIVES = '5\t5\t5\t5';
const one: Identity = { uid: 4, gids: [5] };
const more: Identity = { uid: 4, gids: [5, 7, 8] };

describe('who asks to be', () => {
  it.each([
    ['himself', one, status(FOURS, FIVES, '5'), true],
    ['himself, without supplementary groups', one, status(FOURS, FIVES, ''), true],
    ['himself in the same groups, in another order', more, status(FOURS, FIVES, '8 5 7'), true],
    ['himself in the same groups, but for his own', more, status(FOURS, FIVES, '7 8'), true],
    ['himself, in fewer groups', one, status(FOURS, FIVES, '5 7'), false],
    ['himself, in more groups', more, status(FOURS, FIVES, '5 7'), false],
    ['somebody else', one, status(FIVES, FIVES, '5'), false],
    ['himself, in another group', one, status(FOURS, FOURS, '5'), false],
    ['himself, who may become another', one, status('4\t4\t0\t4', FIVES, '5'), false],
    ['himself, who may become another group', one, status(FOURS, '5\t0\t5\t5', '5'), false],
    ['anybody, with half a status', one, `Uid:\t${FOURS}\nGid:\t5`, false],
    ['anybody, with a status that says nothing', one, '', false],
    ['himself, with a status of these lines alone', one, `Uid:\t${FOURS}\nGid:\t${FIVES}`, true],
  ])('%s: %j', (_, identity, text, answer) => {
    expect(isAlready(identity, text)).toBe(answer);
  });
});
