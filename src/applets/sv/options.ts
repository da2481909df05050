// The options of sv itself, and how long a call waits.
//
// Read next: ../sv.ts, run-tool.ts (verbs with options of their own).
import { type Given, leadingNumber, type OptionTable } from '../../cli/options.ts';
import type { Usage } from '../../cli/usage.ts';
import { variable } from '../../client/service.ts';

const DEFAULT_WAIT_S = 7;
// C polls every 0.42 s and gives up at the first poll after the time is over. Scripts rely on that: with `-w 1` a restart, which
// may take a second, succeeds.
const POLL_MS = 420;
const LONGEST_WAIT_MS = 2 ** 40;

export const options: OptionTable = [
  { letter: 'v', text: 'wait for the effect of the one-letter commands too, and print the state' },
  { letter: 'w', value: 'sec', text: 'seconds to wait (default 7); implies -v' },
  { long: 'dependents', text: 'also stop or restart the services that depend on these', unlisted: true },
  { letter: 'V', text: 'print the version, then the usage', unlisted: true },
];

export const usage: Usage = { operands: 'command service ...', options };

/** Milliseconds, by `-w`, $SVWAIT or the default. */
export const waitMs = (given: Given): number => {
  const text = given.last('w') ?? variable('SVWAIT');
  const seconds = text === undefined ? DEFAULT_WAIT_S : leadingNumber(text);
  return Math.min(LONGEST_WAIT_MS, (Math.floor((seconds * 1000) / POLL_MS) + 1) * POLL_MS);
};
