// A checkpoint: the state of a supervisor that must survive an engine failure. The host keeps it, and hands it over when
// it has executed the program again (sys_reexec in ../../host/c/sys.h).
//
// Read first: ../../machine/checkpoint.ts. Read next: ../scan/checkpoint.ts, ../init/checkpoint.ts (who save and restore one).
import { decodeCheckpoint, type Checkpoint, type ProgramWord } from '../../machine/checkpoint.ts';
import { errorText } from '../../cli/errno.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { ENOENT, ESRCH } from '../../abi/errno.ts';
import { O_NONBLOCK, O_RDONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { ownStart } from '../process/proc.ts';

/** The process that is spawned next. */
export const NEXT = -1;

/** The checkpoint of an earlier life of this process; null: none. One that exists and cannot be read is a failure. */
export const readCheckpoint = <W extends ProgramWord>(word: W): Checkpoint<W> | null => {
  const text = sys.restore();
  if (text === -ENOENT) return null;
  if (isErrno(text)) throw new Error(`unable to read what was handed over: ${errorText(text)}`);
  const checkpoint = decodeCheckpoint(word, text);
  if (checkpoint === null || checkpoint.start === null) return checkpoint;
  return checkpoint.start === (ownStart() ?? checkpoint.start) ? checkpoint : null;
};

/** Opens the descriptor again, close-on-exec. */
export const reopened = (fd: number): Fd | null => {
  const again = sys.open(`/proc/self/fd/${fd}`, O_RDONLY | O_NONBLOCK, 0);
  if (isErrno(again)) return null;
  sys.close(fd as Fd);
  return again;
};

export const isGone = (pid: number): boolean => sys.kill(pid, 0) === -ESRCH;
