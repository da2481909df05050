// What a client asks of a service: the bytes to send and the conditions to wait for.
// Read next: send.ts, wait.ts, ../applets/sv/commands.ts (the verbs).
import type { Bytes } from '../abi/bytes.ts';
import type { Until } from '../machine/client/wait-conditions.ts';

export interface Command {
  /** The bytes for supervise/control, in one write. */
  readonly bytes: Bytes;
  readonly until: readonly Until[];
  /** 'verbose': only with -v. */
  readonly waits: 'always' | 'verbose';
  /** 'kill': KILL is sent to what did not obey in time. */
  readonly onTimeout: 'timeout' | 'kill';
}

/** Sends KILL and waits for another process, or none. */
export const KILL: Command = { bytes: 'k', until: ['replaced'], waits: 'verbose', onTimeout: 'timeout' };
