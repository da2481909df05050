// Which of the runsvs that were being started when the engine failed run.
//
// They are our children and work in the directories of their services, whatever has become of the names meanwhile. One that does
// not run, or has not entered its service yet, is left to the next scan, which finds it by the lock of its service.
// Read next: ../container/checkpoint.ts (who saves which are being started).
import { sys } from '../../host/sys.ts';
import type { Checkpoint } from '../../machine/checkpoint.ts';
import type { Entry } from '../../machine/scan/table.ts';
import { others } from '../process/processes.ts';
import { keyAt } from './read-dir.ts';

/** The runsvs that are our children, by the keys of the directories that they work in. */
const runsvsByKey = (): ReadonlyMap<string, number> => {
  const self = sys.getpid();
  const runsvs = new Map<string, number>();
  for (const { pid, parent, name } of others()) {
    const key = parent === self && name === 'runsv' ? keyAt(`/proc/${pid}/cwd`) : null;
    if (key !== null) runsvs.set(key, pid);
  }
  return runsvs;
};

const startedAmong = (wanted: readonly Entry[], starting: readonly string[]): readonly Entry[] => {
  const runsvs = runsvsByKey();
  return wanted.flatMap((entry) => {
    if (!starting.includes(entry.key)) return [entry];
    const pid = runsvs.get(entry.key);
    return pid === undefined ? [] : [{ ...entry, pid }];
  });
};

/** The checkpoint, with the runsvs that were being started and run. */
export const withStarted = (checkpoint: Checkpoint<'runsvdir'>): Checkpoint<'runsvdir'> => {
  const { wanted, starting } = checkpoint.state;
  if (starting.length === 0) return checkpoint;
  return { ...checkpoint, state: { ...checkpoint.state, wanted: startedAmong(wanted, starting), starting: [] } };
};
