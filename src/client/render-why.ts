// The answer of `sv why`: why a service is in the condition that it is in, for people.
//
// Promises: no control character of a name, a text or a log line reaches the terminal. Pure.
// Read next: render-event.ts, ../applets/sv/why.ts.
import { visible } from '../cli/say.ts';
import type { Bytes } from '../abi/bytes.ts';
import type { Condition } from '../formats/condition.ts';
import type { Recorded } from '../formats/history.ts';
import { conditionOfSnapshot, type Snapshot, type Side } from '../formats/snapshot.ts';
import { momentMs } from '../formats/moment.ts';
import { spanText } from '../formats/span.ts';
import { eventText, timeOfDay } from './render-event.ts';

/** The last lines of a service's log, and where they stand. */
export interface LogTail {
  readonly path: Bytes;
  readonly lines: readonly Bytes[];
}

/** A service that another one waits for. */
export interface Awaited {
  readonly name: Bytes;
  /** null: there is no service of this name. */
  readonly condition: Condition | null;
}

export interface Facts {
  readonly snapshot: Snapshot;
  /** null: none was recorded. */
  readonly history: readonly Recorded[] | null;
  readonly log: LogTail | null;
  readonly awaited: readonly Awaited[];
  /** Unix milliseconds. */
  readonly nowMs: number;
}

const ageOf = ({ status }: Side, nowMs: number): Bytes => spanText(nowMs / 1000 - status.sec - status.nsec / 1e9);

const failuresText = ({ state }: Side): Bytes => {
  const failures = state?.consecutiveFailures ?? 0;
  return failures < 2 ? '' : ` (${failures} failures in a row)`;
};

const nextStart = (side: Side, nowMs: number): Bytes => {
  const next = side.state?.next ?? null;
  if (next === null) return 'its start is due';
  const seconds = ((momentMs(next) ?? nowMs) - nowMs) / 1000;
  return seconds < 1 ? 'its start is due' : `starts again in ${spanText(seconds)}`;
};

const processText = ({ status }: Side): Bytes => (status.pid === 0 ? '' : `, process ${status.pid}`);

const awaitedText = (awaited: readonly Awaited[]): Bytes =>
  awaited.map(({ name, condition }) => `${visible(name)} (${condition ?? 'missing'})`).join(', ');

const downText = (age: Bytes, normallyUp: boolean): Bytes => {
  const why = normallyUp ? 'stopped by a command' : 'normally down';
  return `down for ${age}, ${why}`;
};

const sentenceOf = ({ snapshot, awaited, nowMs }: Facts, side: Side): Bytes => {
  const condition = conditionOfSnapshot(snapshot);
  const age = ageOf(side, nowMs);
  const paused = side.status.paused ? ', paused' : '';
  const reason = side.state?.reason;
  switch (condition) {
    case 'backoff':
      return `backoff, ${nextStart(side, nowMs)}${failuresText(side)}`;
    case 'waiting':
      return `waiting for ${awaitedText(awaited)}`;
    case 'failed':
    case 'done':
      return `${condition} for ${age}${reason == null ? '' : `: ${visible(reason)}`}`;
    case 'down':
      return downText(age, snapshot.normallyUp);
    case 'starting':
      return `starting${processText(side)}, not ready after ${age}${paused}`;
    case 'unready':
      return `running${processText(side)}, no longer ready${paused}`;
    case 'stopping':
      return `stopping${processText(side)}, which was sent its stop signal and has not ended`;
    case 'finishing':
      return `finishing: ./finish runs${processText(side)}`;
    default:
      return `${condition} for ${age}${processText(side)}${paused}`;
  }
};

const START_HINTS: readonly Condition[] = ['backoff', 'failed', 'done', 'down'];

const historyLines = ({ history }: Facts): readonly Bytes[] => {
  if (history === null) return ['  no unexpected exit was recorded'];
  return history.map((recorded) => `  ${timeOfDay(recorded.at)}  ${eventText(recorded)}`);
};

const logLines = ({ log }: Facts): readonly Bytes[] =>
  log === null || log.lines.length === 0
    ? []
    : [`last log lines (${visible(log.path)}):`, ...log.lines.map((line) => `  ${visible(line)}`)];

/** The whole answer about one service. */
export const whyText = (facts: Facts): Bytes => {
  const { snapshot } = facts;
  const name = visible(snapshot.name);
  if (snapshot.main === null) return `${name}: unsupervised: ${visible(snapshot.error ?? 'runsv not running')}\n`;
  const lines = [`${name}: ${sentenceOf(facts, snapshot.main)}`, ...historyLines(facts), ...logLines(facts)];
  if (START_HINTS.includes(conditionOfSnapshot(snapshot))) lines.push(`to start it now: sv start ${name}`);
  return `${lines.join('\n')}\n`;
};
