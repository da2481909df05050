// The descriptors of a runsvdir that supervises services itself: how many there may be, and for how many services they suffice.
//
// Promises: the limit is raised for this process alone. Services that do not fit are reported in one line for each pass.
// Read next: residents.ts (who uses them).
import type { Bytes } from '../../abi/bytes.ts';
import { RLIMIT_NOFILE } from '../../abi/flags.ts';
import { isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import type { Diagnostics } from '../diagnostics.ts';

/** Of a pair: lock, control, ok, directory. */
const PAIR_FDS = 4;
/** Of its log: lock, control, ok, pipe. */
const LOG_FDS = 5;
/** For everything else. */
const RESERVED_FDS = 64;

export interface Descriptors {
  /** The limit for other programs, -1: none; null: unknown. */
  readonly files: number | null;
  /** Reserves those of the service at this path; their number, 0: they do not fit. */
  take(path: Bytes): number;
  giveBack(count: number): void;
  /** Reports how many services did not fit since the last call, beside `fitting` that did. */
  report(fitting: number): void;
}

interface Limits {
  readonly files: number | null;
  /** For this process. */
  readonly ours: number;
}

/** Raises the limit of this process. `files`: the limit before it was raised, if an earlier program in this process did. */
const raiseLimit = (files: number | null): Limits => {
  const limits = sys.rlimit(RLIMIT_NOFILE, []);
  if (isErrno(limits)) return { files: null, ours: Infinity };
  const [soft, hard] = limits;
  // children get the lowest limit that the host has seen
  if (files !== null) sys.rlimit(RLIMIT_NOFILE, [files, hard]);
  const raised = !isErrno(sys.rlimit(RLIMIT_NOFILE, [hard, hard]));
  return { files: files ?? soft, ours: raised ? (hard < 0 ? Infinity : hard) : soft };
};

/** `before`: the limit before it was raised, in an earlier life of this process; null: it is the present one. */
export const newDescriptors = (diagnostics: Diagnostics, before: number | null): Descriptors => {
  const { files, ours } = raiseLimit(before);
  let left = ours - RESERVED_FDS;
  let denied = 0;
  return {
    files,
    take: (path) => {
      const need = isErrno(sys.lstat(`${path}/log`)) ? PAIR_FDS : PAIR_FDS + LOG_FDS;
      if (need > left) {
        denied++;
        return 0;
      }
      left -= need;
      return need;
    },
    giveBack: (count) => {
      left += count;
    },
    report: (fitting) => {
      if (denied === 0) return;
      diagnostics.warn(`descriptors for ${fitting} of ${fitting + denied} services, starting runsv for the others`);
      denied = 0;
    },
  };
};
