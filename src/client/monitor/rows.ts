// Rows of the monitor out of snapshots and what was measured. Pure. Read next: model.ts, ../snapshots.ts.
import { conditionOfSnapshot, type Snapshot } from '../../formats/snapshot.ts';
import { lastEndText } from '../render-list.ts';
import type { Row } from './model.ts';
import type { Used } from './usage.ts';

/** `nowMs`: Unix milliseconds. */
export const rowOf = (snapshot: Snapshot, used: Used | null, nowMs: number): Row => {
  const { name, directory, main, error } = snapshot;
  const common = {
    key: directory,
    name,
    condition: conditionOfSnapshot(snapshot),
    cpu: used?.cpu ?? null,
    memoryBytes: used?.memoryBytes ?? null,
    processes: used?.processes ?? null,
  };
  if (main === null) return { ...common, pid: 0, sinceMs: null, starts: null, lastEnd: error ?? '' };
  const { status, state } = main;
  return {
    ...common,
    pid: status.pid,
    sinceMs: status.sec * 1000 + status.nsec / 1e6,
    starts: state?.starts ?? null,
    lastEnd: lastEndText(state, nowMs),
  };
};
