// Two runsvdirs on one scan directory: who supervises it.
//
// The runsvdir that supervises a directory holds a lock on it. Another one that sees the holder waits for its turn and changes
// nothing. If it cannot see the holder (the directory is mounted in another container too), the holder may not see these
// services either: then it runs beside the holder, and leaves alone what already runs.
// Pure and total. Read next: ../../effects/scan/claim.ts (who tries the lock).

/** When to retry a lock with no visible holder: `sv` takes a shared lock for a moment, as a query. */
const UNSURE_MS = 25;
const UNSURE_TRIES = 4;
/** How often to retry somebody else's lock; a visible holder is also watched for its end. */
export const TURN_MS = 5000;

export type Turn =
  /** the lock is ours, or the file system has none */
  | { readonly kind: 'ours' }
  | { readonly kind: 'unsure'; readonly tries: number }
  | { readonly kind: 'waiting'; readonly holder: number }
  | { readonly kind: 'beside' };

/** The result of a try. `holder` 0: no visible one. */
export type Tried = { readonly kind: 'had' } | { readonly kind: 'busy'; readonly holder: number };

export const nextTurn = (turn: Turn, tried: Tried): Turn => {
  if (tried.kind === 'had') return { kind: 'ours' };
  if (tried.holder !== 0) return { kind: 'waiting', holder: tried.holder };
  if (turn.kind === 'beside') return turn;
  const tries = turn.kind === 'unsure' ? turn.tries + 1 : 1;
  return tries > UNSURE_TRIES ? { kind: 'beside' } : { kind: 'unsure', tries };
};

/** Milliseconds until the next try; null: none. */
export const retryMs = (turn: Turn): number | null => {
  if (turn.kind === 'ours') return null;
  return turn.kind === 'unsure' ? UNSURE_MS : TURN_MS;
};

/** Whether services may start now. */
export const mayStart = ({ kind }: Turn): boolean => kind === 'ours' || kind === 'beside';
