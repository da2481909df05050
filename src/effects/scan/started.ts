// Which of the runsvs that were being started when the engine failed run.
//
// They are our children and work in the directories of their services, whatever has become of the names meanwhile. One that does
// not run, or has not entered its service yet, is left to the next scan, which finds it by the lock of its service.
// Read next: ../container/checkpoint.ts (who saves which are being started).
import type { Bytes } from '../../abi/bytes.ts';
import { sys } from '../../host/sys.ts';
import type { Checkpoint } from '../../machine/checkpoint.ts';
import type { Entry } from '../../machine/scan/table.ts';
import { others } from '../process/processes.ts';
import { keyAt } from './read-dir.ts';

/** Our children, by the keys of the directories that they work in; `isOne`: which of them, by their names. */
export const childrenByKey = (isOne: (name: Bytes) => boolean): ReadonlyMap<string, number> => {
  const self = sys.getpid();
  const children = new Map<string, number>();
  for (const { pid, parent, name } of others()) {
    const key = parent === self && isOne(name) ? keyAt(`/proc/${pid}/cwd`) : null;
    if (key !== null) children.set(key, pid);
  }
  return children;
};

const startedAmong = (wanted: readonly Entry[], starting: readonly string[]): readonly Entry[] => {
  const runsvs = childrenByKey((name) => name === 'runsv');
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
