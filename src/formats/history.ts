// supervise/history.jsonl: what has happened to a service, one JSON object a line, newest last.
//
// Promises: an event is one line without control characters, at most LINE_MAX bytes. `n` counts events, over successors of
// a supervisor too: a jump tells that lines were lost. Decoding takes what it can read and skips the rest.
// Read next: state.ts, why.ts.
import type { Bytes } from '../abi/bytes.ts';
import { decodeObject, encodeJson, encodePlain, plainText } from './json.ts';
import type { Cause, Oom } from './state.ts';

/** Beyond this many bytes the file is rewritten with its newest half. */
export const HISTORY_MAX = 8192;
/** No line is longer. */
export const LINE_MAX = 640;
const REASON_MAX = 128;

/** How a program ended: by its exit code (null: unknown, as it was another supervisor's child), or by a signal (its name, without SIG). */
export type End = { readonly code: number | null } | { readonly signal: string };

export type HistoryEvent =
  | { readonly event: 'started'; readonly pid: number }
  | { readonly event: 'ready' | 'unready' | 'reloading'; readonly pid: number; readonly after: number }
  | { readonly event: 'stopping'; readonly pid: number; readonly signal: string; readonly by: string }
  | { readonly event: 'killed'; readonly pid: number; readonly by: string }
  | ({
      readonly event: 'ended';
      readonly pid: number;
      readonly ran: number;
      readonly cause: Cause;
      readonly oom?: Exclude<Oom, null>;
    } & End)
  | ({ readonly event: 'finished'; readonly took: number } & End)
  | { readonly event: 'waiting'; readonly why: 'delay' | 'fork' | 'log'; readonly seconds: number }
  | { readonly event: 'waiting'; readonly why: 'dependency'; readonly for: readonly Bytes[] }
  | { readonly event: 'failed' | 'done'; readonly reason: Bytes };

/** When an event was, which one it was, and how many before it could not be written. */
export interface Place {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly n: number;
  readonly lost: number;
}

/** Names that are told at most, and bytes of each. */
const NAMES_MAX = 3;
const NAME_MAX = 64;

/** Whether others chose some of its words. */
const hasText = (event: HistoryEvent): boolean => 'reason' in event || 'for' in event;

const bounded = (event: HistoryEvent): HistoryEvent => {
  if ('reason' in event) return { ...event, reason: plainText(event.reason, REASON_MAX) };
  if (!('for' in event)) return event;
  return { ...event, for: event.for.slice(0, NAMES_MAX).map((name) => plainText(name, NAME_MAX)) };
};

const endText = (end: End): Bytes => ('signal' in end ? `"signal":"${end.signal}"` : `"code":${end.code}`);

/** The members of what each crash records, as JSON, without a call of the encoder, which takes five times as long; null: another event. */
const usualMembers = (event: HistoryEvent): Bytes | null => {
  switch (event.event) {
    case 'started':
      return `"started","pid":${event.pid}`;
    case 'ended': {
      const { pid, ran, cause, oom } = event;
      const suffix = oom === undefined ? '' : `,"oom":${oom === true ? oom : `"${oom}"`}`;
      return `"ended","pid":${pid},${endText(event)},"ran":${ran},"cause":"${cause}"${suffix}`;
    }
    case 'waiting':
      return 'for' in event ? null : `"waiting","why":"${event.why}","seconds":${event.seconds}`;
    default:
      return null;
  }
};

/** An event as a line. `at` is ours: a time. */
export const encodeEvent = ({ at, n, lost }: Place, event: HistoryEvent): Bytes => {
  const usual = usualMembers(event);
  if (usual !== null) return `{"at":"${at}","n":${n}${lost > 0 ? `,"lost":${lost}` : ''},"event":${usual}}\n`;
  const told = { at, n, lost: lost > 0 ? lost : undefined, ...bounded(event) };
  return `${hasText(event) ? encodeJson(told) : encodePlain(told)}\n`;
};

/** A line of the file: who reads it looks at the members that it knows. */
export interface Recorded {
  readonly at: string;
  readonly n: number;
  readonly event: string;
  /** The line itself, as JSON. */
  readonly members: Readonly<Record<string, unknown>>;
}

const recordedIn = (line: Bytes): Recorded | null => {
  const members = decodeObject(line);
  if (members === null) return null;
  const { at, n, event } = members;
  return typeof at === 'string' && typeof n === 'number' && typeof event === 'string'
    ? { at, n, event, members }
    : null;
};

/** The events of whole lines, oldest first. A line that is longer than one of ours is not: it may be nested without end. */
export const decodeHistory = (text: Bytes): readonly Recorded[] =>
  text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.length < LINE_MAX)
    .map(recordedIn)
    .filter((recorded): recorded is Recorded => recorded !== null);

/** The number of the last event, 0 where there is none. */
export const lastNumber = (text: Bytes): number => {
  const lines = text.split('\n').slice(0, -1);
  for (let at = lines.length - 1; at >= 0; at--) {
    const n = recordedIn(lines[at] as Bytes)?.n;
    if (n !== undefined && Number.isSafeInteger(n) && n > 0) return n;
  }
  return 0;
};

/** The text without a last line that was not written whole. */
export const wholeLines = (text: Bytes): Bytes => text.slice(0, text.lastIndexOf('\n') + 1);

/** What stays of a history that has grown too long: whole lines, at most half of HISTORY_MAX, newest last. */
export const newestHalf = (text: Bytes): Bytes => {
  const from = Math.max(0, text.length - HISTORY_MAX / 2);
  return from === 0 ? text : text.slice(text.indexOf('\n', from - 1) + 1);
};
