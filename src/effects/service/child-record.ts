// The record of a child in supervise/lock.
//
// A supervisor killed with -9 leaves its children running. The kernel-side start of a child writes one line into the
// locked file before the program runs, so a child never lives unrecorded:
//   PHASE BOOT_ID DIRECTORY BEFORE_MS AFTER_MS PID
// PHASE is run or finish; DIRECTORY the device and inode of the service's directory, so that a record which was moved
// here from another service is none; the milliseconds since boot enclose the child's start.
// Read next: survivor.ts (who believes it), spawn.ts (who writes it).
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { bootMs } from '../../host/clock.ts';
import { ENOENT } from '../../abi/errno.ts';
import { sys } from '../../host/sys.ts';
import { Fatal, reason } from '../diagnostics.ts';
import { readSmall } from '../process/proc.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

let bootId = '-';

/** Whether /proc tells of boots and processes. */
export const knowsBoot = (): boolean => bootId !== '-';

/**
 * Learns which boot of the machine this is; needed before anything is recorded. False where /proc is not mounted, so that
 * this cannot be told.
 */
export const learnBoot = (): boolean => {
  const text = readSmall(BOOT_ID);
  // not to know it must not be taken for another boot
  if (isErrno(text) && text !== -ENOENT) throw new Fatal(reason(`unable to read ${BOOT_ID}`, text));
  bootId = (isErrno(text) ? '' : text.trim()) || '-';
  return knowsBoot();
};

const momentText = (ms: number): string => String(ms).padStart(14, '0');

const headOf = (phase: 'run' | 'finish', directory: string, ms: number): string =>
  phase.padEnd(6) + ' ' + bootId + ' ' + directory.padStart(31) + ' ' + momentText(ms) + ' ';

/** The text to which spawn adds the moment and the pid. */
export const recordText = (phase: 'run' | 'finish', directory: string): string => headOf(phase, directory, bootMs());

/** The record of a process whose start is known. */
export const recordOf = (phase: 'run' | 'finish', directory: string, startMs: number, pid: number): Bytes =>
  `${headOf(phase, directory, startMs)}${momentText(startMs)} ${String(pid).padStart(10, '0')}\n`;

/** How long a record is: phase, boot, directory, two moments, pid and newline. */
const RECORD_SIZE = 7 + 37 + 32 + 15 + 15 + 11;

/** Holds the space of a record on the disk, so that a disk that fills up later cannot keep one from being written. */
export const reserveRecord = (lock: Fd, text: Bytes): void => {
  if (text.length < RECORD_SIZE) sys.pwrite(lock, text.padEnd(RECORD_SIZE - 1) + '\n', 0);
};

/** Writes a record, '' for none, into a file that has had none or another. */
export const putRecord = (lock: Fd, text: Bytes): void => {
  sys.pwrite(lock, text === '' ? `${' '.repeat(RECORD_SIZE - 1)}\n` : text, 0);
};

/** A record without its directory; '' where the text is no record, whatever the boot. */
export const withoutDirectory = (text: Bytes): Bytes => {
  const [line, rest] = text.split('\n');
  const words = (line ?? '').split(' ').filter((word) => word !== '');
  if (rest === undefined || words.length < 5 || words.length > 6) return '';
  const [phase = '', boot] = words;
  return `${phase.padEnd(6)} ${boot} ${' '.repeat(31)} ${words.slice(-3).join(' ')}\n`;
};

export interface Record {
  readonly phase: 'run' | 'finish';
  /** '' in one that stood in a file which others can have written; a version before this one wrote none. */
  readonly directory: string;
  /** The child was started between these two, milliseconds since boot. */
  readonly startMs: number;
  readonly afterMs: number;
  readonly pid: number;
}

/** A record of this boot, or of any where that is not known; null: none. */
export const parseRecord = (text: Bytes): Record | null => {
  if (text === '') return null;
  const [line, rest] = text.split('\n');
  const words = (line ?? '').split(' ').filter((word) => word !== '');
  const [phase, boot] = words;
  const [before, after, pid] = words.slice(-3).map(Number);
  if (rest === undefined || (boot !== bootId && bootId !== '-') || words.length < 5 || words.length > 6) return null;
  if (before === undefined || after === undefined || pid === undefined || !(after >= before && pid > 1)) return null;
  const directory = words.length === 6 ? (words[2] ?? '') : '';
  return phase === 'run' || phase === 'finish' ? { phase, directory, startMs: before, afterMs: after, pid } : null;
};
