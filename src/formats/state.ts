// supervise/state.json: what a supervisor knows of a service beside runit's 20 bytes.
//
// Promises: one line of at most STATE_MAX bytes. It speaks of the process `pid` only: a reader who finds another pid in
// `status` takes the service for not ready where `by` is set, and else counts one more start (`withStart`), for such a start is
// not written. What is read may have been written by anybody: members that
// are not of their kind count as absent, and decoding never throws.
// Read next: status.ts, condition.ts, history.ts.
import type { Bytes } from '../abi/bytes.ts';
import { decodeObject, encodeJson, encodePlain, jsonString, plainText } from './json.ts';

/** The most bytes of the file. */
export const STATE_MAX = 2048;
/** The most bytes of a status text. */
const TEXT_MAX = 256;
const REASON_MAX = 256;

/** How a service tells that it is ready; null: it has no way to. */
export type ReadyBy = 'fd' | 'socket' | 'check' | null;
export type Outcome = 'done' | 'failed' | null;
/** Why a process has ended. */
export type Cause = 'exit' | 'asked' | 'timeout-up' | 'watchdog' | 'dependency';
/** Whether the kernel killed for lack of memory; 'possible': in the same container, at least. */
export type Oom = true | 'possible' | null;

/** How ./run ended last. */
export interface LastEnd {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly pid: number;
  /** -1 where a signal has ended it. */
  readonly code: number;
  /** 0 for none. */
  readonly signal: number;
  readonly ranSeconds: number;
  readonly cause: Cause;
  readonly oom: Oom;
}

export interface SupervisorState {
  readonly pid: number;
  readonly by: ReadyBy;
  readonly ready: boolean;
  /** RFC 3339; stays when the service is not ready any more. */
  readonly readyAt: string | null;
  readonly text: Bytes;
  readonly reloading: boolean;
  readonly stopping: boolean;
  /** The abstract socket of this start, '@' in front. */
  readonly socket: Bytes | null;
  readonly starts: number;
  readonly failures: number;
  readonly consecutiveFailures: number;
  readonly ooms: number;
  readonly last: LastEnd | null;
  readonly outcome: Outcome;
  /** The sentence for `outcome`. */
  readonly reason: Bytes | null;
  /** When the next start is due, RFC 3339; for reading only. */
  readonly next: string | null;
  /** The services that are waited for. */
  readonly waiting: readonly Bytes[];
  /** Pid and start time of the supervisor's parent. */
  readonly parent: string | null;
}

/** Of a service of which nothing is known yet. */
export const NEW_STATE: SupervisorState = {
  pid: 0,
  by: null,
  ready: false,
  readyAt: null,
  text: '',
  reloading: false,
  stopping: false,
  socket: null,
  starts: 0,
  failures: 0,
  consecutiveFailures: 0,
  ooms: 0,
  last: null,
  outcome: null,
  reason: null,
  next: null,
  waiting: [],
  parent: null,
};

/** A time or a process, as JSON. */
const plain = (text: string | null): Bytes | null => (text === null ? null : encodePlain(text));
/** Text that others chose. */
const quoted = (text: Bytes | null): Bytes | null => (text === null ? null : text === '' ? '""' : jsonString(text));

const lastText = ({ at, pid, code, signal, ranSeconds, cause, oom }: LastEnd): Bytes =>
  `{"at":${plain(at)},"pid":${pid},"code":${code},"signal":${signal},"ran_seconds":${ranSeconds},"cause":"${cause}",` +
  `"oom":${oom === 'possible' ? '"possible"' : oom}}`;

const wordOf = (word: ReadyBy | Outcome): Bytes | null => (word === null ? null : `"${word}"`);

