// The failed service that makes it vain to wait for another one: asked of a cold part, as few services wait for others.
//
// Read next: blocked.ts (who finds it), wait-session.ts and wait-for.ts (who ask).
import type { Bytes } from '../abi/bytes.ts';
import type { Status } from '../formats/status.ts';
import type { Moment } from '../formats/tai64.ts';
import { fromCold } from '../host/cold.ts';
import type { Service } from './service.ts';

type BlockedBy = (service: Service, status: Status, since: Moment | null) => Bytes | null | undefined;

/** How often to ask: nothing of the waiting service changes when another one fails. */
export const BLOCKED_POLL_MS = 420;

export const blockedBy: BlockedBy = (service, status, since) =>
  fromCold<BlockedBy>('sv', 'blockedBy')(service, status, since);
