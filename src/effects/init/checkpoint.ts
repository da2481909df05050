// Surviving an engine failure, for runit: process 1 saves at each change which stage is where and what is still to be
// done about it, and restores that when the host has executed it again (sys_reexec in ../../host/c/sys.h).
//
// Promises: starts no stage twice, loses no exit code of one, omits no effect. Files and signals tell what else was requested.
// Read first: ../../machine/checkpoint.ts. Read next: supervisor.ts.
import { encodeCheckpoint, type Start, type UnfinishedStages } from '../../machine/checkpoint.ts';
import { type Done, type Errno, type Fd, isErrno } from '../../host/calls.ts';
import { O_RDONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import type { Stages } from '../../machine/init/model.ts';
import { isGone, NEXT } from '../container/checkpoint.ts';

const NO_ROOT = -1;

/** What a checkpoint is made of. */
export interface Saved extends UnfinishedStages {
  /** The directory of process 1. */
  readonly root: number;
  /** When process 1 was started. */
  readonly start: Start;
}

/** The directory in which process 1 is executed again. */
export const openRoot = (): number => {
  const fd = sys.open('/', O_RDONLY, 0);
  return isErrno(fd) ? NO_ROOT : fd;
};

const save = ({ root, start, stages, todo }: Saved, pid: number): Done | Errno =>
  sys.checkpoint(encodeCheckpoint('runit', start, { stages, todo }), root as Fd, [], pid);

/** Saves where the stages are. Without memory for it the last checkpoint stays. */
export const saveStages = (saved: Saved): void => {
  save(saved, saved.stages.pid);
};

/**
 * The next process is the stage, or the shell: the host knows it before we do. If that cannot be saved, it
 * is not started, because a restored process would start another.
 */
export const announceStage = (saved: Saved): void => {
  if (isErrno(save(saved, NEXT))) throw new Error('out of memory');
};

/** The processes whose end was reaped, and lost with the engine. */
export const lostEnds = ({ pid, script }: Stages): readonly number[] =>
  [pid, script?.pid ?? 0].filter((each) => each > 0 && isGone(each));
