// `user[:group[:group...]]` or `:uid:gid[:gid...]`: whom to become.
//
// Read next: accounts.ts (where names are looked up).
import type { Bytes } from '../abi/bytes.ts';
import { MOST_ID, wholeNumber } from './decimal.ts';

/** Whom to become, as numbers: the first of `gids` is the group, all are the supplementary ones. */
export interface Identity {
  readonly uid: number;
  readonly gids: readonly [number, ...number[]];
}

export type ParsedUser =
  | { readonly kind: 'numbers'; readonly identity: Identity }
  /** To be looked up. Without groups: the user's own. */
  | { readonly kind: 'names'; readonly user: Bytes; readonly groups: readonly Bytes[] };

const identityOf = (parts: readonly Bytes[]): Identity | null => {
  const numbers = parts.map((part) => wholeNumber(part, MOST_ID)).filter((number) => number !== null);
  const [uid, gid, ...more] = numbers;
  if (numbers.length < parts.length || uid === undefined || gid === undefined) return null;
  return { uid, gids: [gid, ...more] };
};

/** null: it begins with a colon and what follows is not at least two numbers. */
export const parseIdentity = (text: Bytes): ParsedUser | null => {
  if (text[0] === ':') {
    const identity = identityOf(text.slice(1).split(':'));
    return identity === null ? null : { kind: 'numbers', identity };
  }
  const at = text.indexOf(':');
  if (at < 0) return { kind: 'names', user: text, groups: [] };
  return { kind: 'names', user: text.slice(0, at), groups: text.slice(at + 1).split(':') };
};
