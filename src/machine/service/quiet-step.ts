// Steps of a service that change nothing that is recorded: most of those between an end and the next start.
//
// Pure. Read next: recording.ts (what is recorded).
import type { SupervisorState } from '../../formats/state.ts';
import type { Service, ServiceState } from './model.ts';

const BETWEEN: readonly ServiceState[] = ['ending', 'preparing', 'starting'];

/** Whether a step between an end and the next start changes nothing that is recorded: most do not, and to compare costs a tenth. */
export const isQuiet = ({ pid, next }: SupervisorState, before: Service, after: Service): boolean =>
  pid === 0 &&
  next === null &&
  before.lastRun === after.lastRun &&
  before.streak === after.streak &&
  before.conclusion === after.conclusion &&
  before.life === after.life &&
  BETWEEN.includes(before.state) &&
  BETWEEN.includes(after.state);
