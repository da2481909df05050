// Dependencies, as far as every runsv has to know of them: whether there are any, and when the part that deals with them is asked.
//
// Promises: where a service has no dependencies.d this costs nothing: no call, no descriptor, no line. The rest is a cold part.
// Read next: dependencies.ts (that part), followed.ts, ../../machine/service/dependencies.ts (what is decided).
import type { Bytes } from '../../abi/bytes.ts';
import { fromCold } from '../../host/cold.ts';
import type { ServiceState } from '../../machine/service/model.ts';
import { type LivePair, publishAll } from './pair.ts';
import { readStart } from './policy.ts';

/** What the cold part does. */
export interface OrderPart {
  /** Before a start: the names that it must wait for, which are watched from then on. `asked`: those are to start, too. */
  look(live: LivePair, asked: boolean): readonly Bytes[];
  /** After each turn: lets go what is not needed any more. */
  follow(live: LivePair): void;
  /** Tells what the service depends on to start. */
  pull(live: LivePair): void;
  /** Follows the dependencies of a process that was adopted. */
  resume(live: LivePair): void;
}

const part = (): OrderPart => fromCold<OrderPart>('order', 'order');

const NOBODY: readonly Bytes[] = [];

/** Reads what the files say about the start that comes next: the names of the dependencies that it must wait for. */
export const unmetAtStart = (live: LivePair): readonly Bytes[] => {
  // a start that was cancelled still runs control/u
  if (live.pair.main.state !== 'preparing') return NOBODY;
  live.start = readStart(live.values);
  const { asked } = live;
  live.asked = false;
  if (!live.values.hasDependencies && live.order === null) return NOBODY;
  // whoever is told to start because of us must see that we are wanted
  if (asked) publishAll(live);
  const names = part().look(live, asked);
  // the files may be others when the wait is over
  if (names.length > 0) live.start = null;
  return names;
};

export const followOrder = (live: LivePair): void => part().follow(live);

/** A process that was adopted may have dependencies, too. */
export const resumeOrder = (live: LivePair): void => {
  if (live.values.hasDependencies) part().resume(live);
};

const BEFORE_START: readonly ServiceState[] = ['down', 'backoff', 'ending', 'finishing'];

/** Somebody tells the service to start, and so what it depends on: with the start that comes next, or now. */
export const noteAsked = (live: LivePair): void => {
  if (BEFORE_START.includes(live.pair.main.state)) live.asked = true;
  else if (live.order !== null) part().pull(live);
};
