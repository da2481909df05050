// A service that waits for its dependencies, seen from outside: whether it waits for one that has failed, so that waiting on is in vain.
//
// Lies in the cold part of sv: few services wait. Promises: goes from service to service along what each says that it waits for, and looks at none twice.
// Read next: blocker.ts (who calls), dependencies.ts, wait-session.ts and wait-for.ts (who ask).
import type { Bytes } from '../abi/bytes.ts';
import { conditionOf } from '../formats/condition.ts';
import type { Status } from '../formats/status.ts';
import type { Moment } from '../formats/tai64.ts';
import { beganSince } from '../machine/client/wait-conditions.ts';
import { serviceBeside } from './dependencies.ts';
import { readState } from './read-state.ts';
import { blockedLine } from './render-line.ts';
import { isTrouble } from './report.ts';
import { readStatus, type Service } from './service.ts';

const MOST = 1000;

interface Blocker {
  readonly name: Bytes;
  readonly reason: Bytes | null;
}

/** `since`: whatever failed before was told to start by the command that is waited for; null: there was none. */
const blockerOf = (service: Service, waiting: readonly Bytes[], since: Moment | null): Blocker | null => {
  const queue = waiting.map((name) => serviceBeside(service, name));
  const seen = new Set<Bytes>();
  for (let at = 0; at < queue.length && at < MOST; at++) {
    const one = queue[at] as Service;
    if (seen.has(one.dir)) continue;
    seen.add(one.dir);
    const status = readStatus(one.dir);
    if (isTrouble(status)) continue;
    const state = readState(one.dir);
    const condition = conditionOf(status, state);
    const isNews = since === null || beganSince(status, { before: null, at: since });
    if (condition === 'failed' && isNews) return { name: one.name, reason: state?.reason ?? null };
    if (condition === 'waiting') queue.push(...(state?.waiting ?? []).map((name) => serviceBeside(one, name)));
  }
  return null;
};

/** What stands in the way of a service: the line that says so; null: it waits, for nobody that has failed; undefined: it does not wait. */
export const blockedBy = (service: Service, status: Status, since: Moment | null): Bytes | null | undefined => {
  const state = readState(service.dir);
  if (state === null || conditionOf(status, state) !== 'waiting') return undefined;
  const blocker = blockerOf(service, state.waiting, since);
  return blocker === null ? null : blockedLine(service.name, blocker.name, blocker.reason);
};
