// /etc/passwd and /etc/group, searched piece by piece: a piece is any number of whole lines.
//
// Promises: pure; the first well-formed line with a name is it, malformed ones are passed over, and what is well-formed the C
// library says: fields behind the numbers may be missing, blanks may stand before a line and a number. Searching is left
// to whole-string calls, so that a file of megabytes takes milliseconds. Read next: ../effects/exec/accounts.ts.
import type { Bytes } from '../abi/bytes.ts';
import { MOST_ID, wholeNumber } from './decimal.ts';

export interface Account {
  readonly uid: number;
  /** The group of its line in /etc/passwd. */
  readonly gid: number;
}

/** Fields that must be there. */
const PASSWD_FIELDS = 4;
const GROUP_FIELDS = 3;

const BLANKS: readonly string[] = [' ', '\t', '\v', '\f', '\r'];

const withoutLead = (text: Bytes): Bytes => {
  let at = 0;
  while (BLANKS.includes(text.charAt(at))) at++;
  return text.slice(at);
};

/** A number as in decimal.ts, behind blanks, and a plus. */
const idIn = (field: Bytes): number | null => {
  const text = withoutLead(field);
  return wholeNumber(text[0] === '+' ? text.slice(1) : text, MOST_ID);
};

const lineAt = (lines: Bytes, from: number): Bytes => {
  const end = lines.indexOf('\n', from);
  return end < 0 ? lines.slice(from) : lines.slice(from, end);
};

/** Whether nothing but blanks stands between the beginning of the line and `at`. */
const beginsLine = (lines: Bytes, at: number): boolean => {
  let before = at - 1;
  while (BLANKS.includes(lines.charAt(before))) before--;
  return before < 0 || lines[before] === '\n';
};

/** Where the next name of a line is this one, from `from` on; -1: nowhere. */
const nextNamed = (lines: Bytes, name: Bytes, from: number): number => {
  let at = lines.indexOf(`${name}:`, from);
  while (at >= 0 && !beginsLine(lines, at)) at = lines.indexOf(`${name}:`, at + 1);
  return at;
};

/** Comments and entries for NIS begin with these. */
const NO_ENTRY = /^[#+-]/;
/** What nobody can be called. */
const NO_NAME = /^[#+-]|^$|^[ \t\v\f\r]|[\n:]/;

/** What `read` makes of the first line with this name of which it makes anything. */
const findLine = <T>(lines: Bytes, name: Bytes, read: (fields: readonly Bytes[]) => T | null): T | null => {
  if (NO_NAME.test(name)) return null;
  for (let at = nextNamed(lines, name, 0); at >= 0; ) {
    const line = lineAt(lines, at);
    const found = read(line.split(':'));
    if (found !== null) return found;
    at = nextNamed(lines, name, at + line.length + 1);
  }
  return null;
};

const accountOf = (fields: readonly Bytes[]): Account | null => {
  if (fields.length < PASSWD_FIELDS) return null;
  const uid = idIn(fields[2] as Bytes);
  const gid = idIn(fields[3] as Bytes);
  return uid === null || gid === null ? null : { uid, gid };
};

const gidOf = (fields: readonly Bytes[]): number | null =>
  fields.length < GROUP_FIELDS ? null : idIn(fields[2] as Bytes);

/** The user of that name, in lines of /etc/passwd. */
export const findAccount = (lines: Bytes, name: Bytes): Account | null => findLine(lines, name, accountOf);

/** The number of the group of that name, in lines of /etc/group. */
export const findGroup = (lines: Bytes, name: Bytes): number | null => findLine(lines, name, gidOf);

/** The numbers of the groups that name `user` as a member, in lines of /etc/group. */
export const groupsWith = (lines: Bytes, user: Bytes): readonly number[] => {
  const found: number[] = [];
  if (user === '') return found;
  for (let at = lines.indexOf(user); at >= 0; ) {
    const start = lines.lastIndexOf('\n', at) + 1;
    const line = lineAt(lines, start);
    const fields = NO_ENTRY.test(withoutLead(line)) ? [] : line.split(':');
    const gid = fields[3]?.split(',').some((each) => withoutLead(each) === user) === true ? gidOf(fields) : null;
    if (gid !== null) found.push(gid);
    at = lines.indexOf(user, start + line.length + 1);
  }
  return found;
};
