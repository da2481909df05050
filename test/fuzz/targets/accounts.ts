// Lines of passwd and group, beside a reader that takes every line apart; and who a process is.
import { findAccount, findGroup, groupsWith } from '../../../src/formats/accounts.ts';
import { isAlready } from '../../../src/formats/credentials.ts';
import { MOST_ID } from '../../../src/formats/decimal.ts';
import { parseIdentity } from '../../../src/formats/identity.ts';
import { insist, same, type Target } from '../model.ts';

const BLANKS = /^[ \t\v\f\r]+/;

const id = (field: string | undefined): number | null => {
  const digits = /^\+?(\d+)$/.exec((field ?? '').replace(BLANKS, ''))?.[1];
  return digits === undefined || Number(digits) > MOST_ID ? null : Number(digits);
};

const linesOf = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .map((line) => line.replace(BLANKS, '').split(':'))
    .filter(([name = '']) => !/^[#+-]/.test(name));

const account = (text: string, name: string): unknown => {
  for (const fields of linesOf(text)) {
    const [uid, gid] = [id(fields[2]), id(fields[3])];
    if (fields[0] === name && fields.length >= 4 && uid !== null && gid !== null) return { uid, gid };
  }
  return null;
};

const group = (text: string, name: string): unknown => {
  for (const fields of linesOf(text)) {
    const gid = id(fields[2]);
    if (fields[0] === name && fields.length >= 3 && gid !== null) return gid;
  }
  return null;
};

const memberships = (text: string, user: string): unknown =>
  linesOf(text).flatMap((fields) => {
    const gid = id(fields[2]);
    const members = (fields[3] ?? '').split(',').map((member) => member.replace(BLANKS, ''));
    return user !== '' && gid !== null && members.includes(user) ? [gid] : [];
  });

const isName = (name: string): boolean => name !== '' && !/[:\n]|^[#+\- \t\v\f\r]/.test(name);

/** The first line is the name that is looked for. */
export const accountLines: Target = {
  name: 'passwd and group',
  files: /src\/formats\/(accounts|decimal)\.ts$/,
  words: [
    'log:x:100:101:',
    'ann:x:',
    ':',
    '\nlog:',
    ',ann',
    '\n',
    '4294967294',
    '4294967295',
    '#',
    '+',
    ' \t',
    '\nlog:x:5:6',
  ],
  longest: 2000,
  seeds: ['log\nroot:x:0:0::/:\nlog:x:7:8\n', 'ann\nadm:x:4:ann,bob\nann:x:5\nx:x:6: ann', 'a\na:a:a:a\n a:: 1:+2\n'],
  run(input) {
    const at = input.indexOf('\n');
    const [name, text] = at < 0 ? ['log', input] : [input.slice(0, at), input.slice(at + 1)];
    same(findAccount(text, name), isName(name) ? account(text, name) : null, 'account');
    same(findGroup(text, name), isName(name) ? group(text, name) : null, 'group');
    if (!/[:,\n]|^[ \t\v\f\r]/.test(name)) same(groupsWith(text, name), memberships(text, name), 'memberships');
  },
};

export const identities: Target = {
  name: 'identities',
  files: /src\/formats\/(identity|credentials|decimal)\.ts$/,
  words: ['Uid:\t', 'Gid:\t', 'Groups:\t', '\n', ':5:6', '5\t5\t5\t5\n', '6\t6\t6\t6\n', ' 7'],
  longest: 1000,
  seeds: [':5:6\nUid:\t5\t5\t5\t5\nGid:\t6\t6\t6\t6\nGroups:\t6 7 \n', 'web:a:b\n', ':5\n', ':4294967295:1\n'],
  run(input) {
    const at = input.indexOf('\n');
    const wanted = parseIdentity(at < 0 ? input : input.slice(0, at));
    if (wanted === null || wanted.kind !== 'numbers') return;
    const { uid, gids } = wanted.identity;
    for (const number of [uid, ...gids]) insist(number >= 0 && number <= MOST_ID, 'a number is one of an account');
    const status = input.slice(at + 1);
    if (!isAlready(wanted.identity, status)) return;
    const four = (field: string, number: number): boolean =>
      new RegExp(`^${field}:[ \t]*${number}[ \t]+${number}[ \t]+${number}[ \t]+${number}[ \t]*$`, 'm').test(status);
    insist(four('Uid', uid) && four('Gid', gids[0]), 'who already is, is in every way');
  },
};
