// A service as a snapshot: all that can be known from outside, and how `--json` shows it.
//
// The members of the JSON are a contract, docs/sv.schema.json: they are added to, never renamed or removed. What is not
// known is null. Pure. Read next: condition.ts, metrics.ts.
import type { Bytes } from '../abi/bytes.ts';
import { signalName } from '../abi/signals.ts';
import { type Condition, conditionOf } from './condition.ts';
import type { Json } from './json.ts';
import { momentText } from './moment.ts';
import type { LastEnd, SupervisorState } from './state.ts';
import type { Status } from './status.ts';

/** A supervised program: ./run, or ./log/run. */
export interface Side {
  readonly status: Status;
  /** null: none was written, or it cannot be read. */
  readonly state: SupervisorState | null;
}

/** What a service uses of the machine. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly processes: number;
}

export interface Snapshot {
  readonly name: Bytes;
  readonly directory: Bytes;
  /** null: no supervisor could be asked; `error` says why. */
  readonly main: Side | null;
  readonly error: Bytes | null;
  /** Whether the service is up when its supervisor starts: there is no file `down`. */
  readonly normallyUp: boolean;
  /** null: it has no log service, or that cannot be asked. */
  readonly log: Side | null;
  readonly usage: Usage | null;
}

export const conditionOfSnapshot = ({ main }: Snapshot): Condition =>
  main === null ? 'unsupervised' : conditionOf(main.status, main.state);

const shortTime = ({ sec, nsec }: Status): string => momentText(sec, nsec);

const secondsSince = ({ sec, nsec }: Status, nowMs: number): number =>
  Math.max(0, Math.floor(nowMs / 1000 - sec - nsec / 1e9));

const lastEndJson = ({ at, pid, code, signal, ranSeconds, cause, oom }: LastEnd): Json => ({
  at,
  pid,
  code: signal === 0 ? code : null,
  signal: signal === 0 ? null : signalName(signal),
  ran_seconds: ranSeconds,
  cause,
  oom,
});

const logJson = (side: Side, nowMs: number): Json => ({
  condition: conditionOf(side.status, side.state),
  state: side.status.phase,
  pid: side.status.pid === 0 ? null : side.status.pid,
  since: shortTime(side.status),
  seconds: secondsSince(side.status, nowMs),
});

const usageJson = (usage: Usage | null): { readonly [name: string]: Json } =>
  usage === null ? {} : { cpu_seconds: usage.cpuSeconds, memory_bytes: usage.memoryBytes, processes: usage.processes };

/** What state.json says of the process that runs now. */
const currentState = ({ status, state }: Side): SupervisorState | null =>
  state !== null && state.pid === status.pid ? state : null;

const readyOf = ({ status, state }: Side): boolean | null =>
  state === null || state.by === null ? null : state.pid === status.pid && state.ready;

const supervisedJson = (snapshot: Snapshot, main: Side, nowMs: number): Json => {
  const { status, state } = main;
  const current = currentState(main);
  return {
    service: snapshot.name,
    directory: snapshot.directory,
    supervised: true,
    condition: conditionOf(status, state),
    state: status.phase,
    pid: status.pid === 0 ? null : status.pid,
    since: shortTime(status),
    seconds: secondsSince(status, nowMs),
    want: status.want,
    normally: snapshot.normallyUp ? 'up' : 'down',
    paused: status.paused,
    got_term: status.gotTerm,
    ready: readyOf(main),
    ready_by: state?.by ?? null,
    ready_since: current?.ready === true ? current.readyAt : null,
    text: current === null || current.text === '' ? null : current.text,
    waiting_for: state?.waiting ?? [],
    next_start: state?.next ?? null,
    outcome: state?.outcome ?? null,
    reason: state?.reason ?? null,
    starts: state?.starts ?? null,
    failures: state?.failures ?? null,
    consecutive_failures: state?.consecutiveFailures ?? null,
    ooms: state?.ooms ?? null,
    last_end: state?.last == null ? null : lastEndJson(state.last),
    log: snapshot.log === null ? null : logJson(snapshot.log, nowMs),
    ...usageJson(snapshot.usage),
  };
};

/** `nowMs`: Unix milliseconds. */
export const snapshotJson = (snapshot: Snapshot, nowMs: number): Json =>
  snapshot.main === null
    ? {
        service: snapshot.name,
        directory: snapshot.directory,
        supervised: false,
        condition: 'unsupervised',
        error: snapshot.error ?? 'runsv not running',
      }
    : supervisedJson(snapshot, snapshot.main, nowMs);