/** Put together here: a crash waits for it, and the engine's own encoder takes three times as long. */
const line = (state: SupervisorState, waiting: readonly Bytes[]): Bytes =>
  `{"pid":${state.pid},"by":${wordOf(state.by)},"ready":${state.ready},"ready_at":${plain(state.readyAt)},` +
  `"text":${quoted(plainText(state.text, TEXT_MAX))},"reloading":${state.reloading},"stopping":${state.stopping},` +
  `"socket":${quoted(state.socket)},"starts":${state.starts},"failures":${state.failures},` +
  `"consecutive_failures":${state.consecutiveFailures},"ooms":${state.ooms},` +
  `"last":${state.last === null ? null : lastText(state.last)},"outcome":${wordOf(state.outcome)},` +
  `"reason":${state.reason === null ? null : quoted(plainText(state.reason, REASON_MAX))},"next":${plain(state.next)},` +
  `"waiting":${waiting.length === 0 ? '[]' : encodeJson(waiting)},"parent":${plain(state.parent)}}\n`;

/** The file's line. Names that do not fit are left out, last ones first. */
export const encodeState = (state: SupervisorState): Bytes => {
  let { waiting } = state;
  let text = line(state, waiting);
  while (text.length > STATE_MAX && waiting.length > 0) {
    waiting = waiting.slice(0, -1);
    text = line(state, waiting);
  }
  return text;
};

type Members = Readonly<Record<string, unknown>>;

const countOf = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
const textOf = (value: unknown): Bytes | null => (typeof value === 'string' ? value : null);
const oneOf = <T>(value: unknown, known: readonly T[], otherwise: T): T =>
  known.includes(value as T) ? (value as T) : otherwise;

const CAUSES: readonly Cause[] = ['exit', 'asked', 'timeout-up', 'watchdog', 'dependency'];
const READY_BY: readonly ReadyBy[] = ['fd', 'socket', 'check', null];
const OUTCOMES: readonly Outcome[] = ['done', 'failed', null];
const OOMS: readonly Oom[] = [true, 'possible', null];

const lastIn = (value: unknown): LastEnd | null => {
  if (typeof value !== 'object' || value === null) return null;
  const members = value as Members;
  const at = textOf(members['at']);
  if (at === null) return null;
  const ran = members['ran_seconds'];
  return {
    at,
    pid: countOf(members['pid']),
    code: members['code'] === -1 ? -1 : countOf(members['code']),
    signal: countOf(members['signal']),
    ranSeconds: typeof ran === 'number' ? ran : 0,
    cause: oneOf(members['cause'], CAUSES, 'exit'),
    oom: oneOf(members['oom'], OOMS, null),
  };
};

const namesIn = (value: unknown): readonly Bytes[] =>
  Array.isArray(value) ? value.filter((name): name is Bytes => typeof name === 'string') : [];

/** What the file says; null where it is no JSON object. */
export const decodeState = (text: Bytes): SupervisorState | null => {
  const members = decodeObject(text);
  if (members === null) return null;
  return {
    pid: countOf(members['pid']),
    by: oneOf(members['by'], READY_BY, null),
    ready: members['ready'] === true,
    readyAt: textOf(members['ready_at']),
    text: textOf(members['text']) ?? '',
    reloading: members['reloading'] === true,
    stopping: members['stopping'] === true,
    socket: textOf(members['socket']),
    starts: countOf(members['starts']),
    failures: countOf(members['failures']),
    consecutiveFailures: countOf(members['consecutive_failures']),
    ooms: countOf(members['ooms']),
    last: lastIn(members['last']),
    outcome: oneOf(members['outcome'], OUTCOMES, null),
    reason: textOf(members['reason']),
    next: textOf(members['next']),
    waiting: namesIn(members['waiting']),
    parent: textOf(members['parent']),
  };
};

/** Whether a state differs from the one that was written by nothing but a start that `withStart` adds. */
export const isImplied = (written: SupervisorState, state: SupervisorState): boolean =>
  state.pid !== 0 &&
  state.pid !== written.pid &&
  state.starts === written.starts + 1 &&
  state.next === null &&
  state.by === null &&
  written.by === null &&
  state.last === written.last &&
  state.outcome === written.outcome &&
  state.failures === written.failures &&
  state.consecutiveFailures === written.consecutiveFailures &&
  state.waiting === written.waiting;

/** What state.json says, together with the process that `status` tells of: `pid`, 0 where ./run does not run. */
export const withStart = (state: SupervisorState, pid: number): SupervisorState =>
  state.by !== null || pid === 0 || pid === state.pid ? state : { ...state, pid, next: null, starts: state.starts + 1 };
