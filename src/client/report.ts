// A service as a value: what its supervisor published, what the service directory adds, or why neither can be read.
//
// Promises: pure. The only description of a service: lines of text, JSON and the npm module are made from it.
// Read next: read-report.ts (reads one), render-line.ts (the line of sv).
import type { Bytes } from '../abi/bytes.ts';
import { conditionOf, isReady } from '../formats/condition.ts';
import { momentMs } from '../formats/moment.ts';
import type { SupervisorState } from '../formats/state.ts';
import { reportOf, type Status, type StatusReport } from '../formats/status.ts';

/** Why a service cannot be read or commanded. */
export type Trouble =
  | { readonly kind: 'no runsv' }
  | { readonly kind: 'no directory'; readonly errno: number }
  /** runsv has not made the fifo */
  | { readonly kind: 'no fifo'; readonly file: Bytes }
  | { readonly kind: 'no descriptor'; readonly file: Bytes }
  /** supervise/status does not exist */
  | { readonly kind: 'no status' }
  | { readonly kind: 'unusable'; readonly what: string }
  /** the service's own files say that the command has no meaning for it */
  | { readonly kind: 'refused'; readonly what: Bytes };

/** The state of a supervised service. */
export interface ServiceState {
  readonly status: StatusReport;
  /** How long it has been in this state. */
  readonly seconds: number;
  /** `down`: the service directory has a file `down`. */
  readonly normally: 'up' | 'down';
  /** What it tells of itself beside being ready; null: nothing, or it cannot tell. */
  readonly told: 'not ready' | 'reloading' | null;
  /** What a restart policy has made of it; null: nothing. */
  readonly outcome: 'done' | 'failed' | null;
  /** In how many seconds it starts, where a policy has put that off by more than a second; null: it has not. */
  readonly nextSeconds: number | null;
  /** The dependencies that its start waits for. */
  readonly waitingFor: readonly Bytes[];
}

export interface ServiceReport {
  /** As it was called. */
  readonly name: Bytes;
  readonly state: ServiceState | Trouble;
  /** Its log service; null: it has none, or its own state is unknown. */
  readonly log: ServiceReport | null;
}

export const isTrouble = (result: object): result is Trouble => 'kind' in result;

type Outlook = Pick<ServiceState, 'told' | 'outcome' | 'nextSeconds' | 'waitingFor'>;

const NO_OUTLOOK: Outlook = { told: null, outcome: null, nextSeconds: null, waitingFor: [] };

/** A second is runit's own pace, which no line of runit's tells. */
const PACE_MS = 1000;

/** What the supervisor adds of a service that runs. */
const toldBy = (status: Status, state: SupervisorState): ServiceState['told'] => {
  if (state.by === null || status.phase !== 'run') return null;
  if (conditionOf(status, state) === 'reloading') return 'reloading';
  return isReady({ ...status, gotTerm: false }, state) ? null : 'not ready';
};

/** What the supervisor adds. */
const outlookOf = (status: Status, state: SupervisorState | null, nowMs: number): Outlook => {
  if (state === null) return NO_OUTLOOK;
  if (status.pid !== 0) return { ...NO_OUTLOOK, told: toldBy(status, state) };
  const condition = conditionOf(status, state);
  if (condition === 'waiting') return { ...NO_OUTLOOK, waitingFor: state.waiting };
  if (condition === 'done' || condition === 'failed') return { ...NO_OUTLOOK, outcome: condition };
  const next = condition === 'backoff' && state.next !== null ? momentMs(state.next) : null;
  const ms = next === null ? 0 : next - nowMs;
  return ms > PACE_MS ? { ...NO_OUTLOOK, nextSeconds: Math.ceil(ms / 1000) } : NO_OUTLOOK;
};

/** The state that `status` shows at `nowSec` (Unix seconds), and `state` at `nowMs`. */
export const stateAt = (
  status: Status,
  nowSec: number,
  downFile: boolean,
  state: SupervisorState | null = null,
  nowMs = nowSec * 1000,
): ServiceState => ({
  status: reportOf(status),
  seconds: Math.max(0, nowSec - status.sec),
  normally: downFile ? 'down' : 'up',
  ...outlookOf(status, state, nowMs),
});

/** How many states could not be read: the service's and its log's. */
export const failuresIn = ({ state, log }: ServiceReport): number =>
  (isTrouble(state) ? 1 : 0) + (log === null ? 0 : failuresIn(log));
