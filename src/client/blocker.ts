// The failed service that makes it vain to wait for another one: asked of a cold part, as few services wait for others.
//
// Read next: blocked.ts (who finds it), wait-session.ts and wait-for.ts (who ask).
import type { Bytes } from '../abi/bytes.ts';
import type { Moment } from '../formats/tai64.ts';
import { fromCold } from '../host/cold.ts';
import type { Service } from './service.ts';

export interface Blocker {
  readonly name: Bytes;
  readonly reason: Bytes | null;
}

type BlockerOf = (service: Service, waiting: readonly Bytes[], since: Moment | null) => Blocker | null;

/** How often to ask: nothing of the waiting service changes when another one fails. */
export const BLOCKED_POLL_MS = 420;

export const blockerOf: BlockerOf = (service, waiting, since) =>
  fromCold<BlockerOf>('sv', 'blockerOf')(service, waiting, since);
