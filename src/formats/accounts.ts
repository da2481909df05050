// /etc/passwd and /etc/group, searched piece by piece: a piece is any number of whole lines.
//
// Promises: pure; the first well-formed line with a name is it, malformed ones are passed over; searching is left to
// whole-string calls, so that a file of megabytes takes milliseconds. Read next: ../effects/accounts.ts.
import type { Bytes } from '../host/calls.ts';
import { MOST_ID, wholeNumber } from './decimal.ts';

export interface Account {
  readonly uid: number;
  /** The group of its line in /etc/passwd. */
  readonly gid: number;
}

const PASSWD_FIELDS = 7;
const GROUP_FIELDS = 4;

const lineAt = (lines: Bytes, from: number): Bytes => {
  const end = lines.indexOf('\n', from);
  return end < 0 ? lines.slice(from) : lines.slice(from, end);
};

/** Where the next line begins that has this name, from `from` on, which is the beginning of a line; -1: none. */
const nextNamed = (lines: Bytes, name: Bytes, from: number): number => {
  if (lines.startsWith(`${name}:`, from)) return from;
  const before = lines.indexOf(`\n${name}:`, from);
  return before < 0 ? -1 : before + 1;
};

/** What `read` makes of the first line with this name of which it makes anything. */
const findLine = <T>(lines: Bytes, name: Bytes, read: (fields: readonly Bytes[]) => T | null): T | null => {
  if (name === '' || name.includes('\n') || name.includes(':')) return null;
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
  const uid = wholeNumber(fields[2] as Bytes, MOST_ID);
  const gid = wholeNumber(fields[3] as Bytes, MOST_ID);
  return uid === null || gid === null ? null : { uid, gid };
};

const gidOf = (fields: readonly Bytes[]): number | null =>
  fields.length < GROUP_FIELDS ? null : wholeNumber(fields[2] as Bytes, MOST_ID);

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
    const fields = line.split(':');
    const gid = fields[3]?.split(',').includes(user) === true ? gidOf(fields) : null;
    if (gid !== null) found.push(gid);
    at = lines.indexOf(user, start + line.length + 1);
  }
  return found;
};
