// What services depend on: the names in their `dependencies.d`, and the services that these are.
//
// Promises: a name with a dot in front is ignored; each directory is read once, so cycles end.
// Read next: render-graph.ts, ../applets/sv/graph.ts.
import type { Bytes } from '../abi/bytes.ts';
import { namesDependency } from '../formats/dependency.ts';
import { isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import { parentOf, withoutSlashes } from './parent-runsvdir.ts';
import type { Service } from './service.ts';

/** The service of this name that lies beside another. */
export const serviceBeside = ({ dir }: Service, name: Bytes): Service => {
  const parent = parentOf(withoutSlashes(dir));
  return { name, dir: parent === '/' ? `/${name}` : `${parent}/${name}` };
};

/** The names in a service's `dependencies.d`, sorted. */
export const dependencyNames = (dir: Bytes): readonly Bytes[] => {
  const names = sys.readdir(`${dir}/dependencies.d`);
  return isErrno(names) ? [] : names.filter(namesDependency).sort();
};

/** A service and the keys (directories) of those that it depends on. */
export interface Vertex {
  readonly service: Service;
  readonly dependencies: readonly Bytes[];
}

/** By directory: these services, and whatever they depend on. */
export const withDependencies = (services: readonly Service[]): ReadonlyMap<Bytes, Vertex> => {
  const vertices = new Map<Bytes, Vertex>();
  const queue = [...services];
  for (let at = 0; at < queue.length; at++) {
    const service = queue[at] as Service;
    if (vertices.has(service.dir)) continue;
    const beside = dependencyNames(service.dir).map((name) => serviceBeside(service, name));
    vertices.set(service.dir, { service, dependencies: beside.map(({ dir }) => dir) });
    queue.push(...beside);
  }
  return vertices;
};
