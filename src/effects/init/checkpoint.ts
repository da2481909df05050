// Going on after a failure of the engine, for runit: process 1 says at each change which stage is where, and takes that up
// when the host has executed it anew (sys_reexec in ../../host/c/sys.h).
//
// Promises: no stage is started twice, no exit code of one lost. Files and signals say what else was asked.
// Read first: ../../machine/checkpoint.ts. Read next: supervisor.ts.
import { encodeHandover, type Start } from '../../machine/checkpoint.ts';
import { type Fd, refused } from '../../host/calls.ts';
import { O_RDONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import type { Stages } from '../../machine/init/model.ts';
import { isGone, NEXT } from '../container/checkpoint.ts';

const NO_ROOT = -1;

/** What each state is handed over with: where process 1 is to be, and when it was started. */
export interface From {
  readonly root: number;
  readonly start: Start;
}

/** Where process 1 is to be when it goes on. */
export const openRoot = (): number => {
  const fd = sys.open('/', O_RDONLY, 0);
  return refused(fd) ? NO_ROOT : fd;
};

/** Says where the stages are. Where there is no memory for it, what was said last stands. */
export const handStages = ({ root, start }: From, stages: Stages): void => {
  sys.checkpoint(encodeHandover('runit', start, stages), root as Fd, [], stages.pid);
};

/**
 * What is spawned next is the stage, or the shell: it is known to the host before it is to us. Where that cannot be said it
 * is not started, for a successor would start another.
 */
export const announceStage = ({ root, start }: From, stages: Stages): void => {
  const said = sys.checkpoint(encodeHandover('runit', start, stages), root as Fd, [], NEXT);
  if (refused(said)) throw new Error('out of memory');
};

/** The processes whose end was taken, and lost with the engine. */
export const lostEnds = ({ pid, script }: Stages): readonly number[] =>
  [pid, script?.pid ?? 0].filter((each) => each > 0 && isGone(each));
