// Why the time was over before a command took effect: the part of the line on standard error after the service's name.
//
// Promises: pure; states what was observed, in the words of the status line and the files of the service directory.
// Read next: wait.ts (who prints it).
import { decodeWait } from '../abi/wait-status.ts';
import type { Bytes } from '../abi/bytes.ts';
import type { Status } from '../formats/status.ts';
import type { Stability } from '../machine/client/stability.ts';
import { expectsProcess, type WaitCondition } from '../machine/client/wait-conditions.ts';
import type { Check } from './check.ts';
import { type Command, endsRunsv } from './command.ts';

/** What was observed meanwhile. */
export interface Observed {
  readonly stability: Stability;
  readonly check: Check;
  readonly isUntold: boolean;
  readonly reloads: string | null;
}

const NOT_OBEYED = 'runsv has not carried out the command yet';

const endOf = (waitStatus: number): string => {
  const { code, signal } = decodeWait(waitStatus);
  return signal === 0 ? `exited ${code}` : `was killed by signal ${signal}`;
};

const checkReason = ({ check, stability, isUntold }: Observed): Bytes => {
  if (isUntold) return './run is not ready';
  if (check.run !== null) return './check is still running';
  if (check.lastFailure !== null) return `./check ${endOf(check.lastFailure)}`;
  if (check.warned) return './check could not be run';
  return stability.process === null ? NOT_OBEYED : './run has not been up for long enough';
};

const processReason = ({ phase, pid, gotTerm }: Status): Bytes => {
  if (phase === 'finish') return './finish is still running';
  return gotTerm ? `process ${pid} has not ended since it got TERM` : `process ${pid} is still running`;
};

const times = (count: number): Bytes => (count === 1 ? 'once' : `${count} times`);

const notUpReason = (status: Status, observed: Observed): Bytes => {
  const { before, ends, process } = observed.stability;
  if (ends > 0) return `./run ended ${times(ends)} while sv waited`;
  if (status.want === 'down') return status.pid === 0 ? NOT_OBEYED : processReason(status);
  if (status.phase === 'finish' || status.gotTerm) return processReason(status);
  if (status.phase === 'down') return './run is not running, and will be started again';
  if (process === null && before?.pid === status.pid) return `process ${status.pid} has not ended`;
  return checkReason(observed);
};

const notDownReason = (status: Status): Bytes => (status.phase === 'down' ? NOT_OBEYED : processReason(status));

const mustBeUp = (conditions: readonly WaitCondition[], { want }: Status): boolean =>
  conditions.some(expectsProcess) && !(conditions.includes('wanted') && want === 'down');

/** The reason; null where there is nothing to say. */
export const timeoutReason = (command: Command, status: Status, observed: Observed): Bytes | null => {
  const { conditions } = command;
  if (endsRunsv(command)) return 'runsv is still running';
  if (observed.reloads !== null) return './run has not reported that it is ready again';
  if (mustBeUp(conditions, status)) return notUpReason(status, observed);
  return conditions.includes('down') || conditions.includes('wanted') ? notDownReason(status) : null;
};
