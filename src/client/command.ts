// What a client asks of a service: the bytes to send, and the conditions that show their effect.
//
// Read next: send.ts, wait.ts, ../applets/sv/commands.ts (the verbs).
import type { Bytes } from '../abi/bytes.ts';
import type { WaitCondition } from '../machine/client/wait-conditions.ts';

export interface Command {
  /** For supervise/control, in one write; '': nothing is sent. */
  readonly bytes: Bytes;
  /** A service may name another signal to send, in its file reload-signal. */
  readonly reloads?: boolean;
  /** It has taken effect when all of them hold. */
  readonly conditions: readonly WaitCondition[];
  /** `kill`: KILL is sent to a service that exceeds the time. Also the word for it in the line printed. */
  readonly onTimeout: 'timeout' | 'kill';
}

/** Whether the effect is that runsv ends: then it is no failure that there is none. */
export const endsRunsv = ({ conditions }: Command): boolean => conditions.includes('gone');
