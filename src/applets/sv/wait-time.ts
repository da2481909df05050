// How long sv waits.
import type { Bytes } from '../../abi/bytes.ts';
import { leadingNumber } from '../../cli/options.ts';
import { variable } from '../../client/service.ts';

const DEFAULT_WAIT_S = 7;
// C polls every 0.42 s and gives up at the first poll after the time is over. Scripts rely on that: with `-w 1` a restart, which
// may take a second, succeeds.
const POLL_MS = 420;
const LONGEST_WAIT_MS = 2 ** 40;

/** `text`: the value of -w; where it was not given, SVWAIT counts. */
export const waitMsFor = (text: Bytes | undefined): number => {
  const given = text ?? variable('SVWAIT');
  const seconds = given === undefined ? DEFAULT_WAIT_S : leadingNumber(given);
  return Math.min(LONGEST_WAIT_MS, (Math.floor((seconds * 1000) / POLL_MS) + 1) * POLL_MS);
};
