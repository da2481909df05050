// Compiled only: words that the module's types list are those of the formats and of sv.
import type * as api from '../../../src/api/index.ts';
import type { Goal } from '../../../src/client/wait-for.ts';
import type { Condition } from '../../../src/formats/condition.ts';
import type { Cause, Outcome, ReadyBy } from '../../../src/formats/state.ts';

type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false;
type All<Checks extends readonly true[]> = Checks extends readonly true[] ? 'same' : never;

/** 'same' where all of them are. */
export type SameWords = All<
  [
    Same<api.Condition, Condition>,
    Same<api.Goal, Goal>,
    Same<api.Cause, Cause>,
    Same<api.SupervisedService['readyBy'], ReadyBy>,
    Same<api.SupervisedService['outcome'], Outcome>,
  ]
>;
