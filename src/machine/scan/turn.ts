// Two runsvdirs on one scan directory: who supervises it.
//
// Whoever supervises a directory holds a lock on it. Another one that sees the holder waits for its turn and touches
// nothing. Where the holder is out of sight (another container to which the directory is mounted too) its services may
// well be others: then it goes on, beside the holder, and leaves alone what runs already.
// Pure and total. Read next: ../../effects/scan/claim.ts (who tries).

/** How soon a lock that nobody is seen to hold is tried again: `sv` holds a shared one for a moment, to ask. */
const UNSURE_MS = 25;
const UNSURE_TRIES = 4;
/** How often a lock of somebody else is tried again; the end of a holder that is seen is awaited besides. */
export const TURN_MS = 5000;

export type Turn =
  /** the lock is ours, or the file system has none */
  | { readonly kind: 'ours' }
  | { readonly kind: 'unsure'; readonly tries: number }
  | { readonly kind: 'waiting'; readonly holder: number }
  | { readonly kind: 'beside' };

/** What came of a try: who holds the lock, 0: nobody that can be seen. */
export type Tried = { readonly kind: 'had' } | { readonly kind: 'busy'; readonly holder: number };

export const nextTurn = (turn: Turn, tried: Tried): Turn => {
  if (tried.kind === 'had') return { kind: 'ours' };
  if (tried.holder !== 0) return { kind: 'waiting', holder: tried.holder };
  if (turn.kind === 'beside') return turn;
  const tries = turn.kind === 'unsure' ? turn.tries + 1 : 1;
  return tries > UNSURE_TRIES ? { kind: 'beside' } : { kind: 'unsure', tries };
};

/** Milliseconds until the next try; null: none is needed. */
export const retryMs = (turn: Turn): number | null => {
  if (turn.kind === 'ours') return null;
  return turn.kind === 'unsure' ? UNSURE_MS : TURN_MS;
};

/** Whether services are started now. */
export const mayStart = ({ kind }: Turn): boolean => kind === 'ours' || kind === 'beside';
