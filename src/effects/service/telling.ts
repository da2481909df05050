// The way from every runsv to the cold part that deals with readiness, which only services that can tell need.
//
// Read next: readiness.ts (what lies there).
import { fromCold } from '../../host/cold.ts';
import type { LivePair } from './pair.ts';

/** False: that was refused. */
export type PrepareTelling = (live: LivePair) => boolean;
export type ResumeTelling = (live: LivePair) => void;

/** Makes what the service says it tells by. False: that was refused, so ./run must not be started now. */
export const prepareTelling = (live: LivePair): boolean =>
  !live.values.tells || fromCold<PrepareTelling>('ready', 'prepareTelling')(live);

/** A ./run that was found running goes on telling. */
export const resumeTelling = (live: LivePair): void => {
  if (live.values.tells && live.pair.main.state === 'up') fromCold<ResumeTelling>('ready', 'resumeTelling')(live);
};
