// Stopping several services in order: one that others depend on is told when those have obeyed. And who depends on a service.
//
// Promises: after half of the time all are told, whatever the others do; each is told once, and has its line. Lies in the cold part of
// sv. Read next: dependencies.ts, wait-for.ts, ../applets/sv.ts (who calls).
import type { Bytes } from '../abi/bytes.ts';
import { isErrno } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import { dependentsAmong } from '../machine/scan/waves.ts';
import { type Command, endsRunsv } from './command.ts';
import { serviceBeside, withDependencies } from './dependencies.ts';
import { parentOf, withoutSlashes } from './parent-runsvdir.ts';
import { isTrouble } from './report.ts';
import type { Failure, SentToAll } from './send-all.ts';
import { readStatus, type Service } from './service.ts';
import type { Target } from './wait.ts';
import { waitFor } from './wait-for.ts';

/** A command to several services; what the heap image has comes from there, so that it is not in the cold part once more. */
export interface Order {
  readonly command: Command;
  /** Monotonic. */
  readonly deadlineMs: number;
  readonly send: (services: readonly Service[]) => SentToAll;
  /** Prints what could not be sent; returns how many of them have failed. */
  readonly report: (failures: readonly Failure[]) => number;
  /** Waits, and prints a line for each; returns how many have failed. */
  readonly wait: (targets: readonly Target[]) => number;
}

/** By directory: the directories of those that depend on it. */
const dependentsBy = (services: readonly Service[]): ReadonlyMap<Bytes, readonly Bytes[]> =>
  dependentsAmong(
    [...withDependencies(services)].map(([dir, { dependencies }]) => ({ name: dir, dependencies: [...dependencies] })),
  );

/** Whether one of `others` depends on a service, also by way of services that are not among them. */
const isNeeded = (
  { dir }: Service,
  dependents: ReadonlyMap<Bytes, readonly Bytes[]>,
  others: ReadonlySet<Bytes>,
): boolean => {
  const queue = [...(dependents.get(dir) ?? [])];
  const seen = new Set<Bytes>();
  for (const one of queue) {
    if (others.has(one)) return true;
    if (seen.has(one)) continue;
    seen.add(one);
    queue.push(...(dependents.get(one) ?? []));
  }
  return false;
};

/** Stops services, those first on which no other of them depends. Returns how many have failed. */
export const stopInOrder = (
  services: readonly Service[],
  { command, deadlineMs, send, report, wait }: Order,
): number => {
  const dependents = dependentsBy(services);
  const halfMs = (monotonicMs() + deadlineMs) / 2;
  const left = new Set(services.map(({ dir }) => dir));
  let untold = services;
  let targets: readonly Target[] = [];
  let failed = 0;
  const tell = (some: readonly Service[]): void => {
    untold = untold.filter((service) => !some.includes(service));
    const sent = send(some);
    failed += report(sent.failures);
    for (const { service } of sent.failures) left.delete(service.dir);
    targets = [...targets, ...sent.targets];
  };
  while (untold.length > 0) {
    const free = untold.filter((service) => !isNeeded(service, dependents, left));
    if (free.length === 0 && targets.length === 0) tell(untold);
    tell(free);
    if (untold.length === 0) break;
    const goal = endsRunsv(command) ? 'gone' : 'down';
    const results = waitFor(
      goal,
      targets.map(({ service }) => service),
      true,
      halfMs,
    );
    const done = targets.filter((_, at) => results[at]?.verdict !== 'not yet');
    if (done.length === 0 && monotonicMs() >= halfMs) tell(untold);
    for (const { service } of done) left.delete(service.dir);
    targets = targets.filter((target) => !done.includes(target));
    failed += wait(done);
  }
  return failed + wait(targets);
};

const runs = ({ dir }: Service): boolean => {
  const status = readStatus(dir);
  return !isTrouble(status) && (status.pid !== 0 || status.want === 'up');
};

/** The services beside these that run and depend on them, also by way of others; those that others need come last. */
export const dependentsOf = (services: readonly Service[]): readonly Service[] => {
  const named = new Set(services.map(({ dir }) => dir));
  const beside = services.flatMap((service) => {
    const names = sys.readdir(parentOf(withoutSlashes(service.dir)));
    return isErrno(names) ? [] : names.filter((name) => name[0] !== '.').map((name) => serviceBeside(service, name));
  });
  const all = new Map(beside.map((service) => [service.dir, service]));
  const dependents = dependentsBy([...all.values()]);
  const found = new Set<Bytes>();
  const queue = services.flatMap(({ dir }) => dependents.get(dir) ?? []);
  for (const dir of queue) {
    if (found.has(dir) || named.has(dir)) continue;
    found.add(dir);
    queue.push(...(dependents.get(dir) ?? []));
  }
  return [...all.values()].filter((service) => found.has(service.dir) && runs(service));
};
