// The pipe between a service and its log service.
//
// Promises: it outlives both ends, and also their supervisor: the pipe of processes that survived an earlier
// supervisor is found through /proc, so that neither side loses the other.
// Read next: supervisor.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { O_RDONLY, O_RDWR, O_WRONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { Fatal, reason } from '../diagnostics.ts';
import { type Held, hasEnded } from '../process/held.ts';
import { others, shownName } from '../process/processes.ts';

/** Both ends stay open, so that a restart of one side does not close the pipe for the other; while draining, only the read end. */
export interface Pipe {
  readonly readEnd: Fd;
  readonly writeEnd: Fd | null;
}

export const newPipe = (): Pipe => {
  const ends = sys.pipe(0);
  if (isErrno(ends)) throw new Fatal(reason('unable to create log pipe', ends));
  return { readEnd: ends[0], writeEnd: ends[1] };
};

/** Closes the write end: the reader gets end of file once every other writer has ended. */
export const endInput = (pipe: Pipe): Pipe => {
  if (pipe.writeEnd !== null) sys.close(pipe.writeEnd);
  return { ...pipe, writeEnd: null };
};

const STANDARD_OUTPUT = 1;

/** The pipe that a process has as descriptor `fd`; null: none, or our own standard output. */
export const pipeOf = (held: Held, fd: 0 | 1): Pipe | null => {
  const path = `/proc/${held.pid}/fd/${fd}`;
  // a named fifo belongs to the program
  const target = sys.readlink(path);
  if (isErrno(target) || !target.startsWith('pipe:')) return null;
  // a service that was started without a log writes to our own standard output, which somebody else reads
  if (fd === STANDARD_OUTPUT && target === sys.readlink('/proc/self/fd/1')) return null;
  // open for both first: to open one end alone would block until the other is open
  const both = sys.open(path, O_RDWR, 0);
  if (isErrno(both)) return null;
  const readEnd = sys.open(path, O_RDONLY, 0);
  const writeEnd = sys.open(path, O_WRONLY, 0);
  sys.close(both);
  // if it has ended meanwhile, another process may have its number
  if (!isErrno(readEnd) && !isErrno(writeEnd) && !hasEnded(held)) return { readEnd, writeEnd };
  if (!isErrno(readEnd)) sys.close(readEnd);
  if (!isErrno(writeEnd)) sys.close(writeEnd);
  return null;
};

/** Makes the pipe blocking before each start, whatever an earlier program did. `fds` as for spawn. */
export const blockEnd = (fds: readonly number[]): void => {
  const end = fds[1];
  if (end !== undefined) sys.setBlocking(end as Fd);
};

const STANDARD_OUTPUTS = [1, 2] as const;

/** Who else can write to the pipe, for a message. */
export const writerOf = ({ readEnd }: Pipe): Bytes => {
  const pipe = sys.readlink(`/proc/self/fd/${readEnd}`);
  const writer = others().find(({ pid }) =>
    STANDARD_OUTPUTS.some((fd) => sys.readlink(`/proc/${pid}/fd/${fd}`) === pipe),
  );
  return isErrno(pipe) || writer === undefined ? 'another process' : `process ${writer.pid} (${shownName(writer)})`;
};
