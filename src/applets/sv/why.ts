// `sv why`: explains the condition of services, with their last ends and the last lines of their logs.
//
// Read next: ../../client/render-why.ts.
import { out } from '../../cli/say.ts';
import { serviceBeside } from '../../client/dependencies.ts';
import { currentLog, tailOf } from '../../client/log-files.ts';
import { type Facts, whyText } from '../../client/render-why.ts';
import { readSupervised } from '../../client/read-state.ts';
import { type Asking, newAsking, snapshotOf } from '../../client/snapshots.ts';
import { type Service, servicesNamed } from '../../client/service.ts';
import { decodeHistory, HISTORY_MAX, type Recorded } from '../../formats/history.ts';
import { encodeJson, type Json } from '../../formats/json.ts';
import { conditionOfSnapshot, type Snapshot, snapshotJson } from '../../formats/snapshot.ts';
import { nowMs } from '../../host/clock.ts';
import { type Call, MOST_FAILURES } from './tool.ts';

/** Events and log lines that are shown. */
const EVENTS = 6;
const LOG_LINES = 5;

const historyOf = (dir: string): readonly Recorded[] | null => {
  const text = readSupervised(`${dir}/supervise/history.jsonl`, 2 * HISTORY_MAX);
  return text === null ? null : decodeHistory(text);
};

/** The services that one waits for lie beside it. */
const awaitedOf = (service: Service, { main }: Snapshot, asking: Asking): Facts['awaited'] =>
  (main?.state?.waiting ?? []).map((name) => ({
    name,
    condition: conditionOfSnapshot(snapshotOf(serviceBeside(service, name), asking)),
  }));

/** What is known of a service, its history and its log included. */
export const factsOf = (service: Service, asking: Asking, ms: number): Facts => {
  const snapshot = snapshotOf(service, asking);
  const history = historyOf(service.dir)?.slice(-EVENTS) ?? null;
  const path = currentLog(service.dir, snapshot.log?.status.pid ?? 0);
  const log = path === null ? null : tailOf(path, LOG_LINES);
  return { snapshot, history, log, awaited: awaitedOf(service, snapshot, asking), nowMs: ms };
};

const asJson = ({ snapshot, history, log, nowMs: ms }: Facts): Json => ({
  ...(snapshotJson(snapshot, ms) as { readonly [name: string]: Json }),
  history: (history ?? []).map(({ members }) => members as { readonly [name: string]: Json }),
  log_lines: log === null ? [] : log.lines,
});

export const runWhy = ({ given, operands }: Call): number => {
  const asking = newAsking(false);
  const all = servicesNamed(operands).map((service) => factsOf(service, asking, nowMs()));
  if (given.count('json') > 0) out(`[${all.map((facts) => encodeJson(asJson(facts))).join(',\n ')}]\n`);
  else out(all.map(whyText).join('\n'));
  return Math.min(MOST_FAILURES, all.filter(({ snapshot }) => snapshot.main === null).length);
};
