// What explains the condition of a service: its last events, the last lines of its log, and those that it waits for.
//
// Read next: render-why.ts (for people), ../applets/sv/why.ts and ../api/services.ts (who asks).
import { decodeHistory, HISTORY_MAX, type Recorded } from '../formats/history.ts';
import type { Json } from '../formats/json.ts';
import { conditionOfSnapshot, type Snapshot, snapshotJson } from '../formats/snapshot.ts';
import { serviceBeside } from './dependencies.ts';
import { currentLog, tailOf } from './log-files.ts';
import type { Facts } from './render-why.ts';
import type { Service } from './service.ts';
import { readSupervised } from './read-state.ts';
import { type Asking, isDirectory, snapshotOf } from './snapshots.ts';

/** Events and log lines that are shown. */
const EVENTS = 6;
const LOG_LINES = 5;

const historyOf = (dir: string): readonly Recorded[] | null => {
  const text = readSupervised(`${dir}/supervise/history.jsonl`, 2 * HISTORY_MAX);
  return text === null ? null : decodeHistory(text);
};

/** The services that one waits for lie beside it. */
const awaitedOf = (service: Service, { main }: Snapshot, asking: Asking): Facts['awaited'] =>
  (main?.state?.waiting ?? []).map((name) => {
    const beside = serviceBeside(service, name);
    return { name, condition: isDirectory(beside.dir) ? conditionOfSnapshot(snapshotOf(beside, asking)) : null };
  });

/** `ms`: Unix milliseconds. */
export const factsOf = (service: Service, asking: Asking, ms: number): Facts => {
  const snapshot = snapshotOf(service, asking);
  const history = historyOf(service.dir)?.slice(-EVENTS) ?? null;
  const path = currentLog(service.dir, snapshot.log?.status.pid ?? 0);
  const log = path === null ? null : tailOf(path, LOG_LINES);
  return { snapshot, history, log, awaited: awaitedOf(service, snapshot, asking), nowMs: ms };
};

type Members = { readonly [name: string]: Json };

export const factsJson = ({ snapshot, history, log, nowMs: ms }: Facts): Members => ({
  ...(snapshotJson(snapshot, ms) as Members),
  history: (history ?? []).map(({ members }) => members as Members),
  log_lines: log === null ? [] : log.lines,
});
