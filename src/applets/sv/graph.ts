// `sv graph`: the tree of dependencies of services, each with its state.
//
// Read next: ../../client/dependencies.ts, ../../client/render-graph.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { errorText } from '../../cli/errno.ts';
import { err, out, visible } from '../../cli/say.ts';
import { type Vertex, withDependencies } from '../../client/dependencies.ts';
import { graphText, type Shown } from '../../client/render-graph.ts';
import { lookup, type Service, servicesNamed } from '../../client/service.ts';
import { type Asking, isDirectory, newAsking, servicesLike, snapshotOf } from '../../client/snapshots.ts';
import { encodeJson, type Json } from '../../formats/json.ts';
import { momentMs } from '../../formats/moment.ts';
import { conditionOfSnapshot, type Snapshot } from '../../formats/snapshot.ts';
import { spanText } from '../../formats/span.ts';
import { nowMs } from '../../host/clock.ts';
import { type Call, MOST_FAILURES } from './tool.ts';

const MISSING = 'missing';

const stateText = (snapshot: Snapshot, ms: number): Bytes => {
  const condition = conditionOfSnapshot(snapshot);
  const next = momentMs(snapshot.main?.state?.next ?? '');
  return next === null ? condition : `${condition}, next start in ${spanText((next - ms) / 1000)}`;
};

const shownOf = ({ service, dependencies }: Vertex, asking: Asking, ms: number): Shown => ({
  name: service.name,
  state: isDirectory(service.dir) ? stateText(snapshotOf(service, asking), ms) : MISSING,
  dependencies,
});

const asJson = (vertices: ReadonlyMap<Bytes, Vertex>, asking: Asking): Bytes => {
  const nameOf = (key: Bytes): Bytes => vertices.get(key)?.service.name ?? key;
  const objects = [...vertices.values()].map(
    ({ service, dependencies }): Json => ({
      service: service.name,
      condition: isDirectory(service.dir) ? conditionOfSnapshot(snapshotOf(service, asking)) : null,
      dependencies: dependencies.map(nameOf),
    }),
  );
  return `[${objects.map(encodeJson).join(',\n ')}]\n`;
};

/** The tree as text; `roots`: keys to begin with, null: with those that nobody needs. */
export const treeText = (vertices: ReadonlyMap<Bytes, Vertex>, roots: readonly Bytes[] | null): Bytes => {
  const asking = newAsking(false);
  const ms = nowMs();
  return graphText(new Map([...vertices].map(([key, vertex]) => [key, shownOf(vertex, asking, ms)])), roots);
};

const servicesOf = (names: readonly Bytes[]): readonly Service[] | number =>
  names.length === 0
    ? servicesLike([])
    : // names as they were given: what is shown is made safe later
      servicesNamed(names).map(({ dir }, at) => ({ name: names[at] as Bytes, dir }));

export const runGraph = ({ given, operands }: Call): number => {
  const services = servicesOf(operands);
  if (typeof services === 'number') {
    err(`sv: unable to read ${visible(lookup().dir)}: ${errorText(services)}\n`);
    return 1;
  }
  const vertices = withDependencies(services);
  if (given.count('json') > 0) out(asJson(vertices, newAsking(false)));
  else out(treeText(vertices, operands.length === 0 ? null : services.map(({ dir }) => dir)));
  return Math.min(MOST_FAILURES, services.filter(({ dir }) => !isDirectory(dir)).length);
};
