// Dependencies: whether a start has to wait for one, whether it is to be asked for.
//
//   what is seen of it                    it is     an optional one
//   ready, done, or running without       met       met
//     a way to tell, and ./check agrees
//   not ready yet, about to start,        unmet     unmet
//     on its way down
//   failed, or down and not wanted up     unmet     met
//   supervised by nobody                  unmet     unmet, met where it has a file `down`
//   not there                             unmet     met
//
// Pure and total. Read first: model.ts. Read next: ../../effects/service/dependencies.ts (who looks, waits and asks).
import { type Condition, READY_CONDITIONS } from '../../formats/condition.ts';

/** What can be seen of a dependency. */
export interface Seen {
  /** There is a directory of that name. */
  readonly isThere: boolean;
  /** 'unsupervised' where no runsv lives. */
  readonly condition: Condition;
  /** It has a file `down`. */
  readonly isNormallyDown: boolean;
  readonly isWantedUp: boolean;
}

/** `ask`: its ./check decides, if it has one. */
export type Verdict = 'met' | 'unmet' | 'ask';

const READY: readonly Condition[] = READY_CONDITIONS;
const AT_REST: readonly Condition[] = ['failed', 'down'];

const isLeftOut = ({ isThere, condition, isNormallyDown, isWantedUp }: Seen): boolean => {
  if (!isThere) return true;
  return condition === 'unsupervised' ? isNormallyDown : AT_REST.includes(condition) && !isWantedUp;
};

export const verdictOn = (optional: boolean, seen: Seen): Verdict => {
  if (seen.condition === 'running') return 'ask';
  return READY.includes(seen.condition) || (optional && isLeftOut(seen)) ? 'met' : 'unmet';
};

/** Whether a command to start is to be sent to a dependency: now, later as nobody would read it, or not at all. */
export const pullOf = (optional: boolean, { condition, isWantedUp }: Seen): 'now' | 'later' | 'never' => {
  if (optional) return 'never';
  if (condition === 'unsupervised') return 'later';
  return isWantedUp || condition === 'done' ? 'never' : 'now';
};
