// What a plain service needs of readiness: the way to the cold part that has all of it, and what that part takes from here.
//
// A cold part that imported these functions would have a copy of each. Read next: readiness.ts (what lies there).
import { errorText } from '../../cli/errno.ts';
import { bootMs, monotonicMs } from '../../host/clock.ts';
import { fromCold } from '../../host/cold.ts';
import { newTimer, setTimer, unwatch, watch } from '../loop.ts';
import { readSmall } from '../process/proc.ts';
import { type LivePair, publishTold } from './pair.ts';
import { hasFile, valueOf, warnOnce } from './policy.ts';

const TOOLS = {
  bootMs,
  errorText,
  hasFile,
  monotonicMs,
  newTimer,
  publishTold,
  readSmall,
  setTimer,
  unwatch,
  valueOf,
  warnOnce,
  watch,
};

export type Tools = typeof TOOLS;
/** False: that was refused. */
export type PrepareTelling = (tools: Tools, live: LivePair) => boolean;
export type ResumeTelling = (tools: Tools, live: LivePair) => void;

/** Makes what the service says it tells by. False: that was refused, so ./run must not be started now. */
export const prepareTelling = (live: LivePair): boolean =>
  !live.values.tells || fromCold<PrepareTelling>('ready', 'prepareTelling')(TOOLS, live);

/** A ./run that was found running goes on telling. */
export const resumeTelling = (live: LivePair): void => {
  if (live.values.tells && live.pair.main.state === 'up')
    fromCold<ResumeTelling>('ready', 'resumeTelling')(TOOLS, live);
};
