// Why a service that was waited for is not as it shall be: the part of the line on standard error behind its name.
//
// Promises: pure; says what was seen, in the words of the status line and the files of the service directory.
// Read next: wait.ts (who prints it).
import { decodeWait } from '../abi/wait-status.ts';
import type { Status } from '../formats/status.ts';
import type { Bytes } from '../abi/bytes.ts';
import { looksForProcess, type Until } from '../machine/client/wait-conditions.ts';
import type { Asking } from './check.ts';
import type { Command } from './command.ts';
import type { Lasting } from '../machine/client/lasting.ts';

/** What is known of the waiting. */
export interface Seen {
  readonly lasting: Lasting;
  readonly asking: Asking;
}

const NOT_OBEYED = 'runsv has not carried out the command yet';

/** How a wait status reads. */
const ending = (status: number): string => {
  const { code, signal } = decodeWait(status);
  return signal === 0 ? `exited ${code}` : `was killed by signal ${signal}`;
};

const whyNotPassed = ({ asking, lasting }: Seen): Bytes => {
  if (asking.run !== null) return './check is still running';
  if (asking.lastNo !== null) return `./check ${ending(asking.lastNo)}`;
  if (asking.complained) return './check could not be run';
  return lasting.process === null ? NOT_OBEYED : './run has not been up for long enough';
};

const stillThere = ({ phase, pid, gotTerm }: Status): Bytes => {
  if (phase === 'finish') return './finish is still running';
  return gotTerm ? `process ${pid} has not ended since it got TERM` : `process ${pid} is still running`;
};

const times = (count: number): Bytes => (count === 1 ? 'ended once' : `ended ${count} times`);

const whyNotUp = (status: Status, before: Status | null, seen: Seen): Bytes => {
  if (seen.lasting.ends > 0) return `./run ${times(seen.lasting.ends)} while sv waited`;
  if (status.want === 'down') return status.pid === 0 ? NOT_OBEYED : stillThere(status);
  if (status.phase === 'finish' || status.gotTerm) return stillThere(status);
  if (status.phase === 'down') return './run is not running, and is to be started again';
  if (seen.lasting.process === null && before?.pid === status.pid) return `process ${status.pid} has not ended`;
  return whyNotPassed(seen);
};

const whyNotDown = (status: Status): Bytes => (status.phase === 'down' ? NOT_OBEYED : stillThere(status));

const expectsProcess = (until: readonly Until[], { want }: Status): boolean =>
  until.some(looksForProcess) && !(until.includes('wanted') && want === 'down');

/** Why; null where there is nothing to say. */
export const whyNot = ({ until }: Command, status: Status, seen: Seen): Bytes | null => {
  if (until.includes('gone')) return 'runsv is still running';
  if (expectsProcess(until, status)) return whyNotUp(status, seen.lasting.before, seen);
  return until.includes('down') || until.includes('wanted') ? whyNotDown(status) : null;
};
