// `sv list` and `sv status --json`: services as a table for people, or as data.
//
// Read next: ../../client/snapshots.ts, ../../client/render-list.ts.
import { errorText } from '../../cli/errno.ts';
import { err, out, visible } from '../../cli/say.ts';
import { listText } from '../../client/render-list.ts';
import { newAsking, snapshotOf, snapshotsLike } from '../../client/snapshots.ts';
import { lookup, servicesNamed, variable } from '../../client/service.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { encodeJson } from '../../formats/json.ts';
import { matcher } from '../../formats/pattern.ts';
import { type Snapshot, snapshotJson } from '../../formats/snapshot.ts';
import { nowMs } from '../../host/clock.ts';
import { type Call, MOST_FAILURES } from './tool.ts';
import { isTerminal, widthOf } from './terminal.ts';

const asJson = (snapshots: readonly Snapshot[], ms: number): void => {
  out(`[${snapshots.map((snapshot) => encodeJson(snapshotJson(snapshot, ms))).join(',\n ')}]\n`);
};

const asTable = (snapshots: readonly Snapshot[], ms: number): void => {
  const colour = isTerminal() && variable('NO_COLOR') === undefined;
  out(listText(snapshots, { nowMs: ms, width: widthOf(), colour }));
};

const unmatched = (pattern: Bytes): number => {
  err(`sv: ${visible(pattern)}: no service matches in ${visible(lookup().dir)}\n`);
  return 1;
};

export const runList = ({ given, operands }: Call): number => {
  const asJsonText = given.count('json') > 0 || given.count('usage') > 0;
  const snapshots = snapshotsLike(operands, newAsking(given.count('usage') > 0, !asJsonText));
  if (typeof snapshots === 'number') {
    err(`sv: unable to read ${visible(lookup().dir)}: ${errorText(snapshots)}\n`);
    return 1;
  }
  const show = asJsonText ? asJson : asTable;
  show(snapshots, nowMs());
  const matches = (pattern: Bytes): boolean => snapshots.some(({ name }) => matcher(pattern)(name));
  const failures = operands.reduce((sum, pattern) => sum + (matches(pattern) ? 0 : unmatched(pattern)), 0);
  return Math.min(MOST_FAILURES, failures);
};

export const runStatus = ({ given, operands }: Call): number => {
  const asking = newAsking(given.count('usage') > 0);
  // names as they were given: JSON has its own way to keep a terminal safe
  const snapshots = servicesNamed(operands).map((service, at) => ({
    ...snapshotOf(service, asking),
    name: operands[at] ?? service.name,
  }));
  asJson(snapshots, nowMs());
  return Math.min(MOST_FAILURES, snapshots.filter(({ main }) => main === null).length);
};
