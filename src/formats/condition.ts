// The condition of a service: one word for what is going on, from runit's status and what the supervisor adds to it.
//
// Pure; isReady is the one place that says what ready means. A tree that C's runsv supervises has no state.json: its services are running, down or about to start again.
// Read next: snapshot.ts (who shows it).
import type { SupervisorState } from './state.ts';
import type { Status } from './status.ts';

/** From the strongest to the weakest: the first that holds is it. */
export const CONDITIONS = [
  'unsupervised',
  'finishing',
  'stopping',
  'reloading',
  'unready',
  'ready',
  'starting',
  'running',
  'waiting',
  'backoff',
  'failed',
  'done',
  'down',
] as const;

export type Condition = (typeof CONDITIONS)[number];

/** What holds of a process that runs. `state`: null where there is none for this process. */
const conditionOfProcess = ({ gotTerm }: Status, state: SupervisorState | null): Condition => {
  if (gotTerm || state?.stopping === true) return 'stopping';
  if (state === null) return 'running';
  if (state.by === null) return 'running';
  if (state.ready) return state.reloading ? 'reloading' : 'ready';
  return state.readyAt === null ? 'starting' : 'unready';
};

const conditionAtRest = ({ want }: Status, state: SupervisorState | null): Condition => {
  if (state !== null && state.waiting.length > 0) return 'waiting';
  if (want === 'up') return 'backoff';
  return state?.outcome ?? 'down';
};

/** Members that speak of a process count for that process alone: of another one only the way of telling is known. */
const stateOfProcess = ({ pid }: Status, state: SupervisorState | null): SupervisorState | null =>
  state === null || state.pid === pid
    ? state
    : { ...state, ready: false, readyAt: null, reloading: false, stopping: false, text: '' };

/** In these it is of use to others: it says so itself, or has no way to, or has done its work. */
export const READY_CONDITIONS = ['running', 'ready', 'reloading', 'done'] as const satisfies readonly Condition[];

/** `status`: null where no runsv supervises the service, or it has not said anything yet. */
export const conditionOf = (status: Status | null, state: SupervisorState | null): Condition => {
  if (status === null) return 'unsupervised';
  if (status.phase === 'finish') return 'finishing';
  if (status.phase === 'down') return conditionAtRest(status, state);
  return conditionOfProcess(status, stateOfProcess(status, state));
};

/** Whether a service is ready, for whoever waits for it. One that cannot tell may have a ./check: that is to be asked besides. */
export const isReady = (status: Status | null, state: SupervisorState | null): boolean =>
  (READY_CONDITIONS as readonly Condition[]).includes(conditionOf(status, state));
