// Waiting for containers: a look runs a docker command, so looks are rarer and the deadline is longer than elsewhere.
import { until as lookUntil } from '../lib/wait.ts';

const DEADLINE_MS = 120_000;
const LOOK_MS = 100;

/** Looks until `look` yields something; rejects with what was awaited. */
export const until = <T>(what: string, look: () => T | Promise<T>, deadlineMs = DEADLINE_MS) =>
  lookUntil(what, look, deadlineMs, LOOK_MS);
