// Telling a service: the command's bytes into its control fifo.
//
// Promises: always writes, whatever status says (a command that looks needless may not be); all bytes in one write; keeps
// the fifo open where the effect is awaited, because a fifo that loses its reader tells at once that runsv has ended.
// Read next: wait.ts.
import type { Status } from '../formats/status.ts';
import type { Moment } from '../formats/tai64.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Fd, refused } from '../host/calls.ts';
import { monotonicMs, unixTime } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import { errorText } from '../cli/errno.ts';
import { looksBack, looksForProcess } from '../machine/client/wait-conditions.ts';
import type { Command } from './command.ts';
import { isTrouble, openControl, openOk, readStatus, type Service, type Trouble } from './service.ts';

/** A service that was told, or, for a command without bytes, just found alive. */
export interface Told {
  readonly service: Service;
  /** The fifo, open for writing; null: closed again. */
  readonly fifo: Fd | null;
  readonly before: Status | null;
  /** By the wall clock, and monotonic milliseconds at the same time. */
  readonly at: Moment;
  readonly atMs: number;
}

/** What a service is told for: nothing more; waiting; waiting with the fifo kept open. */
export type Purpose = 'send' | 'wait' | 'hold';

/** Unix time, exact. */
export const wallNow = (): Moment => {
  const [sec, nsec] = unixTime();
  return { sec, nsec };
};

const statusBefore = ({ until }: Command, dir: Bytes, purpose: Purpose): Status | null => {
  if (purpose === 'send' || !(until.some(looksBack) || until.some(looksForProcess))) return null;
  const status = readStatus(dir);
  return isTrouble(status) ? null : status;
};

const writeAll = (fifo: Fd, bytes: Bytes): Trouble | null => {
  if (bytes === '') return null;
  const written = sys.write(fifo, bytes);
  if (written === bytes.length) return null;
  const why = refused(written) ? `: ${errorText(written)}` : '';
  return { kind: 'unusable', what: `unable to write to supervise/control${why}` };
};

/** Sends `command`. */
export const tell = (service: Service, command: Command, purpose: Purpose): Told | Trouble => {
  const fifo = command.bytes === '' ? openOk(service.dir) : openControl(service.dir);
  if (typeof fifo === 'object') return fifo;
  const before = statusBefore(command, service.dir, purpose);
  const told = { service, before, at: wallNow(), atMs: monotonicMs() };
  const trouble = writeAll(fifo, command.bytes);
  const keep = purpose === 'hold' && trouble === null;
  if (!keep) sys.close(fifo);
  return trouble ?? { ...told, fifo: keep ? fifo : null };
};
