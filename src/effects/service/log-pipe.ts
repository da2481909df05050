// The pipe between a service and its log service.
//
// Promises: it outlives both ends, and also their supervisor: the pipe of processes that survived an earlier
// supervisor is found again through /proc, so that neither side loses its other.
// Read next: supervisor.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, refused } from '../../host/calls.ts';
import { O_RDONLY, O_RDWR, O_WRONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { Fatal, reason } from '../messages.ts';
import { type Held, hasEnded } from '../process/held.ts';
import { others, shownName } from '../container/processes.ts';

/** Both ends are kept, so that neither side's restart ends it for the other; in the end only the reading one is. */
export interface Pipe {
  readonly readEnd: Fd;
  readonly writeEnd: Fd | null;
}

export const newPipe = (): Pipe => {
  const ends = sys.pipe(0);
  if (refused(ends)) throw new Fatal(reason('unable to create log pipe', ends));
  return { readEnd: ends[0], writeEnd: ends[1] };
};

/** Closes the writing end: the reader comes to the end of its input once every other writer is gone. */
export const endInput = (pipe: Pipe): Pipe => {
  if (pipe.writeEnd !== null) sys.close(pipe.writeEnd);
  return { ...pipe, writeEnd: null };
};

const STANDARD_OUTPUT = 1;

/** The pipe that a process has as descriptor `fd`, or null where that is none, or is our own standard output. */
export const pipeOf = (held: Held, fd: 0 | 1): Pipe | null => {
  const path = `/proc/${held.pid}/fd/${fd}`;
  // a fifo with a name is the program's own doing
  const target = sys.readlink(path);
  if (refused(target) || !target.startsWith('pipe:')) return null;
  // a service that was started without a log writes where we do, which another reads
  if (fd === STANDARD_OUTPUT && target === sys.readlink('/proc/self/fd/1')) return null;
  // opened for both first: an open for one end alone would wait for the other
  const both = sys.open(path, O_RDWR, 0);
  if (refused(both)) return null;
  const readEnd = sys.open(path, O_RDONLY, 0);
  const writeEnd = sys.open(path, O_WRONLY, 0);
  sys.close(both);
  // one that has ended meanwhile may have left its number to another
  if (!refused(readEnd) && !refused(writeEnd) && !hasEnded(held)) return { readEnd, writeEnd };
  if (!refused(readEnd)) sys.close(readEnd);
  if (!refused(writeEnd)) sys.close(writeEnd);
  return null;
};

/** Each start finds a blocking pipe, whatever an earlier program made of it. `fds` as for spawn. */
export const blockEnd = (fds: readonly number[]): void => {
  const end = fds[1];
  if (end !== undefined) sys.setBlocking(end as Fd);
};

const STANDARD_OUTPUTS = [1, 2] as const;

/** Who else can write to the pipe, in words. */
export const writerOf = ({ readEnd }: Pipe): Bytes => {
  const pipe = sys.readlink(`/proc/self/fd/${readEnd}`);
  const writer = others().find(({ pid }) =>
    STANDARD_OUTPUTS.some((fd) => sys.readlink(`/proc/${pid}/fd/${fd}`) === pipe),
  );
  return refused(pipe) || writer === undefined ? 'another process' : `process ${writer.pid} (${shownName(writer)})`;
};
