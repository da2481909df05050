// What must hold of state.json and history.jsonl at any moment, whoever was killed in the middle of what.
//
// Read next: ../../src/effects/service/recording.ts, ../sim/service-invariants.ts.
import { decodeHistory, HISTORY_MAX } from '../../src/formats/history.ts';
import { decodeState, STATE_MAX } from '../../src/formats/state.ts';

/** The lines that were seen, by their numbers. */
export type Seen = Map<number, string>;

/** What is wrong with a history; only what is behind its last newline may be a part of a line. */
export const historyTroubles = (text: string | null, seen: Seen): readonly string[] => {
  if (text === null) return [];
  const troubles: string[] = [];
  if (text.length > HISTORY_MAX) troubles.push(`history.jsonl has ${text.length} bytes`);
  const lines = text.split('\n').slice(0, -1);
  const events = decodeHistory(text);
  if (events.length !== lines.length) troubles.push(`history.jsonl has torn lines: ${JSON.stringify(text)}`);
  let last = 0;
  for (const [index, { n }] of events.entries()) {
    const line = lines[index] ?? '';
    if (n <= last) troubles.push(`event ${n} comes after ${last}`);
    if ((seen.get(n) ?? line) !== line) troubles.push(`event ${n} was ${seen.get(n)}, and is ${line}`);
    seen.set(n, line);
    last = n;
  }
  return troubles;
};

/** What is wrong with a state.json. */
export const stateTroubles = (text: string | null): readonly string[] => {
  if (text === null) return [];
  const state = text.endsWith('}\n') && text.length <= STATE_MAX ? decodeState(text) : null;
  if (state === null) return [`state.json is torn: ${JSON.stringify(text)}`];
  return state.failures > state.starts || state.consecutiveFailures > state.failures
    ? [`state.json counts wrong: ${text}`]
    : [];
};
