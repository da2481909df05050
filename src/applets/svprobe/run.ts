// What svprobe does once its options are read: in the cold part.
//
// Read next: ../../client/probe.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { SIGPIPE } from '../../abi/signals.ts';
import { err, visible } from '../../cli/say.ts';
import { probe } from '../../client/probe.ts';
import { isParseError } from '../../formats/parse-error.ts';
import { parseProbeTarget } from '../../formats/probe-target.ts';
import { monotonicMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';

const USAGE_CODE = 100;

/** Returns the exit code. */
export type RunProbe = (text: Bytes, timeoutMs: number) => number;

export const runProbe: RunProbe = (text, timeoutMs) => {
  const target = parseProbeTarget(text);
  if (isParseError(target)) {
    err(`svprobe: ${visible(target.wrong)}\n`);
    return USAGE_CODE;
  }
  // a server that closes while we ask
  sys.catchSignals([SIGPIPE]);
  const why = probe(target, monotonicMs() + timeoutMs);
  if (why !== '') err(`svprobe: ${visible(text)}: ${why}\n`);
  return why === '' ? 0 : 1;
};
