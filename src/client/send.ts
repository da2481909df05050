// Sends the bytes of a command to a service's control fifo.
//
// Promises: the bytes are always sent, whatever the status says (a command that looks needless may not be), all in one write.
// Where the effect is awaited, the fifo may stay open: one that loses its reader shows at once that runsv has ended.
// Read next: wait.ts.
import type { Bytes } from '../abi/bytes.ts';
import { errorText } from '../cli/errno.ts';
import type { Status } from '../formats/status.ts';
import type { Moment } from '../formats/tai64.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs, unixTime } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import { expectsProcess, needsPriorStatus } from '../machine/client/wait-conditions.ts';
import type { Command } from './command.ts';
import { isTrouble, type Trouble } from './report.ts';
import { openControl, openOk, readStatus, type Service } from './service.ts';

/** A command that was sent, or, where it has no bytes, found a runsv that lives. */
export interface Sent {
  readonly service: Service;
  /** The fifo, open for writing; null: closed again. */
  readonly fifo: Fd | null;
  /** The status just before; null: unknown. */
  readonly before: Status | null;
  /** When it was sent: wall clock, and monotonic milliseconds. */
  readonly at: Moment;
  readonly atMs: number;
}

/** Unix time, exact. */
export const wallNow = (): Moment => {
  const [sec, nsec] = unixTime();
  return { sec, nsec };
};

const priorStatus = ({ conditions }: Command, dir: Bytes): Status | null => {
  if (!(conditions.some(needsPriorStatus) || conditions.some(expectsProcess))) return null;
  const status = readStatus(dir);
  return isTrouble(status) ? null : status;
};

/** The fifo for `bytes`; without bytes the one that only shows that runsv lives. */
const openFor = (bytes: Bytes, dir: Bytes): Fd | Trouble => (bytes === '' ? openOk(dir) : openControl(dir));

const writeAll = (fifo: Fd, bytes: Bytes): Trouble | null => {
  if (bytes === '') return null;
  const written = sys.write(fifo, bytes);
  if (written === bytes.length) return null;
  const why = isErrno(written) ? `: ${errorText(written)}` : '';
  return { kind: 'unusable', what: `unable to write to supervise/control${why}` };
};

/** Sends `bytes`. Returns null, or why that failed. */
export const send = ({ dir }: Service, bytes: Bytes): Trouble | null => {
  const fifo = openFor(bytes, dir);
  if (typeof fifo === 'object') return fifo;
  const trouble = writeAll(fifo, bytes);
  sys.close(fifo);
  return trouble;
};

/** Sends the command and notes what is needed to recognize its effect. `hold`: the fifo stays open. */
export const sendAwaited = (service: Service, command: Command, hold: boolean): Sent | Trouble => {
  const fifo = openFor(command.bytes, service.dir);
  if (typeof fifo === 'object') return fifo;
  const before = priorStatus(command, service.dir);
  const [at, atMs] = [wallNow(), monotonicMs()];
  const trouble = writeAll(fifo, command.bytes);
  const keep = hold && trouble === null;
  if (!keep) sys.close(fifo);
  return trouble ?? { service, fifo: keep ? fifo : null, before, at, atMs };
};
