// The 20 bytes of supervise/status and the line of supervise/stat, byte for byte as C runit writes them.
//
// Promises: what encodeStatus writes, C runit's sv reads, and the reverse. Must not judge: whether a state makes
// sense is the machine's business.
// Read next: tai64.ts (the first 12 bytes).
import type { Bytes } from '../abi/bytes.ts';
import { decodeTai64n, encodeTai64n, type Moment } from './tai64.ts';

export type Phase = 'down' | 'run' | 'finish';

export interface Status {
  /** When the present state began: Unix seconds. Entering finish does not change it. */
  readonly sec: number;
  /** 0..999999999 */
  readonly nsec: number;
  /** 0: no process. */
  readonly pid: number;
  readonly paused: boolean;
  /** 'down' also stands for wanted to exit. */
  readonly want: 'up' | 'down';
  /** TERM was sent and the process has not ended since. */
  readonly gotTerm: boolean;
  readonly phase: Phase;
}

export const STATUS_BYTES = 20;
const phases: readonly Phase[] = ['down', 'run', 'finish'];

const pidAt = (bytes: Bytes, at: number): number =>
  (bytes.charCodeAt(at) |
    (bytes.charCodeAt(at + 1) << 8) |
    (bytes.charCodeAt(at + 2) << 16) |
    (bytes.charCodeAt(at + 3) << 24)) >>>
  0;

const UP = 117;
const DOWN = 100;

/** The 20 bytes of supervise/status. */
export const encodeStatus = ({ sec, nsec, pid, paused, want, gotTerm, phase }: Status): Bytes =>
  encodeTai64n(sec, nsec) +
  String.fromCharCode(
    // the one little-endian field, as daemontools had it
    pid & 255,
    (pid >>> 8) & 255,
    (pid >>> 16) & 255,
    pid >>> 24,
    paused ? 1 : 0,
    want === 'up' ? UP : DOWN,
    gotTerm ? 1 : 0,
    phase === 'down' ? 0 : phase === 'run' ? 1 : 2,
  );

/** A byte that is neither u nor d stands for what goes without saying: up with a process, down without. */
const wantOf = (byte: string | undefined, pid: number): 'up' | 'down' => {
  if (byte === 'u' || byte === 'd') return byte === 'u' ? 'up' : 'down';
  return pid === 0 ? 'down' : 'up';
};

/** What supervise/status says, or null where it is not 20 bytes or names no known phase. */
export const decodeStatus = (bytes: Bytes): Status | null => {
  if (bytes.length !== STATUS_BYTES) return null;
  const began = decodeTai64n(bytes.slice(0, 12));
  const phase = phases[bytes.charCodeAt(19)];
  if (began === null || phase === undefined) return null;
  const { sec, nsec } = began;
  const pid = pidAt(bytes, 12);
  const paused = bytes[16] !== '\0';
  const gotTerm = bytes[18] !== '\0';
  return { sec, nsec, pid, paused, want: wantOf(bytes[17], pid), gotTerm, phase };
};

/** A status as a value for programs: the moment is one value, and no process is null. */
export interface StatusReport {
  readonly since: Moment;
  readonly pid: number | null;
  readonly phase: Phase;
  readonly want: 'up' | 'down';
  readonly paused: boolean;
  readonly gotTerm: boolean;
}

export const reportOf = ({ sec, nsec, pid, phase, want, paused, gotTerm }: Status): StatusReport => ({
  since: { sec, nsec },
  pid: pid === 0 ? null : pid,
  phase,
  want,
  paused,
  gotTerm,
});

export interface Stat {
  readonly phase: Phase;
  readonly paused: boolean;
  readonly gotTerm: boolean;
  readonly want: 'up' | 'down' | 'exit';
}

/** The line of supervise/stat, newline included. */
export const statLine = ({ phase, paused, gotTerm, want }: Stat): string =>
  phase +
  (paused ? ', paused' : '') +
  (gotTerm ? ', got TERM' : '') +
  (phase === 'down' || want === 'up' ? '' : ', want ' + want) +
  '\n';
